"""From probabilities to a move: the distribution of the choice."""

import math

import numpy as np
import pytest
from scipy import stats

from shicho.engine.sampling import argmax, beta_choice, temperature_choice, top_moves

PROBABILITIES = np.array([0.05, 0.3, 0.15, 0.4, 0.1])
EVERYTHING = np.ones(5, np.bool_)


def expected(probabilities: list[float], ply: int) -> list[float]:
    """How often each of some moves, sorted by falling probability, is drawn: P(r < c) = 1 - (1 - c)^b."""
    b = 1 + math.sqrt(max(0, ply - 20))
    ends = np.minimum(np.cumsum(probabilities), 1)
    shares = np.diff(1 - (1 - ends) ** b, prepend=0)
    shares[0] += 1 - shares.sum()
    return shares.tolist()


@pytest.mark.parametrize("ply", [0, 20, 21, 36, 120, 420])
@pytest.mark.parametrize("moves", [[0, 1, 2, 3, 4], [0, 1, 2], [0, 4], [3]])
def test_the_choice_has_the_sandboxs_distribution(ply: int, moves: list[int]) -> None:
    mask = np.zeros(5, np.bool_)
    mask[moves] = True
    rng = np.random.default_rng(ply)
    drawn = np.bincount([beta_choice(PROBABILITIES, mask, ply, rng) for _ in range(20_000)], minlength=5)
    order = sorted(moves, key=lambda move: -PROBABILITIES[move])
    shares = np.array(expected([PROBABILITIES[move] for move in order], ply))
    assert drawn[~mask].sum() == 0
    kept = shares * 20_000 >= 5
    assert drawn[np.array(order)[~kept]].sum() <= 25
    if kept.sum() > 1:
        seen = drawn[np.array(order)[kept]]
        assert stats.chisquare(seen, shares[kept] / shares[kept].sum() * seen.sum()).pvalue > 1e-4


def test_the_opening_follows_the_network_and_later_play_is_sharper() -> None:
    def share_of_the_best(ply: int) -> float:
        rng = np.random.default_rng(1)
        return float(np.mean([beta_choice(PROBABILITIES, EVERYTHING, ply, rng) == 3 for _ in range(4000)]))

    assert share_of_the_best(0) == pytest.approx(0.4, abs=0.03)
    assert share_of_the_best(20) == pytest.approx(0.4, abs=0.03)
    assert share_of_the_best(120) == pytest.approx(1 - 0.6**11, abs=0.01)


class FixedBeta(np.random.Generator):
    """A generator whose Beta draws are known."""

    def __init__(self, r: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.r = r
        self.parameters: list[tuple[float, float]] = []

    def beta(self, a: float, b: float) -> float:  # type: ignore[override]
        self.parameters.append((a, b))
        return self.r


@pytest.mark.parametrize(
    ("r", "allowed", "move"),
    [
        (0.0, [0, 1, 2, 3, 4], 3),
        (0.39, [0, 1, 2, 3, 4], 3),
        (0.41, [0, 1, 2, 3, 4], 1),
        (0.71, [0, 1, 2, 3, 4], 2),
        (0.86, [0, 1, 2, 3, 4], 4),
        (0.96, [0, 1, 2, 3, 4], 0),
        (0.29, [0, 1, 2], 1),
        (0.31, [0, 1, 2], 2),
        (0.49, [0, 1, 2], 0),
        (0.51, [0, 1, 2], 1),
        (0.99, [0, 4], 4),
    ],
)
def test_the_first_move_whose_cumulative_probability_exceeds_r(r: float, allowed: list[int], move: int) -> None:
    mask = np.isin(np.arange(5), allowed)
    rng = FixedBeta(r)
    assert beta_choice(PROBABILITIES, mask, 29, rng) == move
    assert rng.parameters == [(1.0, 4.0)]


def test_a_cumulative_probability_equal_to_r_does_not_exceed_it() -> None:
    assert beta_choice(np.array([0.5, 0.25, 0.25]), np.ones(3, np.bool_), 0, FixedBeta(0.5)) == 1


@pytest.mark.parametrize(("ply", "start", "sharpness", "b"), [(29, 20, 2, 7), (29, 28, 3, 4), (29, 30, 5, 1)])
def test_start_and_sharpness_of_the_beta_distribution(ply: int, start: int, sharpness: float, b: float) -> None:
    rng = FixedBeta(0.5)
    beta_choice(PROBABILITIES, EVERYTHING, ply, rng, start=start, sharpness=sharpness)
    assert rng.parameters == [(1.0, b)]


@pytest.mark.parametrize("temperature", [0.5, 1, 2])
@pytest.mark.parametrize("moves", [[0, 1, 2, 3, 4], [0, 2, 4], [3]])
def test_a_temperature_draws_in_proportion_to_a_power(temperature: float, moves: list[int]) -> None:
    mask = np.isin(np.arange(5), moves)
    rng = np.random.default_rng(3)
    drawn = np.bincount([temperature_choice(PROBABILITIES, mask, temperature, rng) for _ in range(20_000)], minlength=5)
    shares = np.where(mask, PROBABILITIES ** (1 / temperature), 0)
    assert drawn[~mask].sum() == 0
    if len(moves) > 1:
        assert stats.chisquare(drawn[mask], (shares / shares.sum() * 20_000)[mask]).pvalue > 1e-4


def test_temperatures_at_the_limits() -> None:
    rng = np.random.default_rng(0)
    assert {temperature_choice(PROBABILITIES, EVERYTHING, 0.01, rng) for _ in range(100)} == {3}
    assert len({temperature_choice(PROBABILITIES, EVERYTHING, 100, rng) for _ in range(100)}) == 5
    impossible = np.array([0, 0, 1], np.float32)
    assert {temperature_choice(impossible, np.array([1, 1, 0], np.bool_), 1, rng) for _ in range(50)} == {0, 1}


@pytest.mark.parametrize(
    ("most", "minimum", "moves"),
    [(5, 0, [3, 1, 2, 4, 0]), (2, 0, [3, 1]), (5, 0.15, [3, 1, 2]), (5, 0.5, [3]), (1, 0, [3]), (2, 0.1, [3, 1])],
)
def test_top_moves(most: int, minimum: float, moves: list[int]) -> None:
    assert top_moves(PROBABILITIES, EVERYTHING, most, minimum) == moves
    assert top_moves(PROBABILITIES, np.array([1, 0, 0, 0, 0], np.bool_), most, minimum) == [0]


def test_argmax_and_ties() -> None:
    assert argmax(PROBABILITIES, EVERYTHING) == 3
    assert argmax(PROBABILITIES, np.array([1, 0, 1, 0, 1], np.bool_)) == 2
    assert argmax(np.full(5, 0.2), np.array([0, 0, 1, 1, 1], np.bool_)) == 2


def test_nothing_to_choose_from_is_an_error() -> None:
    nothing = np.zeros(5, np.bool_)
    with pytest.raises(ValueError, match="no move"):
        argmax(PROBABILITIES, nothing)
    with pytest.raises(ValueError, match="no move"):
        beta_choice(PROBABILITIES, nothing, 0, np.random.default_rng(0))
    with pytest.raises(ValueError, match="no move"):
        temperature_choice(PROBABILITIES, nothing, 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="no move"):
        top_moves(PROBABILITIES, nothing, 8, 0.03)


def test_the_same_seed_draws_the_same_moves() -> None:
    def draws(seed: int) -> list[int]:
        rng = np.random.default_rng(seed)
        return [beta_choice(PROBABILITIES, EVERYTHING, ply, rng) for ply in range(50)]

    assert draws(7) == draws(7)
    assert draws(7) != draws(8)

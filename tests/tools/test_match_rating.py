"""Bradley-Terry ratings: published values, closed forms, and the slow MM algorithm of Hunter 2004."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2

from shicho.tools.match.rating import GNU_GO_LEVEL_10, Rating, rate, ratings
from shicho.tools.match.record import GameRecord
from shicho.tools.match.statistics import Elo, elo_of_score
from tests.support.match_records import game_record, match_records

PER_LOGIT = 400 / math.log(10)


def rated(records: list[GameRecord], anchor: tuple[str, float] | None = None, prior: float = 0) -> dict[str, Rating]:
    found = ratings(records, anchor=anchor, prior_draws=prior)
    assert found is not None
    return {rating.engine: rating for rating in found}


def games(wins: dict[tuple[str, str], int], draws: dict[tuple[str, str], int] | None = None) -> list[GameRecord]:
    """So many wins of each engine over another one, and draws."""
    results = [(pair, "B+R") for pair, count in wins.items() for _ in range(count)]
    results += [(pair, "0") for pair, count in (draws or {}).items() for _ in range(count)]
    return [game_record(index, *pair, result) for index, (pair, result) in enumerate(results)]


def slow_log_likelihood(points: NDArray[np.float64], logits: NDArray[np.float64]) -> float:
    return float(-(points * np.log1p(np.exp(logits - logits[:, None]))).sum())


def slow_ratings(
    points: NDArray[np.float64], fixed: dict[int, float] | None = None, rounds: int = 2_000
) -> NDArray[np.float64]:
    """The MM algorithm, Hunter 2004, equation (3), in logits: engines in `fixed` keep theirs."""
    strengths = np.ones(len(points))
    for index, logit in (fixed or {}).items():
        strengths[index] = math.exp(logit)
    counts = points + points.T
    for _ in range(rounds):
        new = points.sum(1) / (counts / (strengths[:, None] + strengths)).sum(1)
        for index in fixed or {}:
            new[index] = strengths[index]
        strengths = new
    logits = np.log(strengths)
    return logits if fixed else logits - logits.mean()


def test_published_ratings_of_journals() -> None:
    """Stigler's citation counts, A. Agresti, Categorical Data Analysis, 2002, page 448.

    The estimates and standard errors are those of H. Turner and D. Firth, Bradley-Terry models in R, 2012, section 2.1.
    """
    journals = ["Biometrika", "Comm Statist", "JASA", "JRSS-B"]
    wins = [[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]]
    found = {rating.engine: rating for rating in rate(journals, wins, anchor=("Biometrika", 0), prior_draws=0) or ()}
    published = {"Comm Statist": (-2.94907, 0.10255), "JASA": (-0.47957, 0.06059), "JRSS-B": (0.26895, 0.07083)}
    for journal, (estimate, error) in published.items():
        elo = found[journal].elo
        assert elo.value / PER_LOGIT == pytest.approx(estimate, abs=1e-5)
        assert (elo.high - elo.low) / (2 * 1.95996 * PER_LOGIT) == pytest.approx(error, rel=2e-3)


@pytest.mark.parametrize(("wins", "draws", "losses"), [(3, 0, 1), (10, 4, 30), (95, 1, 4)])
def test_two_engines_differ_by_the_elo_of_their_score(wins: int, draws: int, losses: int) -> None:
    found = rated(games({("A", "B"): wins, ("B", "A"): losses}, {("A", "B"): draws}), ("B", 100))
    count = wins + draws + losses
    score = (wins + draws / 2) / count
    assert found["A"].elo.value == pytest.approx(100 + elo_of_score(score), abs=1e-4)
    assert found["B"].elo == Elo(value=100, low=100, high=100)
    assert (found["A"].games, found["A"].points, found["B"].points) == (count, score * count, count - score * count)

    def log_likelihood(s: float) -> float:
        return count * (score * math.log(s) + (1 - score) * math.log(1 - s))

    for end in (found["A"].elo.low, found["A"].elo.high):
        chance = 1 / (1 + 10 ** ((100 - end) / 400))
        drop = 2 * (log_likelihood(score) - log_likelihood(chance))
        assert drop == pytest.approx(chi2.ppf(0.95, 1), abs=1e-5)


def random_round_robin(seed: int, engines: int) -> tuple[list[GameRecord], NDArray[np.float64], list[str]]:
    rng = np.random.default_rng(seed)
    names = [f"engine {index}" for index in range(engines)]
    strengths = rng.normal(0, 1, engines)
    records, points = [], np.zeros((engines, engines))
    for one, other in rng.integers(0, engines, (40 * engines, 2)):
        if one != other:
            chance = 1 / (1 + math.exp(strengths[other] - strengths[one]))
            result = str(rng.choice(["B+R", "W+R", "0"], p=[0.9 * chance, 0.9 * (1 - chance), 0.1]))
            records.append(game_record(len(records), names[one], names[other], result))
            value = {"B": 1.0, "W": 0.0, "0": 0.5}[result[0]]
            points[one, other] += value
            points[other, one] += 1 - value
    return records, points, names


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("prior", [0, 1, 3])
def test_round_robins_against_the_slow_algorithm(seed: int, prior: float) -> None:
    records, points, names = random_round_robin(seed, 3 + seed)
    found = rated(records, prior=prior)
    weights = points + np.where(points + points.T > 0, prior / 2, 0)
    expected = slow_ratings(weights) * PER_LOGIT
    assert [found[name].elo.value for name in names] == pytest.approx(expected.tolist(), abs=1e-3)
    assert [found[name].points for name in names] == points.sum(1).tolist()
    anchored = rated(records, (names[1], 1000), prior)
    assert [anchored[name].elo.value for name in names] == pytest.approx(
        (1000 + expected - expected[1]).tolist(), abs=1e-3
    )


def test_intervals_are_those_of_the_profile_likelihood() -> None:
    records, points, names = random_round_robin(7, 4)
    found = rated(records, (names[0], 0))
    most = slow_log_likelihood(points, slow_ratings(points))
    for index, name in enumerate(names[1:], 1):
        for end in (found[name].elo.low, found[name].elo.high):
            profile = slow_ratings(points, {0: 0.0, index: end / PER_LOGIT})
            assert 2 * (most - slow_log_likelihood(points, profile)) == pytest.approx(chi2.ppf(0.95, 1), abs=1e-4)


def test_intervals_hold_the_truth_in_95_percent_of_matches() -> None:
    """Two engines 100 Elo apart, 100 games: the expected number of misses in 400 matches is 20."""
    rng = np.random.default_rng(1)
    wins, matches = np.unique(rng.binomial(100, 1 / (1 + 10 ** (-100 / 400)), 400), return_counts=True)
    misses = 0
    for number, count in zip(wins.tolist(), matches.tolist(), strict=True):
        elo = rated(games({("A", "B"): number, ("B", "A"): 100 - number}), ("B", 0))["A"].elo
        misses += count * (not elo.low <= 100 <= elo.high)
    assert 8 <= misses <= 34


def test_an_engine_that_won_all_its_games_is_rated_by_the_prior() -> None:
    records = match_records([1.0] * 40)
    assert ratings(records, prior_draws=0) is None
    found = rated(records, ("B", GNU_GO_LEVEL_10), prior=1)
    assert found["A"].elo.value == pytest.approx(GNU_GO_LEVEL_10 + elo_of_score(40.5 / 41), abs=1e-4)
    assert GNU_GO_LEVEL_10 < found["A"].elo.low < found["A"].elo.value < found["A"].elo.high < 4000
    assert (found["A"].games, found["A"].points) == (40, 40)


def test_the_strongest_comes_first_and_the_mean_is_0() -> None:
    found = ratings(games({("A", "B"): 3, ("B", "A"): 5, ("C", "A"): 6, ("A", "C"): 2}))
    assert found is not None
    assert [rating.engine for rating in found] == ["C", "B", "A"]
    assert sum(rating.elo.value for rating in found) == pytest.approx(0, abs=1e-6)


def test_broken_games_do_not_count() -> None:
    records = match_records([1, 0, 1, 0.5])
    assert rated([*records, game_record(4, result="Void")]) == rated(records)


def test_engines_that_no_games_link_have_no_common_scale() -> None:
    two_groups = games({("A", "B"): 1, ("B", "A"): 1, ("C", "D"): 1, ("D", "C"): 1})
    assert ratings(two_groups) is None
    assert ratings(match_records([1, 0]), anchor=("C", 0)) is None
    assert ratings([]) is None
    assert ratings([game_record(result="Void")]) is None
    one_way = games({("A", "B"): 2, ("B", "A"): 2, ("B", "C"): 3})
    assert ratings(one_way, prior_draws=0) is None
    assert ratings(one_way) is not None

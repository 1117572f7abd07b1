"""The analysis of a position, against one evaluation at a time."""

from pathlib import Path

import numpy as np
import pytest

from shicho.engine import Colour, Game
from shicho.engine.analysis import Avoided, Question, analyse, analyse_all
from shicho.engine.errors import BadColour
from shicho.engine.policy import Policy
from tests.support.games import Prefers, drawn_game
from tests.support.networks import write_network


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return Policy(write_network(tmp_path_factory.mktemp("network") / "win.onnx", win=True), threads=1)


def best_legal(policy: Policy, game: Game) -> int:
    probabilities = policy.evaluate(game).probabilities
    return int(np.where(game.legal_mask(game.to_play), probabilities, -1).argmax())


@pytest.mark.parametrize("size", [3, 9, 19])
def test_candidates_are_what_single_evaluations_say(size: int, policy: Policy) -> None:
    game = some_position(size)
    analysis = analyse(policy, game, moves=5, length=3)
    root = policy.evaluate(game)
    legal = np.flatnonzero(game.legal_mask(game.to_play))
    expected = sorted(legal.tolist(), key=lambda point: -root.probabilities[point])[:5]
    assert [candidate.point for candidate in analysis.candidates] == expected
    assert analysis.to_play is game.to_play
    assert analysis.evaluation.to_play_win_probability == root.to_play_win_probability
    for candidate in analysis.candidates:
        assert candidate.prior == pytest.approx(root.probabilities[candidate.point])
        line, win = [candidate.point], None
        game.play(game.to_play, candidate.point)
        win = 1 - policy.evaluate(game).to_play_win_probability
        while len(line) < 3 and not game.is_over:
            line.append(best_legal(policy, game))
            game.play(game.to_play, line[-1])
        for _ in line:
            game.undo()
        assert candidate.variation == tuple(line)
        assert candidate.win_probability == pytest.approx(win, abs=1e-6)


def some_position(size: int) -> Game:
    """A position with stones and empty points, whose last move is no pass."""
    game = Game(size)
    for point in np.random.default_rng(size).permutation(size * size)[: size * size // 3].tolist():
        if game.why_illegal(game.to_play, point) is None:
            game.play(game.to_play, point)
    return game


def test_without_a_win_output_there_is_no_win_probability() -> None:
    analysis = analyse(Prefers(C3=0.5, E5=0.2), Game(9), "w", moves=2)
    assert analysis.to_play is Colour.WHITE
    assert [candidate.win_probability for candidate in analysis.candidates] == [None, None]
    assert analysis.evaluation.to_play_win_probability is None
    c3, e5 = (Game(9).board.point(vertex) for vertex in ("C3", "E5"))
    assert analysis.candidates[0].variation[:2] == (c3, e5)
    assert analysis.candidates[1].variation[:2] == (e5, c3)


def test_limits_and_batches() -> None:
    network = Prefers(C3=0.5, E5=0.2, G7=0.1)
    assert len(analyse(network, Game(9), moves=8, minimum=0.15).candidates) == 2
    assert len(analyse(network, Game(9), moves=8, minimum=0.9).candidates) == 1
    network.asked = 0
    analysis = analyse(network, Game(9), moves=3, length=4)
    assert {len(candidate.variation) for candidate in analysis.candidates} == {4}
    assert network.asked == 1 + 3 * 3


def test_moves_to_avoid_are_neither_candidates_nor_in_variations() -> None:
    network, game = Prefers(C3=0.4, E5=0.3, G7=0.2), Game(9)
    c3, e5, g7 = (game.board.point(vertex) for vertex in ("C3", "E5", "G7"))

    def variations(*avoid: Avoided) -> list[tuple[int, ...]]:
        return [candidate.variation for candidate in analyse(network, game, moves=2, length=3, avoid=avoid).candidates]

    assert variations() == [(c3, e5, g7), (e5, c3, g7)]
    assert variations(Avoided(Colour.BLACK, {c3}, 1)) == [(e5, c3, g7), (g7, c3, e5)]
    assert variations(Avoided(Colour.BLACK, {c3}, 0)) == variations(Avoided(Colour.WHITE, {c3}, 1)) == variations()
    assert variations(Avoided(Colour.WHITE, {c3, e5}, 2)) == [(c3, g7, e5), (e5, g7, c3)]
    assert variations(Avoided(Colour.BLACK, {c3}, 2), Avoided(Colour.BLACK, {g7}, 3))[0][2] not in (c3, g7)
    everything = set(range(game.board.pass_point + 1))
    assert variations(Avoided(Colour.BLACK, everything, 1)) == []
    assert variations(Avoided(Colour.WHITE, everything, 2)) == [(c3,), (e5,)]


def test_superko_holds_for_candidates_and_variations() -> None:
    """White may not retake at B5 at once, neither as a candidate nor in a variation."""
    game = drawn_game(". O . O .  X X O . .  . . . . .  . . . . .  . . . . .")
    for move in ("wA5", "bC5"):
        game.play(move[0], move[1:])
    b5 = game.board.point("B5")
    assert b5 not in [candidate.point for candidate in analyse(Prefers(B5=0.9), game, "w", moves=30).candidates]
    game.undo()
    (candidate,) = analyse(Prefers(C5=0.6, B5=0.3), game, "b", moves=1, length=2).candidates
    assert candidate.point == game.board.point("C5")
    assert candidate.variation[1] != b5


def test_a_variation_ends_with_the_game() -> None:
    game = Game(9)
    game.play("b", "pass")
    passes = Prefers(**{"pass": 0.9, "C3": 0.05})
    first, second = analyse(passes, game, moves=2, length=5).candidates
    assert first.variation == (81,)
    assert second.variation == (game.board.point("C3"), 81, 81)
    game.play("w", "pass")
    assert analyse(passes, game, moves=1, length=2).candidates[0].point == 81
    assert game.is_over


def test_the_game_is_not_changed_and_colours_are_checked(policy: Policy, tmp_path: Path) -> None:
    game = some_position(9)
    before = (list(game.moves), game.board.stones.copy())
    analyse(policy, game, symmetries=8)
    assert list(game.moves) == before[0]
    assert (game.board.stones == before[1]).all()
    with pytest.raises(BadColour):
        analyse(policy, game, "grey")


def test_several_positions_at_once_are_analysed_as_one_at_a_time(policy: Policy) -> None:
    games = [some_position(size) for size in (3, 9, 19)]
    avoid = (Avoided(Colour.BLACK, {0, 1, 2}, 1),)
    asked = [
        {"moves": 3, "length": 1},
        {"moves": 8, "minimum": 0.02, "length": 4, "avoid": avoid},
        {"moves": 2, "length": 3},
    ]
    questions = [Question(game=game, to_play=game.to_play, **one) for game, one in zip(games, asked, strict=True)]
    together = analyse_all(policy, questions, 8)
    for game, one, found in zip(games, asked, together, strict=True):
        alone = analyse(policy, game, symmetries=8, **one)
        assert [candidate.variation for candidate in found.candidates] == [c.variation for c in alone.candidates]
        for left, right in zip(found.candidates, alone.candidates, strict=True):
            assert left.prior == pytest.approx(right.prior, abs=1e-6)
            assert left.win_probability == pytest.approx(right.win_probability, abs=1e-6)
    assert analyse_all(policy, []) == []


def test_one_batch_evaluates_each_ply_of_all_variations() -> None:
    network = Prefers(C3=0.5, E5=0.2, G7=0.1)
    batches: list[int] = []
    evaluate_all = network.evaluate_all
    network.evaluate_all = lambda positions, symmetries=1: batches.append(len(positions)) or evaluate_all(positions)
    question = Question(game=Game(9), to_play=Colour.BLACK, moves=3, length=3)
    analyse_all(network, [question, question])
    assert batches == [2, 6, 6]

"""The candidate moves and when to pass: at least one test for each rule of `ending`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shicho.engine import Colour, Game, Rules, ending
from shicho.engine.ending import candidates, is_surely_won, score_as_judged
from shicho.engine.player import Player
from shicho.engine.sgf import read_game
from shicho.engine.status import final_status
from tests.support.games import RandomNetwork, drawn_game

GAMES = sorted((Path(__file__).parents[1] / "data" / "games").glob("[01][0-9]-seed00[135].sgf"))

SETTLED = ". X . X O .  X X X X O O  X X X X O .  X X X X O O  X X X X O O  X X X X O O"
"""Two eyes each: nothing but eyes is left."""

WALLS = """
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
    . . . X O . . . .
"""
"""Black has 36 points and white 45, and neither side can live in the other's area."""

DEAD_STONES = """
    . X . X O . O . O
    X X X X O O O O O
    . . . X O . . . .
    . . . X O . . X .
    . . . X O . . X .
    X X X X O . . . .
    . O . X O O O O O
    . O . X O . X . O
    X X X X O O O O O
"""
"""The same points with two white and three black dead stones still on the board."""

SEKI = """
    . O . O X . O X .
    O O O O X . O X X
    . O O O X X O X .
    O O O O O O X X X
    . O O O O O X X X
    O O O O . O X X X
    O O O . O O X X X
    O O O O O O X . X
    O O O O O O X X .
"""
"""Two liberties at F9 and F8 are all that is left to play; black has 27 points with its stones in seki, white 52."""

ONE_LONG_EYE = """
    X X X X X X X
    X . X . X X X
    X X X X X X X
    O O O O O O O
    O . . . . . O
    O O O O O O O
    O O O O O O O
"""
"""White lives with one long eye, which is not certain enough to be pass-alive."""

OPEN_POINT = """
    . X X X X X .
    X X X X X X X
    X X X X X X X
    O O O X X O O
    . O . O . . .
    O O O O . . O
    . O O O O O O
"""
"""How far black reaches down at E3 depends on who plays there first."""


DAME = ". X . O .  X X . O O  . X . O .  X X . O O  . X . O ."
"""Two eyes each, and five dame on the C line."""

CONNECT = """
    . X . X O . O
    X X X X O O O
    . X O O O . .
    X X . x x O .
    . X O O O O O
    X X X X O . O
    . . . X O . .
"""
"""Two black stones are in atari; C4 saves or captures them, and everything else is settled."""

LIFE = """
    O O O O O O O O O
    O . O X X X X X O
    O O O X . . . X O
    . O O X X X X X O
    O O O O O O O O O
    X X X X X X X X X
    . X . X . . X . X
    X X X X X X X X X
    . X . . X . . X .
"""
"""Black's upper chain lives or dies with the move at F7."""

BORDER = """
    . X . . O . O
    X X . . O O O
    . X . . O . .
    X X X O O O .
    . X X O O O O
    X X X X O . O
    . . . X O . .
"""
"""The border between the two sides is open at the top."""

EYE_FOR_EYE = """
    . X . X O . O
    X X X X O O O
    . o . X O . .
    X X X X O O .
    . X . X O . x
    X X . X O O .
    . . . X O . .
"""
"""A dead stone of each side in settled territory."""


def moves_of(game: Game, side: str) -> set[int]:
    """Return the candidates as points."""
    return {int(point) for point in np.flatnonzero(candidates(game, Colour.parse(side)))}


def points(game: Game, vertices: str) -> set[int]:
    """Return vertices as points."""
    return {game.board.point(vertex) for vertex in vertices.split()}


@pytest.fixture
def no_playouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make any use of playouts fail."""

    def refuse(*_: object) -> None:
        raise AssertionError("playouts in the middle of the game")

    monkeypatch.setattr(ending, "final_status", refuse)


@pytest.mark.usefixtures("no_playouts")
@pytest.mark.parametrize(
    ("name", "diagram", "side", "moves"),
    [
        ("an empty board", ". .  . .", "b", "A2 B2 A1 B1"),
        ("own eyes are not filled, and nothing else is left: pass", SETTLED, "b", "pass"),
        ("the same for white", SETTLED, "w", "pass"),
        (
            "an eye with an opponent's stone at one diagonal in the middle is still one",
            ". O X X .  . X . X .  . X X X .  . . . . .  . . . . .",
            "b",
            "A5 E5 A4 E4 A3 E3 A2 B2 C2 D2 E2 A1 B1 C1 D1 E1",
        ),
        (
            "with two of them it is none",
            ". O X O .  . X . X .  . O X X .  . . . . .  . . . . .",
            "b",
            "A5 E5 A4 C4 E4 A3 E3 A2 B2 C2 D2 E2 A1 B1 C1 D1 E1",
        ),
        ("suicide is no candidate", ". O .  O O .  . . .", "w", "C3 C2 A1 B1 C1"),
        (
            "nothing is played where a side is pass-alive",
            ". X . X . .  X X X X . .  . . . . . .  . . . . . .  . . . . . .  . . . . . .",
            "w",
            "E6 F6 E5 F5 A4 B4 C4 D4 E4 F4 A3 B3 C3 D3 E3 F3 A2 B2 C2 D2 E2 F2 A1 B1 C1 D1 E1 F1",
        ),
    ],
)
def test_rule_1_what_is_worth_choosing_from(name: str, diagram: str, side: str, moves: str) -> None:
    game = drawn_game(diagram, Rules(komi=0.5))
    assert moves_of(game, side) == points(game, moves)


@pytest.mark.usefixtures("no_playouts")
def test_rule_2_no_playouts_while_the_opponent_plays_and_there_is_room() -> None:
    game = drawn_game(WALLS)
    game.play("b", "A9")
    game.play("w", "J9")
    assert len(moves_of(game, "b")) > 9
    game.play("b", "pass")
    assert len(moves_of(game, "b")) > 9, "an own pass is nobody's offer"
    with pytest.raises(AssertionError, match="playouts"):
        candidates(game, Colour.WHITE)


@pytest.mark.parametrize(
    ("diagram", "komi", "black_wins", "white_wins"),
    [
        (WALLS, -20.5, True, False),
        (WALLS, -9.5, True, False),
        (WALLS, -8.5, False, True),
        (WALLS, 7.5, False, True),
        (WALLS, -9, False, False),
        (DEAD_STONES, -9.5, True, False),
        (DEAD_STONES, -8.5, False, True),
    ],
)
def test_rule_3_a_pass_is_answered_by_one_where_the_game_is_surely_won_or_lost(
    diagram: str, komi: float, black_wins: bool, white_wins: bool
) -> None:
    """Dead stones that are still on the board, own or the opponent's, are counted as dead. A settled draw ends too."""
    for side, wins in ((Colour.BLACK, black_wins), (Colour.WHITE, white_wins)):
        game = drawn_game(diagram, Rules(komi=komi), to_play=side.opponent)
        assert len(moves_of(game, side)) > 9
        game.play(side.opponent, "pass")
        assert moves_of(game, side) == {81}
        assert is_surely_won(game, side, final_status(game.board)) is wins


def test_rule_3_is_about_dead_stones_not_about_the_board_as_it_stands() -> None:
    game = drawn_game(DEAD_STONES, Rules(komi=0.5))
    game.play("b", "pass")
    assert game.score().winner is Colour.BLACK
    assert moves_of(game, "w") == {81}


def test_rule_3_asks_for_a_clear_win() -> None:
    """An empty board is not clearly won, although white leads by komi."""
    game = Game(9, Rules(komi=0.5))
    game.play("b", "pass")
    assert game.score().winner is Colour.WHITE
    assert moves_of(game, "w") == set(range(81))


def test_rule_3_a_win_is_sure_only_if_the_count_agrees() -> None:
    """White owns enough in the playouts, but black wins as long as the border at E3 is open."""
    game = drawn_game(OPEN_POINT, Rules(komi=0.5))
    game.play("b", "pass")
    judged = final_status(game.board)
    assert score_as_judged(game, judged).winner is Colour.BLACK
    assert not any(is_surely_won(game, side, judged) for side in Colour)
    assert moves_of(game, "w") == points(game, "E3")


@pytest.mark.parametrize("komi", [-25.5, -20.5])
@pytest.mark.parametrize("side", ["b", "w"])
@pytest.mark.parametrize("passed", [False, True])
def test_rule_4_nobody_gives_a_seki_up(komi: float, side: str, passed: bool) -> None:
    """Only moves that neither side should play are left, so both sides pass, the winner and the loser."""
    game = drawn_game(SEKI, Rules(komi=komi), to_play=Colour.parse(side).opponent)
    if passed:
        game.play(game.to_play, "pass")
    assert moves_of(game, side) == {81}


def test_rule_4_settled_area_is_not_filled() -> None:
    game = drawn_game(ONE_LONG_EYE)
    assert moves_of(game, "w") == {49}
    assert moves_of(game, "b") == {49}


@pytest.mark.parametrize("komi", [-30, 3])
def test_rule_4_plays_on_while_a_point_is_open(komi: float) -> None:
    """The player plays on even if it could lose all unclear points and still win."""
    game = drawn_game(OPEN_POINT, Rules(komi=komi))
    assert moves_of(game, "b") == points(game, "E3 F3 G3 E2 F2")


@pytest.mark.parametrize(
    ("name", "diagram", "rules", "passed", "black", "white"),
    [
        ("dame are worth a point by area", DAME, "chinese", False, "C1 C2 C3 C4 C5", "C1 C2 C3 C4 C5"),
        ("the same after a pass", DAME, "chinese", True, "C1 C2 C3 C4 C5", "C1 C2 C3 C4 C5"),
        ("dame are free by territory", DAME, "japanese", False, "C1 C2 C3 C4 C5", "C1 C2 C3 C4 C5"),
        ("but they gain nothing after a pass", DAME, "japanese", True, "pass", "pass"),
        ("stones are saved or taken", CONNECT, "japanese", False, "C4", "C4"),
        ("the same after a pass", CONNECT, "japanese", True, "C4", "C4"),
        ("the same by area", CONNECT, "chinese", True, "C4", "C4"),
        ("a chain lives or dies", LIFE, "japanese", False, "E7 F7 G7", "E7 F7 G7"),
        ("the same after a pass", LIFE, "japanese", True, "E7 F7 G7", "E7 F7 G7"),
        ("the same by area", LIFE, "chinese", True, "E7 F7 G7", "E7 F7 G7"),
        ("an open border is closed", BORDER, "japanese", False, "D7 C6 D6 D5", "C7 D7 C6 D6 D5"),
        ("the same after a pass", BORDER, "japanese", True, "D7 C6 D6 D5", "C7 D7 C6 D6 D5"),
        ("settled territory is not touched", EYE_FOR_EYE, "japanese", False, "pass", "pass"),
        ("dead stones are not taken either", EYE_FOR_EYE, "japanese", True, "pass", "pass"),
        ("nor after a pass by area", EYE_FOR_EYE, "chinese", True, "pass", "pass"),
        ("dead stones in larger territory", DEAD_STONES, "japanese", False, "pass", "pass"),
        ("a seki", SEKI, "japanese", False, "pass", "pass"),
        ("a seki after a pass", SEKI, "japanese", True, "pass", "pass"),
    ],
)
def test_rules_5_and_6_what_matters_at_the_end(
    name: str, diagram: str, rules: str, passed: bool, black: str, white: str
) -> None:
    for side, moves in ((Colour.BLACK, black), (Colour.WHITE, white)):
        game = drawn_game(diagram, replace(Rules.named(rules), komi=0.5), to_play=side.opponent)
        if passed:
            game.play(side.opponent, "pass")
        assert moves_of(game, side) == points(game, moves), side


def test_where_dead_stones_count_they_are_taken() -> None:
    named = ((Rules(), True), (Rules.named("tromp-taylor"), False), (Rules.named("cgos"), False))
    for rules, passes in ((replace(rules, komi=0.5), passes) for rules, passes in named):
        game = drawn_game(DEAD_STONES, rules)
        game.play("b", "pass")
        assert (moves_of(game, "w") == {81}) is passes
    assert game.score().winner is Colour.BLACK, "as the board stands"
    assert moves_of(game, "w") >= {68, 70}, "beside the dead stone F2 in white's pass-alive area"
    game.rules = replace(game.rules, komi=20)
    assert moves_of(game, "w") == {81}, "won as it stands"
    game.rules = replace(game.rules, komi=-9.5)
    assert moves_of(game, "w") == {81}, "lost even without the dead stones"


def before_the_passes(path: Path, rules: str) -> Game:
    """Return a finished game without the passes at its end, under other rules."""
    game = read_game(path.read_bytes())
    game.rules = replace(Rules.named(rules), komi=game.komi)
    while game.moves[-1].point == game.board.pass_point:
        game.undo()
    return game


def judged_margin(game: Game, side: Colour) -> float:
    """Return the judged score from the point of view of a side."""
    score = score_as_judged(game, final_status(game.board)).black_minus_white
    return score if side is Colour.BLACK else -score


@pytest.mark.parametrize("rules", ["chinese", "japanese"])
@pytest.mark.parametrize("path", GAMES, ids=lambda path: path.stem)
def test_lost_games_end_soon_after_the_opponents_pass(path: Path, rules: str) -> None:
    """The loser plays at random and the winner passes: few plies, no point lost, and the result as it was judged."""
    game = before_the_passes(path, rules)
    loser = score_as_judged(game, final_status(game.board)).winner.opponent
    start, margin = game.ply, judged_margin(game, loser)
    player = Player(RandomNetwork(1), np.random.default_rng(1))
    while not game.is_over:
        last = judged_margin(game, loser)
        side = game.to_play if game.ply > start else loser.opponent
        game.play(side, player.genmove(game, side) if side is loser else game.board.pass_point)
    assert game.ply - start <= 10
    assert judged_margin(game, loser) == last
    assert last >= margin


@pytest.mark.parametrize("path", [path for path in GAMES if path.name < "19-seed002"], ids=lambda path: path.stem)
def test_under_territory_scoring_no_candidate_costs_a_point(path: Path) -> None:
    """Late in the game, a move may lower the judged score only if the opponent's move there would lower it more."""
    game = before_the_passes(path, "japanese")
    for _ in range(6):
        side, stones = game.to_play, game.board.stones != 0
        fight = (np.abs(final_status(game.board).owner[stones]) < ending.CLEAR).any()
        if fight or stones.mean() < ending.FILLED:
            break  # the judged score says little about a fight
        before = judged_margin(game, side)
        for point in moves_of(game, side) - {game.board.pass_point}:
            margins = []
            for first in (side, side.opponent):
                if game.board.is_legal(first, point):
                    game.board.play(first, point)
                    margins.append(judged_margin(game, side))
                    game.board.undo()
            assert margins[0] > before - 1 or margins[-1] < margins[0], f"ply {game.ply}: {side} {point}"
        game.undo()

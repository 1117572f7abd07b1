"""The candidate moves and when to pass: at least one test for each rule of `ending`."""

from dataclasses import replace

import numpy as np
import pytest

from shicho.engine import Colour, Game, Rules, ending
from shicho.engine.ending import candidates, is_surely_won
from shicho.engine.status import final_status
from tests.support.games import drawn_game

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
    ("diagram", "komi", "black_passes", "white_passes"),
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
def test_rule_3_a_pass_is_answered_by_one_where_the_game_is_surely_won(
    diagram: str, komi: float, black_passes: bool, white_passes: bool
) -> None:
    """Dead stones that are still on the board, own or the opponent's, are counted as dead."""
    for side, passes in ((Colour.BLACK, black_passes), (Colour.WHITE, white_passes)):
        game = drawn_game(diagram, Rules(komi=komi), to_play=side.opponent)
        assert len(moves_of(game, side)) > 9
        game.play(side.opponent, "pass")
        assert (moves_of(game, side) == {81}) is passes
        assert is_surely_won(game, side, final_status(game.board)) is passes


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


@pytest.mark.parametrize(("komi", "side"), [(-25.5, "b"), (-20.5, "w")])
def test_rule_4_who_has_won_gives_no_seki_up(komi: float, side: str) -> None:
    """Only moves that neither side should play are left, so the player passes first."""
    game = drawn_game(SEKI, Rules(komi=komi))
    assert moves_of(game, side) == {81}


def test_rule_4_who_has_won_does_not_fill_its_own_area() -> None:
    game = drawn_game(ONE_LONG_EYE)
    assert moves_of(game, "w") == {49}
    assert moves_of(game, "b") == points(game, "B3 C3 D3 E3 F3")


@pytest.mark.parametrize("komi", [-30, 3])
def test_rule_4_plays_on_while_a_point_is_open(komi: float) -> None:
    """The player plays on even if it could lose all unclear points and still win."""
    game = drawn_game(OPEN_POINT, Rules(komi=komi))
    assert moves_of(game, "b") == points(game, "E3 F3 G3 E2 F2")


@pytest.mark.parametrize(("komi", "side"), [(-20.5, "b"), (-25.5, "w")])
def test_rule_5_who_has_not_won_plays_on(komi: float, side: str) -> None:
    game = drawn_game(SEKI, Rules(komi=komi))
    assert moves_of(game, side) == points(game, "F9 F8")
    game.play(Colour.parse(side).opponent, "pass")
    assert moves_of(game, side) == points(game, "F9 F8")


def test_where_dead_stones_count_they_are_taken() -> None:
    for rules, passes in ((Rules(komi=0.5), True), (replace(Rules.named("tromp-taylor"), komi=0.5), False)):
        game = drawn_game(DEAD_STONES, rules)
        game.play("b", "pass")
        assert (moves_of(game, "w") == {81}) is passes
    assert game.score().winner is Colour.BLACK, "as the board stands"
    assert moves_of(game, "w") >= {68, 70}, "beside the dead stone F2 in white's pass-alive area"
    game.rules = replace(game.rules, komi=20)
    assert moves_of(game, "w") == {81}, "won as it stands"

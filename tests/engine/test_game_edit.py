"""Editing the position of a game, and moves that superko forbids but a record holds."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shicho.engine import Colour, Game, Move, Rules
from shicho.engine.errors import BadColour, BadPosition, BadVertex, IllegalMove, IllegalReason, NothingToUndo
from shicho.engine.features import FEATURE_SETS
from tests.support.games import drawn_game

KO = "X O . O .  . X O . .  . . . . .  . . . . .  . . . . ."
SENDING_TWO = ". O . O .  X X O . .  . . . . .  . . . . .  . . . . ."


def ko_fight() -> Game:
    """Return a game in which black has just taken a ko at C5."""
    game = drawn_game(KO, Rules.named("japanese"))
    game.play("b", "C5")
    return game


def test_stones_are_put_replaced_and_removed() -> None:
    game = Game(5)
    for vertex in ("C3", "D4", "B2"):
        game.play(game.to_play, vertex)
    game.edit([("b", "A1"), ("w", "C3"), (None, "D4"), (None, "E5")])
    stones = {(move.colour, move.point) for move in game.setup}
    expected = ((Colour.BLACK, "A1"), (Colour.WHITE, "C3"), (Colour.BLACK, "B2"))
    assert stones == {(colour, game.board.point(vertex)) for colour, vertex in expected}
    assert game.board.colour_at("D4") is None
    game.board.check_consistency()


def test_what_an_edit_keeps_and_what_it_ends() -> None:
    game = ko_fight()
    game.handicap = 3
    assert game.why_illegal("w", "B5") is IllegalReason.KO
    game.edit([])
    assert game.board.ko is None
    assert (game.moves, game.ply, game.handicap, game.komi) == ([], 1, 3, 6.5)
    assert (game.to_play, game.first_to_play) == (Colour.WHITE, Colour.WHITE)
    assert game.board.captures == {Colour.BLACK: 1, Colour.WHITE: 0}
    with pytest.raises(NothingToUndo):
        game.undo()
    game.play("w", "B5")
    assert game.ply == 2
    game.undo()
    assert (game.ply, game.to_play) == (1, Colour.WHITE)


def test_positions_before_an_edit_may_come_back() -> None:
    game = drawn_game(SENDING_TWO)
    for move in ("wA5", "bC5"):
        game.play(move[0], move[1:])
    assert game.why_illegal("w", "B5") is IllegalReason.SUPERKO
    game.edit([])
    assert game.why_illegal("w", "B5") is None


@pytest.mark.parametrize("end", ["passes", "resignation"])
def test_an_edited_game_goes_on(end: str) -> None:
    game = Game(5)
    game.play("b", "C3")
    if end == "passes":
        game.play("w", "pass")
        game.play("b", "pass")
    else:
        game.resign("w")
    game.edit([("w", "A1")], to_play="w")
    assert not game.is_over
    game.play("w", "pass")
    game.play("b", "pass")
    assert game.is_over


def test_networks_see_no_move_before_an_edit() -> None:
    game = Game(9)
    for vertex in ("E5", "C3", "G7"):
        game.play(game.to_play, vertex)
    fresh = Game(9)
    game.edit([])
    fresh.set_up(game.setup, to_play="w")
    for features in FEATURE_SETS.values():
        assert np.array_equal(features.compute(game), features.compute(fresh))
    game.play("w", "C7")
    assert FEATURE_SETS["sandbox-26"].compute(game)[FEATURE_SETS["sandbox-26"].index("last_move")].sum() == 1
    assert not FEATURE_SETS["sandbox-26"].compute(game)[FEATURE_SETS["sandbox-26"].index("move_1_back")].any()


@pytest.mark.parametrize(
    ("stones", "error"),
    [
        ([("b", "A4"), ("b", "B5"), ("w", "A5")], BadPosition),
        ([("b", "A5"), ("w", "A5")], BadPosition),
        ([("b", "A5"), (None, "A5")], BadPosition),
        ([("b", "pass")], BadVertex),
        ([("b", "F6")], BadVertex),
        ([("red", "A5")], BadColour),
    ],
)
def test_what_cannot_stand_changes_nothing(stones: list[Any], error: type[Exception]) -> None:
    game = ko_fight()
    before = repr(game), game.moves, game.setup, game.board.ko
    with pytest.raises(error):
        game.edit(stones)
    with pytest.raises(BadColour):
        game.edit([], to_play="red")
    assert (repr(game), game.moves, game.setup, game.board.ko) == before


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda game: pickle.loads(pickle.dumps(game))])
def test_copies_of_an_edited_game(duplicate: Callable[[Game], Game]) -> None:
    game = ko_fight()
    game.edit([("w", "E1")], to_play="b")
    game.play("b", "A1")
    again = duplicate(game)
    for one in (game, again):
        assert (one.ply, one.moves, one.to_play) == (2, [Move(Colour.BLACK, 20)], Colour.WHITE)
        assert one.board.captures[Colour.BLACK] == 1
        one.undo()
        assert one.to_play is Colour.BLACK
        with pytest.raises(NothingToUndo):
            one.undo()


def test_a_move_that_superko_forbids_is_played_where_a_record_holds_it(caplog: pytest.LogCaptureFixture) -> None:
    game = drawn_game(SENDING_TWO)
    start = game.board.stones.copy()
    for move in ("wA5", "bC5"):
        game.play(move[0], move[1:], may_repeat=True)
    assert not caplog.records
    with pytest.raises(IllegalMove, match="superko"):
        game.play("w", "B5")
    game.play("w", "B5", may_repeat=True)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "white B5" in caplog.text
    assert np.array_equal(game.board.stones, start)


def test_the_rules_hold_after_a_position_has_recurred() -> None:
    game = drawn_game(SENDING_TWO)
    for move in ("wA5", "bC5", "wB5", "wA5", "bC5"):
        game.play(move[0], move[1:], may_repeat=True)
    point = game.board.point("B5")
    assert not game.legal_mask("w")[point]
    assert game.why_illegal("w", point) is IllegalReason.SUPERKO
    game.undo()
    game.undo()
    game.undo()
    assert not game.legal_mask("w")[point], "the position at the start is still there"


@pytest.mark.parametrize(
    ("diagram", "moves", "last", "reason"),
    [
        (KO, "bC5", "wB5", IllegalReason.KO),
        (KO, "", "wA5", IllegalReason.OCCUPIED),
        (". X X  X X X  X X .", "", "wA3", IllegalReason.SUICIDE),
    ],
)
def test_other_illegal_moves_stay_illegal(diagram: str, moves: str, last: str, reason: IllegalReason) -> None:
    game = drawn_game(diagram)
    for move in moves.split():
        game.play(move[0], move[1:])
    with pytest.raises(IllegalMove) as error:
        game.play(last[0], last[1:], may_repeat=True)
    assert error.value.reason is reason

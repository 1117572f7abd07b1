"""Wrong arguments to `Board` and `Game`: a Shicho error that names the value, and no change."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shicho.engine import Board, Colour, Game, Rules, features, ladder
from shicho.engine.coords import point_to_sgf, point_to_vertex, sgf_to_point, vertex_to_point
from shicho.engine.diagrams import read_diagram
from shicho.engine.errors import (
    BadColour,
    BadConfig,
    BadHandicap,
    BadNetwork,
    BadPosition,
    BadRecord,
    BadVertex,
    IllegalMove,
    IllegalReason,
    NothingToUndo,
    ShichoError,
    brief,
)
from shicho.engine.policy import Policy
from shicho.engine.sgf import read_game
from shicho.engine.status import final_status

HUGE = 10**5000
NO_NUMBERS = (
    None,
    True,
    np.True_,
    3.0,
    3.7,
    float("nan"),
    np.float32(3),
    1j,
    b"C3",
    (2, 2),
    [3],
    {3},
    np.array([3]),
    object(),
)
NO_POINTS = (*NO_NUMBERS, -1, 26, 361, 2**31, 2**64, -(2**63), HUGE, np.int64(26), np.uint64(2**64 - 1))
NO_VERTICES = ("", "Z9", "A6", "i1", "A0", "33", "C3 ", "Ｃ3", "pas", "C" * 1000, np.str_("F1"))
NO_COLOURS = (*NO_NUMBERS, "", "x", "bw", "B ", 0, 3, -1, 2**64, HUGE, np.int8(0), IllegalReason.KO)
NO_SIZES = (*NO_NUMBERS, "19", -1, 0, 1, 20, 2**64, HUGE)
NO_BUDGETS = (*NO_NUMBERS, "9", -1, 2**30, 2**64, HUGE)
NO_COUNTS = (*NO_NUMBERS, "9", -1, 0, 2**64, HUGE)
NO_BOOLS = (None, 0, 1, "", "x", 2.5, [], (1, 2), np.array([1, 2]), HUGE, object())


def fresh() -> Board:
    """Return a 5x5 board with black at C3 and one more move to undo."""
    board = Board(5)
    board.play("b", "C3")
    board.play("w", "A1")
    return board


# What takes a point, a colour, a size or a budget; `value` is the wrong one.
POINT_TAKERS: dict[str, Callable[[Board, Any], object]] = {
    "point": lambda board, value: board.point(value),
    "stone": lambda board, value: board.stone(value),
    "colour_at": lambda board, value: board.colour_at(value),
    "why_illegal": lambda board, value: board.why_illegal("b", value),
    "is_legal": lambda board, value: board.is_legal("b", value),
    "play": lambda board, value: board.play("b", value),
    "place": lambda board, value: board.place("b", value),
    "chain": lambda board, value: board.chain(value),
    "ladder": lambda board, value: board.ladder(value),
    "ladder.read": lambda board, value: ladder.read(board, value),
}
COLOUR_TAKERS: dict[str, Callable[[Board, Any], object]] = {
    "parse": lambda board, value: Colour.parse(value),
    "why_illegal": lambda board, value: board.why_illegal(value, "C4"),
    "is_legal": lambda board, value: board.is_legal(value, "C4"),
    "play": lambda board, value: board.play(value, "C4"),
    "place": lambda board, value: board.place(value, "C4"),
    "legal_points": lambda board, value: board.legal_points(value),
    "own_eyes": lambda board, value: board.own_eyes(value),
    "Game.play": lambda board, value: Game(5).play(value, "C4"),
    "Game.why_illegal": lambda board, value: Game(5).why_illegal(value, "C4"),
    "Game.legal_mask": lambda board, value: Game(5).legal_mask(value),
    "Game.resign": lambda board, value: Game(5).resign(value),
}
TURN_TAKERS: dict[str, Callable[[Any], object]] = {
    "compute": lambda value: features.SANDBOX_26.compute(Game(5), value),
    "compute_packed": lambda value: features.SHICHO_V2.compute_packed(Game(5), value),
    "evaluate": lambda value: Policy(threads=1).evaluate(Game(5), value),
}
OTHERS: list[tuple[str, Callable[[Any], object], tuple[object, ...], type[Exception]]] = [
    ("Board", Board, NO_SIZES, BadConfig),
    ("Game", Game, NO_SIZES, BadConfig),
    ("Game, rules", lambda value: Game(5, value), ("chinese", 5, True, Rules), BadConfig),
    ("ladder", lambda value: fresh().ladder("C3", nodes=value), NO_BUDGETS, BadConfig),
    ("ladder.read", lambda value: ladder.read(fresh(), "C3", nodes=value), NO_BUDGETS, BadConfig),
    ("why_illegal, suicide", lambda value: fresh().why_illegal("b", "C4", suicide=value), NO_BOOLS, BadConfig),
    ("is_legal, suicide", lambda value: fresh().is_legal("b", "C4", suicide=value), NO_BOOLS, BadConfig),
    ("play, suicide", lambda value: fresh().play("b", "C4", suicide=value), NO_BOOLS, BadConfig),
    ("play, may_repeat", lambda value: Game(5).play("b", "C3", may_repeat=value), NO_BOOLS, BadConfig),
    ("legal_points, suicide", lambda value: fresh().legal_points("b", suicide=value), NO_BOOLS, BadConfig),
    ("final_status, playouts", lambda value: final_status(fresh(), playouts=value), (*NO_COUNTS, 10**7), BadConfig),
    ("final_status, seed", lambda value: final_status(fresh(), seed=value), (*NO_NUMBERS, -1, 2**64, HUGE), BadConfig),
    ("score, dead", lambda value: Game(5).score(dead=value), (*NO_NUMBERS, "C3", 5, HUGE, ["A1"], [99]), BadVertex),
    ("score, seki", lambda value: Game(5).score(seki=value), (*NO_NUMBERS, "C3", 5, HUGE, ["A1"], [99]), BadVertex),
    ("handicap", lambda value: Game(9).fixed_handicap_points(value), (*NO_COUNTS, 1, 10), BadHandicap),
    ("feature_set", features.feature_set, (*NO_NUMBERS, "", "sandbox-27", HUGE), BadConfig),
    ("Policy, threads", lambda value: Policy(threads=value), (*NO_COUNTS[1:], 10**6), BadConfig),
    ("Policy, path", Policy, ("", "no such file.onnx", "."), BadNetwork),
    ("vertex_to_point", lambda value: vertex_to_point(value, 5), (*NO_NUMBERS, *NO_VERTICES, 3, HUGE), BadVertex),
    ("sgf_to_point", lambda value: sgf_to_point(value, 5), (None, 3, HUGE, 1.5, ["aa"], "a", "ff", "AA"), BadVertex),
    ("point_to_vertex", lambda value: point_to_vertex(value, 5), (*NO_POINTS, "C3"), BadVertex),
    ("point_to_sgf", lambda value: point_to_sgf(value, 5), (*NO_POINTS, "cc"), BadVertex),
    ("read_game", read_game, (*NO_NUMBERS, "", "game.sgf", b"", 5, HUGE, [b"(;SZ[9])"]), BadRecord),
    ("read_diagram", read_diagram, (*NO_NUMBERS, "", "X", ". .\n.", "? .\n. .", ". . .\n" * 2), BadPosition),
    ("from_text", Board.from_text, (*NO_NUMBERS, "", "X", ". .\n.", "? .\n. .", "a .\n. .", ". " * 20), BadPosition),
]


def seen(board: Board) -> tuple[object, ...]:
    """Return everything that must not change."""
    return board.hash, board.ko, board.captures, board.move_count, board.stones.tobytes()


def refuses(call: Callable[[], object], error: type[Exception]) -> str:
    """Assert that the call raises this Shicho error with one line of reasonable length, and return the line."""
    with pytest.raises(error) as raised:
        call()
    assert isinstance(raised.value, ShichoError)
    message = str(raised.value)
    assert message
    assert "\n" not in message
    assert len(message) < 300
    return message


@pytest.mark.parametrize("name", POINT_TAKERS)
def test_what_is_no_point(name: str) -> None:
    board = fresh()
    before = seen(board)
    for value in (*NO_POINTS, *NO_VERTICES):
        message = refuses(lambda value=value: POINT_TAKERS[name](board, value), BadVertex)  # type: ignore[misc]
        if not isinstance(value, str) and value is not HUGE and not hasattr(value, "__dict__"):
            assert str(value)[:50] in message or repr(value)[:50] in message
    assert seen(board) == before


@pytest.mark.parametrize("name", COLOUR_TAKERS)
def test_what_is_no_colour(name: str) -> None:
    board = fresh()
    before = seen(board)
    for value in NO_COLOURS:
        assert "not a colour" in refuses(lambda value=value: COLOUR_TAKERS[name](board, value), BadColour)  # type: ignore[misc]
    assert seen(board) == before


@pytest.mark.parametrize("name", TURN_TAKERS)
def test_whose_turn_it_cannot_be(name: str) -> None:
    for value in NO_COLOURS[1:]:
        assert "not a colour" in refuses(lambda value=value: TURN_TAKERS[name](value), BadColour)  # type: ignore[misc]
    TURN_TAKERS[name]("w")


@pytest.mark.parametrize(("name", "call", "values", "error"), OTHERS, ids=[name for name, *_ in OTHERS])
def test_other_arguments(
    name: str, call: Callable[[Any], object], values: tuple[object, ...], error: type[Exception]
) -> None:
    for value in values:
        refuses(lambda value=value: call(value), error)  # type: ignore[misc]


@pytest.mark.parametrize("point", [12, "C3", "c3", np.int64(12), np.uint8(12), np.array(12), np.str_("C3")])
def test_every_way_to_name_a_point(point: Any) -> None:
    assert Board(5).point(point) == 12
    assert fresh().colour_at(point) is Colour.BLACK


@pytest.mark.parametrize("colour", ["b", "B", "Black", Colour.BLACK, 1, np.int64(1), np.uint8(1), np.str_("b")])
def test_every_way_to_name_a_colour(colour: Any) -> None:
    assert Colour.parse(colour) is Colour.BLACK


def test_passes_and_empty_points_where_a_stone_is_needed() -> None:
    board = fresh()
    for call in (board.chain, board.ladder, board.stone, board.colour_at):
        refuses(lambda call=call: call("pass"), BadVertex)  # type: ignore[misc]
    for call in (board.chain, board.ladder, board.stone):
        assert "E5" in refuses(lambda call=call: call("E5"), BadVertex)  # type: ignore[misc]
    refuses(lambda: board.place("b", "pass"), BadVertex)


def test_nothing_to_undo() -> None:
    board, game = Board(5), Game(5)
    for undo in (board.undo, board.copy().undo, game.undo):
        refuses(undo, NothingToUndo)
        with pytest.raises(IndexError):
            undo()


@pytest.mark.parametrize(
    ("colour", "vertex", "reason"),
    [
        ("white", "A5", IllegalReason.SUICIDE),
        ("black", "B5", IllegalReason.OCCUPIED),
        ("white", "B4", IllegalReason.KO),
    ],
)
def test_why_a_move_is_illegal(colour: str, vertex: str, reason: IllegalReason) -> None:
    board = Board.from_text("""
        . X O . .
        X O . O .
        . X O . .
        . . . . .
        . . . . .""")
    board.play("b", "C4")
    before = seen(board)
    assert refuses(lambda: board.play(colour, vertex), IllegalMove) == f"illegal move: {colour} {vertex} ({reason})"
    assert board.why_illegal(colour, vertex) is reason
    assert seen(board) == before


@pytest.mark.parametrize(
    "stones",
    [
        None,
        5,
        "X",
        [[1]],
        [[0, 0, 0], [0, 0]],
        [[0.0, 0.0], [0.0, 0.0]],
        [[True, False], [False, False]],
        [[-1, 0], [0, 0]],
        [[3, 0], [0, 0]],
        [[256, 0], [0, 0]],
        [[HUGE, 0], [0, 0]],
        [["X", "."], [".", "."]],
        [[None, 0], [0, 0]],
        np.zeros((20, 20), int),
        np.zeros((3, 4), int),
        np.zeros((2, 2, 2), int),
        np.ones((3, 3), int),
    ],
    ids=brief,
)
def test_stones_that_make_no_position(stones: Any) -> None:
    refuses(lambda: Board.from_stones(stones), BadPosition)


def test_stones_of_every_layout() -> None:
    """Any integers, strides, byte order and writeability will do."""
    board = fresh()
    plain = np.array(board.stones)
    frozen = plain.copy()
    frozen.flags.writeable = False
    swapped = plain.astype(">i4")
    for stones in (
        plain,
        frozen,
        swapped,
        plain.astype(np.int64),
        np.asfortranarray(plain),
        plain.tolist(),
        board.stones,
    ):
        again = Board.from_stones(stones)
        assert again == board
        again.check_consistency()
    assert Board.from_stones(plain[::-1].T).stones.tolist() == plain[::-1].T.tolist()


# Pickles: what is restored and what is refused.


def damaged(value: object, **changes: object) -> Any:
    """What `value` pickles to, as (function, arguments), with some arguments changed by place."""
    function, arguments = value.__reduce__()  # type: ignore[misc]
    changed = list(arguments)
    for place, new in changes.items():
        changed[int(place[1:])] = new
    return function, changed


@pytest.mark.parametrize(
    "changes",
    [
        {"_0": 2},
        {"_0": None},
        {"_1": b""},
        {"_1": b"\0" * 24},
        {"_1": b"\0" * 400},
        {"_1": b"\3" + b"\0" * 24},
        {"_1": b"\1" * 25},
        {"_1": "text"},
        {"_1": None},
        {"_2": (3, 1)},
        {"_2": (1, 12)},
        {"_2": (1, 99)},
        {"_2": "ko"},
        {"_3": (1,)},
        {"_3": (-1, 0)},
        {"_3": ("a", "b")},
        {"_3": None},
    ],
    ids=str,
)
def test_damaged_pickles_of_boards(changes: dict[str, object]) -> None:
    function, arguments = damaged(fresh(), **changes)
    refuses(lambda: function(*arguments), BadPosition)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 1},
        {"start": 20},
        {"moves": [(1, 0), (2, 0)]},
        {"moves": [5]},
        {"moves": None},
        {"start": None},
        {"rules": 3},
        {"resumed": 5},
    ],
    ids=str,
)
def test_damaged_pickles_of_games(changes: dict[str, object]) -> None:
    game = Game(5)
    game.play("b", "C3")
    for state in (game.__getstate__() | changes, {}, None, 5):
        refuses(lambda state=state: Game.__new__(Game).__setstate__(state), BadRecord)  # type: ignore[arg-type,misc]


def test_pickles_cut_off_anywhere_raise() -> None:
    data = pickle.dumps(fresh())
    for length in range(len(data)):
        with pytest.raises((pickle.UnpicklingError, EOFError, ShichoError, ValueError, IndexError)):
            pickle.loads(data[:length])


@pytest.mark.parametrize(
    "error",
    [
        IllegalMove(IllegalReason.KO, "black", "C3"),
        BadRecord("what", "where"),
        BadRecord("what"),
        BadNetwork(Path("net.onnx"), "what"),
        BadVertex("what"),
        BadHandicap("what"),
    ],
    ids=repr,
)
def test_errors_pass_between_processes(error: ShichoError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)

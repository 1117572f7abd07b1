"""Wrong arguments to the C core: an error that names the argument, no crash and no change."""

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shicho.engine import _core
from shicho.engine.board import Board
from tests.support.real_games import Record, join_games
from tests.support.slow_board import BLACK, WHITE

HUGE = (2**31, 2**32 + 1, 2**63, 2**70, -(2**31) - 1, -(2**70))
WRONG_TYPES = ("1", 1.0, None, [1], np.float32(1), np.zeros(2, np.int64))
REFUSED = (ValueError, TypeError)

# Valid arguments by method, for a 5x5 board with a black stone at 0.
METHODS: dict[str, tuple[Any, ...]] = {
    "legality": (BLACK, 1, False),
    "try_play": (BLACK, 1, False),
    "place": (BLACK, 1),
    "legal_points": (BLACK, False),
    "own_eyes": (BLACK,),
    "chain": (0,),
    "ladder": (0, 100),
    "ladder_line": (0, 100),
}
COLOUR_FIRST = ("legality", "try_play", "place", "legal_points", "own_eyes")


def five_by_five() -> _core.Board:
    """Return a 5x5 board with black at the top left."""
    board = _core.Board(5)
    board.try_play(BLACK, 0, False)
    return board


def refuses(board: _core.Board, name: str, *arguments: object) -> str:
    """Assert that the call raises ValueError or TypeError and does not change the board; return the message."""
    before = board.hash, board.ko, board.captures, board.move_count, board.stones.tobytes()
    with pytest.raises(REFUSED) as error:
        getattr(board, name)(*arguments)
    assert (board.hash, board.ko, board.captures, board.move_count, board.stones.tobytes()) == before
    board.check_consistency()
    return str(error.value)


@pytest.mark.parametrize("size", [-1, 0, 1, 20, 255, 256 + 9, *HUGE])
def test_board_sizes_out_of_range(size: int) -> None:
    with pytest.raises(ValueError, match="size"):
        _core.Board(size)


@pytest.mark.parametrize("size", WRONG_TYPES)
def test_board_sizes_of_a_wrong_type(size: Any) -> None:
    with pytest.raises(TypeError):
        _core.Board(size)


def test_a_board_needs_its_size() -> None:
    for arguments in ((), (9, 9)):
        with pytest.raises(TypeError):
            _core.Board(*arguments)
    with pytest.raises(TypeError):
        _core.Board.__new__(_core.Board)


def test_a_board_can_be_made_once_and_in_one_way() -> None:
    """A second __init__ changes nothing; the type cannot be subclassed, pickled or copied by the copy module."""
    board = five_by_five()
    board.__init__(9)  # type: ignore[misc]
    assert (board.size, board.stones[0, 0]) == (5, BLACK)
    with pytest.raises(TypeError):
        type("Sub", (_core.Board,), {})
    for duplicate in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            duplicate(board)  # type: ignore[operator]
    with pytest.raises(AttributeError):
        board.other = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        _core.Board.copy("no board")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        _core.Board.try_play(Board(5), BLACK, 0, False)  # type: ignore[arg-type]


def test_keywords_that_do_not_exist() -> None:
    for misuse in (
        lambda: _core.Board(size=5, komi=7.5),  # type: ignore[call-arg]
        lambda: five_by_five().try_play(colour=BLACK, point=1, suicide=False),
        lambda: five_by_five().ladder(0, budget=5),  # type: ignore[call-arg]
        lambda: _core.planes(**planes_arguments()),
    ):
        with pytest.raises(TypeError):
            misuse()


class Meddler:
    """A number whose __index__ plays on the board."""

    def __init__(self, board: _core.Board, value: int) -> None:
        self.board = board
        self.value = value

    def __index__(self) -> int:
        """Play a move and return the number."""
        empty = np.flatnonzero(self.board.stones == 0)
        self.board.try_play(WHITE, int(empty[-1]), True)
        return self.value


class Broken:
    """A number whose __index__ raises."""

    def __index__(self) -> int:
        """Fail."""
        raise ZeroDivisionError("on purpose")


@pytest.mark.parametrize("name", METHODS)
def test_arguments_that_run_code_of_their_own(name: str) -> None:
    """Their moves on the board take effect, and their exceptions are passed on."""
    for place, value in enumerate(METHODS[name]):
        if isinstance(value, bool):
            continue
        board = five_by_five()
        arguments: list[Any] = list(METHODS[name])
        arguments[place] = Meddler(board, value)
        getattr(board, name)(*arguments)
        board.check_consistency()
        assert board.move_count >= 2
        arguments[place] = Broken()
        with pytest.raises(ZeroDivisionError):
            getattr(board, name)(*arguments)


STONES = np.array([[0, 1], [2, 0]], np.uint8)


def test_a_board_from_a_position() -> None:
    board = _core.Board.from_position(STONES, (WHITE, 0), 3, 4)
    assert board.stones.tolist() == STONES.tolist()
    assert (board.ko, board.captures, board.move_count) == ((WHITE, 0), (3, 4), 0)
    board.check_consistency()


@pytest.mark.parametrize(
    ("stones", "ko", "black", "white"),
    [
        (STONES.astype(np.int8), None, 0, 0),
        (STONES.astype(np.uint16), None, 0, 0),
        (STONES[::-1], None, 0, 0),
        (STONES.T, None, 0, 0),
        (STONES.tolist(), None, 0, 0),
        (None, None, 0, 0),
        (np.zeros((1, 1), np.uint8), None, 0, 0),
        (np.zeros((0, 0), np.uint8), None, 0, 0),
        (np.zeros((20, 20), np.uint8), None, 0, 0),
        (np.zeros((5, 6), np.uint8), None, 0, 0),
        (np.zeros(25, np.uint8), None, 0, 0),
        (np.zeros((2, 2, 2), np.uint8), None, 0, 0),
        (np.array([[3, 0], [0, 0]], np.uint8), None, 0, 0),
        (np.array([[255, 0], [0, 0]], np.uint8), None, 0, 0),
        (np.array([[1, 1], [1, 1]], np.uint8), None, 0, 0),
        (np.array([[1, 2, 0], [2, 0, 0], [0, 0, 0]], np.uint8), None, 0, 0),
        (np.array([[2, 1, 0], [1, 0, 0], [0, 0, 0]], np.uint8), None, 0, 0),
        (np.array([[0, 0, 0], [0, 2, 1], [2, 1, 1]], np.uint8).T.copy()[::-1].copy(), (WHITE, 9), 0, 0),
        (STONES, (0, 0), 0, 0),
        (STONES, (3, 0), 0, 0),
        (STONES, (BLACK, 1), 0, 0),
        (STONES, (BLACK, 4), 0, 0),
        (STONES, (BLACK, -1), 0, 0),
        (STONES, (BLACK,), 0, 0),
        (STONES, (BLACK, 0, 0), 0, 0),
        (STONES, [BLACK, 0], 0, 0),
        (STONES, 5, 0, 0),
        (STONES, (None, None), 0, 0),
        (STONES, None, -1, 0),
        (STONES, None, 0, 2**31),
        (STONES, None, 2**70, 0),
        (STONES, None, 0.0, 0),
        (STONES, None, None, 0),
    ],
)
def test_positions_that_are_none(stones: Any, ko: Any, black: Any, white: Any) -> None:
    with pytest.raises(REFUSED):
        _core.Board.from_position(stones, ko, black, white)


def test_outputs_must_not_lie_on_inputs() -> None:
    """Writing to a shared array without the GIL could change numbers that were already checked."""
    right = rows_arguments()
    shared = np.zeros(10_000, np.uint8)
    packed = shared[: 2 * 26 * 48].reshape(2, 26, 48)
    for key in ("moves", "game_start", "games", "plies", "targets"):
        inside = shared[8:][: right[key].nbytes].view(right[key].dtype)
        inside[:] = right[key]
        assert "memory" in refuses_call("replay_rows", packed=packed, **{key: inside})
    assert "memory" in refuses_call(
        "replay_rows", games=right["plies"] * 0, plies=right["targets"], targets=right["targets"]
    )


@pytest.mark.parametrize("name", METHODS)
def test_too_few_and_too_many_arguments(name: str) -> None:
    board, right = five_by_five(), METHODS[name]
    getattr(board.copy(), name)(*right)
    refuses(board, name)
    refuses(board, name, *right, 1, 1)


@pytest.mark.parametrize("name", ["undo", "copy", "liberties", "chains", "area", "pass_alive", "check_consistency"])
def test_methods_without_arguments_take_none(name: str) -> None:
    refuses(five_by_five(), name, 1)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("wrong", WRONG_TYPES, ids=repr)
def test_wrong_types(name: str, wrong: object) -> None:
    right = METHODS[name]
    for place, value in enumerate(right):
        if not isinstance(value, bool):
            refuses(five_by_five(), name, *right[:place], wrong, *right[place + 1 :])


@pytest.mark.parametrize("name", COLOUR_FIRST)
@pytest.mark.parametrize("colour", [0, 3, -1, 257, *HUGE])
def test_no_such_colour(name: str, colour: int) -> None:
    assert "colour" in refuses(five_by_five(), name, colour, *METHODS[name][1:])


@pytest.mark.parametrize("point", [-1, 26, 361, 65_536, *HUGE])
def test_no_such_point(point: int) -> None:
    board = five_by_five()
    for name in ("legality", "try_play"):
        assert "point" in refuses(board, name, BLACK, point, False)
    tried = {"place": (BLACK, point), "chain": (point,), "ladder": (point,), "ladder_line": (point, 9)}
    for name, arguments in tried.items():
        assert "point" in refuses(board, name, *arguments)


def test_a_pass_is_no_point() -> None:
    board = five_by_five()
    for name, arguments in {"place": (BLACK, 25), "chain": (25,), "ladder": (25,), "ladder_line": (25, 9)}.items():
        assert "25" in refuses(board, name, *arguments)


@pytest.mark.parametrize("nodes", [-1, *HUGE])
def test_no_such_budget(nodes: int) -> None:
    assert "nodes" in refuses(five_by_five(), "ladder", 0, nodes)
    assert "nodes" in refuses(five_by_five(), "ladder_line", 0, nodes)


@pytest.mark.parametrize("name", ["size", "hash", "ko", "captures", "move_count", "stones"])
def test_properties_cannot_be_set(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(_core.Board(5), name, 1)


def test_the_view_of_the_stones_cannot_be_made_writeable() -> None:
    stones = _core.Board(5).stones
    with pytest.raises(ValueError, match="WRITEABLE"):
        stones.flags.writeable = True
    with pytest.raises(ValueError, match="read-only"):
        stones[0, 0] = BLACK


# Functions that take arrays. Each maker returns valid arguments; each test makes one of them wrong.


def planes_arguments() -> dict[str, Any]:
    """For `planes`."""
    return {
        "feature_set": _core.SANDBOX_26,
        "board": five_by_five(),
        "to_play": WHITE,
        "recent": np.array([0], np.uint16),
        "komi": 7.5,
        "rules": _core.RULE_SUPERKO,
        "out": np.zeros((26, 19, 19), np.float32),
    }


def packed_arguments() -> dict[str, Any]:
    """For `packed_planes`."""
    return planes_arguments() | {"out": np.zeros((26, 48), np.uint8)}


def legal_length_arguments() -> dict[str, Any]:
    """For `legal_length`."""
    return {"size": 9, "setup": np.array([80], np.uint16), "moves": np.array([0, 0x8001, 361], np.uint16)}


def games_arguments() -> dict[str, Any]:
    """For `replay_games` and `replay_ladders`: a game of three moves and one of two."""
    records = [
        Record("first", 9, ((BLACK, 80),), ((WHITE, 0), (BLACK, 1), (WHITE, 81))),
        Record("second", 19, (), ((BLACK, 60), (WHITE, 300))),
    ]
    return dict(join_games(records)._asdict())


def playouts_arguments() -> dict[str, Any]:
    """For `playout_games`: one playout a game."""
    return games_arguments() | {"per_game": 1, "seed": 0}


def rows_arguments() -> dict[str, Any]:
    """For `replay_rows`: two rows."""
    return (
        {"feature_set": _core.SANDBOX_26}
        | games_arguments()
        | {
            "games": np.array([0, 1], np.int64),
            "plies": np.array([2, 1], np.int64),
            "history": np.array([5, 0], np.uint8),
            "komi": np.array([6.5, 7.5], np.float32),
            "rules": np.array([0, _core.ALL_RULES], np.uint8),
            "packed": np.zeros((2, 26, 48), np.uint8),
            "targets": np.zeros(2, np.int64),
        }
    )


FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[[], dict[str, Any]]]] = {
    "planes": (_core.planes, planes_arguments),
    "packed_planes": (_core.packed_planes, packed_arguments),
    "legal_length": (_core.legal_length, legal_length_arguments),
    "replay_games": (_core.replay_games, games_arguments),
    "replay_ladders": (_core.replay_ladders, games_arguments),
    "replay_rows": (_core.replay_rows, rows_arguments),
    "playout_games": (_core.playout_games, playouts_arguments),
}
ARRAYS = [(n, key) for n, (_, make) in FUNCTIONS.items() for key, v in make().items() if isinstance(v, np.ndarray)]
WRITTEN = [(name, key) for name, key in ARRAYS if key in ("out", "packed", "targets")]


def call(name: str, **changed: object) -> Any:
    """Call the function with valid arguments, except for those given."""
    function, make = FUNCTIONS[name]
    return function(*(make() | changed).values())


def refuses_call(name: str, **changed: object) -> str:
    """Assert that the call raises ValueError or TypeError; return the message."""
    with pytest.raises(REFUSED) as error:
        call(name, **changed)
    return str(error.value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_right_arguments_pass_and_their_number_counts(name: str) -> None:
    function, make = FUNCTIONS[name]
    call(name)
    right = list(make().values())
    for arguments in ([], right[:-1], [*right, 1]):
        with pytest.raises(TypeError):
            function(*arguments)


@pytest.mark.parametrize(("name", "key"), ARRAYS)
def test_arrays_of_a_wrong_kind(name: str, key: str) -> None:
    right = FUNCTIONS[name][1]()[key]
    other = np.int32 if right.dtype != np.int32 else np.int64
    spoilt: dict[str, object] = {
        "another dtype": right.astype(other),
        "a signed or unsigned twin": right.view(("u" if right.dtype.kind != "u" else "i") + str(right.itemsize)),
        "one axis too many": right[None],
        "one axis too few": right[0],
        "objects": right.astype(object),
        "not contiguous": np.repeat(right, 2, axis=-1)[..., ::2],
        "backwards": right[::-1][::-1].copy()[::-1] if len(right) > 1 else np.repeat(right, 2)[::-2],
        "not aligned": unaligned(right),
        "None": None,
        "a number": 1,
        "bytes": right.tobytes(),
        "a list": right.tolist(),
    }
    if right.itemsize > 1:
        spoilt["the other byte order"] = right.astype(right.dtype.newbyteorder())
    if right.itemsize == 1:
        del spoilt["not aligned"]
    if right.size == 1:
        del spoilt["not contiguous"], spoilt["backwards"]
    for what, value in spoilt.items():
        try:
            call(name, **{key: value})
        except REFUSED:
            continue
        pytest.fail(f"{name} takes {key} that is {what}")


def unaligned(array: Any) -> Any:
    """Return the same values at an unaligned address."""
    raw = np.zeros(array.nbytes + 1, np.uint8)[1:]
    found = raw.view(array.dtype).reshape(array.shape)
    found[...] = array
    return found


@pytest.mark.parametrize(("name", "key"), WRITTEN)
def test_outputs_must_be_writeable(name: str, key: str) -> None:
    right = FUNCTIONS[name][1]()[key]
    right.flags.writeable = False
    assert key in refuses_call(name, **{key: right})


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("planes", (26, 19, 18)),
        ("planes", (25, 19, 19)),
        ("planes", (27, 19, 19)),
        ("planes", (26, 361)),
        ("planes", (1, 26, 19, 19)),
        ("planes", (0, 19, 19)),
        ("packed_planes", (26, 47)),
        ("packed_planes", (26, 49)),
        ("packed_planes", (25, 48)),
        ("packed_planes", (26 * 48,)),
    ],
)
def test_planes_of_a_wrong_shape(name: str, shape: tuple[int, ...]) -> None:
    right = FUNCTIONS[name][1]()["out"]
    assert "out" in refuses_call(name, out=np.zeros(shape, right.dtype))


@pytest.mark.parametrize("name", ["planes", "packed_planes"])
def test_planes_of_no_board_or_no_colour(name: str) -> None:
    for board in (None, Board(5), 5, "board"):
        refuses_call(name, board=board)
    for to_play in (0, 3, -1, None, "b", *HUGE):
        refuses_call(name, to_play=to_play)


@pytest.mark.parametrize("name", ["planes", "packed_planes"])
@pytest.mark.parametrize("move", [25, 26, 360, 362, 0x7FFF, 0xFFFF, 0x8000 | 25])
def test_recent_moves_off_the_board(name: str, move: int) -> None:
    assert "recent" in refuses_call(name, recent=np.array([move], np.uint16))


@pytest.mark.parametrize("name", ["planes", "packed_planes", "replay_rows"])
def test_feature_sets_that_are_not_there(name: str) -> None:
    for number in (-1, 2, "sandbox-26", None, 0.0, *HUGE):
        message = refuses_call(name, feature_set=number)
        assert "feature set" in message or "integer" in message
    assert "shape" in refuses_call(name, feature_set=_core.SHICHO_V2)


@pytest.mark.parametrize("name", ["planes", "packed_planes"])
def test_komi_and_rules_that_are_none(name: str) -> None:
    for komi in ("7.5", None, [7.5], 10**400):
        assert "komi" in refuses_call(name, komi=komi)
    for rules in (-1, _core.ALL_RULES + 1, None, 1.0, *HUGE):
        refuses_call(name, rules=rules)
    for komi in (math.nan, math.inf, -math.inf, 1e300, 7, np.float32(6.5)):
        call(name, komi=komi)


@pytest.mark.parametrize("size", [-1, 0, 1, 20, *HUGE])
def test_legal_length_of_no_such_size(size: int) -> None:
    assert "size" in refuses_call("legal_length", size=size)


@pytest.mark.parametrize("value", [81, 82, 360, 362, 0x7FFF, 0xFFFF])
def test_moves_off_the_board(value: int) -> None:
    """`legal_length` counts it as occupied; a replay names the place."""
    assert call("legal_length", moves=np.array([0, value], np.uint16)) == (1, _core.OCCUPIED)
    for name in ("replay_games", "replay_ladders", "replay_rows"):
        moves = games_arguments()["moves"]
        moves[1] = value
        assert "game 0" in refuses_call(name, moves=moves)


@pytest.mark.parametrize("value", [81, 360, 362, 0x7FFF, 0xFFFF])
def test_a_target_off_the_board(value: int) -> None:
    """The target move is not played, but it must be on the board."""
    moves = games_arguments()["moves"]
    moves[2] = value
    message = refuses_call("replay_rows", moves=moves)
    assert "row 0" in message
    assert "game 0" in message
    assert "ply 2" in message


@pytest.mark.parametrize("value", [81, 360, 361, 362, 0x7FFF, 0x8000 | 361])
def test_set_up_stones_off_the_board(value: int) -> None:
    setup = np.array([value], np.uint16)
    assert call("legal_length", setup=setup) == (-1, _core.OCCUPIED)
    for name in ("replay_games", "replay_ladders", "replay_rows"):
        assert "game 0" in refuses_call(name, setup=setup)


@pytest.mark.parametrize("name", ["replay_games", "replay_ladders", "replay_rows"])
@pytest.mark.parametrize("key", ["game_start", "setup_start"])
@pytest.mark.parametrize(
    "start",
    [
        [],
        [0],
        [0, 1],
        [0, 1, 1, 1],
        [0, 1, 99],
        [0, 99, 1],
        [-1, 0, 1],
        [0, -1, 1],
        [0, 2**62, 1],
        [-(2**63), 0, 2**63 - 1],
    ],
    ids=str,
)
def test_starts_that_do_not_fit(name: str, key: str, start: list[int]) -> None:
    """Offsets that are too few, too many, falling or out of range."""
    refuses_call(name, **{key: np.array(start, np.int64)})


@pytest.mark.parametrize("name", ["replay_games", "replay_ladders", "replay_rows"])
@pytest.mark.parametrize("sizes", [[9], [9, 19, 19], [1, 19], [20, 19], [0, 19], [255, 19]], ids=str)
def test_sizes_that_do_not_fit(name: str, sizes: list[int]) -> None:
    refuses_call(name, sizes=np.array(sizes, np.uint8))


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("games", [0, 2]),
        ("games", [-1, 1]),
        ("games", [0, 2**62]),
        ("games", [-(2**63), 1]),
        ("plies", [3, 1]),
        ("plies", [2, 2]),
        ("plies", [-1, 1]),
        ("plies", [2, 2**62]),
        ("plies", [-(2**63), 1]),
        ("history", [6, 0]),
        ("history", [0, 255]),
        ("rules", [_core.ALL_RULES + 1, 0]),
        ("rules", [0, 255]),
    ],
)
def test_rows_that_are_not_there(key: str, values: list[int]) -> None:
    """A game, a ply, a history depth or rules out of range."""
    right = rows_arguments()[key]
    assert "row" in refuses_call("replay_rows", **{key: np.array(values, right.dtype)})


@pytest.mark.parametrize("key", ["games", "plies", "history", "komi", "rules", "packed", "targets"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_rows_of_different_number(key: str, count: int) -> None:
    right = rows_arguments()[key]
    refuses_call("replay_rows", **{key: np.zeros((count, *right.shape[1:]), right.dtype)})


@pytest.mark.parametrize("shape", [(2, 26, 47), (2, 25, 48), (2, 48, 26), (2, 26 * 48), (26, 2, 48)])
def test_packed_rows_of_a_wrong_shape(shape: tuple[int, ...]) -> None:
    assert "packed" in refuses_call("replay_rows", packed=np.zeros(shape, np.uint8))

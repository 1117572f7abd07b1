"""Wrong arguments to the board of the C core: an error that names the argument, no crash and no change."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from shicho.engine import _core
from shicho.engine.board import Board
from tests.support.core_arguments import HUGE, METHODS, REFUSED, five_by_five, planes_arguments
from tests.support.slow_board import BLACK, WHITE

WRONG_TYPES = ("1", 1.0, None, [1], np.float32(1), np.zeros(2, np.int64))

COLOUR_FIRST = ("legality", "try_play", "place", "legal_points", "own_eyes")


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

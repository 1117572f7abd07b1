"""Wrong games and rows given to the functions of the C core that replay: an error that names the place, no crash."""

import numpy as np
import pytest

from shicho.engine import _core
from tests.support.core_arguments import HUGE, call, games_arguments, refuses_call, rows_arguments


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

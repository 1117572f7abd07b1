"""The eight transforms, against tests.support.symmetry and by their own algebra."""

from typing import Any

import numpy as np
import pytest

from shicho.engine.symmetry import (
    MOVE_DESTINATIONS,
    SOURCE_POINTS,
    Transform,
    board_part,
    inverse,
    transform_moves,
    transform_planes,
)
from tests.support.symmetry import COUNT, move_array, move_point

MOVES = np.arange(362)
BOARD = np.arange(361).reshape(19, 19)


@pytest.mark.parametrize("transform", range(COUNT))
def test_moves_and_planes_go_where_the_oracle_says(transform: int) -> None:
    expected = [move_point(move, 19, transform) for move in range(362)]
    assert transform_moves(MOVES, transform).tolist() == expected
    assert MOVE_DESTINATIONS[transform].tolist() == expected
    assert (transform_planes(BOARD, transform) == move_array(BOARD, transform)).all()
    assert (SOURCE_POINTS[transform] == move_array(BOARD, transform).ravel()).all()


@pytest.mark.parametrize("transform", Transform)
def test_names_say_what_happens(transform: Transform) -> None:
    by_name = {
        Transform.IDENTITY: BOARD,
        Transform.MIRROR_COLUMNS: np.fliplr(BOARD),
        Transform.MIRROR_ROWS: np.flipud(BOARD),
        Transform.ROTATE_180: np.rot90(BOARD, 2),
        Transform.TRANSPOSE: BOARD.T,
        Transform.ROTATE_CLOCKWISE: np.rot90(BOARD, -1),
        Transform.ROTATE_COUNTERCLOCKWISE: np.rot90(BOARD),
        Transform.ANTI_TRANSPOSE: np.rot90(BOARD, 2).T,
    }
    assert (transform_planes(BOARD, transform) == by_name[transform]).all()


@pytest.mark.parametrize("transform", Transform)
def test_the_inverse_undoes(transform: Transform) -> None:
    undo = inverse(transform)
    assert transform_moves(transform_moves(MOVES, transform), undo).tolist() == MOVES.tolist()
    assert (transform_planes(transform_planes(BOARD, transform), undo) == BOARD).all()
    assert inverse(undo) is transform
    assert inverse(int(transform)) is undo


def test_tables_have_their_dtypes_and_cannot_be_changed() -> None:
    for table, shape in ((SOURCE_POINTS, (8, 361)), (MOVE_DESTINATIONS, (8, 362))):
        assert (table.shape, table.dtype) == (shape, np.int64)
        with pytest.raises(ValueError, match="read-only"):
            table[0, 0] = 1
    assert (MOVE_DESTINATIONS[:, 361] == 361).all()


def test_a_transform_for_each_move() -> None:
    rng = np.random.default_rng(3)
    moves, transforms = rng.integers(0, 362, 500), rng.integers(0, 8, 500)
    expected = [move_point(move, 19, transform) for move, transform in zip(moves, transforms, strict=True)]
    assert transform_moves(moves, transforms).tolist() == expected
    small = transform_moves(moves.astype(np.uint16), transforms.astype(np.uint8))
    assert small.tolist() == expected
    assert small.dtype == np.int64
    assert transform_moves(moves.reshape(5, 100), 5).shape == (5, 100)
    assert transform_moves(moves[:0], transforms[:0]).shape == (0,)


def test_planes_keep_dtype_and_leading_axes_and_are_copied() -> None:
    planes = np.random.default_rng(1).random((3, 2, 19, 19)).astype(np.float32)
    for transform in Transform:
        turned = transform_planes(planes, transform)
        assert turned.dtype == np.float32
        assert (turned == move_array(planes, transform)).all()
        assert not np.shares_memory(turned, planes)
    swapped = planes.swapaxes(-1, -2)
    assert (transform_planes(swapped, 3) == move_array(swapped, 3)).all()


@pytest.mark.parametrize("size", [2, 5, 8, 9, 18])
@pytest.mark.parametrize("transform", Transform)
def test_a_smaller_board_stays_where_it_is(size: int, transform: Transform) -> None:
    offset = (19 - size) // 2
    inside = slice(offset, offset + size)
    planes = np.random.default_rng(size).random((2, 19, 19))
    turned = transform_planes(planes, transform, size)
    expected = planes.copy()
    expected[:, inside, inside] = move_array(planes[:, inside, inside], transform)
    assert (turned == expected).all()
    assert (planes[board_part(size)] == planes[:, inside, inside]).all()
    assert (transform_planes(turned, inverse(transform), size) == planes).all()


def test_a_stone_lies_where_its_move_goes() -> None:
    for transform in Transform:
        plane = np.zeros((19, 19), np.uint8)
        plane[3, 16] = 1
        (point,) = np.flatnonzero(transform_planes(plane, transform))
        assert transform_moves(np.array([3 * 19 + 16]), transform)[0] == point


@pytest.mark.parametrize(
    ("moves", "transform", "error", "value"),
    [
        ([0, 362], 1, ValueError, "362"),
        ([0, -1], 1, ValueError, "-1"),
        ([0, 1], 8, ValueError, "8"),
        ([0, 1], -1, ValueError, "-1"),
        ([0, 1], [0, 8], ValueError, "8"),
        ([0, 1], [0, 1, 2], ValueError, "3"),
        ([0, 1], [3], ValueError, "1"),
        ([0.0, 1.0], 1, TypeError, "float64"),
        ([0, 1], 1.0, TypeError, "float64"),
    ],
)
def test_bad_moves_and_transforms_are_named(moves: Any, transform: Any, error: type[Exception], value: str) -> None:
    given = np.array(transform) if isinstance(transform, list) else transform
    with pytest.raises(error, match=value):
        transform_moves(np.array(moves), given)


def test_bad_planes_and_transforms_are_named() -> None:
    with pytest.raises(ValueError, match="18"):
        transform_planes(np.zeros((2, 19, 18)), 1)
    with pytest.raises(ValueError, match="8"):
        transform_planes(BOARD, 8)
    with pytest.raises(ValueError, match="-1"):
        inverse(-1)

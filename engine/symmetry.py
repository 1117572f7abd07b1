"""The eight transforms of the 19x19 grid (the symmetries of a square), on moves and on planes.

Transform t means: transpose the board if t & 4, then turn it upside down if t & 2, then mirror it left to right if
t & 1. Points are row * 19 + column, and a pass is 361.
"""

from enum import IntEnum
from types import EllipsisType
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import brief
from shicho.engine.moves import PASS

_Scalar = TypeVar("_Scalar", bound=np.generic)


class Transform(IntEnum):
    """One of the eight symmetries of the board, named by what happens to the board."""

    IDENTITY = 0
    MIRROR_COLUMNS = 1
    MIRROR_ROWS = 2
    ROTATE_180 = 3
    TRANSPOSE = 4
    ROTATE_CLOCKWISE = 5
    ROTATE_COUNTERCLOCKWISE = 6
    ANTI_TRANSPOSE = 7


def _transformed(squares: NDArray[_Scalar], transform: Transform) -> NDArray[_Scalar]:
    """Return a view of squares [..., n, n]."""
    if transform & 4:
        squares = squares.swapaxes(-1, -2)
    if transform & 2:
        squares = squares[..., ::-1, :]
    if transform & 1:
        squares = squares[..., ::-1]
    return squares


def _source_points(transform: Transform) -> NDArray[np.int64]:
    return _transformed(np.arange(PASS).reshape(MAX_SIZE, MAX_SIZE), transform).ravel().astype(np.int64)


def _read_only(array: NDArray[np.int64]) -> NDArray[np.int64]:
    array.flags.writeable = False
    return array


SOURCE_POINTS: Final = _read_only(np.stack([_source_points(transform) for transform in Transform]))
"""int64 [8, 361], read-only: the point of the original board that each point of the transformed board came from."""

MOVE_DESTINATIONS: Final = _read_only(
    np.concatenate([np.argsort(SOURCE_POINTS, axis=1), np.full((len(Transform), 1), PASS)], axis=1)
)
"""int64 [8, 362], read-only: the move on the transformed board that each move becomes; a pass stays a pass."""


def transform_moves(moves: NDArray[np.integer], transform: int | NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the moves on the transformed board, int64 of the shape of `moves`.

    `moves` are 0 to 361 (pass). `transform` is 0 to 7: one for all moves, or an array of the shape of `moves` with one
    for each. Raises ValueError for other numbers or another shape, and TypeError for arrays that are not integers.

    >>> transform_moves(np.array([0, 18, PASS]), Transform.MIRROR_COLUMNS)
    array([ 18,   0, 361])
    """
    transforms = np.asarray(transform)
    for name, values, highest in (("move", moves, PASS), ("transform", transforms, len(Transform) - 1)):
        if values.dtype.kind not in "iu":
            raise TypeError(f"{name}s are not integers: dtype {values.dtype}")
        wrong = values[(values < 0) | (values > highest)]
        if wrong.size:
            raise ValueError(f"a {name} is not 0 to {highest}: {wrong[0]}")
    if transforms.ndim and transforms.shape != moves.shape:
        raise ValueError(f"transforms have shape {transforms.shape}, moves {moves.shape}")
    destinations: NDArray[np.int64] = MOVE_DESTINATIONS[transforms, moves]
    return destinations


def transform_planes(planes: NDArray[_Scalar], transform: int, size: int = MAX_SIZE) -> NDArray[_Scalar]:
    """Return the planes of the transformed board: a copy of the same dtype and shape, [..., 19, 19].

    A board of a `size` below 19 stays at its offset (19 - size) // 2 both ways, which for even sizes is not the middle,
    and the values around it stay too. Raises ValueError for another shape or a transform that is not 0 to 7.
    """
    if planes.shape[-2:] != (MAX_SIZE, MAX_SIZE):
        raise ValueError(f"planes are not [..., {MAX_SIZE}, {MAX_SIZE}]: {planes.shape}")
    on_board = board_part(size)
    copied = planes.copy()
    copied[on_board] = _transformed(planes[on_board], _checked(transform))
    return copied


def board_part(size: int) -> tuple[EllipsisType, slice, slice]:
    """Return the index of a board of that size in planes [..., 19, 19]."""
    offset = (MAX_SIZE - size) // 2
    return ..., slice(offset, offset + size), slice(offset, offset + size)


def inverse(transform: int) -> Transform:
    """Return the transform that undoes `transform`; raises ValueError if it is not 0 to 7.

    The two rotations by 90 degrees undo each other, every other transform undoes itself.
    """
    rotations = {
        Transform.ROTATE_CLOCKWISE: Transform.ROTATE_COUNTERCLOCKWISE,
        Transform.ROTATE_COUNTERCLOCKWISE: Transform.ROTATE_CLOCKWISE,
    }
    return rotations.get(_checked(transform), Transform(transform))


def _checked(transform: int) -> Transform:
    try:
        return Transform(transform)
    except ValueError:
        raise ValueError(f"a transform is not 0 to {len(Transform) - 1}: {brief(transform)}") from None

"""The eight symmetries of a square board, on points and on arrays: the reference for shicho.engine.symmetry."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)

COUNT = 8


def move_point(point: int, size: int, symmetry: int) -> int:
    """Return where a point goes: transpose by bit 2, flip up-down by bit 1, then left-right by bit 0; a pass stays."""
    if point == size * size:
        return point
    row, column = divmod(point, size)
    if symmetry & 4:
        row, column = column, row
    if symmetry & 2:
        row = size - 1 - row
    if symmetry & 1:
        column = size - 1 - column
    return row * size + column


def move_array(array: NDArray[T], symmetry: int) -> NDArray[T]:
    """Return an array with its last two axes transformed in the same way."""
    if symmetry & 4:
        array = array.swapaxes(-1, -2)
    if symmetry & 2:
        array = array[..., ::-1, :]
    if symmetry & 1:
        array = array[..., :, ::-1]
    return array

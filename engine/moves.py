"""The stored-move code: how the game store and the C core write one move as a uint16.

The low 15 bits hold the point, `row * size + column` in the game's own board size, or `PASS` on every board size. The
top bit is set for white.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import BadVertex, brief
from shicho.engine.numbers import whole_number

PASS: Final = MAX_SIZE * MAX_SIZE
"""The point of a pass in the stored-move code, 361 on every board size (`Board.pass_point` is `size * size`)."""

WHITE_BIT: Final = 0x8000
"""The bit that is set in white's moves."""

POINT_MASK: Final = 0x7FFF
"""The bits that hold the point."""


def encode_move(colour: Colour, point: int) -> int:
    """Return the code of one move, 0 to 65535.

    `point` is 0 to 360, or `PASS`; raises BadVertex for any other number. Whether the point is on the board is not
    checked, because the code does not hold the board size.

    >>> encode_move(Colour.BLACK, 60), encode_move(Colour.WHITE, 60), encode_move(Colour.WHITE, PASS)
    (60, 32828, 33129)
    """
    try:
        number = whole_number(point)
    except TypeError:
        number = -1
    if not 0 <= number <= PASS:
        raise BadVertex(f"point of a stored move is not 0 to {PASS}: {brief(point)}")
    return number | WHITE_BIT if colour is Colour.WHITE else number


def move_points(codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the points of stored moves, 361 for a pass; uint16 of the same shape."""
    return codes & np.uint16(POINT_MASK)


def move_is_white(codes: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Return which stored moves are white's; bool of the same shape."""
    white: NDArray[np.bool_] = (codes & np.uint16(WHITE_BIT)) != 0
    return white

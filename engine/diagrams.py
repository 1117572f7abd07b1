"""Positions drawn as text: X black, O white."""

import re
from typing import Final, NamedTuple

from shicho.engine.colour import Colour
from shicho.engine.coords import COLUMNS, MAX_SIZE
from shicho.engine.errors import BadPosition

_BLACK: Final = "Xx#"
_WHITE: Final = "Oo"
_EMPTY: Final = ".+,"


class Diagram(NamedTuple):
    """A parsed diagram: the stones by point, and for each letter the points it names, in rising order."""

    size: int
    stones: dict[int, Colour]
    named: dict[str, list[int]]


def read_diagram(text: str) -> Diagram:
    """Parse a square diagram; raises BadPosition if it is not square or holds an unknown sign.

    X, x and # are black stones, O and o are white stones, and ".", "+" and "," are empty points. Any other letter is an
    empty point that the letter names; x and o also name their stones. Spaces, row numbers beside the board and lines of
    column letters above and below it are ignored, so the diagrams of `str(board)`, GNU Go and sgfmill can be read.
    """
    if not isinstance(text, str):
        raise BadPosition(f"a diagram must be a str, not {type(text).__name__}")
    rows = [_without_numbers(line) for line in text.strip().splitlines()]
    rows = [row for row in rows if row and not _is_column_letters(row)]
    size = len(rows)
    if not 2 <= size <= MAX_SIZE:
        raise BadPosition(f"a diagram must have 2 to {MAX_SIZE} rows, not {size}")
    stones: dict[int, Colour] = {}
    named: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        if len(row) != size:
            raise BadPosition(f"row {number + 1} of a diagram of {size} rows has {len(row)} points: {row!r}")
        for point, sign in enumerate(row, number * size):
            if sign in _BLACK:
                stones[point] = Colour.BLACK
            elif sign in _WHITE:
                stones[point] = Colour.WHITE
            elif not sign.isalpha() and sign not in _EMPTY:
                raise BadPosition(f"row {number + 1} of a diagram holds an unknown sign: {sign!r}")
            if sign.isalpha() and sign not in "XO":
                named.setdefault(sign, []).append(point)
    return Diagram(size, stones, named)


def _without_numbers(line: str) -> str:
    return re.sub(r"^[0-9]{1,2}|[0-9]{1,2}$", "", "".join(line.split()))


def _is_column_letters(row: str) -> bool:
    return len(row) >= 2 and row == COLUMNS[: len(row)]

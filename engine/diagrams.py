"""Positions drawn in text: X black, O white."""

import re
from typing import Final, NamedTuple

from shicho.engine.colour import Colour
from shicho.engine.coords import COLUMNS, MAX_SIZE
from shicho.engine.errors import BadPosition

_BLACK: Final = "Xx#"
_WHITE: Final = "Oo"
_EMPTY: Final = ".+,"


class Diagram(NamedTuple):
    """What is drawn: stones by point, and for each letter the points that bear it, rising."""

    size: int
    stones: dict[int, Colour]
    named: dict[str, list[int]]


def read_diagram(text: str) -> Diagram:
    """Read a square diagram; raises BadPosition for one that is not, and for signs without a meaning.

    X, x and # are black, O and o white, and . + , empty points; any other letter is an empty point of that name, and a
    small x or o a stone that is named so. Spaces do not count, nor do row numbers beside the board and a line of column
    letters above and below it. So what `str(board)`, GNU Go and sgfmill draw can be read.
    """
    if not isinstance(text, str):
        raise BadPosition(f"a diagram is a text, not {type(text).__name__}")
    rows = [_without_numbers(line) for line in text.strip().splitlines()]
    rows = [row for row in rows if row and not _is_column_letters(row)]
    size = len(rows)
    if not 2 <= size <= MAX_SIZE:
        raise BadPosition(f"a diagram has 2 to {MAX_SIZE} rows, not {size}")
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
                raise BadPosition(f"row {number + 1} of a diagram holds a sign without a meaning: {sign!r}")
            if sign.isalpha() and sign not in "XO":
                named.setdefault(sign, []).append(point)
    return Diagram(size, stones, named)


def _without_numbers(line: str) -> str:
    return re.sub(r"^[0-9]{1,2}|[0-9]{1,2}$", "", "".join(line.split()))


def _is_column_letters(row: str) -> bool:
    return len(row) >= 2 and row == COLUMNS[: len(row)]

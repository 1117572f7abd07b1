"""Positions drawn in text: X black, O white, any other letter an empty point with that name, anything else empty.

A small x or o is a stone as well, and named so: `stones named x` is how a test points at a chain. Spaces do not count.
"""

from dataclasses import dataclass

from shicho.engine import _core
from tests.support.slow_board import BLACK, WHITE, SlowBoard


@dataclass(frozen=True)
class Diagram:
    """A position as drawn: stones by point, and for each letter the points that bear it."""

    size: int
    stones: dict[int, int]
    named: dict[str, list[int]]

    def point(self, name: str) -> int:
        """The first point with a name."""
        return self.named[name][0]

    def points(self, name: str) -> list[int]:
        """All points with a name, rising; none if the name is not in the diagram."""
        return self.named.get(name, [])

    def board(self) -> _core.Board:
        """The position in the C core, every stone placed."""
        board = _core.Board(self.size)
        for point, colour in self.stones.items():
            assert board.place(colour, point) == _core.LEGAL
        assert {point: int(c) for point, c in enumerate(board.stones.flat) if c} == self.stones, "not a legal position"
        return board

    def slow(self) -> SlowBoard:
        """The position on the slow board."""
        return SlowBoard(self.size, dict(self.stones))


def read_diagram(text: str) -> Diagram:
    """Read a square diagram; raises ValueError if it is not square."""
    rows = ["".join(line.split()) for line in text.strip().splitlines()]
    size = len(rows)
    if any(len(row) != size for row in rows):
        raise ValueError(f"a diagram of {size} rows needs {size} columns in each: {[len(row) for row in rows]}")
    stones: dict[int, int] = {}
    named: dict[str, list[int]] = {}
    for point, sign in enumerate("".join(rows)):
        if sign in "XxOo":
            stones[point] = BLACK if sign in "Xx" else WHITE
        if sign.isalpha() and sign not in "XO":
            named.setdefault(sign, []).append(point)
    return Diagram(size, stones, named)


def draw(owners: dict[int, int], size: int) -> str:
    """Points by colour as a diagram of X, O and dots."""
    signs = ["X" if owners.get(p) == BLACK else "O" if owners.get(p) == WHITE else "." for p in range(size * size)]
    return "\n".join(" ".join(signs[row * size : (row + 1) * size]) for row in range(size))

"""Positions drawn in text, as `shicho.engine.diagrams` reads them, on the C board and on the slow one.

Letters name empty points; a small x or o is a stone as well, and named so: `stones named x` is how a test points at a
chain.
"""

from shicho.engine import _core, diagrams
from tests.support.slow_board import BLACK, WHITE, SlowBoard


class Diagram(diagrams.Diagram):
    """A position as drawn: stones by point, and for each letter the points that bear it."""

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
        return SlowBoard(self.size, {point: int(colour) for point, colour in self.stones.items()})


def read_diagram(text: str) -> Diagram:
    """Read a square diagram; raises BadPosition if it is not square."""
    return Diagram(*diagrams.read_diagram(text))


def draw(owners: dict[int, int], size: int) -> str:
    """Points by colour as a diagram of X, O and dots."""
    signs = ["X" if owners.get(p) == BLACK else "O" if owners.get(p) == WHITE else "." for p in range(size * size)]
    return "\n".join(" ".join(signs[row * size : (row + 1) * size]) for row in range(size))

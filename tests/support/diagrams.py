"""Positions drawn as text, read by `shicho.engine.diagrams`, on the C board and on the slow board.

Letters name empty points; x and o name stones, so a test can say which chain it means by drawing it in small letters.
chain.
"""

from shicho.engine import _core, diagrams
from tests.support.slow_board import BLACK, WHITE, SlowBoard


class Diagram(diagrams.Diagram):
    """A parsed diagram: the stones by point, and for each letter the points it names."""

    def point(self, name: str) -> int:
        """Return the first point of that name."""
        return self.named[name][0]

    def points(self, name: str) -> list[int]:
        """Return all points of that name in rising order; an empty list for an unknown name."""
        return self.named.get(name, [])

    def board(self) -> _core.Board:
        """Return the position on a C board, with every stone placed."""
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

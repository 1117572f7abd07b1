"""A position with simple ko and undo: typed Python around the C core. What needs a history is in `game`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE, point_to_vertex, vertex_to_point
from shicho.engine.errors import BadConfig, BadVertex, IllegalMove, IllegalReason

_REASONS = {
    _core.OCCUPIED: IllegalReason.OCCUPIED,
    _core.KO: IllegalReason.KO,
    _core.SUICIDE: IllegalReason.SUICIDE,
}


@dataclass(frozen=True)
class Ladder:
    """What the solver found for one chain.

    `captured`: a ladder takes the chain: in atari even if its side moves first, with two liberties if the
    attacker does.
    `working_moves`: the attacker's first moves that work (only for a chain of two liberties). `nodes`: moves read.
    `exhausted`: the budget ran out, and the reading was called an escape.
    """

    captured: bool
    working_moves: tuple[int, ...]
    nodes: int
    exhausted: bool


@dataclass(frozen=True)
class Chain:
    """The points of a chain's stones and of its liberties, both in rising order."""

    stones: tuple[int, ...]
    liberties: tuple[int, ...]


class Board:
    """A position on a board of 2x2 to 19x19.

    A point may be given as an int (row * size + column, pass = size * size) or as a GTP vertex, a colour as a `Colour`
    or "b"/"w"; BadVertex and BadColour are raised for anything else. `core` is the C board itself.
    """

    def __init__(self, size: int = MAX_SIZE) -> None:
        if not 2 <= size <= MAX_SIZE:
            raise BadConfig(f"board size is not 2 to {MAX_SIZE}: {size}")
        self.core = _core.Board(size)

    @property
    def size(self) -> int:
        """Points on a side."""
        return self.core.size

    @property
    def pass_point(self) -> int:
        """What stands for a pass where a point is expected."""
        return self.core.size**2

    @property
    def hash(self) -> int:
        """64-bit Zobrist hash of the stones alone."""
        return self.core.hash

    @property
    def ko(self) -> tuple[Colour, int] | None:
        """Who may not play where because of simple ko, or None."""
        ban = self.core.ko
        return (Colour(ban[0]), ban[1]) if ban else None

    @property
    def captures(self) -> dict[Colour, int]:
        """How many stones each side has captured."""
        black, white = self.core.captures
        return {Colour.BLACK: black, Colour.WHITE: white}

    @property
    def stones(self) -> NDArray[np.uint8]:
        """uint8 [size, size]: 0 empty, 1 black, 2 white; a read-only view that follows the position."""
        return self.core.stones

    def point(self, point: int | str) -> int:
        """The number of a point given as number or vertex; raises BadVertex."""
        if isinstance(point, str):
            return vertex_to_point(point, self.size)
        if not 0 <= point <= self.pass_point:
            raise BadVertex(f"not a point on {self.size}x{self.size}: {point}")
        return int(point)

    def colour_at(self, point: int | str) -> Colour | None:
        """The colour of the stone there, None on an empty point; raises BadVertex for a pass."""
        number = self.point(point)
        if number == self.pass_point:
            raise BadVertex("a pass is no point")
        stone = int(self.core.stones.flat[number])
        return Colour(stone) if stone else None

    def why_illegal(self, colour: Colour | str, point: int | str, *, suicide: bool = False) -> IllegalReason | None:
        """Why a move is illegal by simple ko (superko is the game's business), None for a legal one."""
        return _REASONS.get(self.core.legality(Colour.parse(colour), self.point(point), suicide))

    def is_legal(self, colour: Colour | str, point: int | str, *, suicide: bool = False) -> bool:
        """Whether a move is legal by simple ko."""
        return self.why_illegal(colour, point, suicide=suicide) is None

    def play(self, colour: Colour | str, point: int | str, *, suicide: bool = False) -> None:
        """Play or pass, either side at any time; raises IllegalMove and then changes nothing."""
        side, number = Colour.parse(colour), self.point(point)
        self._refuse(self.core.try_play(side, number, suicide), side, number)

    def place(self, colour: Colour | str, point: int | str) -> None:
        """Put a set-up stone: no ko, no suicide; raises IllegalMove. It can be undone like a move."""
        side, number = Colour.parse(colour), self.point(point)
        if number == self.pass_point:
            raise BadVertex("a set-up stone needs a point, not a pass")
        self._refuse(self.core.place(side, number), side, number)

    def undo(self) -> None:
        """Take the last move or set-up stone back; raises IndexError when there is none."""
        self.core.undo()

    def copy(self) -> "Board":
        """The same position on a board of its own, without anything to undo."""
        board = Board.__new__(Board)
        board.core = self.core.copy()
        return board

    def legal_points(self, colour: Colour | str, *, suicide: bool = False) -> NDArray[np.bool_]:
        """bool [size * size + 1], pass last: the moves legal by simple ko."""
        return self.core.legal_points(Colour.parse(colour), suicide)

    def own_eyes(self, colour: Colour | str) -> NDArray[np.bool_]:
        """bool [size * size]: the simple eyes of `colour`.

        An empty point whose neighbours are all own stones and of whose diagonals the opponent holds at most one (none
        at edge and corner).
        """
        return self.core.own_eyes(Colour.parse(colour))

    def liberties(self) -> NDArray[np.uint16]:
        """uint16 [size, size]: liberties of the chain on each point, 0 on empty ones."""
        return self.core.liberties()

    def chains(self) -> NDArray[np.int16]:
        """int16 [size, size]: the same number for all stones of a chain, -1 on empty points."""
        return self.core.chains()

    def chain(self, point: int | str) -> Chain:
        """The chain of the stone there; raises BadVertex on an empty point."""
        stones, liberties = self.core.chain(self._stone(point))
        return Chain(tuple(stones), tuple(liberties))

    def ladder(self, point: int | str, *, nodes: int = _core.LADDER_NODES) -> Ladder:
        """Read the ladder of the chain there with a budget of `nodes` moves; raises BadVertex on an empty point.

        A chain of three or more liberties is not captured. The position stays as it is.
        """
        captured, working, read, exhausted = self.core.ladder(self._stone(point), nodes)
        return Ladder(captured, tuple(working), read, exhausted)

    def area(self) -> NDArray[np.uint8]:
        """uint8 [size, size]: the Tromp-Taylor owner of every point, all stones alive; 0 where neither."""
        return self.core.area()

    def pass_alive(self) -> NDArray[np.uint8]:
        """uint8 [size, size]: the owner of pass-alive chains and the territory they enclose (Benson 1976), else 0."""
        return self.core.pass_alive()

    def check_consistency(self) -> None:
        """Recompute everything the slow way; AssertionError names the first difference."""
        self.core.check_consistency()

    def __repr__(self) -> str:
        return f"<Board {self.size}x{self.size}, hash {self.hash:016x}>"

    def __str__(self) -> str:
        """A diagram with coordinates: X black, O white, + a star point."""
        size, stones = self.size, self.core.stones
        letters = "   " + " ".join(point_to_vertex(column, size)[0] for column in range(size))
        stars = set(star_points(size))
        lines = [letters]
        for row in range(size):
            points = [
                "X" if stone == 1 else "O" if stone == 2 else "+" if row * size + column in stars else "."
                for column, stone in enumerate(stones[row])
            ]
            lines.append(f"{size - row:2} {' '.join(points)} {size - row}")
        return "\n".join([*lines, letters])

    def _stone(self, point: int | str) -> int:
        number = self.point(point)
        if self.colour_at(number) is None:
            raise BadVertex(f"no stone at {point_to_vertex(number, self.size)}")
        return number

    def _refuse(self, verdict: int, colour: Colour, point: int) -> None:
        reason = _REASONS.get(verdict)
        if reason:
            raise IllegalMove(reason, str(colour), point_to_vertex(point, self.size))


def star_points(size: int) -> tuple[int, ...]:
    """The points that fixed handicap may use, in the order of GTP 2's section 4.1.1: two to four corners, then sides.

    Corners lower left, upper right, upper left, lower right; left, right, bottom, top; the centre last. None below 7x7,
    corners alone on even sizes and on 7x7.
    """
    if size < 7:
        return ()
    low = 3 if size >= 13 else 2
    high, middle = size - 1 - low, size // 2
    places = [(high, low), (low, high), (low, low), (high, high)]
    if size % 2 and size >= 9:
        places += [(middle, low), (middle, high), (high, middle), (low, middle), (middle, middle)]
    return tuple(row * size + column for row, column in places)

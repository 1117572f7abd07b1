"""A position with simple ko and undo: typed Python around the C core. What needs a history is in `game`."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Final, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.colour import Colour
from shicho.engine.coords import COLUMNS, MAX_SIZE, point_to_vertex, vertex_to_point
from shicho.engine.diagrams import read_diagram
from shicho.engine.errors import BadPosition, BadVertex, IllegalMove, IllegalReason, NothingToUndo, brief
from shicho.engine.numbers import number_in_range, truth, whole_number

LADDER_NODES: Final = _core.LADDER_NODES
"""Moves that a ladder reading may play before it gives up."""

_MOST_NODES: Final = 2**30 - 1
_PICKLE_FORMAT: Final = 1
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

    A point is given as an int (row * size + column from the top left, numpy's too; pass = size * size) or as a GTP
    vertex such as "Q16", a colour as a `Colour` or "b"/"w"; BadVertex and BadColour are raised for anything else, and
    BadConfig for a `suicide` that is no bool. Pairs of row and column are no points, because libraries count rows from
    either end.

    Two boards are equal when stones and ko ban are; they cannot be hashed, since they change, but `hash` is a key for
    the stones. `copy`, the copy module and pickles keep the position and the captures, and nothing to undo. `core` is
    the C board itself.
    """

    __slots__ = ("core",)

    def __init__(self, size: int = MAX_SIZE) -> None:
        self.core = _core.Board(number_in_range("board size", size, 2, MAX_SIZE))

    @classmethod
    def from_text(cls, diagram: str) -> "Board":
        """The position that is drawn, as by `str(board)` or without coordinates; raises BadPosition.

        X is black, O white, a dot an empty point; `shicho.engine.diagrams.read_diagram` says what else can be read.
        """
        drawn = read_diagram(diagram)
        names = sorted(set(drawn.named) - {"x", "o"})
        if names:
            raise BadPosition(f"a diagram of a board has no use for {names[0]!r}")
        stones = np.zeros(drawn.size**2, np.uint8)
        for point, colour in drawn.stones.items():
            stones[point] = colour
        return cls.from_stones(stones.reshape(drawn.size, drawn.size))

    @classmethod
    def from_stones(cls, stones: NDArray[np.integer] | Sequence[Sequence[int]]) -> "Board":
        """The position with these stones, [size, size] of 0 empty, 1 black, 2 white: what `stones` gives.

        Raises BadPosition for another shape, other numbers, and a chain without liberties.
        """
        try:
            given = np.asarray(stones)
        except ValueError:
            raise BadPosition("stones are no array [size, size]") from None
        if given.dtype.kind not in "iu" or ((given < 0) | (given > 2)).any():
            raise BadPosition("stones are not all whole numbers 0, 1 or 2")
        return _restored(np.ascontiguousarray(given, np.uint8), None, (0, 0))

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
    def move_count(self) -> int:
        """How many moves, passes and set-up stones can be taken back."""
        return self.core.move_count

    @property
    def stones(self) -> NDArray[np.uint8]:
        """uint8 [size, size]: 0 empty, 1 black, 2 white.

        A read-only view, not a copy: it follows the position, and may be kept when the board is gone.
        """
        return self.core.stones

    def point(self, point: str | SupportsIndex) -> int:
        """The number of a point given as number or vertex; raises BadVertex."""
        size = self.core.size
        if isinstance(point, str):
            return vertex_to_point(point, size)
        try:
            number = whole_number(point)
        except TypeError:
            raise BadVertex(f'not a point, which is a number or a vertex such as "C3": {brief(point)}') from None
        if not 0 <= number <= size * size:
            raise BadVertex(f"not a point on {size}x{size}: {brief(number)}")
        return number

    def stone(self, point: str | SupportsIndex) -> int:
        """The number of a point on which a stone stands; raises BadVertex on an empty one."""
        number = self.point(point)
        if self.colour_at(number) is None:
            raise BadVertex(f"no stone at {point_to_vertex(number, self.size)}")
        return number

    def colour_at(self, point: str | SupportsIndex) -> Colour | None:
        """The colour of the stone there, None on an empty point; raises BadVertex for a pass."""
        number = self.point(point)
        if number == self.pass_point:
            raise BadVertex("a pass is no point")
        stone = int(self.core.stones.flat[number])
        return Colour(stone) if stone else None

    def why_illegal(
        self, colour: str | SupportsIndex, point: str | SupportsIndex, *, suicide: bool = False
    ) -> IllegalReason | None:
        """Why a move is illegal by simple ko (superko is the game's business), None for a legal one."""
        return _REASONS.get(self.core.legality(Colour.parse(colour), self.point(point), truth("suicide", suicide)))

    def is_legal(self, colour: str | SupportsIndex, point: str | SupportsIndex, *, suicide: bool = False) -> bool:
        """Whether a move is legal by simple ko."""
        return self.why_illegal(colour, point, suicide=suicide) is None

    def play(self, colour: str | SupportsIndex, point: str | SupportsIndex, *, suicide: bool = False) -> None:
        """Play or pass, either side at any time; raises IllegalMove and then changes nothing."""
        side, number = Colour.parse(colour), self.point(point)
        self._refuse(self.core.try_play(side, number, truth("suicide", suicide)), side, number)

    def place(self, colour: str | SupportsIndex, point: str | SupportsIndex) -> None:
        """Put a set-up stone: no ko, no suicide; raises IllegalMove. It can be undone like a move."""
        side, number = Colour.parse(colour), self.point(point)
        if number == self.pass_point:
            raise BadVertex("a set-up stone needs a point, not a pass")
        self._refuse(self.core.place(side, number), side, number)

    def undo(self) -> None:
        """Take the last move, pass or set-up stone back; raises NothingToUndo (an IndexError) when there is none."""
        try:
            self.core.undo()
        except IndexError:
            raise NothingToUndo("there is no move to take back") from None

    def copy(self) -> "Board":
        """The same position on a board of its own, without anything to undo."""
        return _wrapped(self.core.copy())

    def legal_points(self, colour: str | SupportsIndex, *, suicide: bool = False) -> NDArray[np.bool_]:
        """bool [size * size + 1], pass last: the moves legal by simple ko."""
        return self.core.legal_points(Colour.parse(colour), truth("suicide", suicide))

    def own_eyes(self, colour: str | SupportsIndex) -> NDArray[np.bool_]:
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

    def chain(self, point: str | SupportsIndex) -> Chain:
        """The chain of the stone there; raises BadVertex on an empty point."""
        stones, liberties = self.core.chain(self.stone(point))
        return Chain(tuple(stones), tuple(liberties))

    def ladder(self, point: str | SupportsIndex, *, nodes: int = LADDER_NODES) -> Ladder:
        """Read the ladder of the chain there with a budget of `nodes` moves; raises BadVertex on an empty point.

        A chain of three or more liberties is not captured. The position stays as it is; a ko ban on it is lifted for
        the reading. `shicho.engine.ladder.read` gives the moves as well. Raises BadConfig for a budget below 0.
        """
        captured, working, read, exhausted = self.core.ladder(self.stone(point), ladder_budget(nodes))
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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Board):
            return NotImplemented
        return np.array_equal(self.core.stones, other.core.stones) and self.core.ko == other.core.ko

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[object, ...]:
        return _from_pickle, (_PICKLE_FORMAT, self.core.stones.tobytes(), self.core.ko, self.core.captures)

    def __repr__(self) -> str:
        """Size, captures and ko in one line, and the diagram."""
        black, white = self.core.captures
        ko = self.ko
        ban = f", {ko[0]} may not play {point_to_vertex(ko[1], self.size)} (ko)" if ko else ""
        return f"Board {self.size}x{self.size}, captured by black {black}, by white {white}{ban}\n{self}"

    def __str__(self) -> str:
        """A diagram with coordinates: X black, O white, + a star point."""
        size, stones = self.size, self.core.stones
        letters = "   " + " ".join(COLUMNS[:size])
        stars = set(star_points(size))
        lines = [letters]
        for row in range(size):
            points = [
                "X" if stone == 1 else "O" if stone == 2 else "+" if row * size + column in stars else "."
                for column, stone in enumerate(stones[row])
            ]
            lines.append(f"{size - row:2} {' '.join(points)} {size - row}")
        return "\n".join([*lines, letters])

    def _refuse(self, verdict: int, colour: Colour, point: int) -> None:
        reason = _REASONS.get(verdict)
        if reason:
            raise IllegalMove(reason, str(colour), point_to_vertex(point, self.size))


def ladder_budget(nodes: int) -> int:
    """The budget of a ladder reading as the core takes it; raises BadConfig."""
    return number_in_range("ladder nodes", nodes, 0, _MOST_NODES)


def _wrapped(core: _core.Board) -> Board:
    board = Board.__new__(Board)
    board.core = core
    return board


def _restored(stones: NDArray[np.uint8], ko: tuple[int, int] | None, captures: tuple[int, int]) -> Board:
    try:
        return _wrapped(_core.Board.from_position(stones, ko, *captures))
    except (TypeError, ValueError) as error:
        raise BadPosition(f"not a position: {error}") from None


def _from_pickle(version: int, stones: bytes, ko: tuple[int, int] | None, captures: tuple[int, int]) -> Board:
    """What `Board.__reduce__` names; raises BadPosition for what it has not written."""
    if version != _PICKLE_FORMAT:
        raise BadPosition(f"a pickled board of format {brief(version)}, not {_PICKLE_FORMAT}")
    try:
        size = isqrt(len(stones))
        cells = np.frombuffer(stones, np.uint8).reshape(size, size)
    except (TypeError, ValueError, AttributeError):
        raise BadPosition(f"a pickled board with damaged stones: {brief(stones)}") from None
    return _restored(cells, ko, captures)


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

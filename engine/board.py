"""A position with simple ko and undo: typed Python around the C core. `game` adds the game's history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from types import MappingProxyType
from typing import Final, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.colour import Colour
from shicho.engine.coords import COLUMNS, MAX_SIZE, point_to_vertex, vertex_to_point
from shicho.engine.diagrams import read_diagram
from shicho.engine.errors import BadPosition, BadVertex, IllegalMove, IllegalReason, NothingToUndo, brief
from shicho.engine.numbers import as_bool, number_in_range, whole_number

LADDER_NODES: Final = _core.LADDER_NODES
"""The default budget of a ladder reading: how many moves it may play before it gives up."""

_MOST_NODES: Final = 2**30 - 1
_PICKLE_FORMAT: Final = 1
ILLEGAL_REASONS: Final[Mapping[int, IllegalReason]] = MappingProxyType(
    {
        _core.OCCUPIED: IllegalReason.OCCUPIED,
        _core.KO: IllegalReason.KO,
        _core.SUICIDE: IllegalReason.SUICIDE,
    }
)
"""The reason for each code of the C core; the code of a legal move is missing."""


@dataclass(frozen=True)
class Ladder:
    """The result of reading the ladder of one chain.

    `captured`: whether a ladder captures the chain. A chain in atari counts as captured if it cannot escape even when
    its owner moves first, a chain with two liberties if the attacker captures it by moving first.
    `working_moves`: the attacker's first moves that capture (only for a chain with two liberties).
    `nodes`: how many moves were read.
    `exhausted`: whether the budget ran out in a reading; such a reading counts as an escape.
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

    Methods take a point as an int (Python's or numpy's, row * size + column from the top left, pass = size * size) or
    as a GTP vertex such as "Q16", and a colour as a `Colour` or a text such as "b" or "white". They raise BadVertex or
    BadColour for anything else, and BadConfig if `suicide` is not a bool. A pair (row, column) is not accepted, because
    libraries disagree about which end rows are counted from.

    Two boards are equal if their stones and their ko bans are equal. Boards cannot be hashed because they change; use
    `hash` as a key for the stones. `copy`, the copy module and pickle keep the position and the captures but not the
    undo history. `core` is the C board itself.

    >>> board = Board(9)
    >>> board.play("black", "E5")
    >>> board.is_legal("white", "E5")
    False
    """

    __slots__ = ("core",)

    def __init__(self, size: int = MAX_SIZE) -> None:
        self.core = _core.Board(number_in_range("board size", size, 2, MAX_SIZE))

    @classmethod
    def from_text(cls, diagram: str) -> "Board":
        """Return the position of a diagram, drawn as by `str(board)` or without coordinates.

        X is black, O is white and a dot is an empty point; `shicho.engine.diagrams.read_diagram` describes all that can
        be read. Raises BadPosition for any other text.
        """
        drawn = read_diagram(diagram)
        names = sorted(set(drawn.named) - {"x", "o"})
        if names:
            raise BadPosition(f"a board diagram must not name points: {names[0]!r}")
        stones = np.zeros(drawn.size**2, np.uint8)
        for point, colour in drawn.stones.items():
            stones[point] = colour
        return cls.from_stones(stones.reshape(drawn.size, drawn.size))

    @classmethod
    def from_stones(cls, stones: NDArray[np.integer] | Sequence[Sequence[int]]) -> "Board":
        """Return the position with these stones: [size, size] integers, 0 empty, 1 black, 2 white (see `stones`).

        Raises BadPosition for another shape, for other values and for a chain without liberties.
        """
        try:
            array = np.asarray(stones)
        except ValueError:
            raise BadPosition(f"stones are not an array [size, size]: {brief(stones)}") from None
        if array.dtype.kind not in "iu" or ((array < 0) | (array > 2)).any():
            raise BadPosition("stones are not all whole numbers 0, 1 or 2")
        return _restored(np.ascontiguousarray(array, np.uint8), None, (0, 0))

    def edited(self, stones: Iterable[tuple[Colour | str | None, str | SupportsIndex]]) -> "Board":
        """Return a new board with these stones put on their points, whatever was there; None as colour removes a stone.

        Nothing is captured, the captures so far stay, there is no ko ban and nothing to undo. Raises BadPosition for a
        point that is named twice and for a position with a chain without liberties, BadVertex for a pass.

        >>> Board(9).edited([("b", "E5"), ("w", "E6")]).edited([(None, "E5")]).colour_at("E5") is None
        True
        """
        cells, named = self.core.stones.copy(), set[int]()
        for colour, point in stones:
            number = self.point(point)
            if number == self.pass_point:
                raise BadVertex("a set-up stone cannot be a pass")
            if number in named:
                raise BadPosition(f"{point_to_vertex(number, self.size)} is named twice")
            named.add(number)
            cells.flat[number] = 0 if colour is None else Colour.parse(colour)
        return _restored(cells, None, self.core.captures)

    @property
    def size(self) -> int:
        """Points on a side."""
        return self.core.size

    @property
    def pass_point(self) -> int:
        """The number that means a pass where a point is expected: size * size."""
        return self.core.size**2

    @property
    def hash(self) -> int:
        """64-bit Zobrist hash of the stones alone."""
        return self.core.hash

    @property
    def ko(self) -> tuple[Colour, int] | None:
        """The simple-ko ban as (the side that may not play, point), or None."""
        ban = self.core.ko
        return (Colour(ban[0]), ban[1]) if ban else None

    @property
    def captures(self) -> dict[Colour, int]:
        """How many stones each side has captured."""
        black, white = self.core.captures
        return {Colour.BLACK: black, Colour.WHITE: white}

    @property
    def move_count(self) -> int:
        """How many moves, passes and set-up stones can be undone."""
        return self.core.move_count

    @property
    def stones(self) -> NDArray[np.uint8]:
        """uint8 [size, size]: 0 empty, 1 black, 2 white.

        A read-only view, not a copy: it changes with the position, and stays valid after the board is deleted.
        """
        return self.core.stones

    def point(self, point: str | SupportsIndex) -> int:
        """Return the number of a point given as a number or a vertex, size * size for a pass; raises BadVertex."""
        size = self.core.size
        if isinstance(point, str):
            return vertex_to_point(point, size)
        try:
            number = whole_number(point)
        except TypeError:
            raise BadVertex(f'not a point (a number or a vertex such as "C3"): {brief(point)}') from None
        if not 0 <= number <= size * size:
            raise BadVertex(f"not a point on {size}x{size}: {brief(number)}")
        return number

    def stone(self, point: str | SupportsIndex) -> int:
        """Return the number of a point that holds a stone; raises BadVertex for an empty point or a pass."""
        number = self.point(point)
        if self.colour_at(number) is None:
            raise BadVertex(f"no stone at {point_to_vertex(number, self.size)}")
        return number

    def colour_at(self, point: str | SupportsIndex) -> Colour | None:
        """Return the colour of the stone at `point`, None for an empty point; raises BadVertex for a pass."""
        number = self.point(point)
        if number == self.pass_point:
            raise BadVertex("a pass has no colour")
        stone = int(self.core.stones.flat[number])
        return Colour(stone) if stone else None

    def why_illegal(
        self, colour: str | SupportsIndex, point: str | SupportsIndex, *, suicide: bool = False
    ) -> IllegalReason | None:
        """Return why a move is illegal, None if it is legal. Only simple ko is checked; `Game` checks superko."""
        return ILLEGAL_REASONS.get(
            self.core.legality(Colour.parse(colour), self.point(point), as_bool("suicide", suicide))
        )

    def is_legal(self, colour: str | SupportsIndex, point: str | SupportsIndex, *, suicide: bool = False) -> bool:
        """Return whether a move is legal. Only simple ko is checked."""
        return self.why_illegal(colour, point, suicide=suicide) is None

    def play(self, colour: str | SupportsIndex, point: str | SupportsIndex, *, suicide: bool = False) -> None:
        """Play a stone or pass. Either side may play at any time. Raises IllegalMove and then changes nothing."""
        side, number = Colour.parse(colour), self.point(point)
        self._refuse(self.core.try_play(side, number, as_bool("suicide", suicide)), side, number)

    def place(self, colour: str | SupportsIndex, point: str | SupportsIndex) -> None:
        """Put a set-up stone on the board; `undo` takes it back like a move.

        It captures like a move. A ko ban does not forbid it, and afterwards there is no ko ban. Raises IllegalMove if
        the point is occupied or the stone would have no liberties, and BadVertex for a pass.
        """
        side, number = Colour.parse(colour), self.point(point)
        if number == self.pass_point:
            raise BadVertex("a set-up stone cannot be a pass")
        self._refuse(self.core.place(side, number), side, number)

    def undo(self) -> None:
        """Take back the last move, pass or set-up stone; raises NothingToUndo (an IndexError) if there is none."""
        try:
            self.core.undo()
        except IndexError:
            raise NothingToUndo("there is no move to take back") from None

    def copy(self) -> "Board":
        """Return a new board with the same position and an empty undo history."""
        return _wrapped(self.core.copy())

    def legal_points(self, colour: str | SupportsIndex, *, suicide: bool = False) -> NDArray[np.bool_]:
        """Return the legal moves of `colour`, bool [size * size + 1], pass last. Only simple ko is checked."""
        return self.core.legal_points(Colour.parse(colour), as_bool("suicide", suicide))

    def own_eyes(self, colour: str | SupportsIndex) -> NDArray[np.bool_]:
        """Return the simple eyes of `colour`, bool [size * size].

        A simple eye is an empty point whose neighbours are all stones of `colour` and whose diagonals hold at most one
        stone of the opponent (none at the edge and in the corner).
        """
        return self.core.own_eyes(Colour.parse(colour))

    def liberties(self) -> NDArray[np.uint16]:
        """Return the number of liberties of the chain on each point, uint16 [size, size], 0 on empty points."""
        return self.core.liberties()

    def chains(self) -> NDArray[np.int16]:
        """Return a chain number for each point, int16 [size, size], the same for all its stones, -1 on empty points."""
        return self.core.chains()

    def chain(self, point: str | SupportsIndex) -> Chain:
        """Return the chain of the stone at `point`; raises BadVertex for an empty point."""
        stones, liberties = self.core.chain(self.stone(point))
        return Chain(tuple(stones), tuple(liberties))

    def ladder(self, point: str | SupportsIndex, *, nodes: int = LADDER_NODES) -> Ladder:
        """Read the ladder of the chain at `point` with a budget of `nodes` moves.

        A chain with three or more liberties is never captured. The position does not change; its ko ban is ignored
        during the reading. `shicho.engine.ladder.read` also returns the moves. Raises BadVertex for an empty point and
        BadConfig for a budget below 0.
        """
        captured, working, read, exhausted = self.core.ladder(self.stone(point), ladder_budget(nodes))
        return Ladder(captured, tuple(working), read, exhausted)

    def area(self) -> NDArray[np.uint8]:
        """Return the Tromp-Taylor owner of every point, uint8 [size, size]; all stones count as alive, 0 is neutral."""
        return self.core.area()

    def pass_alive(self) -> NDArray[np.uint8]:
        """Return the owner of pass-alive chains and of the territory they enclose (Benson 1976).

        uint8 [size, size], 0 on all other points.
        """
        return self.core.pass_alive()

    def check_consistency(self) -> None:
        """Recompute chains, liberties and hash from the stones; raises AssertionError naming the first difference."""
        self.core.check_consistency()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Board):
            return NotImplemented
        return np.array_equal(self.core.stones, other.core.stones) and self.core.ko == other.core.ko

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[object, ...]:
        return _from_pickle, (_PICKLE_FORMAT, self.core.stones.tobytes(), self.core.ko, self.core.captures)

    def __repr__(self) -> str:
        """Return one line with size, captures and ko, then the diagram."""
        black, white = self.core.captures
        ko = self.ko
        ban = f", {ko[0]} may not play {point_to_vertex(ko[1], self.size)} (ko)" if ko else ""
        return f"Board {self.size}x{self.size}, captured by black {black}, by white {white}{ban}\n{self}"

    def __str__(self) -> str:
        """Return a diagram with coordinates: X black, O white, + an empty star point."""
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
        reason = ILLEGAL_REASONS.get(verdict)
        if reason:
            raise IllegalMove(reason, str(colour), point_to_vertex(point, self.size))


def ladder_budget(nodes: int) -> int:
    """Return the checked budget of a ladder reading; raises BadConfig."""
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
    """Rebuild a board from what `Board.__reduce__` wrote; raises BadPosition for anything else."""
    if version != _PICKLE_FORMAT:
        raise BadPosition(f"a pickled board of format {brief(version)}, not {_PICKLE_FORMAT}")
    try:
        size = isqrt(len(stones))
        cells = np.frombuffer(stones, np.uint8).reshape(size, size)
    except (TypeError, ValueError, AttributeError):
        raise BadPosition(f"a pickled board with damaged stones: {brief(stones)}") from None
    return _restored(cells, ko, captures)


def star_points(size: int) -> tuple[int, ...]:
    """Return the points that diagrams mark: five on 9x9, nine on 19x19.

    These are the corners, the centre of odd sizes and the sides of odd sizes from 13x13. Boards below 7x7 have none.
    """
    corners, sides, centre = _star_lines(size)
    return (*corners, *(sides if size >= 13 else ()), *centre)


def handicap_points(size: int) -> tuple[int, ...]:
    """Return the points that fixed handicap can use, in the order of the GTP 2 specification, section 4.1.1.

    The order is: lower left, upper right, upper left and lower right corner; left, right, bottom and top side; centre.
    Boards below 7x7 have none; 7x7 and even sizes have the four corners only.
    """
    corners, sides, centre = _star_lines(size)
    return (*corners, *sides, *centre) if size >= 9 else corners


def _star_lines(size: int) -> tuple[tuple[int, ...], ...]:
    """Return the corner, side and centre points on the lines of the star points; even sizes have corners only."""
    if size < 7:
        return (), (), ()
    low = 3 if size >= 13 else 2
    high, middle = size - 1 - low, size // 2
    corners = (high, low), (low, high), (low, low), (high, high)
    sides = ((middle, low), (middle, high), (high, middle), (low, middle)) if size % 2 else ()
    centre = ((middle, middle),) if size % 2 else ()
    return tuple(tuple(row * size + column for row, column in places) for places in (corners, sides, centre))

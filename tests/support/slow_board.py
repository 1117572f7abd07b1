"""A Go position in dicts and sets, slow and simple: the reference for the C board.

Start reading at `SlowBoard`. Points, colours and legality codes are those of `shicho.engine._core`.
It shares no code with the C board: rules follow their definitions, and chains are searched for each time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

EMPTY, BLACK, WHITE = 0, 1, 2
LEGAL, OCCUPIED, KO, SUICIDE = 0, 1, 2, 3


@lru_cache
def neighbours(size: int) -> tuple[tuple[int, ...], ...]:
    """Return the two to four neighbours of every point."""
    return tuple(_around(size, point, ((-1, 0), (0, -1), (0, 1), (1, 0))) for point in range(size * size))


@lru_cache
def diagonals(size: int) -> tuple[tuple[int, ...], ...]:
    """Return the one to four diagonal neighbours of every point."""
    return tuple(_around(size, point, ((-1, -1), (-1, 1), (1, -1), (1, 1))) for point in range(size * size))


def _around(size: int, point: int, steps: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    row, column = divmod(point, size)
    places = [(row + down, column + right) for down, right in steps]
    return tuple(r * size + c for r, c in places if 0 <= r < size and 0 <= c < size)


class Chain(NamedTuple):
    """Stones of one colour that touch, and the empty points beside them."""

    colour: int
    stones: frozenset[int]
    liberties: frozenset[int]


@dataclass
class SlowBoard:
    """A position: the stones by point, the simple-ko ban or None, and the stones captured by (black, white)."""

    size: int
    stones: dict[int, int] = field(default_factory=dict)
    ko: tuple[int, int] | None = None
    captures: tuple[int, int] = (0, 0)

    def copy(self) -> "SlowBoard":
        """Return an independent copy."""
        return SlowBoard(self.size, dict(self.stones), self.ko, self.captures)

    def colour_at(self, point: int) -> int:
        """Return EMPTY, BLACK or WHITE."""
        return self.stones.get(point, EMPTY)

    def chain(self, point: int) -> Chain:
        """Return the chain of the stone on `point`, which must not be empty."""
        colour = self.stones[point]
        stones, liberties, waiting = {point}, set(), [point]
        while waiting:
            for beside in neighbours(self.size)[waiting.pop()]:
                found = self.stones.get(beside, EMPTY)
                if found == EMPTY:
                    liberties.add(beside)
                elif found == colour and beside not in stones:
                    stones.add(beside)
                    waiting.append(beside)
        return Chain(colour, frozenset(stones), frozenset(liberties))

    def has_liberty(self, point: int) -> bool:
        """Return whether the chain of the stone on `point` has a liberty; faster than `chain`."""
        colour = self.stones[point]
        seen, waiting = {point}, [point]
        while waiting:
            for beside in neighbours(self.size)[waiting.pop()]:
                if beside not in self.stones:
                    return True
                if self.stones[beside] == colour and beside not in seen:
                    seen.add(beside)
                    waiting.append(beside)
        return False

    def chains(self) -> list[Chain]:
        """Return all chains, sorted by lowest point."""
        return list(self._chains_of(sorted(self.stones)))

    def chains_beside(self, points: Iterable[int], colour: int) -> list[Chain]:
        """Return the chains of `colour` that are adjacent to any of `points`."""
        beside = {near for point in points for near in neighbours(self.size)[point]}
        return list(self._chains_of(near for near in sorted(beside) if self.colour_at(near) == colour))

    def _chains_of(self, points: Iterable[int]) -> Iterator[Chain]:
        seen: set[int] = set()
        for point in points:
            if point not in seen:
                chain = self.chain(point)
                seen |= chain.stones
                yield chain

    def is_legal_position(self) -> bool:
        """Return whether every chain has a liberty."""
        return all(chain.liberties for chain in self.chains())

    def legality(self, colour: int, point: int, *, suicide: bool) -> int:
        """Return LEGAL, OCCUPIED, KO, or SUICIDE if `suicide` is False. Simple ko only; a pass is legal."""
        if point == self.size * self.size:
            return LEGAL
        if point in self.stones:
            return OCCUPIED
        if self.ko == (colour, point):
            return KO
        if not suicide and point not in self.after(colour, point).stones:
            return SUICIDE
        return LEGAL

    def play(self, colour: int, point: int) -> None:
        """Play a stone or pass: remove captured chains (or a suicide) and set the ko ban; legality is not checked."""
        if point == self.size * self.size:
            self.ko = None
            return
        after = self.after(colour, point)
        self.stones, self.ko, self.captures = after.stones, after.ko, after.captures

    def after(self, colour: int, point: int) -> "SlowBoard":
        """Return the position after a move on an empty point."""
        board = SlowBoard(self.size, {**self.stones, point: colour})
        opponent = BLACK + WHITE - colour
        beside = [near for near in neighbours(self.size)[point] if self.colour_at(near) == opponent]
        captured = {stone for near in beside if not board.has_liberty(near) for stone in board.chain(near).stones}
        for stone in captured:
            del board.stones[stone]
        lost = frozenset() if board.has_liberty(point) else board.chain(point).stones
        for stone in lost:
            del board.stones[stone]
        taken = {colour: len(captured), opponent: len(lost)}
        board.captures = (self.captures[0] + taken[BLACK], self.captures[1] + taken[WHITE])
        if len(captured) == 1:
            own = board.chain(point)
            if len(own.stones) == len(own.liberties) == 1:
                board.ko = (opponent, captured.pop())
        return board

    def own_eyes(self, colour: int) -> set[int]:
        """Return the simple eyes: all neighbours own, at most one opponent's diagonal (none at edge and corner)."""
        return {point for point in range(self.size * self.size) if self._is_eye(point, colour)}

    def _is_eye(self, point: int, colour: int) -> bool:
        sides = neighbours(self.size)[point]
        if point in self.stones or any(self.colour_at(beside) != colour for beside in sides):
            return False
        hostile = sum(self.colour_at(corner) == BLACK + WHITE - colour for corner in diagonals(self.size)[point])
        return hostile <= (1 if len(sides) == 4 else 0)

    def regions(self, colours: set[int]) -> list[frozenset[int]]:
        """Return the maximal connected sets of points that hold only `colours`, which may include EMPTY."""
        found: list[frozenset[int]] = []
        seen: set[int] = set()
        for start in range(self.size * self.size):
            if start in seen or self.colour_at(start) not in colours:
                continue
            region, waiting = {start}, [start]
            while waiting:
                for beside in neighbours(self.size)[waiting.pop()]:
                    if beside not in region and self.colour_at(beside) in colours:
                        region.add(beside)
                        waiting.append(beside)
            seen |= region
            found.append(frozenset(region))
        return found

    def area(self) -> dict[int, int]:
        """Return the Tromp-Taylor owners: stones own their points, one-coloured surroundings own an empty region."""
        owner = dict(self.stones)
        for region in self.regions({EMPTY}):
            touched = {self.colour_at(near) for point in region for near in neighbours(self.size)[point]} - {EMPTY}
            if len(touched) == 1:
                owner.update(dict.fromkeys(region, touched.pop()))
        return owner

    def pass_alive(self) -> dict[int, int]:
        """Return the owner of every pass-alive point and its territory (Benson 1976)."""
        return {point: colour for colour in (BLACK, WHITE) for point in self._pass_alive_of(colour)}

    def _pass_alive_of(self, colour: int) -> set[int]:
        """Benson's algorithm for one colour.

        A region is a largest connected set of points without a stone of `colour`; it is vital to a chain beside it when
        all its empty points are liberties of that chain. Chains with fewer than two vital regions are struck off, and
        regions beside struck-off chains count no more, until nothing changes. Territory are the regions beside
        remaining chains alone in which every empty point is beside one of them.
        """
        alive = {chain for chain in self.chains() if chain.colour == colour}
        regions = self.regions({EMPTY, BLACK + WHITE - colour})
        empties = {region: {point for point in region if point not in self.stones} for region in regions}
        borders = {region: set(self.chains_beside(region, colour)) for region in regions}
        while True:
            sound = [region for region in regions if borders[region] <= alive]
            keep = {
                chain
                for chain in alive
                if sum(chain in borders[region] and empties[region] <= chain.liberties for region in sound) >= 2
            }
            if keep == alive:
                break
            alive = keep
        beside = {liberty for chain in alive for liberty in chain.liberties}
        territory = {point for region in sound if borders[region] and empties[region] <= beside for point in region}
        return territory.union(*(chain.stones for chain in alive))

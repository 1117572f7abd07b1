"""Turned, mirrored and with colours swapped, a game gives the board turned, mirrored and swapped: all that is public.

Area, pass-alive and the verdicts of ladders have such tests of their own beside their oracles; here are the rest.
"""

import random
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from shicho.engine import Board, Colour, ladder
from tests.support.random_games import random_moves
from tests.support.symmetry import COUNT, move_array, move_point

SIZES = (2, 3, 4, 5, 7, 9, 13, 19)
VIEWS = [(symmetry, swap) for symmetry in range(COUNT) for swap in (False, True)]


class Twin:
    """A board, and a board with the transformed game."""

    def __init__(self, size: int, symmetry: int, swap: bool) -> None:
        self.board, self.other = Board(size), Board(size)
        self.symmetry, self.swap = symmetry, swap

    def colour(self, colour: Colour) -> Colour:
        """Return a colour on the transformed board."""
        return colour.opponent if self.swap else colour

    def point(self, point: int) -> int:
        """Return a point on the transformed board."""
        return move_point(point, self.board.size, self.symmetry)

    def grid(self, array: NDArray[np.integer]) -> list[list[int]]:
        """Return an array [size, size] on the transformed board."""
        return np.asarray(move_array(array, self.symmetry)).tolist()  # type: ignore[no-any-return]

    def mask(self, mask: NDArray[np.bool_]) -> list[bool]:
        """Return a mask of points, with or without a pass, on the transformed board."""
        moved = np.zeros_like(mask)
        for point in np.flatnonzero(mask).tolist():
            moved[self.point(point)] = True
        return moved.tolist()  # type: ignore[no-any-return]


def games(size: int) -> Iterator[Twin]:
    """Yield a random game for each transform and colour swap, with illegal moves and suicides."""
    for symmetry, swap in VIEWS:
        twin = Twin(size, symmetry, swap)
        rng = random.Random(f"{size} {symmetry} {swap}")
        for colour, point in random_moves(rng, twin.board.core, rng.randrange(1, 3 * size * size)):
            side, suicide = Colour(colour), rng.random() < 0.5
            reason = twin.board.why_illegal(side, point, suicide=suicide)
            assert twin.other.why_illegal(twin.colour(side), twin.point(point), suicide=suicide) is reason
            if reason is None:
                twin.board.play(side, point, suicide=suicide)
                twin.other.play(twin.colour(side), twin.point(point), suicide=suicide)
        yield twin


@pytest.mark.parametrize("size", SIZES)
def test_everything_but_ladders(size: int) -> None:
    for twin in games(size):
        board, other, where = twin.board, twin.other, (twin.symmetry, twin.swap, str(twin.board))
        stones = np.where(board.stones == 0, 0, 3 - board.stones) if twin.swap else board.stones
        assert other.stones.tolist() == twin.grid(stones), where
        assert other.liberties().tolist() == twin.grid(board.liberties()), where
        assert other.ko == (board.ko and (twin.colour(board.ko[0]), twin.point(board.ko[1]))), where
        for colour in Colour:
            side = twin.colour(colour)
            assert other.captures[side] == board.captures[colour], where
            assert other.own_eyes(side).tolist() == twin.mask(board.own_eyes(colour)), where
            for suicide in (False, True):
                legal = board.legal_points(colour, suicide=suicide)
                assert other.legal_points(side, suicide=suicide).tolist() == twin.mask(legal), where
        for point in np.flatnonzero(board.stones).tolist():
            ours, theirs = board.chain(point), other.chain(twin.point(point))
            assert theirs.stones == tuple(sorted(map(twin.point, ours.stones))), where
            assert theirs.liberties == tuple(sorted(map(twin.point, ours.liberties))), where
            numbers = other.chains().ravel()[list(theirs.stones)]
            assert set(numbers.tolist()) == {numbers[0]}, where
            assert int((other.chains() == numbers[0]).sum()) == len(ours.stones), where


@pytest.mark.parametrize("size", SIZES)
def test_ladder_lines(size: int) -> None:
    """The verdict is the same; a line may choose another of two equally good moves, but ends in the same way."""
    for twin in games(size):
        for point in np.unique(twin.board.chains()).tolist():
            if point < 0:
                continue
            ours, theirs = ladder.read(twin.board, point), ladder.read(twin.other, twin.point(point))
            if ours.exhausted or theirs.exhausted:
                continue
            where = (twin.symmetry, twin.swap, point, str(twin.board))
            assert ours.captured == theirs.captured, where
            assert bool(ours.moves) == bool(theirs.moves), where
            if ours.moves:
                assert theirs.moves[0].colour is twin.colour(ours.moves[0].colour), where

"""The 26 planes of `sandbox-26`, each from its definition in docs/features/sandbox-26.md, on a `SlowBoard`."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tests.support.slow_board import BLACK, EMPTY, WHITE, SlowBoard, neighbours
from tests.support.slow_ladder import read_ladder

GRID = 19
PLANES = 26
HISTORY = 5

Move = tuple[int, int]
"""Colour and point; size * size is a pass."""


def grid_place(point: int, size: int) -> tuple[int, int]:
    """Return row and column on the 19x19 grid; a smaller board sits in the middle."""
    offset = (GRID - size) // 2
    return point // size + offset, point % size + offset


def slow_planes(board: SlowBoard, to_play: int, recent: Sequence[Move], history: int = HISTORY) -> NDArray[np.float32]:
    """Return the planes, float32 [26, 19, 19]; `recent` holds the moves so far, the latest last.

    Raises LadderUnread if a ladder is too long to read.
    """
    planes = np.zeros((PLANES, GRID, GRID), np.float32)

    def mark(plane: int, points: Iterable[int]) -> None:
        for point in points:
            planes[plane][grid_place(point, board.size)] = 1

    opponent = BLACK + WHITE - to_play
    mark(0, range(board.size * board.size))
    chains = board.chains()
    for chain in chains:
        mark(1 if chain.colour == to_play else 2, chain.stones)
        if len(chain.liberties) <= 4:
            mark((2 if chain.colour == to_play else 6) + len(chain.liberties), chain.stones)
    for point in range(board.size * board.size):
        for colour, first in ((to_play, 11), (opponent, 14)):
            liberties = liberties_after(board, colour, point)
            if 1 <= liberties <= 3:
                mark(first + liberties - 1, [point])
    if board.ko is not None and board.ko[0] == to_play:
        mark(17, [board.ko[1]])
    mark_history(mark, board.size, to_play, recent, history)
    for chain in chains:
        if len(chain.liberties) <= 2:
            captured, working = read_ladder(board, min(chain.stones))
            if captured:
                mark(22 + len(chain.liberties), chain.stones)
            mark(25, working)
    return planes


def mark_history(
    mark: Callable[[int, list[int]], None], size: int, to_play: int, recent: Sequence[Move], history: int
) -> None:
    """Mark planes 18 to 22: the history stops where colours stop alternating; a pass counts but marks nothing."""
    expected = BLACK + WHITE - to_play
    for plane, (colour, point) in zip(range(18, 18 + history), reversed(recent), strict=False):
        if colour != expected:
            return
        if point != size * size:
            mark(plane, [point])
        expected = BLACK + WHITE - expected


def liberties_after(board: SlowBoard, colour: int, point: int) -> int:
    """Return the liberties of the chain after a move; 0 if the move is illegal (occupied, ko or suicide)."""
    if point in board.stones or board.ko == (colour, point):
        return 0
    if all(board.colour_at(beside) == EMPTY for beside in neighbours(board.size)[point]):
        return len(neighbours(board.size)[point])
    after = board.after(colour, point)
    return len(after.chain(point).liberties) if point in after.stones else 0

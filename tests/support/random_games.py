"""Seeded random moves and positions for tests that compare two implementations."""

import random
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from tests.support.slow_board import BLACK, WHITE, SlowBoard

SIZES = (2, 3, 5, 7, 9, 13, 19)


def random_moves(rng: random.Random, board: _core.Board, count: int) -> Iterator[tuple[int, int]]:
    """Yield moves to try on a board while the caller plays them: mostly empty points, sometimes any, rarely passes.

    Colours mostly alternate.
    """
    size, colour = board.size, BLACK
    for _ in range(count):
        draw = rng.random()
        if draw < 0.9:
            empty = np.flatnonzero(board.stones == 0)
            point = int(empty[rng.randrange(len(empty))]) if len(empty) else size * size
        else:
            point = rng.randrange(size * size) if draw < 0.98 else size * size
        yield colour, point
        if rng.random() < 0.9:
            colour = BLACK + WHITE - colour


def random_position(rng: random.Random, size: int, moves: int) -> tuple[_core.Board, SlowBoard]:
    """Return a position on both boards after alternating legal moves that do not fill own eyes, with forced passes."""
    board, slow = _core.Board(size), SlowBoard(size)
    colour = BLACK
    for _ in range(moves):
        points = np.flatnonzero(board.legal_points(colour, False)[:-1] & ~board.own_eyes(colour))
        point = int(points[rng.randrange(len(points))]) if len(points) else size * size
        board.try_play(colour, point, False)
        slow.play(colour, point)
        colour = BLACK + WHITE - colour
    return board, slow


def random_setup(rng: random.Random, size: int) -> tuple[_core.Board, SlowBoard]:
    """Return random stones without the chains that have no liberty: shapes that are rare in games."""
    density = rng.uniform(0.2, 0.9)
    slow = SlowBoard(size, {p: rng.choice((BLACK, WHITE)) for p in range(size * size) if rng.random() < density})
    for point in list(slow.stones):
        if point in slow.stones and not slow.chain(point).liberties:
            for stone in slow.chain(point).stones:
                del slow.stones[stone]
    board = _core.Board(size)
    for point, colour in slow.stones.items():
        board.place(colour, point)
    return board, slow


def owners(array: NDArray[np.uint8]) -> dict[int, int]:
    """Return an owner array of the C core as a dict from point to colour, without the neutral points."""
    return {point: colour for point, colour in enumerate(array.ravel().tolist()) if colour}

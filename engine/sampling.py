"""Choosing a move from probabilities: the methods of the GoNN baseline (docs/background.md)."""

import math

import numpy as np
from numpy.typing import NDArray

OPENING_PLIES = 20


def argmax(probabilities: NDArray[np.floating], mask: NDArray[np.bool_]) -> int:
    """Return the most probable move in `mask`, the lowest point of equal ones; raises ValueError for an empty mask."""
    return int(_sorted(probabilities, mask)[0])


def beta_choice(
    probabilities: NDArray[np.floating], mask: NDArray[np.bool_], ply: int, rng: np.random.Generator
) -> int:
    """Draw a move from `mask`: any likely move in the opening, and closer to the most probable one as ply grows.

    r is drawn from Beta(1, 1 + sqrt(max(0, ply - 20))). The moves are sorted by falling probability, and the result is
    the first one whose cumulative probability exceeds r, or the most probable one if none does. The probability of
    moves outside `mask` is not redistributed. Raises ValueError for an empty mask.
    """
    order = _sorted(probabilities, mask)
    r = rng.beta(1.0, 1.0 + math.sqrt(max(0, ply - OPENING_PLIES)))
    position = int(np.searchsorted(np.cumsum(probabilities[order], dtype=np.float64), r, side="right"))
    return int(order[position if position < len(order) else 0])


def _sorted(probabilities: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    moves = np.flatnonzero(mask)
    if not len(moves):
        raise ValueError("no move to choose from")
    return moves[np.argsort(-probabilities[moves], kind="stable")]

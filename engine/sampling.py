"""From probabilities to a move, as the sandbox had it (docs/background.md); chance comes from an explicit generator."""

import math

import numpy as np
from numpy.typing import NDArray

OPENING_PLIES = 20


def argmax(probabilities: NDArray[np.floating], mask: NDArray[np.bool_]) -> int:
    """The most probable move in `mask`, the lowest point where several are. Raises ValueError on an empty mask."""
    return int(_sorted(probabilities, mask)[0])


def beta_choice(
    probabilities: NDArray[np.floating], mask: NDArray[np.bool_], ply: int, rng: np.random.Generator
) -> int:
    """Draw a move out of `mask`: anything likely in the opening, ever closer to the best later on.

    r is drawn from Beta(1, 1 + sqrt(max(0, ply - 20))); the answer is the first move, by falling probability, whose
    cumulative probability exceeds r, else the most probable one. What the network gives to moves outside `mask` is not
    shared out. Raises ValueError on an empty mask.
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

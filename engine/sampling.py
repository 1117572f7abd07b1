"""Choosing a move from probabilities; `argmax` and `beta_choice` are the GoNN baseline's (docs/background.md).

`probabilities` are floats and `mask` is bool, both [size * size + 1] with the pass last. Results are points.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

_TINY: Final = float(np.finfo(np.float32).tiny)


def argmax(probabilities: NDArray[np.floating], mask: NDArray[np.bool_]) -> int:
    """Return the most probable move in `mask`, the lowest point of equal ones; raises ValueError for an empty mask."""
    return int(_sorted(probabilities, mask)[0])


def beta_choice(
    probabilities: NDArray[np.floating],
    mask: NDArray[np.bool_],
    ply: int,
    rng: np.random.Generator,
    *,
    start: int = 20,
    sharpness: float = 1.0,
) -> int:
    """Draw a move from `mask`: any likely move in the opening, and closer to the most probable one as ply grows.

    r is drawn from Beta(1, 1 + sharpness * sqrt(max(0, ply - start))). The moves are sorted by falling probability, and
    the result is the first one whose cumulative probability exceeds r, or the most probable one if none does. The
    probability of moves outside `mask` is not redistributed. Raises ValueError for an empty mask.
    """
    order = _sorted(probabilities, mask)
    r = rng.beta(1.0, 1.0 + sharpness * math.sqrt(max(0, ply - start)))
    position = int(np.searchsorted(np.cumsum(probabilities[order], dtype=np.float64), r, side="right"))
    return int(order[position if position < len(order) else 0])


def temperature_choice(
    probabilities: NDArray[np.floating], mask: NDArray[np.bool_], temperature: float, rng: np.random.Generator
) -> int:
    """Draw a move from `mask` in proportion to probability ^ (1 / temperature); raises ValueError for an empty mask."""
    order = _sorted(probabilities, mask)
    logits = np.log(np.maximum(probabilities[order].astype(np.float64), _TINY)) / temperature
    weights = np.cumsum(np.exp(logits - logits[0]))
    return int(order[np.searchsorted(weights, rng.random() * weights[-1], side="right")])


def top_moves(probabilities: NDArray[np.floating], mask: NDArray[np.bool_], most: int, minimum: float) -> list[int]:
    """Return up to `most` moves of `mask` by falling probability: the best, and others of at least `minimum`.

    Raises ValueError for an empty mask.
    """
    order = _sorted(probabilities, mask)[:most]
    return [int(move) for move in order[: max(1, int((probabilities[order] >= minimum).sum()))]]


def _sorted(probabilities: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    moves = np.flatnonzero(mask)
    if not len(moves):
        raise ValueError("no move to choose from")
    return moves[np.argsort(-probabilities[moves], kind="stable")]

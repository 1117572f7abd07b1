"""From figures of single positions to means, intervals and calibration, over all positions or over groups of them.

Columns are float64 [N] by name; NaN means that a position does not count for that figure.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig

Columns = Mapping[str, NDArray[np.float64]]
Figures = dict[str, float]
"""`top1`, `top4` (fractions), `cross_entropy` (nats) and `n`, the moves counted; figures of other heads after them."""

BINS: Final = 20
REPEATS: Final = 1000
LEVEL: Final = 0.95
PHASES: Final = ((0, 59), (60, 119), (120, 179), (180, None))
"""First and last ply of each phase of a game."""

CONFIDENCES: Final = {
    "calibration_error": ("confidence", "top1"),
    "win_calibration_error": ("win_confidence", "win_accuracy"),
}
"""For each calibration error the column with the probability that the prediction is right, and the one that tells."""


def mean_figures(columns: Columns) -> Figures:
    """Means of all columns but the confidences, with the numbers of positions that count.

    Raise BadConfig if none do.
    """
    hidden = {confidence for confidence, _ in CONFIDENCES.values()}
    found = {name: values[~np.isnan(values)] for name, values in columns.items() if name not in hidden}
    if not len(found.get("top1", ())):
        raise BadConfig("no positions to evaluate")
    figures: Figures = {name: float(found[name].mean()) for name in ("top1", "top4", "cross_entropy")}
    figures["n"] = len(found["top1"])
    for name, values in found.items():
        if name not in figures and len(values):
            figures[name] = float(values.mean())
            figures[f"{name}_n"] = len(values)
    return figures


def calibration_errors(columns: Columns) -> Figures:
    """The calibration errors that the columns allow, by name."""
    return {
        name: calibration_error(columns[confidence], columns[right])
        for name, (confidence, right) in CONFIDENCES.items()
        if confidence in columns and np.isfinite(columns[confidence] * columns[right]).any()
    }


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Expected calibration error: mean over positions of |how often predictions of this confidence are right - it|.

    Positions are put into 20 bins of equal size by their confidence (Naeini, Cooper and Hauskrecht 2015).
    """
    counts = ~np.isnan(confidence) & ~np.isnan(right)
    order = np.argsort(confidence[counts], kind="stable")
    sure, hit = confidence[counts][order], right[counts][order]
    gaps = [abs(float(sure[part].sum() - hit[part].sum())) for part in np.array_split(np.arange(len(order)), BINS)]
    return sum(gaps) / len(order)


def bootstrap_intervals(columns: Columns, games: NDArray[np.int64], seed: int = 0) -> dict[str, tuple[float, float]]:
    """95 % intervals of the means of all columns: percentiles over 1000 resamples of whole games.

    Positions of one game are not independent, so games are drawn and not positions. games: int64 [N].
    """
    _, index = np.unique(games, return_inverse=True)
    number = int(index.max()) + 1
    rng = np.random.Generator(np.random.Philox(key=seed))
    weights = rng.multinomial(number, np.full(number, 1 / number), REPEATS).astype(np.float64)
    intervals = {}
    for name, values in columns.items():
        counts = ~np.isnan(values)
        totals = weights @ np.bincount(index, np.where(counts, values, 0), number)
        sizes = weights @ np.bincount(index, counts, number)
        means = totals[sizes > 0] / sizes[sizes > 0]
        if len(means):
            low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            intervals[name] = (float(low), float(high))
    return intervals


def by_phase(columns: Columns, plies: NDArray[np.int64]) -> dict[str, Figures]:
    """Means and calibration errors of each phase of the game (`0-59` ... `180-`) that has positions."""
    return _grouped(
        columns,
        {
            f"{first}-{'' if last is None else last}": (plies >= first) & (plies <= (last or plies.max()))
            for first, last in PHASES
        },
    )


def by_value(columns: Columns, values: NDArray[np.generic]) -> dict[str, Figures]:
    """Means and calibration errors of the positions of each value (a year, a source), by the value as text."""
    return _grouped(columns, {str(value): values == value for value in np.unique(values)})


def _grouped(columns: Columns, groups: Mapping[str, NDArray[np.bool_]]) -> dict[str, Figures]:
    found = {}
    for name, chosen in groups.items():
        part = {column: values[chosen] for column, values in columns.items()}
        if (~np.isnan(part["top1"])).any():
            found[name] = {**mean_figures(part), **calibration_errors(part)}
    return found

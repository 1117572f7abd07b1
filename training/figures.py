"""Means, intervals and calibration errors from the figures of positions, over all of them or by group.

Columns are float64 [N] by name; NaN means that a position does not count for that figure.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig

Columns = Mapping[str, NDArray[np.float64]]
Figures = dict[str, float]
"""`top1`, `top4` (fractions), `cross_entropy` (nats) and `n`, the moves counted; figures of other heads after them."""

Group = dict[str, Any]
"""Figures of a part of the positions, their calibration errors, and `intervals` as `bootstrap_intervals` gives them."""

Reliability = list[tuple[float, float, int]]
"""By bin of predictions: their mean confidence, the share of them that was right, how many they are."""

BINS: Final = 20
REPEATS: Final = 1000
LEVEL: Final = 0.95

PHASES: Final = ((0, 59), (60, 119), (120, 179), (180, None))
"""First and last ply of each phase of a game."""

CONFIDENCES: Final = {
    "policy": ("calibration_error", "confidence", "top1"),
    "win": ("win_calibration_error", "win_confidence", "win_accuracy"),
}
"""By head: its calibration error, the column with the probability that it predicts rightly, the one that tells."""


def mean_figures(columns: Columns) -> Figures:
    """Return means of all columns but the confidences, with the numbers of positions that count.

    Raises BadConfig if none do.
    """
    hidden = {confidence for _, confidence, _ in CONFIDENCES.values()}
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


def reliability(columns: Columns) -> dict[str, Reliability]:
    """Return 20 bins of equally many predictions, from the least to the most confident, by head (`policy`, `win`).

    A head that the columns do not have is left out.
    """
    found = {}
    for head, (_, confidence, right) in CONFIDENCES.items():
        counted = np.isfinite(columns[confidence] * columns[right]) if confidence in columns else np.zeros(0, bool)
        if counted.any():
            found[head] = _bins(columns[confidence][counted], columns[right][counted])
    return found


def _bins(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> Reliability:
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return [(float(confidence[part].mean()), float(right[part].mean()), len(part)) for part in parts]


def calibration_errors(columns: Columns) -> Figures:
    """Return the expected calibration errors that the columns allow, by name (Naeini, Cooper and Hauskrecht 2015).

    Means over positions of |how often predictions of this confidence are right - it|, in the bins of `reliability`.
    """
    return {
        CONFIDENCES[head][0]: sum(n * abs(right - confidence) for confidence, right, n in bins)
        / sum(n for _, _, n in bins)
        for head, bins in reliability(columns).items()
    }


def bootstrap_intervals(columns: Columns, games: NDArray[np.int64], seed: int = 0) -> dict[str, tuple[float, float]]:
    """Return 95 % intervals of the means of all columns: percentiles over 1000 resamples of whole games.

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


def by_phase(columns: Columns, plies: NDArray[np.int64], games: NDArray[np.int64]) -> dict[str, Group]:
    """Return the figures of each phase of the game (`0-59` ... `180-`) that has positions. plies, games: int64 [N]."""
    return _grouped(
        columns,
        games,
        {
            f"{first}-{'' if last is None else last}": (plies >= first) & (plies <= (last or plies.max()))
            for first, last in PHASES
        },
    )


def by_value(columns: Columns, values: NDArray[np.generic], games: NDArray[np.int64]) -> dict[str, Group]:
    """Return the figures for each value (a year, a source), by the value as text. values: [N]. games: int64 [N]."""
    return _grouped(columns, games, {str(value): values == value for value in np.unique(values)})


def _grouped(columns: Columns, games: NDArray[np.int64], groups: Mapping[str, NDArray[np.bool_]]) -> dict[str, Group]:
    found = {}
    for name, chosen in groups.items():
        part = {column: values[chosen] for column, values in columns.items()}
        if (~np.isnan(part["top1"])).any():
            found[name] = summary(part, games[chosen])
    return found


def summary(columns: Columns, games: NDArray[np.int64]) -> Group:
    """Return means, calibration errors and `intervals` (95 %, by name, lists of two) of positions of these games."""
    intervals = {name: list(ends) for name, ends in bootstrap_intervals(columns, games).items()}
    return {**mean_figures(columns), **calibration_errors(columns), "intervals": intervals}

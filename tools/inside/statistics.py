"""Correlations of many channels with many labels, and how sure they are when positions of one game are not independent.

Everything is kept game by game. A bootstrap draws games, not positions, so a resample is a weight for each game, and
its correlation or AUC follows from weighted sums.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

REPEATS: Final = 1000
LEVEL: Final = 0.95
_LEAST_VARIANCE: Final = 1e-12
"""Relative to the mean square: below it, a channel or a label is constant and correlates with nothing."""

Interval = tuple[float, float]


class Estimate(NamedTuple):
    """A figure and its 95 % interval; all three are NaN if it cannot be computed."""

    value: float
    interval: Interval


def sums(channels: NDArray[np.floating], labels: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the sums that a correlation is computed from, float64 [L, C, 6]: n and the sums of x, y, x², y² and xy.

    `channels`: x, [C, S] finite. `labels`: y, [L, S], NaN where a sample does not count for a label. Sums of several
    games add up.
    """
    x, counts = channels.astype(np.float64), np.isfinite(labels)
    y, m = np.where(counts, labels, 0).astype(np.float64), counts.astype(np.float64)
    shape = (len(y), len(x))
    columns = (
        np.broadcast_to(m.sum(1)[:, None], shape),
        m @ x.T,
        np.broadcast_to(y.sum(1)[:, None], shape),
        m @ (x * x).T,
        np.broadcast_to((y * y).sum(1)[:, None], shape),
        y @ x.T,
    )
    return np.stack(columns, axis=-1)


def pearson(totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation coefficients [...] from `sums` [..., 6]; NaN where either side is constant.

    Where y is 0 or 1 this is the point-biserial correlation.
    """
    n, x, y, xx, yy, xy = np.moveaxis(totals, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x, mean_y, square_x, square_y = x / n, y / n, xx / n, yy / n
        variance_x, variance_y = square_x - mean_x**2, square_y - mean_y**2
        varies = (variance_x > _LEAST_VARIANCE * square_x) & (variance_y > _LEAST_VARIANCE * square_y)
        r = (xy / n - mean_x * mean_y) / np.sqrt(variance_x * variance_y)
    return np.where(varies, np.clip(r, -1, 1), np.nan)


def game_weights(games: int, seed: int) -> NDArray[np.float64]:
    """Return how often each game is drawn in each of 1000 resamples of `games` games, float64 [1000, games]."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    return rng.multinomial(games, np.full(games, 1 / games), REPEATS).astype(np.float64)


def correlation(by_game: NDArray[np.float64], weights: NDArray[np.float64]) -> Estimate:
    """Return the correlation with its interval. by_game: `sums` of every game, [G, 6]; weights: `game_weights`."""
    return Estimate(float(pearson(by_game.sum(0))), _interval(pearson(weights @ by_game)))


def area_under_curve(
    values: Sequence[NDArray[np.floating]], labels: Sequence[NDArray[np.floating]], weights: NDArray[np.float64]
) -> Estimate:
    """Return the AUC with its interval: how often a sample labelled 1 has a higher value than one labelled 0.

    Equal values count half (Mann and Whitney 1947). `values` and `labels` hold an array [S] for each game; labels are
    0, 1, or NaN for samples that do not count. weights: `game_weights`.
    """
    positive = [x[y == 1] for x, y in zip(values, labels, strict=True)]
    negative = [np.sort(x[y == 0]) for x, y in zip(values, labels, strict=True)]
    wins = _wins(positive, negative)
    yes, no = (np.array([len(part) for part in parts], np.float64) for parts in (positive, negative))
    everything = np.ones((1, len(yes)))
    return Estimate(float(_share(everything, wins, yes, no)[0]), _interval(_share(weights, wins, yes, no)))


def _wins(positive: Sequence[NDArray[np.floating]], negative: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """Return in how many pairs a positive of game i is above a negative of game j, [G, G]; ties count half."""
    joined = np.concatenate(positive)
    game = np.repeat(np.arange(len(positive)), [len(part) for part in positive])
    columns = []
    for part in negative:
        above = (np.searchsorted(part, joined, "left") + np.searchsorted(part, joined, "right")) / 2
        columns.append(np.bincount(game, above, len(positive)))
    return np.stack(columns, axis=1)


def _share(
    weights: NDArray[np.float64], wins: NDArray[np.float64], yes: NDArray[np.float64], no: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the AUC of each resample, from weights [R, G]; NaN for one without positives or without negatives."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share: NDArray[np.float64] = ((weights @ wins) * weights).sum(1) / ((weights @ yes) * (weights @ no))
    return share


def _interval(resampled: NDArray[np.float64]) -> Interval:
    found = resampled[np.isfinite(resampled)]
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)

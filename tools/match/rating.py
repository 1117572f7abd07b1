"""Ratings of all engines of a match on one Elo scale: the Bradley-Terry model, fitted by maximum likelihood.

An engine rated r beats one rated s with probability 1 / (1 + 10 ^ ((s - r) / 400)); a draw is half a win for each
(R. A. Bradley and M. E. Terry 1952; D. R. Hunter, MM algorithms for generalized Bradley-Terry models, 2004). Colours do
not enter, because every opening is played with both.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import lstsq, null_space
from scipy.optimize import brentq, minimize
from scipy.sparse.csgraph import connected_components
from scipy.special import expit
from scipy.stats import chi2

from shicho.tools.match.record import GameRecord
from shicho.tools.match.statistics import Elo

GNU_GO_LEVEL_10: Final = 1238.0
"""The rating of GNU Go 3.8 at level 10 in GoAIRatings (Tromp-Taylor rules, komi 7.5, Zen 7 at 1 dan fixed at 1800)."""

PRIOR_DRAWS: Final = 1.0
"""How many draws are added to the games of each pair of engines that met."""

_PER_LOGIT: Final = 400 / math.log(10)

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Rating:
    """An engine's rating with its 95 % interval, its games with a result, and its points in them (a draw is half)."""

    engine: str
    elo: Elo
    games: int
    points: float


def ratings(
    records: Iterable[GameRecord], *, anchor: tuple[str, float] | None = None, prior_draws: float = PRIOR_DRAWS
) -> list[Rating] | None:
    """Return the ratings of all engines with a finished game; broken games are ignored. See `rate`."""
    finished = [record for record in records if not record.broken]
    engines = sorted({side.engine for record in finished for side in (record.black, record.white)})
    index = {engine: number for number, engine in enumerate(engines)}
    points = np.zeros((len(engines), len(engines)))
    for record in finished:
        black, white = record.black.engine, record.white.engine
        points[index[black], index[white]] += record.points(black) or 0
        points[index[white], index[black]] += record.points(white) or 0
    return rate(engines, points, anchor=anchor, prior_draws=prior_draws)


def rate(
    engines: Sequence[str],
    points: ArrayLike,
    *,
    anchor: tuple[str, float] | None = None,
    prior_draws: float = PRIOR_DRAWS,
) -> list[Rating] | None:
    """Return the ratings of engines, the strongest first.

    `points`: [n, n], how many points the engine of the row made against that of the column.
    `anchor`: an engine and its fixed rating; without it the mean of the ratings is 0.
    `prior_draws`: draws added to the games of each pair that met, at least 0. They keep an engine that won or lost all
    its games at a finite rating. They move the difference of two engines after 100 games by 8 Elo at a score of 90 %,
    by 2 Elo at 75 % and not at all at 50 %. `games` and `points` of the ratings do not contain them.

    The interval holds the ratings whose profile likelihood is within chi-square's 95 % quantile of the maximum. It is
    that of the rating relative to the anchor, which is exact, or to the mean. Games count as independent.

    Returns None if there is no unique finite maximum: if there are no engines, if they are not linked by games to the
    anchor or to each other, or, without prior draws, if one set of engines won all its games against the others.

    >>> for rating in rate(["A", "B"], [[0, 15], [5, 0]], anchor=("B", 0), prior_draws=0) or ():
    ...     print(rating.engine, rating.elo)
    A +191 (+26 to +386)
    B +0 (+0 to +0)
    """
    made = np.asarray(points, np.float64)
    weights = made + np.where(made + made.T > 0, prior_draws / 2, 0.0)
    if not len(engines) or connected_components(weights > 0, connection="strong")[0] > 1:
        return None
    fixed, value = np.full(len(engines), 1 / len(engines)), 0.0
    if anchor:
        if anchor[0] not in engines:
            return None
        fixed, value = _unit(engines.index(anchor[0]), len(engines)), anchor[1] / _PER_LOGIT
    fitted, likelihood = _fit(weights, [fixed], [value])
    rated = []
    for index, engine in enumerate(engines):
        if anchor and engine == anchor[0]:
            elo = Elo(value=anchor[1], low=anchor[1], high=anchor[1])
        else:
            elo = _interval(weights, index, float(fitted[index]), likelihood, fixed, value)
        games = round((made[index] + made[:, index]).sum())
        rated.append(Rating(engine=engine, elo=elo, games=games, points=float(made[index].sum())))
    return sorted(rated, key=lambda rating: -rating.elo.value)


def _fit(weights: Vector, rows: Sequence[Vector], values: Sequence[float]) -> tuple[Vector, float]:
    """Return the ratings in logits, [n], that maximise the likelihood where rows @ ratings = values, and its log.

    The constraints are solved first, so that the maximum is sought in the directions that they leave free.
    """
    constraints = np.stack(rows)
    start, free = lstsq(constraints, np.array(values))[0], null_space(constraints)
    counts = weights + weights.T

    def loss(place: Vector) -> tuple[float, Vector]:
        ratings = start + free @ place
        differences = ratings[:, None] - ratings
        value = float((weights * np.logaddexp(0, -differences)).sum())
        return value, free.T @ (counts * expit(differences) - weights).sum(1)

    def curvature(place: Vector) -> Vector:
        ratings = start + free @ place
        chances = expit(ratings[:, None] - ratings)
        off_diagonal = counts * chances * (1 - chances)
        hessian: Vector = free.T @ (np.diag(off_diagonal.sum(1)) - off_diagonal) @ free
        return hessian

    place = np.zeros(free.shape[1])
    if len(place):
        place = minimize(loss, place, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9}).x
    return start + free @ place, -loss(place)[0]


def _interval(weights: Vector, index: int, rating: float, likelihood: float, fixed: Vector, value: float) -> Elo:
    """Return an engine's rating in Elo with the ends where the profile likelihood falls below its quantile."""
    rows = [fixed, _unit(index, len(weights))]

    def excess(place: float) -> float:
        return likelihood - _fit(weights, rows, [value, place])[1] - float(chi2.ppf(0.95, 1)) / 2

    ends = [_root(excess, rating, side) for side in (-1, 1)]
    return Elo(value=rating * _PER_LOGIT, low=ends[0] * _PER_LOGIT, high=ends[1] * _PER_LOGIT)


def _root(function: Callable[[float], float], start: float, side: int) -> float:
    """Return the root of a function that is negative at the start and grows to that side."""
    step = 0.5
    while function(start + side * step) < 0:
        step *= 2
    return float(brentq(function, start, start + side * step, xtol=1e-7))


def _unit(index: int, length: int) -> Vector:
    unit: Vector = np.eye(length)[index]
    return unit

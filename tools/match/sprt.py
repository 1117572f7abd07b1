"""A sequential probability ratio test: plays on until one of two hypotheses about the Elo difference can be accepted.

H0 says that the difference is `elo0`, H1 that it is `elo1`, in logistic Elo (A. Wald, Sequential tests of statistical
hypotheses, 1945). The probabilities of draws and of pairs of results are unknown, so the test is the generalised one:
the likelihood of a hypothesis is the largest that any distribution of results with its expected score has, as in
fishtest and fastchess (M. Van den Bergh, Comments on normalized Elo, https://www.cantate.be/Fishtest/normalized_elo_practical.pdf,
section 1; the same as the empirical likelihood of A. B. Owen, 1988).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig, brief
from shicho.tools.match.record import GameRecord
from shicho.tools.match.statistics import score_of_elo

MISSING: Final = 1e-3
"""The count that stands for a result that has not occurred, as in fishtest and fastchess."""

_BISECTIONS: Final = 32
_MOST_ELO: Final = 1000


class Model(StrEnum):
    """What the test counts.

    TRINOMIAL: losses, draws and wins of games that are independent.
    PENTANOMIAL: the points, 0 to 2, in pairs of games with the same opening and exchanged colours. Results within a
    pair may depend on each other; openings that favour one colour then cost fewer games.
    """

    TRINOMIAL = "trinomial"
    PENTANOMIAL = "pentanomial"


class Decision(StrEnum):
    """What the test says."""

    ACCEPT_H0 = "accept H0"
    ACCEPT_H1 = "accept H1"
    CONTINUE = "continue"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Where the test stands, or where it stood when it was decided.

    `llr`: the log-likelihood ratio; `lower`, `upper`: the bounds at which H0 and H1 are accepted.
    `counts`: the results that were used: (losses, draws, wins), or pairs with 0, ½, 1, 1½ and 2 points.
    `games`: how many games these are.
    """

    decision: Decision
    llr: float
    lower: float
    upper: float
    counts: tuple[int, ...]
    games: int

    def __str__(self) -> str:
        return f"LLR {self.llr:.2f} ({self.lower:.2f} to {self.upper:.2f}) after {self.games} games: {self.decision}"


@dataclass(frozen=True, kw_only=True)
class Sprt:
    """A sequential test of `elo0` against `elo1`.

    `alpha`: the probability of accepting H1 if H0 is true; `beta`: of accepting H0 if H1 is true. Both hold
    approximately (docs/statistics.md has measurements).

    Raises BadConfig unless -1000 <= elo0 < elo1 <= 1000, alpha and beta are above 0, and alpha + beta < 1.

    >>> test = Sprt.parse("elo0=0,elo1=20")
    >>> test.alpha, test.model
    (0.05, <Model.PENTANOMIAL: 'pentanomial'>)
    """

    elo0: float
    elo1: float
    alpha: float = 0.05
    beta: float = 0.05
    model: Model = Model.PENTANOMIAL

    def __post_init__(self) -> None:
        if not -_MOST_ELO <= self.elo0 < self.elo1 <= _MOST_ELO:
            raise BadConfig(f"elo0 and elo1 are not -1000 to 1000 and in order: {self.elo0} and {self.elo1}")
        if not (self.alpha > 0 and self.beta > 0 and self.alpha + self.beta < 1):
            raise BadConfig(f"alpha and beta are not above 0 with a sum below 1: {self.alpha} and {self.beta}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the test of a text such as "elo0=0,elo1=20,alpha=0.05,beta=0.05,model=trinomial".

        Raises BadConfig for any other text, and if elo0 or elo1 is missing.
        """
        values: dict[str, Any] = {}
        for part in text.split(","):
            name, _, value = part.partition("=")
            name = name.strip()
            if name in values:
                raise BadConfig(f"{name} is given twice: {brief(text)}")
            if name not in (field.name for field in fields(cls)):
                raise BadConfig(f"not a test such as elo0=0,elo1=20,alpha=0.05,beta=0.05: {brief(text)}")
            try:
                values[name] = Model(value.strip()) if name == "model" else float(value)
            except ValueError:
                raise BadConfig(f"{name} is not {_kind(name)}: {brief(value)}") from None
        if not {"elo0", "elo1"} <= values.keys():
            raise BadConfig(f"elo0 and elo1 are needed: {brief(text)}")
        return cls(**values)

    @property
    def bounds(self) -> tuple[float, float]:
        """The ratios at which H0 and H1 are accepted: log(beta / (1 - alpha)) and log((1 - beta) / alpha)."""
        return math.log(self.beta / (1 - self.alpha)), math.log((1 - self.beta) / self.alpha)

    def ratios(self, records: Iterable[GameRecord], engine: str) -> NDArray[np.float64]:
        """Return the log-likelihood ratio before and after each game or pair that `decide` takes, [n + 1].

        They go on after the decision. Raises ValueError if the engine played against several opponents.
        """
        return log_likelihood_ratio(self._counts(records, engine), self.elo0, self.elo1)

    def _counts(self, records: Iterable[GameRecord], engine: str) -> NDArray[np.int64]:
        """Return how often each result had occurred before and after each game or pair, [n + 1, 3] or [n + 1, 5]."""
        results = _results(records, engine, self.model)
        counts = np.zeros((len(results) + 1, 5 if self.model is Model.PENTANOMIAL else 3), np.int64)
        counts[np.arange(1, len(counts)), results] = 1
        return counts.cumsum(axis=0)

    def decide(self, records: Iterable[GameRecord], engine: str) -> Verdict:
        """Return the verdict on the games of an engine against one opponent.

        Games, or pairs, are taken one by one in the order of their numbers, up to the first one that is not finished,
        and the first one at which a bound is reached decides. So the verdict depends neither on how many games were
        played at a time nor on games played after the decision. Broken games, and pairs with one, are passed over.

        Raises ValueError if the engine played against several opponents.
        """
        counts = self._counts(records, engine)
        ratios = log_likelihood_ratio(counts, self.elo0, self.elo1)
        lower, upper = self.bounds
        reached = np.flatnonzero((ratios <= lower) | (ratios >= upper))
        last = int(reached[0]) if len(reached) else len(counts) - 1
        decision = Decision.CONTINUE
        if len(reached):
            decision = Decision.ACCEPT_H0 if ratios[last] <= lower else Decision.ACCEPT_H1
        return Verdict(
            decision=decision,
            llr=float(ratios[last]),
            lower=lower,
            upper=upper,
            counts=tuple(counts[last].tolist()),
            games=last * (counts.shape[1] - 1) // 2,
        )


def log_likelihood_ratio(counts: NDArray[np.integer], elo0: float, elo1: float) -> NDArray[np.float64]:
    """Return the generalised log-likelihood ratio of elo1 to elo0 for counts of results by points, [...] for [..., k].

    k is 3 (losses, draws, wins) or 5 (pairs of games with 0, ½, 1, 1½ and 2 points). Without results the ratio is 0.

    Of all distributions p of results a with the expected score s, the one that makes counts n most likely is
    p = n / (N (1 + x (a - s))), where N is the sum of n and x solves sum n (a - s) / (1 + x (a - s)) = 0. With
    l(s) = sum n log(1 + x (a - s)) the ratio is l(s0) - l(s1). A count of 0 is replaced by 0.001.

    >>> round(float(log_likelihood_ratio(np.array([21184, 40708, 21404]), 0.5, 2.5)), 2)
    -1.57
    """
    seen = np.where(counts == 0, MISSING, counts)
    losses = [_log_loss(seen, score_of_elo(elo)) for elo in (elo0, elo1)]
    return np.where(counts.sum(-1) > 0, losses[0] - losses[1], 0.0)


def _log_loss(counts: NDArray[np.float64], score: float) -> NDArray[np.float64]:
    """Return by how much the expected score `score` makes counts less likely than their own frequencies do, in logs."""
    kinds = counts.shape[-1]
    columns = np.ascontiguousarray(counts.reshape(-1, kinds).T)
    offsets = np.arange(kinds)[:, None] / (kinds - 1) - score
    low, high = (np.full(columns.shape[1], -1 / offsets[end, 0]) for end in (-1, 0))
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        too_low = (columns * offsets / (1 + middle * offsets)).sum(0) > 0
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    loss: NDArray[np.float64] = (columns * np.log1p((low + high) / 2 * offsets)).sum(0)
    return loss.reshape(counts.shape[:-1])


def _results(records: Iterable[GameRecord], engine: str, model: Model) -> list[int]:
    """Return twice the points of each game or pair, by number, up to the first one that is missing."""
    points: dict[int, list[float | None]] = {}
    opponents = set[str]()
    for record in records:
        if engine in (record.black.engine, record.white.engine):
            opponents |= {record.black.engine, record.white.engine} - {engine}
            number = record.pair if model is Model.PENTANOMIAL else record.index
            points.setdefault(number, []).append(record.points(engine))
    if len(opponents) > 1:
        raise ValueError(f"a sequential test of {engine} against several opponents: {', '.join(sorted(opponents))}")
    size = 2 if model is Model.PENTANOMIAL else 1
    results = []
    for number in range(len(points)):
        played = points.get(number, [])
        if len(played) < size:
            break
        whole = [one for one in played if one is not None]
        if len(whole) == size:
            results.append(round(2 * sum(whole)))
    return results


def _kind(name: str) -> str:
    return " or ".join(Model) if name == "model" else "a number"

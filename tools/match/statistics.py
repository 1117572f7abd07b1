"""Statistics of a match from the point of view of one engine; docs/statistics.md says what each number means."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from scipy.stats import binomtest, norm

from shicho.engine.colour import Colour
from shicho.tools.match.record import GameRecord

Z: Final = float(norm.ppf(0.975))
"""How many standard errors a 95 % interval reaches to each side."""

PairCounts = tuple[int, int, int, int, int]
"""How many pairs of games gave an engine 0, ½, 1, 1½ and 2 points."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The results of an engine's games; `broken`: games without a result, whoever broke them.

    >>> Tally(wins=6, draws=2, losses=2).score
    0.7
    """

    wins: int = 0
    draws: int = 0
    losses: int = 0
    broken: int = 0

    @classmethod
    def of(cls, records: Iterable[GameRecord], engine: str) -> Self:
        """Count the results of the games that an engine played."""
        counts = Counter(record.points(engine) for record in _played(records, engine))
        return cls(wins=counts[1.0], draws=counts[0.5], losses=counts[0.0], broken=counts[None])

    @property
    def games(self) -> int:
        """All games, broken ones included."""
        return self.finished + self.broken

    @property
    def finished(self) -> int:
        """The games with a result."""
        return self.wins + self.draws + self.losses

    @property
    def win_rate(self) -> float | None:
        """Wins divided by all games: draws and broken games count as not won. None without games."""
        return self.wins / self.games if self.games else None

    @property
    def score(self) -> float | None:
        """Wins plus half the draws, divided by the games with a result; None without such games."""
        return (self.wins + self.draws / 2) / self.finished if self.finished else None

    def wilson_interval(self) -> tuple[float, float]:
        """Return the 95 % Wilson score interval (1927) of the win rate; 0 to 1 without games."""
        if not self.games:
            return 0.0, 1.0
        interval = binomtest(self.wins, self.games).proportion_ci(confidence_level=0.95, method="wilson")
        return float(interval.low), float(interval.high)

    def elo(self) -> "Elo | None":
        """Return the Elo difference to the opponents; None without results. Games count as independent."""
        return elo_difference((self.losses, self.draws, self.wins))


@dataclass(frozen=True, kw_only=True)
class Elo:
    """An Elo difference or rating with the ends of its 95 % interval; a number is infinite where there is no bound.

    >>> print(Elo(value=35.2, low=-4.6, high=math.inf))
    +35 (-5 to +inf)
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.0f} ({self.low:+.0f} to {self.high:+.0f})"

    def as_json(self) -> dict[str, float | None]:
        """Return the numbers by name, with None for an infinite one, which JSON does not have."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {name: number if math.isfinite(number) else None for name, number in numbers.items()}


def elo_of_score(score: float) -> float:
    """Return the Elo difference that gives an expected score of 0 to 1: 400 log10(score / (1 - score)).

    >>> round(elo_of_score(0.64))
    100
    """
    if score in (0.0, 1.0):
        return math.copysign(math.inf, score - 0.5)
    return 400 * math.log10(score / (1 - score))


def score_of_elo(elo: float) -> float:
    """Return the expected score for an Elo difference: 1 / (1 + 10 ^ (-elo / 400)).

    >>> round(score_of_elo(100), 2)
    0.64
    """
    return 1 / (1 + math.pow(10, -elo / 400))


def elo_difference(counts: Sequence[int]) -> Elo | None:
    """Return the Elo difference with its 95 % interval for counts of results by points; None if all counts are 0.

    `counts` are (losses, draws, wins) of independent games, or pairs of games with 0, ½, 1, 1½ and 2 points (see
    `pair_counts`), which need not be independent within a pair.

    The interval is that of the mean score, with both ends converted to Elo. It is Wilson's interval with an effective
    number of games n = s (1 - s) / v, where s is the mean score and v the variance of the mean estimated from the
    counts; so n is the number of games if there are only wins and losses. If no variance is seen (all results equal), n
    is the number of games.

    >>> print(elo_difference((96, 111, 136)))
    +41 (+10 to +71)
    """
    total = sum(counts)
    if not total:
        return None
    scores = [points / (len(counts) - 1) for points in range(len(counts))]
    mean = sum(count * score for count, score in zip(counts, scores, strict=True)) / total
    variance = sum(count * (score - mean) ** 2 for count, score in zip(counts, scores, strict=True)) / total**2
    games = total * (len(counts) - 1) // 2
    low, high = _wilson(mean, mean * (1 - mean) / variance if variance else games)
    return Elo(value=elo_of_score(mean), low=elo_of_score(low), high=elo_of_score(high))


def _wilson(mean: float, games: float) -> tuple[float, float]:
    """Return both solutions s of |mean - s| = Z sqrt(s (1 - s) / games)."""
    spread = Z * math.sqrt(mean * (1 - mean) / games + Z**2 / (4 * games**2))
    low, high = ((mean + Z**2 / (2 * games) + side * spread) / (1 + Z**2 / games) for side in (-1, 1))
    return 0.0 if mean == 0 else low, 1.0 if mean == 1 else high


def pair_counts(records: Iterable[GameRecord], engine: str) -> PairCounts:
    """Count an engine's points in pairs of games with the same opening and opponent and with colours exchanged.

    Pairs with a broken or missing game are left out.
    """
    pairs = defaultdict[int, list[float | None]](list)
    for record in _played(records, engine):
        pairs[record.pair].append(record.points(engine))
    counts = [0] * 5
    for one, other in (points for points in pairs.values() if len(points) == 2):
        if one is not None and other is not None:
            counts[round(2 * (one + other))] += 1
    return counts[0], counts[1], counts[2], counts[3], counts[4]


def without_duplicates(records: Iterable[GameRecord]) -> list[GameRecord]:
    """Return the records without finished games that repeat an earlier one.

    A game repeats another one if the same engines played the same moves with the same colours, up to a symmetry of the
    board. Such games, of engines that do not vary their play, tell nothing new, so intervals that count them are too
    narrow.
    """
    seen = set[tuple[str, str, str]]()
    kept = []
    for record in records:
        game = record.black.engine, record.white.engine, record.moves_digest
        if record.broken or game not in seen:
            kept.append(record)
        if not record.broken:
            seen.add(game)
    return kept


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The statistics of an engine's games. Means are None if there is nothing to average.

    `by_opening`, `by_opponent`: by name, in the order in which they first occur.
    `pairs`: see `pair_counts`. `pair_elo`: the Elo difference from them, None without a complete pair.
    `duplicates`: finished games that repeat an earlier one; `distinct`: the results of the other games.
    `reasons`: how many games ended in each way.
    `faults`: how many games each engine broke; broken games that were nobody's fault are not among them.
    `mean_plies`: mean number of moves after the opening, over the games with a result.
    `seconds_a_move`: by engine, the mean wall-clock time of a genmove.
    `games_scored`: games that the referee and Shicho both counted; `winners_disputed`, `scores_disputed`: how many of
    them had another winner or another score by Shicho.
    """

    engine: str
    total: Tally
    by_colour: dict[str, Tally]
    by_opening: dict[str, Tally]
    by_opponent: dict[str, Tally]
    elo: Elo | None
    pairs: PairCounts
    pair_elo: Elo | None
    duplicates: int
    distinct: Tally
    reasons: dict[str, int]
    faults: dict[str, int]
    mean_plies: float | None
    seconds_a_move: dict[str, float | None]
    games_scored: int
    winners_disputed: int
    scores_disputed: int


def summarise(records: Iterable[GameRecord], engine: str) -> Summary:
    """Compute the statistics of the games that an engine played; other games are ignored."""
    games = _played(records, engine)
    finished = [record for record in games if not record.broken]
    total, pairs, distinct = Tally.of(games, engine), pair_counts(games, engine), without_duplicates(games)
    colours = _tallies(games, engine, lambda record: str(colour_of(record, engine)))
    return Summary(
        engine=engine,
        total=total,
        by_colour={str(colour): colours.get(str(colour), Tally()) for colour in Colour},
        by_opening=_tallies(games, engine, lambda record: record.opening),
        by_opponent=_tallies(games, engine, lambda record: opponent_of(record, engine)),
        elo=total.elo(),
        pairs=pairs,
        pair_elo=elo_difference(pairs),
        duplicates=len(games) - len(distinct),
        distinct=Tally.of(distinct, engine),
        reasons=dict(sorted(Counter(record.reason.value for record in games).items())),
        faults=dict(
            sorted(Counter(record.side(record.at_fault).engine for record in games if record.at_fault).items())
        ),
        mean_plies=_ratio(sum(record.plies for record in finished), len(finished)),
        seconds_a_move=_seconds_a_move(games),
        games_scored=sum(scored(record) for record in games),
        winners_disputed=sum(winner_disputed(record) for record in games),
        scores_disputed=sum(score_disputed(record) for record in games),
    )


def colour_of(record: GameRecord, engine: str) -> Colour:
    """Return the colour of an engine that played the game."""
    return Colour.BLACK if record.black.engine == engine else Colour.WHITE


def opponent_of(record: GameRecord, engine: str) -> str:
    """Return the opponent of an engine that played the game."""
    return record.side(colour_of(record, engine).opponent).engine


def scored(record: GameRecord) -> bool:
    """Return whether both the referee and Shicho counted the game."""
    return record.referee_score is not None and record.area_score is not None


def winner_disputed(record: GameRecord) -> bool:
    """Return whether the referee and Shicho counted the game and found different winners."""
    return scored(record) and str(record.referee_score)[0] != str(record.area_score)[0]


def score_disputed(record: GameRecord) -> bool:
    """Return whether the referee and Shicho counted the game and found different scores."""
    return scored(record) and record.referee_score != record.area_score


def _played(records: Iterable[GameRecord], engine: str) -> list[GameRecord]:
    return [record for record in records if engine in (record.black.engine, record.white.engine)]


def _tallies(records: Iterable[GameRecord], engine: str, key: Callable[[GameRecord], str]) -> dict[str, Tally]:
    groups = defaultdict[str, list[GameRecord]](list)
    for record in records:
        groups[key(record)].append(record)
    return {name: Tally.of(group, engine) for name, group in groups.items()}


def _seconds_a_move(records: Iterable[GameRecord]) -> dict[str, float | None]:
    seconds, moves = defaultdict[str, float](float), Counter[str]()
    for record in records:
        for side in (record.black, record.white):
            seconds[side.engine] += side.seconds
            moves[side.engine] += side.moves
    return {engine: _ratio(seconds[engine], moves[engine]) for engine in seconds}


def _ratio(total: float, count: int) -> float | None:
    return total / count if count else None

"""Statistics of a match: wins, losses, Wilson intervals, mean length and time per move."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from scipy.stats import binomtest

from shicho.tools.match.game import GameRecord, Outcome


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Numbers of games and of their outcomes for our engine; `other`: games that nobody won."""

    games: int
    wins: int
    losses: int
    other: int

    @classmethod
    def of(cls, records: Sequence[GameRecord]) -> Self:
        """Count the outcomes of games."""
        counts = Counter(record.outcome for record in records)
        return cls(
            games=len(records), wins=counts[Outcome.WIN], losses=counts[Outcome.LOSS], other=counts[Outcome.OTHER]
        )

    @property
    def win_rate(self) -> float | None:
        """Wins divided by games, None without games. Games with outcome "other" count as not won."""
        return self.wins / self.games if self.games else None

    def wilson_interval(self) -> tuple[float, float]:
        """Return the 95 % Wilson score interval (1927) of the win rate; 0 to 1 without games."""
        if not self.games:
            return 0.0, 1.0
        interval = binomtest(self.wins, self.games).proportion_ci(confidence_level=0.95, method="wilson")
        return float(interval.low), float(interval.high)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The statistics of a match. Means are None if there is nothing to average."""

    total: Tally
    by_colour: dict[str, Tally]
    reasons: dict[str, int]
    mean_plies: float | None
    our_seconds_a_move: float | None
    opponent_seconds_a_move: float | None
    games_scored: int
    winners_disputed: int
    scores_disputed: int


def summarise(records: Sequence[GameRecord]) -> Summary:
    """Compute the statistics of games."""
    return Summary(
        total=Tally.of(records),
        by_colour={
            colour: Tally.of([record for record in records if record.our_colour == colour])
            for colour in ("black", "white")
        },
        reasons=dict(sorted(Counter(record.reason.value for record in records).items())),
        mean_plies=_ratio(sum(record.plies for record in records), len(records)),
        our_seconds_a_move=_ratio(
            sum(record.our_seconds for record in records), sum(record.our_moves for record in records)
        ),
        opponent_seconds_a_move=_ratio(
            sum(record.opponent_seconds for record in records), sum(record.opponent_moves for record in records)
        ),
        games_scored=sum(record.referee_score is not None for record in records),
        winners_disputed=sum(record.winner_disputed for record in records),
        scores_disputed=sum(record.score_disputed for record in records),
    )


def _ratio(total: float, count: int) -> float | None:
    return total / count if count else None

"""What the games of a match add up to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from scipy.stats import binomtest

from shicho.tools.match.game import GameRecord, Outcome


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Games, and how they ended for our engine; `other` is what nobody won."""

    games: int
    wins: int
    losses: int
    other: int

    @classmethod
    def of(cls, records: Sequence[GameRecord]) -> Self:
        """Count the games."""
        counts = Counter(record.outcome for record in records)
        return cls(
            games=len(records), wins=counts[Outcome.WIN], losses=counts[Outcome.LOSS], other=counts[Outcome.OTHER]
        )

    @property
    def win_rate(self) -> float | None:
        """Wins a game; a game that counts as other is not won."""
        return self.wins / self.games if self.games else None

    def wilson_interval(self) -> tuple[float, float]:
        """The 95 % interval of the win rate by Wilson's score (1927); 0 to 1 where there are no games."""
        if not self.games:
            return 0.0, 1.0
        interval = binomtest(self.wins, self.games).proportion_ci(confidence_level=0.95, method="wilson")
        return float(interval.low), float(interval.high)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The figures of a match. Means are None where there is nothing to take a mean of."""

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
    """The figures of these games."""
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

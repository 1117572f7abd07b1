"""What the page draws: the curve of the score, and scores with intervals in parts of the games."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shicho.tools.match.record import GameRecord
from shicho.tools.match.statistics import Tally, colour_of, opponent_of, score_of_elo

_LENGTH_STEPS: Final = (5, 10, 20, 25, 50, 100, 250)
_MOST_LENGTHS: Final = 7


@dataclass(frozen=True, kw_only=True)
class Score:
    """A score in a number of games with a result, from 0 to 1, with the ends of its 95 % interval."""

    games: int
    value: float
    low: float
    high: float


def score_of(tally: Tally) -> Score | None:
    """Return the score of a tally with the interval of `Tally.elo`, None without games that have a result."""
    difference = tally.elo()
    if difference is None or tally.score is None:
        return None
    low, high = score_of_elo(difference.low), score_of_elo(difference.high)
    return Score(games=tally.finished, value=tally.score, low=low, high=high)


def curve(records: Sequence[GameRecord], engine: str) -> list[Score]:
    """Return the score of an engine after each of its games with a result, in the order of the records."""
    tallies = [Tally()]
    for points in (record.points(engine) for record in records):
        if points is not None:
            last = tallies[-1]
            tallies.append(
                Tally(
                    wins=last.wins + (points == 1),
                    draws=last.draws + (points == 0.5),
                    losses=last.losses + (points == 0),
                )
            )
    return [score for score in map(score_of, tallies) if score]


@dataclass(frozen=True)
class Division:
    """A title, such as "by colour", and the results in the parts into which it divides an engine's games."""

    title: str
    parts: dict[str, Tally]


def divisions(records: Sequence[GameRecord], engine: str) -> list[Division]:
    """Return the results of an engine by colour, opponent, number of moves and opening; parts are in order.

    Broken games are left out, and so is a division with a single part.
    """
    own = [record for record in records if record.points(engine) is not None]
    step = _length_step([record.plies for record in own])

    def divide(title: str, part: Callable[[GameRecord], tuple[int, str]]) -> Division:
        parts: dict[tuple[int, str], list[GameRecord]] = {}
        for record in own:
            parts.setdefault(part(record), []).append(record)
        return Division(title, {key[1]: Tally.of(parts[key], engine) for key in sorted(parts)})

    def length(record: GameRecord) -> tuple[int, str]:
        first = record.plies // step * step
        return first, f"{first} to {first + step - 1}"

    all_divisions = (
        divide("By colour", lambda record: (colour_of(record, engine), f"as {colour_of(record, engine)}")),
        divide("By opponent", lambda record: (0, opponent_of(record, engine))),
        divide("By number of moves", length),
        divide("By opening", lambda record: (0, record.opening or "empty board")),
    )
    return [division for division in all_divisions if len(division.parts) > 1]


def _length_step(plies: Sequence[int]) -> int:
    """Return the width of the spans into which games are divided by their number of moves."""
    spread = max(plies, default=0) - min(plies, default=0)
    return next((step for step in _LENGTH_STEPS if spread <= step * _MOST_LENGTHS), _LENGTH_STEPS[-1])


def axis_ticks(last: int, most: int = 6) -> list[int]:
    """Return round whole numbers from 0 to `last`: 0 and at most `most` others.

    >>> axis_ticks(40)
    [0, 10, 20, 30, 40]
    """
    steps = (factor * 10**power for power in range(10) for factor in (1, 2, 5))
    step = next(step for step in steps if last <= most * step)
    return list(range(0, last + 1, step))

"""The clock of a game: how time is measured, and what each side has left. All times are in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from shicho.engine import Colour


class TimeSystem(StrEnum):
    """How time is measured, in the words of `kata-time_settings`."""

    NONE = "none"
    ABSOLUTE = "absolute"
    BYO_YOMI = "byoyomi"
    CANADIAN = "canadian"
    FISCHER = "fischer"
    FISCHER_CAPPED = "fischer-capped"


@dataclass(frozen=True, kw_only=True)
class TimeSettings:
    """The settings of a time system; what it does not use is 0 or None.

    `main_time`: what each side begins with.
    `period_time`, `periods`: Japanese byo-yomi, where a period is spent if a move takes longer than it.
    `period_time`, `stones`: Canadian byo-yomi, where that many stones must be played in one period.
    `increment`: what is added after each move; the main time then never exceeds `most_main_time`, and no move may take
    longer than `most_per_move` (None: no limit).
    """

    system: TimeSystem = TimeSystem.NONE
    main_time: float = 0.0
    period_time: float = 0.0
    periods: int = 0
    stones: int = 0
    increment: float = 0.0
    most_main_time: float | None = None
    most_per_move: float | None = None


@dataclass(frozen=True)
class TimeLeft:
    """What a side has left: `seconds` of the main time, or of the current period if `count` is not 0.

    `count`: the stones to play in a Canadian period, or the byo-yomi periods left.
    """

    seconds: float
    count: int = 0


@dataclass(frozen=True)
class Clock:
    """The time settings of a game and what the controller last said each side has left."""

    settings: TimeSettings = TimeSettings()
    left: Mapping[Colour, TimeLeft] = field(default_factory=lambda: MappingProxyType({}))

    def with_left(self, colour: Colour, left: TimeLeft) -> "Clock":
        """Return the clock on which `colour` has that much left."""
        return Clock(self.settings, MappingProxyType({**self.left, colour: left}))

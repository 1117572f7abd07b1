"""The time control of a match and the clock of a side, kept by the controller.

Absolute time and Canadian byo-yomi, the two systems of the GTP 2 specification, section 4.2. `shicho.gtp.clock` is the
other end: what an engine has been told about its time.
"""

import math
import re
from dataclasses import dataclass
from typing import Final, Self

from shicho.engine.errors import BadConfig, brief
from shicho.engine.numbers import number_in_range

_UNITS: Final = {"h": 3600, "m": 60, "s": 1}
_DURATION: Final = r"(?:\d{1,6}[hms])+"
_TEXT: Final = re.compile(rf"({_DURATION})?(?:(^|\+)({_DURATION})/(\d{{1,3}}))?", re.ASCII)
_MOST_SECONDS: Final = 7 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class TimeControl:
    """The time that each side has for a game, in whole seconds because GTP 2 knows no fractions.

    `main_seconds`: the time before byo-yomi, 0 to a week.
    `byo_yomi_seconds`, `byo_yomi_stones`: after the main time, so many stones must be played in each period of so many
    seconds. Both are 0 for absolute time, where the main time is all there is.

    Raises BadConfig for values out of range, for one byo-yomi value without the other, and if there is no time at all.

    >>> TimeControl.parse("10m+30s/5")
    TimeControl(main_seconds=600, byo_yomi_seconds=30, byo_yomi_stones=5)
    """

    main_seconds: int = 0
    byo_yomi_seconds: int = 0
    byo_yomi_stones: int = 0

    def __post_init__(self) -> None:
        number_in_range("main time in seconds", self.main_seconds, 0, _MOST_SECONDS)
        number_in_range("byo-yomi time in seconds", self.byo_yomi_seconds, 0, _MOST_SECONDS)
        number_in_range("byo-yomi stones", self.byo_yomi_stones, 0, 999)
        if bool(self.byo_yomi_seconds) != bool(self.byo_yomi_stones):
            raise BadConfig(f"byo-yomi of {self.byo_yomi_seconds} s for {self.byo_yomi_stones} stones")
        if not self.main_seconds and not self.byo_yomi_seconds:
            raise BadConfig("a time control without any time")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the time control of a text such as "10m", "1h30m+30s/5" (30 s for 5 stones) or "30s/1".

        Raises BadConfig for any other text.
        """
        found = _TEXT.fullmatch(text)
        if not text or not found or (found[2] == "+") != (found[1] is not None and found[3] is not None):
            raise BadConfig(f"not a time control such as 10m, 10m+30s/5 or 30s/1: {brief(text)}")
        return cls(
            main_seconds=_seconds(found[1]), byo_yomi_seconds=_seconds(found[3]), byo_yomi_stones=int(found[4] or 0)
        )

    def time_settings(self) -> tuple[int, int, int]:
        """Return the arguments of GTP's `time_settings`: main time, byo-yomi time, byo-yomi stones."""
        return self.main_seconds, self.byo_yomi_seconds, self.byo_yomi_stones

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        byo_yomi = f"{_text(self.byo_yomi_seconds)}/{self.byo_yomi_stones}" if self.byo_yomi_stones else ""
        return "+".join(filter(None, (_text(self.main_seconds), byo_yomi)))


class Clock:
    """The clock of one side in one game.

    A move that takes longer than the main time left uses the first byo-yomi period for the rest, and is the first stone
    of it. A period begins anew, with its full time, as soon as its last stone has been played.

    `flag_fell`: whether a move took longer than the time left. The clock then stays at 0.

    >>> clock = Clock(TimeControl.parse("10s+5s/2"))
    >>> clock.spend(11.5), clock.time_left()
    (False, (3, 1))
    """

    def __init__(self, control: TimeControl) -> None:
        self.control = control
        self.flag_fell = False
        self._stones = 0
        self._seconds = float(control.main_seconds)
        if not control.main_seconds:
            self._begin_period()

    @property
    def seconds_to_flag(self) -> float:
        """How long the next move may take: the time left in the period, before byo-yomi with the first period."""
        in_main_time = not self._stones and not self.flag_fell
        return self._seconds + (self.control.byo_yomi_seconds if in_main_time else 0)

    def spend(self, seconds: float) -> bool:
        """Take the time of a move off the clock and return whether the flag fell.

        Raises ValueError for a time that is negative or not finite, and if the flag has fallen before.
        """
        if not (math.isfinite(seconds) and seconds >= 0) or self.flag_fell:
            raise ValueError(f"a move of {seconds} s" + " after the flag fell" * self.flag_fell)
        if seconds > self.seconds_to_flag:
            self.flag_fell, self._seconds, self._stones = True, 0.0, 0
            return True
        if not self._stones and seconds > self._seconds:
            seconds -= self._seconds
            self._begin_period()
        self._seconds -= seconds
        if self._stones:
            self._stones -= 1
            if not self._stones:
                self._begin_period()
        return False

    def time_left(self) -> tuple[int, int]:
        """Return the arguments of GTP's `time_left` after the colour: seconds, rounded down, and stones.

        They are those of the byo-yomi period, or the main time and 0.
        """
        return math.floor(self._seconds), self._stones

    def _begin_period(self) -> None:
        self._seconds, self._stones = float(self.control.byo_yomi_seconds), self.control.byo_yomi_stones


def _seconds(duration: str | None) -> int:
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", duration or ""))


def _text(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    parts = zip((hours, *divmod(rest, 60)), "hms", strict=True)
    return "".join(f"{number}{unit}" for number, unit in parts if number)

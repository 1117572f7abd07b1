"""Time settings as KGS and KataGo write them: the name of the system, then its times in seconds and its counts."""

from collections.abc import Sequence

from shicho.engine.errors import GtpError
from shicho.gtp.clock import TimeSettings, TimeSystem
from shicho.gtp.commands.arguments import SYNTAX_ERROR, expect, integer, number, seconds
from shicho.gtp.protocol import Arguments


def read_settings(args: Arguments, systems: Sequence[TimeSystem]) -> TimeSettings:
    """Return the settings that the arguments of `kata-time_settings` or `kgs-time_settings` stand for.

    Raises GtpError for a system that is not among `systems` and for times that do not fit it.
    """
    if not args:
        raise GtpError(SYNTAX_ERROR)
    name, *values = args
    if name.lower() not in systems:
        raise GtpError(f"no time system {name!r}: there are {', '.join(systems)}")
    system = TimeSystem(name.lower())
    expect(args, 1 + _ARGUMENTS[system])
    main = seconds(values[0]) if values else 0.0
    match system:
        case TimeSystem.NONE | TimeSystem.ABSOLUTE:
            return TimeSettings(system=system, main_time=main)
        case TimeSystem.BYO_YOMI:
            period, count = seconds(values[1]), integer(values[2])
            return TimeSettings(system=system, main_time=main, period_time=period, periods=count)
        case TimeSystem.CANADIAN:
            period, count = seconds(values[1]), integer(values[2])
            return TimeSettings(system=system, main_time=main, period_time=period, stones=count)
        case TimeSystem.FISCHER:
            return TimeSettings(system=system, main_time=main, increment=seconds(values[1]))
        case TimeSystem.FISCHER_CAPPED:
            increment, most, per_move = seconds(values[1]), _limit(values[2]), _limit(values[3])
            return TimeSettings(
                system=system, main_time=main, increment=increment, most_main_time=most, most_per_move=per_move
            )


def _limit(text: str) -> float | None:
    """Parse a limit in seconds; a negative number stands for no limit."""
    return None if number(text) < 0 else seconds(text)


_ARGUMENTS = {
    TimeSystem.NONE: 0,
    TimeSystem.ABSOLUTE: 1,
    TimeSystem.BYO_YOMI: 3,
    TimeSystem.CANADIAN: 3,
    TimeSystem.FISCHER: 2,
    TimeSystem.FISCHER_CAPPED: 4,
}

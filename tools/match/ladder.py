"""The ladder of opponents on which `shicho match ladder` places a network: GNU Go at three levels, and Pachi."""

from typing import Final

from shicho.engine.errors import BadConfig, EngineCrashed, EngineTimeout, GtpError, one_line
from shicho.tools.console import find_program
from shicho.tools.match.engines import EngineSpec, find_gnugo, gnugo, identify, load_engine, with_different_names
from shicho.tools.match.rating import GNU_GO_LEVEL_10
from shicho.tools.match.settings import MatchSettings, Pairing

LEVELS: Final = (1, 5, 10)
ANCHOR_LEVEL: Final = 10
_PACHI_SECONDS: Final = 10.0


class NoPachi(BadConfig):
    """The Go engine Pachi is not installed."""


def find_pachi() -> EngineSpec:
    """Return the ready-made engine `pachi`, as it reports itself.

    Raises NoPachi if there is no such program, or another one of that name, as in Debian, where it is a platform game:
    it is started and has to answer the GTP command `name` within ten seconds.
    """
    if not find_program("pachi"):
        raise NoPachi("no program pachi")
    preset = load_engine("pachi")
    try:
        spec = identify(preset.model_copy(update={"start_timeout": _PACHI_SECONDS}))
    except (GtpError, EngineCrashed, EngineTimeout) as error:
        raise NoPachi(f"the program pachi is no Go engine: {one_line(error)}") from None
    if not spec.name.startswith("Pachi"):
        raise NoPachi(f"the program pachi is {spec.name}")
    version = spec.version.partition(":")[0]  # what follows is a greeting of several sentences
    return spec.model_copy(update={"version": version, "start_timeout": preset.start_timeout})


def gauntlet(
    engine: EngineSpec, pachi: EngineSpec | None, *, seed: int, size: int
) -> tuple[MatchSettings, tuple[str, float]]:
    """Return the settings of a match of an engine with each opponent, and the anchor: GNU Go level 10 and its rating.

    Chinese rules, komi 7.5; GNU Go level 10 and Shicho count the games. Raises NoGnuGo and the errors of `identify`.
    """
    program = find_gnugo()
    levels = [identify(gnugo(program, level)) for level in LEVELS]
    engines = with_different_names([identify(engine), *levels, *([pachi] if pachi else [])])
    place = LEVELS.index(ANCHOR_LEVEL)
    settings = MatchSettings(
        engines=tuple(engines), referee=levels[place], seed=seed, size=size, pairing=Pairing.GAUNTLET
    )
    return settings, (engines[1 + place].name, GNU_GO_LEVEL_10)

"""The settings that all games of a match share."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from shicho.engine.colour import Colour
from shicho.engine.errors import BadConfig, ShichoError
from shicho.engine.rules import Rules
from shicho.tools.match.engines import EngineSpec
from shicho.tools.match.openings import Opening, empty_board
from shicho.tools.match.time_control import TimeControl
from shicho.training.config import to_json


class Pairing(StrEnum):
    """Who plays whom: the first engine against each other one, or everyone against everyone."""

    GAUNTLET = "gauntlet"
    ROUND_ROBIN = "round-robin"


@dataclass(frozen=True, kw_only=True)
class MatchSettings:
    """What decides the games of a match.

    `engines`: two or more, with different names.
    `referee`: the engine that counts games which ended with two passes; None: only Shicho counts.
    `shicho_counts`: whether Shicho counts them too. Where the two differ, the referee decides.
    `seed`: all seeds of games are derived from it.
    `move_timeout`: seconds to wait for each response after the start of a game, unless there is a time control.
    `keep_engines`: whether engines play on in the same process, or are started anew for each game.

    Raises BadConfig if engines have the same name, nobody counts, or an opening does not fit size and rules.
    """

    engines: tuple[EngineSpec, ...]
    referee: EngineSpec | None
    shicho_counts: bool = True
    seed: int
    size: int = 19
    rules: Rules = field(default_factory=Rules)
    pairing: Pairing = Pairing.ROUND_ROBIN
    openings: tuple[Opening, ...] = (empty_board(),)
    time_control: TimeControl | None = None
    move_timeout: float = 120.0
    keep_engines: bool = False

    def __post_init__(self) -> None:
        if len(self.engines) < 2:
            raise BadConfig("a match needs two engines or more")
        if len(set(self.names)) < len(self.engines):
            raise BadConfig(f"engines of a match have the same name: {', '.join(self.names)}")
        if not self.referee and not self.shicho_counts:
            raise BadConfig("nobody counts the games: neither a referee nor Shicho")
        if not self.openings:
            raise BadConfig("a match needs an opening, even if it is the empty board")
        for opening in self.openings:
            try:
                opening.game(self.size, self.rules)
            except ShichoError as error:
                raise BadConfig(f"opening {opening.name!r} on {self.size}x{self.size}: {error}") from None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the engines."""
        return tuple(spec.name for spec in self.engines)

    @property
    def max_plies(self) -> int:
        """The maximum number of plies of a game: 722 on 19x19."""
        return 2 * self.size * self.size

    def as_json(self) -> dict[str, Any]:
        """Return the settings as JSON values, without timeouts, which may change while a match is going on."""
        return {
            "engines": [_engine(spec) for spec in self.engines],
            "referee": _engine(self.referee) if self.referee else None,
            "shicho_counts": self.shicho_counts,
            "seed": self.seed,
            "size": self.size,
            "rules": asdict(self.rules),
            "pairing": str(self.pairing),
            "openings": [_opening(opening) for opening in self.openings],
            "time_control": str(self.time_control) if self.time_control else None,
            "keep_engines": self.keep_engines,
        }


def _engine(spec: EngineSpec) -> dict[str, Any]:
    return {name: value for name, value in to_json(spec).items() if not name.endswith("_timeout")}


def _opening(opening: Opening) -> dict[str, Any]:
    return {
        "name": opening.name,
        "handicap": opening.handicap,
        "setup": _moves(opening.setup),
        "to_play": str(opening.to_play) if opening.to_play else None,
        "moves": _moves(opening.moves),
    }


def _moves(moves: Iterable[tuple[Colour, str]]) -> str:
    return " ".join(f"{colour.letter} {vertex}" for colour, vertex in moves)

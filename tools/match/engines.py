"""How to start an engine and prepare it for a game; its name and version as it reports them; its TOML file.

A file gives the fields of `EngineSpec`, of which only `command` is needed::

    name = "GNU Go 1"
    command = "gnugo --mode gtp --level 1 --seed {seed}"
    rules = "gnugo"
"""

import hashlib
import os
import threading
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from shicho.engine.colour import Colour
from shicho.engine.errors import BadConfig, GtpError, ShichoError, brief, one_line
from shicho.engine.player import Player
from shicho.engine.policy import Policy, default_network
from shicho.engine.rules import Rules
from shicho.engine.settings import PlaySettings
from shicho.gtp.client import GtpClient
from shicho.tools.console import find_command, find_program, shicho_gtp, split_command
from shicho.tools.match.dialects import Dialect
from shicho.tools.match.openings import Opening
from shicho.tools.match.time_control import TimeControl
from shicho.training.config import Config, parse

START_SECONDS: Final = 60.0
REFEREE_LEVEL: Final = 10
"""The level of GNU Go when it counts games."""

_SEED: Final = "{seed}"
_PROBE_SEED: Final = 1

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class NoGnuGo(ShichoError):
    """GNU Go is not installed."""


class CannotPlay(ShichoError):
    """An engine refuses the size, komi, rules, time or opening of a match."""


class EngineSpec(Config):
    """How to start an engine, and its name in tables and records.

    `command`: program and arguments; every `{seed}` in it is replaced by the seed of the game. `shicho-gtp` is the one
    of this installation; other programs are looked up on PATH and in Debian's folders of games.
    `name`: "" until the engine has been asked (see `identify`). `version`: as the engine reports it.
    `detail`: what distinguishes engines of the same name and version, such as a level or a network.
    `rules`: how the engine is told the rules of the match.
    `start_commands`: GTP commands that are sent once, before anything else.
    `start_timeout`: seconds to wait for each response before the first move; `move_timeout`: for each later one, None
    for that of the match.
    `working_directory`, `environment`: of its process; variables are added to those of the match.
    """

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    name: str = ""
    version: str = ""
    detail: str = ""
    rules: Dialect = Dialect.AUTO
    start_commands: tuple[str, ...] = ()
    start_timeout: Seconds = START_SECONDS
    move_timeout: Seconds | None = None
    working_directory: Path | None = None
    environment: Mapping[str, str] = {}

    @property
    def title(self) -> str:
        """Name, version and detail in one line; what the name holds already is not said again."""
        words = self.name.split()
        more = [part for part in (self.version, self.detail) if not set(part.split()) <= set(words)]
        return " ".join([self.name, *more])

    def start(
        self,
        seed: int,
        *,
        rules: Rules | None = None,
        label: str = "",
        timeout: float = START_SECONDS,
        cancel: threading.Event | None = None,
    ) -> GtpClient:
        """Start a process with `seed` and `rules` in its command line and send it the start-up commands.

        `label` follows the name in error messages; `timeout` is the default for responses, in seconds, unless the spec
        has one; `cancel` stops waiting (see `GtpClient`). Raises EngineCrashed if the program cannot be started, and
        the errors of `GtpClient.send`.
        """
        command = find_command([*self.command, *self.rules.options(rules or Rules())])
        name = self.name or Path(self.command[0]).name
        client = GtpClient(
            [part.replace(_SEED, str(seed)) for part in command],
            name=f"{name} ({label})" if label else name,
            timeout=self.move_timeout or timeout,
            cancel=cancel,
            working_directory=self.working_directory,
            environment=self.environment,
        )
        try:
            for line in self.start_commands:
                client.send(line, timeout=self.start_timeout)
        except BaseException:
            client.close()
            raise
        return client


def identify(spec: EngineSpec) -> EngineSpec:
    """Start the engine once and return the spec with what it reports: its version, its name if the spec has none, and
    how it is told the rules if that is left to be seen.

    Raises GtpError, EngineCrashed or EngineTimeout if the engine does not answer.
    """
    with spec.start(_PROBE_SEED) as client:
        name = client.send("name", timeout=spec.start_timeout)
        version = client.send("version", timeout=spec.start_timeout)
        try:
            commands = client.send("list_commands", timeout=spec.start_timeout).split()
        except GtpError:
            commands = []
    rules = Dialect.known_to(name, commands) if spec.rules is Dialect.AUTO else spec.rules
    return spec.model_copy(update={"name": spec.name or name, "version": version, "rules": rules})


def with_different_names(specs: Sequence[EngineSpec]) -> list[EngineSpec]:
    """Return the engines with their titles as names where names are equal, and numbers where titles are equal too."""
    names = [spec.name for spec in specs]
    names = [spec.title if names.count(spec.name) > 1 else spec.name for spec in specs]
    numbered = [
        f"{name} ({names[:place].count(name) + 1})" if name in names[:place] else name
        for place, name in enumerate(names)
    ]
    return [spec.model_copy(update={"name": name}) for spec, name in zip(specs, numbered, strict=True)]


def prepare(
    client: GtpClient,
    spec: EngineSpec,
    *,
    size: int,
    rules: Rules,
    opening: Opening,
    time_control: TimeControl | None = None,
) -> None:
    """Tell an engine rules, size, komi, time and opening of a game.

    Raises CannotPlay if it refuses one of them, EngineCrashed or EngineTimeout if it fails.
    """
    lines = [f"boardsize {size}", f"komi {rules.komi:g}", "clear_board"]
    if time_control:
        lines.append(" ".join(map(str, ("time_settings", *time_control.time_settings()))))
    try:
        for line in [*spec.rules.commands(rules), *lines, *opening_commands(opening)]:
            client.send(line, timeout=spec.start_timeout)
    except (GtpError, BadConfig) as error:
        raise CannotPlay(f"this match cannot be played: {error}") from None


def opening_commands(opening: Opening) -> list[str]:
    """Return the GTP commands that bring the empty board to the position after an opening.

    Handicap stones are placed as such, other set-up stones are played in any order, for GTP has no command for them.

    >>> opening_commands(Opening(name="", handicap=2, moves=((Colour.WHITE, "D4"),)))
    ['fixed_handicap 2', 'play white D4']
    """
    lines, stones = [], list(opening.setup)
    if opening.handicap and not opening.setup:
        lines.append(f"fixed_handicap {opening.handicap}")
    elif opening.handicap:
        black = [vertex for colour, vertex in stones if colour is Colour.BLACK]
        stones = [(colour, vertex) for colour, vertex in stones if colour is Colour.WHITE]
        lines.append(f"set_free_handicap {' '.join(black)}")
    return lines + [f"play {colour} {vertex}" for colour, vertex in (*stones, *opening.moves)]


# ------------------------------------------------------------------------------------------------- finding engines


def load_engine(name_or_path: str) -> EngineSpec:
    """Return the engine of a TOML file, or the ready-made one of that name; raises BadConfig.

    `working_directory` and a program with a slash are relative to the file's folder.
    """
    path, place = Path(name_or_path), f"engine {name_or_path}"
    if path.suffix == ".toml":
        folder = path.parent.resolve()
    elif name_or_path in engine_names():
        folder = Path.cwd()
    else:
        known = ", ".join(engine_names())
        raise BadConfig(f"{place}: unknown; known are {known}; or give a .toml file, or --engine COMMAND")
    source = path if path.suffix == ".toml" else _presets() / f"{name_or_path}.toml"
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(one_line(error)) from None
    except ValueError as error:
        raise BadConfig(f"{place}: {one_line(error)}") from None
    if isinstance(table.get("command"), str):
        table["command"] = _split(table["command"], place)
    spec = parse(EngineSpec, table, place)
    program = spec.command[0]
    changed = {
        "command": (str(folder / program) if os.sep in program else program, *spec.command[1:]),
        "working_directory": folder / spec.working_directory if spec.working_directory else None,
    }
    return spec.model_copy(update=changed)


def engine_names() -> list[str]:
    """Return the names of the ready-made engines, sorted."""
    return sorted(file.name.removesuffix(".toml") for file in _presets().iterdir() if file.name.endswith(".toml"))


def engine_of_command(command: str) -> EngineSpec:
    """Return the engine of a command line as in a shell; raises BadConfig if it cannot be split or is empty."""
    return EngineSpec(command=_split(command, f"engine {brief(command)}"))


def find_gnugo() -> str:
    """Return the path of GNU Go, from PATH or Debian's folders of games; raises NoGnuGo if there is none."""
    program = find_program("gnugo")
    if program is None:
        raise NoGnuGo("GNU Go not found on PATH or in /usr/games: install it (Debian: sudo apt-get install gnugo)")
    return program


def gnugo(program: str, level: int) -> EngineSpec:
    """Return the spec of GNU Go at a level."""
    command = (program, *f"--mode gtp --level {level} --seed {_SEED}".split())
    return EngineSpec(command=command, name="GNU Go", detail=f"level {level}", rules=Dialect.GNUGO)


def shicho(network: Path | None, settings: PlaySettings) -> EngineSpec:
    """Return the spec of Shicho with a network, None for the included one; style, symmetries and digest are its detail.

    Raises BadNetwork for a network that cannot be used and BadConfig for settings that it does not suit.
    """
    path = (network or default_network()).resolve()
    Player(Policy(path), np.random.default_rng(), settings)  # raises here what the engine would only log
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    options = ("--style", str(settings.style), "--symmetries", str(settings.symmetries))
    command = shicho_gtp("--seed", _SEED, "--network", str(path), *options)
    detail = f"style {settings.style}, symmetries {settings.symmetries}, sha256 {digest[:12]}"
    return EngineSpec(command=command, name="Shicho", detail=detail, rules=Dialect.KATA)


def _split(command: str, place: str) -> tuple[str, ...]:
    try:
        return split_command(command)
    except BadConfig as error:
        raise BadConfig(f"{place}: {error}") from None


def _presets() -> Traversable:
    return resources.files("shicho.tools.match") / "presets"

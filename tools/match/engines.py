"""How to start an engine, and the name and version that it reports."""

import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shicho.engine.errors import ShichoError
from shicho.gtp.client import GtpClient

START_SECONDS = 60.0
_SEED = "{seed}"
_PROBE_SEED = 1


class NoGnuGo(ShichoError):
    """GNU Go is not installed."""


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """How to start an engine, and its name in tables and records.

    `command`: program and arguments; every `{seed}` in it is replaced by the seed of the game.
    `name`, `version`: as the engine reports them (see `identify`).
    `detail`: what distinguishes engines of the same name and version, such as a level or a network.
    """

    command: tuple[str, ...]
    name: str = "engine"
    version: str = ""
    detail: str = ""

    @property
    def title(self) -> str:
        """Name, version and detail in one line."""
        return " ".join(part for part in (self.name, self.version, self.detail) if part)

    def start(
        self, seed: int, *, label: str = "", timeout: float = START_SECONDS, cancel: threading.Event | None = None
    ) -> GtpClient:
        """Start a process with `seed` in its command line.

        `label` follows the name in error messages; `timeout` is the default for responses, in seconds; `cancel` stops
        waiting (see `GtpClient`). Raises EngineCrashed if the program cannot be started.
        """
        command = [part.replace(_SEED, str(seed)) for part in self.command]
        return GtpClient(command, name=f"{self.name} ({label})" if label else self.name, timeout=timeout, cancel=cancel)


def identify(spec: EngineSpec) -> EngineSpec:
    """Start the engine once and return the spec with the name and version that it reports.

    Raises GtpError, EngineCrashed or EngineTimeout if the engine does not answer.
    """
    with spec.start(_PROBE_SEED) as client:
        return replace(spec, name=client.send("name"), version=client.send("version"))


def find_gnugo() -> str:
    """Return the path of GNU Go, from PATH, /usr/games or /usr/local/games; raises NoGnuGo if there is none."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/games", "/usr/local/games"))
    program = shutil.which("gnugo", path=path)
    if program is None:
        raise NoGnuGo("GNU Go not found on PATH or in /usr/games: install it (Debian: sudo apt-get install gnugo)")
    return program


def gnugo(program: str, level: int) -> EngineSpec:
    """Return the spec of GNU Go at a level, with the rules of a match: area scoring, positional superko."""
    options = f"--mode gtp --level {level} --seed {_SEED} --chinese-rules --positional-superko"
    return EngineSpec(command=(program, *options.split()), name="GNU Go", detail=f"level {level}")


def set_up(client: GtpClient, size: int, komi: float) -> None:
    """Send board size and komi and clear the board; raises the errors of `GtpClient.send`."""
    commands: Sequence[tuple[str, object]] = (("boardsize", size), ("komi", f"{komi:g}"))
    for command, argument in commands:
        client.send(command, argument)
    client.send("clear_board")

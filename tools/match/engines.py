"""Engines as command lines, and who they say they are."""

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
    """How to start an engine and what it calls itself.

    In `command`, `{seed}` stands for a game's seed. `detail` tells apart what `name` and `version` do not: a level, a
    network.
    """

    command: tuple[str, ...]
    name: str = "engine"
    version: str = ""
    detail: str = ""

    @property
    def title(self) -> str:
        """Name, version and detail, for tables and game records."""
        return " ".join(part for part in (self.name, self.version, self.detail) if part)

    def start(
        self, seed: int, *, label: str = "", timeout: float = START_SECONDS, cancel: threading.Event | None = None
    ) -> GtpClient:
        """A new process with the seed filled in. Raises EngineCrashed where it cannot be started."""
        command = [part.replace(_SEED, str(seed)) for part in self.command]
        return GtpClient(command, name=f"{self.name} ({label})" if label else self.name, timeout=timeout, cancel=cancel)


def identify(spec: EngineSpec) -> EngineSpec:
    """The spec with the name and version that the engine reports. Raises as `GtpClient` does."""
    with spec.start(_PROBE_SEED) as client:
        return replace(spec, name=client.send("name"), version=client.send("version"))


def find_gnugo() -> str:
    """The GNU Go program: on PATH, or where Debian puts games. Raises NoGnuGo."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/games", "/usr/local/games"))
    program = shutil.which("gnugo", path=path)
    if program is None:
        raise NoGnuGo("GNU Go not found on PATH or in /usr/games: install it (Debian: sudo apt-get install gnugo)")
    return program


def gnugo(program: str, level: int) -> EngineSpec:
    """GNU Go under the rules of a match (area scoring, positional superko)."""
    options = f"--mode gtp --level {level} --seed {_SEED} --chinese-rules --positional-superko"
    return EngineSpec(command=(program, *options.split()), name="GNU Go", detail=f"level {level}")


def set_up(client: GtpClient, size: int, komi: float) -> None:
    """An empty board of that size and the komi. Raises as `GtpClient.send` does."""
    commands: Sequence[tuple[str, object]] = (("boardsize", size), ("komi", f"{komi:g}"))
    for command, argument in commands:
        client.send(command, argument)
    client.send("clear_board")

"""The engine processes of one thread that plays games: started for each game, or kept for the next one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from shicho.engine.rules import Rules
from shicho.gtp.client import GtpClient
from shicho.tools.match.engines import EngineSpec
from shicho.tools.match.usage import Usage, session_usage


@dataclass(frozen=True)
class RunningEngine:
    """An engine process. `seed`: what it was started with; `used`: its processor seconds before this game."""

    spec: EngineSpec
    client: GtpClient
    seed: int
    used: float

    def usage(self) -> Usage | None:
        """Return the processor time in this game and the largest memory since the start; None if it has ended."""
        usage = session_usage(self.client.pid) if self.client.is_running else None
        return Usage(usage.cpu_seconds - self.used, usage.peak_mib) if usage else None


class Processes:
    """Engine processes under the rules of a match. A context manager, which ends those that were kept.

    `keep`: whether an engine that has not failed is used again. `cancel`: stops all waiting (see `GtpClient`).
    """

    def __init__(
        self, rules: Rules, *, timeout: float, keep: bool = False, cancel: threading.Event | None = None
    ) -> None:
        self._rules = rules
        self._timeout = timeout
        self._keep = keep
        self.cancel = cancel
        self._kept: dict[tuple[str, bool], RunningEngine] = {}

    @contextmanager
    def running(self, spec: EngineSpec, seed: int, label: str) -> Iterator[RunningEngine]:
        """Give an engine for one game; `label` follows its name in messages, and "referee" has a process of its own.

        An engine is kept only if no exception leaves the block. Raises EngineCrashed, EngineTimeout or GtpError if it
        cannot be started.
        """
        key = spec.name, label == "referee"
        kept = self._kept.pop(key, None)
        if kept and kept.client.is_running:
            kept.client.name = f"{spec.name} ({label})"
            usage = session_usage(kept.client.pid)
            engine = RunningEngine(spec, kept.client, kept.seed, usage.cpu_seconds if usage else 0.0)
        else:
            client = spec.start(seed, rules=self._rules, label=label, timeout=self._timeout, cancel=self.cancel)
            engine = RunningEngine(spec, client, seed, 0.0)
        try:
            yield engine
        except BaseException:
            engine.client.close()
            raise
        if self._keep and engine.client.is_running:
            self._kept[key] = engine
        else:
            engine.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for engine in self._kept.values():
            engine.client.close()
        self._kept.clear()

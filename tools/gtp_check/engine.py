"""The engine under examination: its process, byte by byte, and what it said without being asked."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from shicho.engine.errors import EngineCrashed, EngineTimeout
from shicho.gtp.client import MAX_RESPONSE, GtpClient
from shicho.gtp.protocol import parse_response

QUIET_SECONDS = 0.15
"""How long an engine must be quiet until nothing more is expected of it."""

_INSTANT = 0.001
_SIZES = (9, 19, 13, 7)


class Refused(Exception):
    """The engine refused a command that a check builds upon; the message holds the command and the answer."""


@dataclass(frozen=True)
class Answer:
    """A response: its parts, and its bytes up to the empty line at its end."""

    ok: bool
    id: str | None
    text: str
    raw: bytes

    @property
    def words(self) -> list[str]:
        """The words of the text."""
        return self.text.split()


class Engine:
    """A GTP engine that may do anything; a context manager.

    `command`: program and arguments. `timeout`: seconds to wait for an answer. `start_timeout`: the same for the first
    answer of a process.

    `commands`: what list_commands tells. `size`: the first of 9, 19, 13 and 7 that boardsize accepts.
    `stray`: the lines on stdout that are no part of an answer, each with the command before it.

    Raises EngineCrashed or EngineTimeout if the engine cannot be started or gives no answer at all.
    """

    def __init__(self, command: Sequence[str], *, timeout: float, start_timeout: float) -> None:
        self._command = command
        self._timeout = timeout
        self._start_timeout = start_timeout
        self.stray: list[tuple[str, bytes]] = []
        self._last = "the start"
        self.running = False
        self.start()
        self.name = self.ask("name").text.strip()
        self.version = self.ask("version").text.strip()
        self.commands = frozenset(self.ask("list_commands").words)
        self.size = next((size for size in _SIZES if self.ask(f"boardsize {size}").ok), _SIZES[0])

    def start(self) -> None:
        """Start a process if none is running, and wait until it answers; raises as the class does."""
        if not self.running:
            self.client = GtpClient(self._command)
            self.running = True
            self.ask("protocol_version", timeout=self._start_timeout)

    def end(self) -> None:
        """End the process."""
        self.running = False
        self.client.close()

    def ask(self, line: str, *, timeout: float | None = None) -> Answer:
        """Send a line and return the answer.

        What is on stdout before that is stray. Raises EngineTimeout or EngineCrashed if there is no answer; then the
        process has been ended.
        """
        self.note(self.pending(_INSTANT))
        self.send(line.encode() + b"\n")
        return self.read_answer(line, timeout=timeout)

    def must(self, line: str) -> str:
        """Send a command that must succeed and return the text of its answer; raises Refused."""
        answer = self.ask(line)
        if not answer.ok:
            raise Refused(f'`{line}` fails ("{answer.text.strip()}")')
        return answer.text

    def new_game(self, size: int | None = None, *moves: str) -> None:
        """Set up an empty board with komi 7.5 and play moves such as "b D4"; raises Refused."""
        for line in (f"boardsize {size or self.size}", "clear_board", "komi 7.5", *(f"play {move}" for move in moves)):
            self.must(line)

    def send(self, data: bytes) -> None:
        """Write bytes; nothing is read."""
        self.client.write(data)

    def read_answer(self, line: str, *, timeout: float | None = None) -> Answer:
        """Read the next answer; what precedes it on stdout is stray. Raises as `ask` does; `line` names the command."""
        self._last = line
        seconds = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + seconds
        block: list[bytes] = []
        while True:
            raw = self.client.read_line(deadline)
            if raw is None:
                self.running = False
                raise self.client.failure(EngineTimeout, line, f"no answer within {seconds:g} s")
            if raw == b"":
                self.running = False
                raise self.client.failure(EngineCrashed, line, f"the engine {self.client.how_it_ended()}")
            if not block and not raw.startswith((b"=", b"?")):
                self.stray.append((line, raw))
            elif raw.rstrip(b"\r\n"):
                block.append(raw)
            else:
                return _answer(b"".join((*block, raw)))
            if sum(map(len, block)) > MAX_RESPONSE:
                self.running = False
                raise self.client.failure(EngineCrashed, line, f"the answer is longer than {MAX_RESPONSE} bytes")

    def pending(self, seconds: float = QUIET_SECONDS) -> list[bytes]:
        """Return the lines that come within `seconds` without being asked for; none at the end of the output."""
        deadline = time.monotonic() + seconds
        lines = []
        while raw := self.client.read_line(deadline):
            lines.append(raw)
        return lines

    def note(self, lines: list[bytes]) -> None:
        """Add lines to the stray ones, as coming after the last command that was answered."""
        self.stray += [(self._last, raw) for raw in lines]

    def has_exited(self, seconds: float) -> bool:
        """Wait for the process to exit, end it after `seconds`, and return whether it did so by itself."""
        exited = self.client.wait(seconds) is not None
        self.end()
        return exited

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *error: object) -> None:
        self.end()


def _answer(raw: bytes) -> Answer:
    response = parse_response(raw.decode("utf-8", "replace").replace("\r\n", "\n"))
    return Answer(response.ok, response.id, response.text, raw)

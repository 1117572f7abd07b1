"""A controller for any GTP engine: a subprocess that is asked one command at a time and never waited for in vain.

The engine may print what it likes on stderr, end lines with CRLF, crash in the middle of an answer or never answer.
Every failure is a typed error whose message is one line: engine, command, what happened, its last words on stderr.
"""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Self

from shicho.engine.errors import EngineCrashed, EngineTimeout, GtpError, ShichoError
from shicho.gtp.protocol import parse_response

MAX_RESPONSE = 1 << 20
_LINE = 1 << 16
_STDERR_LINES = 3
_POLL_SECONDS = 0.2
_GRACE_SECONDS = 1.0


class GtpClient:
    """A running GTP engine (a context manager; `close` ends the engine and whatever it started).

    `command` is the program with its arguments. `name` stands in error messages, by default the program's file name.
    `timeout` in seconds holds for commands that bring none of their own. `stderr` names a file to keep all that the
    engine prints there. `cancel`, set from another thread, makes a waiting `send` raise EngineTimeout at once. Raises
    EngineCrashed where the program cannot be started. One thread at a time may `send`.

    After EngineCrashed or EngineTimeout the engine has been ended, and every further `send` raises EngineCrashed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str | None = None,
        timeout: float = 60.0,
        stderr: Path | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        if not command:
            raise EngineCrashed("no engine to start: the command line is empty")
        self.name = name or Path(command[0]).name
        self.timeout = timeout
        self._cancel = cancel
        self._ended = ""
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._stderr_tail: deque[str] = deque(maxlen=_STDERR_LINES)
        log = stderr.open("ab") if stderr else None
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            if log:
                log.close()
            raise EngineCrashed(f"{self.name}: cannot start {command[0]!r}: {error}") from error
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._stdin = self._process.stdin
        self._pumps = (
            threading.Thread(target=self._pump_stdout, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._pump_stderr, args=(self._process.stderr, log), daemon=True),
        )
        for pump in self._pumps:
            pump.start()

    @property
    def pid(self) -> int:
        """Process id of the engine."""
        return self._process.pid

    def send(self, command: str, *args: object, timeout: float | None = None) -> str:
        """The text of the engine's answer to a command, without the `=`.

        Raises GtpError where the engine refuses (`? text`; it can still be used), EngineTimeout where no complete
        answer came within `timeout` seconds, EngineCrashed where the engine is gone or its answer is no GTP.
        """
        line = " ".join((command, *map(str, args)))
        if self._ended:
            raise EngineCrashed(f"{self.name}: {line}: the engine was ended before ({self._ended})")
        try:
            self._stdin.write(line.encode() + b"\n")
            self._stdin.flush()
        except OSError:
            pass  # the engine is gone: what it still said, and its end, are read below
        block = self._read_block(line, self.timeout if timeout is None else timeout)
        try:
            response = parse_response(block)
        except GtpError:
            raise self._failure(EngineCrashed, line, f"no GTP response: {block[0][:80]!r}") from None
        if not response.ok:
            raise GtpError(f"{self.name}: {line}: {_one_line(response.text) or 'refused without a reason'}")
        return response.text

    def close(self) -> None:
        """Ask the engine to quit, give it a second, then end it and all its processes. May be called twice."""
        if not self._ended:
            with contextlib.suppress(OSError):
                self._stdin.write(b"quit\n")
                self._stdin.flush()
            self._end("closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_block(self, command: str, timeout: float) -> list[str]:
        """The lines of one response, its empty last line left off."""
        deadline = time.monotonic() + timeout
        block: list[str] = []
        size = 0
        while True:
            raw = self._next_line(deadline)
            if raw is None:
                what = "cancelled" if self._cancelled else f"no answer in {timeout:g} s"
                raise self._failure(EngineTimeout, command, what)
            if raw == b"":
                code = self._exit_code()
                raise self._failure(
                    EngineCrashed, command, f"the engine ended{code}" + (" in mid-answer" if block else "")
                )
            size += len(raw)
            if size > MAX_RESPONSE:
                raise self._failure(EngineCrashed, command, f"no end of the answer after {MAX_RESPONSE} bytes")
            text = raw.decode("utf-8", "replace").rstrip("\r\n")
            if text:
                block.append(text)
            elif block:
                return block

    def _next_line(self, deadline: float) -> bytes | None:
        """The next line of stdout, b"" at its end, None where time is up or the wait was cancelled."""
        while not self._cancelled and (remaining := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                return self._lines.get(timeout=min(remaining, _POLL_SECONDS) if self._cancel else remaining)
        return None

    @property
    def _cancelled(self) -> bool:
        return self._cancel is not None and self._cancel.is_set()

    def _failure(self, kind: type[ShichoError], command: str, what: str) -> ShichoError:
        """End the engine; the error to raise."""
        self._end(what)
        tail = " | ".join(self._stderr_tail)
        return kind(f"{self.name}: {command}: {what}" + (f"; stderr: {tail}" if tail else ""))

    def _exit_code(self) -> str:
        try:
            return f" with exit code {self._process.wait(_GRACE_SECONDS)}"
        except subprocess.TimeoutExpired:
            return " its output"

    def _end(self, why: str) -> None:
        """Close the engine's stdin, wait a moment if it was asked to quit, and end its whole process group."""
        self._ended = why
        with contextlib.suppress(OSError):
            self._stdin.close()
        if why == "closed":
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS)
        self._kill_tree()
        self._process.wait()
        for pump in self._pumps:
            pump.join(_GRACE_SECONDS)

    def _kill_tree(self) -> None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def _pump_stdout(self, stream: IO[bytes]) -> None:
        with stream, contextlib.suppress(ValueError, OSError):
            while line := stream.readline(_LINE):
                self._lines.put(line)
        self._lines.put(b"")

    def _pump_stderr(self, stream: IO[bytes], log: BinaryIO | None) -> None:
        with stream, log or contextlib.nullcontext(), contextlib.suppress(ValueError, OSError):
            while line := stream.readline(_LINE):
                if text := _one_line(line.decode("utf-8", "replace")):
                    self._stderr_tail.append(text[:200])
                if log:
                    log.write(line)
                    log.flush()


def _one_line(text: str) -> str:
    return " / ".join(line.strip() for line in text.splitlines() if line.strip())

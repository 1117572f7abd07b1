"""A GTP client: runs any engine as a subprocess and sends it one command at a time, with a timeout.

The engine may print anything on stderr, end lines with CRLF, crash in the middle of a response or never answer. Every
failure is a typed error with a one-line message: engine, command, what happened, and the last lines of stderr.
"""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
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
    """A running GTP engine. A context manager: `close` ends the engine and its child processes.

    `command`: the program and its arguments.
    `name`: the engine's name in error messages; default: the program's file name.
    `timeout`: seconds to wait for a response, if `send` does not get its own timeout.
    `stderr`: a file to which the engine's stderr is appended.
    `working_directory`, `environment`: of the process; the variables are added to those of this process.
    `cancel`: an event; setting it from another thread makes a waiting `send` raise EngineTimeout within 0.2 s.

    Raises EngineCrashed if the program cannot be started. After EngineCrashed or EngineTimeout the engine is no longer
    running, and every further `send` raises EngineCrashed. Only one thread may call `send` at a time.

    Example::

        with GtpClient(["gnugo", "--mode", "gtp"], timeout=30) as engine:
            engine.send("boardsize", 19)
            vertex = engine.send("genmove", "black")
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str | None = None,
        timeout: float = 60.0,
        stderr: Path | None = None,
        cancel: threading.Event | None = None,
        working_directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if not command:
            raise EngineCrashed("cannot start an engine: the command line is empty")
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
                cwd=working_directory,
                env={**os.environ, **(environment or {})},
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
        """The process id of the engine."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the engine can be sent commands: it has neither been closed nor failed."""
        return not self._ended

    def send(self, command: str, *args: object, timeout: float | None = None) -> str:
        """Send a command and return the text of the response, without the `=`.

        Raises GtpError for a failure response (`? text`), after which the engine can still be used; EngineTimeout if
        the response is not complete after `timeout` seconds; EngineCrashed if the engine has exited or its output is
        not a GTP response.
        """
        line = " ".join((command, *map(str, args)))
        if self._ended:
            raise EngineCrashed(f"{self.name}: {line}: the engine is no longer running ({self._ended})")
        self.write(line.encode() + b"\n")
        block = self._read_block(line, self.timeout if timeout is None else timeout)
        try:
            response = parse_response(block)
        except GtpError:
            raise self.failure(EngineCrashed, line, f"not a GTP response: {block[0][:80]!r}") from None
        if not response.ok:
            raise GtpError(f"{self.name}: {line}: {_one_line(response.text) or 'failure response without a message'}")
        return response.text

    def write(self, data: bytes) -> None:
        """Write bytes to the engine's stdin; does nothing if the engine has exited, which `read_line` then reports."""
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(data)
            self._stdin.flush()

    def close_input(self) -> None:
        """Close the engine's stdin, so that it sees the end of its input."""
        with contextlib.suppress(OSError):
            self._stdin.close()

    def read_line(self, deadline: float) -> bytes | None:
        """Return the next line of stdout as it came, b"" at its end, None after the deadline or a cancellation.

        `deadline`: a time of `time.monotonic`. A line of more than 65,536 bytes comes in pieces.
        """
        while not self._cancelled and (remaining := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=min(remaining, _POLL_SECONDS) if self._cancel else remaining)
                if not line:
                    self._lines.put(line)  # the end is there for the next call too
                return line
        return None

    def terminate(self) -> None:
        """Ask the process to end, with SIGTERM where there are signals."""
        self._process.terminate()

    def wait(self, timeout: float) -> int | None:
        """Wait until the process has exited and return its exit code, None if it runs on after `timeout` seconds."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def failure(self, kind: type[ShichoError], command: str, what: str) -> ShichoError:
        """End the engine and return the error to raise: what happened at which command, and the last of stderr."""
        self._end(what)
        tail = " | ".join(self._stderr_tail)
        return kind(f"{self.name}: {command}: {what}" + (f"; stderr: {tail}" if tail else ""))

    def how_it_ended(self) -> str:
        """Return the exit code in words, of a process whose output has ended."""
        code = self.wait(_GRACE_SECONDS)
        return "closed its output" if code is None else f"exited with code {code}"

    def close(self) -> None:
        """Send `quit`, wait up to one second, then kill the process group. Calling it again does nothing."""
        if not self._ended:
            self.write(b"quit\n")
            self._end("closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_block(self, command: str, timeout: float) -> list[str]:
        """Return the lines of one response without the empty line that ends it."""
        deadline = time.monotonic() + timeout
        block: list[str] = []
        line, size = b"", 0
        while True:
            raw = self.read_line(deadline)
            if raw is None:
                what = "cancelled" if self._cancelled else f"no response within {timeout:g} s"
                raise self.failure(EngineTimeout, command, what)
            if raw == b"":
                code = self.how_it_ended()
                raise self.failure(
                    EngineCrashed,
                    command,
                    f"the engine {code}" + (" in the middle of a response" if block or line else ""),
                )
            size += len(raw)
            if size > MAX_RESPONSE:
                raise self.failure(EngineCrashed, command, f"response is longer than {MAX_RESPONSE} bytes")
            line += raw
            if not line.endswith(b"\n"):
                continue
            text, line = line.decode("utf-8", "replace").rstrip("\r\n"), b""
            if text:
                block.append(text)
            elif block:
                return block

    @property
    def _cancelled(self) -> bool:
        return self._cancel is not None and self._cancel.is_set()

    def _end(self, why: str) -> None:
        """Close the engine's stdin, wait up to one second if `quit` was sent, and kill its process group."""
        self._ended = why
        self.close_input()
        if why == "closed":
            self.wait(_GRACE_SECONDS)
        self._kill_process_group()
        self._process.wait()
        for pump in self._pumps:
            pump.join(_GRACE_SECONDS)

    def _kill_process_group(self) -> None:
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

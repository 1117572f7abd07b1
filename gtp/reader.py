"""Lines read ahead by a thread, so that a command can notice that the controller has sent something."""

import threading
from collections import deque
from collections.abc import Iterator
from typing import Final, Protocol

MAX_LINE: Final = 1 << 16
"""The longest line in bytes, without its line feed: a sequence of ten thousand moves."""

_READ_AHEAD: Final = 1 << 20
_BYTES_PER_LINE: Final = 64
_BLOCK: Final = 1 << 16


class Source(Protocol):
    """A stream of bytes: `read(n)` waits for at least one byte and returns at most n, b"" at the end."""

    def read(self, size: int, /) -> bytes | None:
        """Return the next bytes."""
        ...


class LineReader(Iterator[bytes]):
    """The lines of a source without their line feeds; only one thread may take them.

    A thread reads ahead about one MiB at most and then stops until lines are taken, so a flood of input waits in the
    pipe. A line of more than MAX_LINE bytes is cut to MAX_LINE + 1. A source that cannot be read has ended.
    """

    def __init__(self, source: Source) -> None:
        self._lines: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._changed = threading.Condition()
        threading.Thread(target=self._read, args=(source,), name="GTP input", daemon=True).start()

    def __next__(self) -> bytes:
        """Wait for the next line and take it."""
        with self._changed:
            self._changed.wait_for(self._has_news)
            if not self._lines:
                raise StopIteration
            line = self._lines.popleft()
            self._held -= len(line) + _BYTES_PER_LINE
            self._changed.notify()
            return line

    def wait(self) -> None:
        """Wait until a line can be taken or the input has ended."""
        with self._changed:
            self._changed.wait_for(self._has_news)

    def has_news(self) -> bool:
        """Return whether a line can be taken or the input has ended."""
        with self._changed:
            return self._has_news()

    def _has_news(self) -> bool:
        return bool(self._lines) or self._ended

    def _read(self, source: Source) -> None:
        try:
            for line in _split(source):
                with self._changed:
                    self._changed.wait_for(lambda: self._held < _READ_AHEAD)
                    self._lines.append(line)
                    self._held += len(line) + _BYTES_PER_LINE
                    self._changed.notify()
        except (OSError, ValueError):
            pass  # the source was closed: the input has ended
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()


def _split(source: Source) -> Iterator[bytes]:
    """Yield each line of a source as soon as it is complete, and what follows the last line feed at the end."""
    begun = bytearray()
    while block := source.read(_BLOCK):
        first, *rest = block.split(b"\n")
        begun += first[: MAX_LINE + 1 - len(begun)]
        for following in rest:
            yield bytes(begun)
            begun = bytearray(following[: MAX_LINE + 1])
    if begun:
        yield bytes(begun)

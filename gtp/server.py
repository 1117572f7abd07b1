"""The GTP server: takes the controller's lines in order and writes one answer to each command.

The commands are in `shicho.gtp.commands`; `commands/registry.py` says how a command answers, and how a stream ends.
"""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from shicho.engine.errors import ShichoError
from shicho.gtp.commands import REGISTRY
from shicho.gtp.commands.registry import Registry
from shicho.gtp.protocol import (
    Request,
    Response,
    format_response,
    format_stream_head,
    format_stream_part,
    parse_request,
)
from shicho.gtp.reader import MAX_LINE, LineReader, Source
from shicho.gtp.session import Session

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stream:
    """A streamed answer to a request; the first of its parts has been computed."""

    request: Request
    parts: Iterator[str]


def serve(session: Session, source: Source, sink: BinaryIO, registry: Registry = REGISTRY) -> None:
    """Answer each line of `source` on `sink` until `quit` or the end of input.

    A thread reads `source` ahead (see `LineReader`), so input ends a stream at once. Bytes that are not valid UTF-8 are
    passed through unchanged. Raises the OSError of a `sink` that cannot be written.
    """
    lines = LineReader(source)
    for line in lines:
        text = line.decode("utf-8", "surrogateescape")
        answered = answer(session, text, registry) if len(line) <= MAX_LINE else _too_long(text)
        if isinstance(answered, Stream):
            _write_stream(answered, lines, sink)
        elif answered is not None:
            _write(sink, format_response(answered))
        if session.finished:
            return


def answer(session: Session, line: str, registry: Registry = REGISTRY) -> Response | Stream | None:
    """Run the command on one line and return its answer, or None if the line holds no command.

    Every error becomes a failure response of one line, and no exception is raised. The error messages are those of the
    GTP specification where it defines one.
    """
    request = parse_request(line)
    if request is None:
        return None
    try:
        answered = registry[request.name].handler(session, request.args)
        if isinstance(answered, str):
            return Response(request.id, True, answered)
        first = list(itertools.islice(answered, 1))  # now, while the answer can still become a failure
        return Stream(request, itertools.chain(first, answered))
    except Exception as error:  # also a bug in a handler, which must not end the controller's game
        _log_error(request, error)
        return Response(request.id, False, _message(error))


def _too_long(line: str) -> Response | None:
    request = parse_request(line)
    return Response(request.id, False, f"a line is longer than {MAX_LINE} bytes") if request else None


def _write_stream(stream: Stream, lines: LineReader, sink: BinaryIO) -> None:
    """Write the parts of a stream until there is input; when there are no more parts, wait for input."""
    _write(sink, format_stream_head(stream.request.id))
    while True:
        try:
            part = next(stream.parts, None)
        except Exception as error:  # the response has begun and cannot become a failure any more: it ends here
            _log_error(stream.request, error)
            break
        if part is None:
            lines.wait()
            break
        _write(sink, format_stream_part(part))
        if lines.has_news():
            break
    _write(sink, "\n")


def _write(sink: BinaryIO, text: str) -> None:
    sink.write(text.encode("utf-8", "surrogateescape"))
    sink.flush()


def _message(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, ShichoError) else f"internal error: {type(error).__name__}: {text}"


def _log_error(request: Request, error: Exception) -> None:
    if not isinstance(error, ShichoError):
        _log.error("internal error at: %s", request, exc_info=error)
    elif error.__cause__:
        _log.info("%s: %s", request, error.__cause__)

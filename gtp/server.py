"""The GTP server loop: reads command lines and writes responses. The commands are in `shicho.gtp.commands`."""

import logging
from collections.abc import Iterable
from typing import BinaryIO

from shicho.engine.errors import GtpError, ShichoError
from shicho.gtp.commands import COMMANDS
from shicho.gtp.protocol import Command, format_response, parse_command
from shicho.gtp.session import Session

_log = logging.getLogger(__name__)


def answer(session: Session, line: str) -> str | None:
    """Run the command on one line and return the formatted response, or None if the line holds no command.

    Every error becomes a failure response of one line, and no exception is raised. The error messages are those of the
    GTP specification where it defines one.
    """
    command = parse_command(line)
    if command is None:
        return None
    try:
        return format_response(command.id, True, _run(session, command))
    except ShichoError as error:
        if error.__cause__:
            _log.info("%s: %s", command, error.__cause__)
        return format_response(command.id, False, _one_line(error))
    except Exception as error:  # a bug in a handler must not end the controller's game
        _log.exception("internal error at: %s", command)
        return format_response(command.id, False, f"internal error: {type(error).__name__}: {_one_line(error)}")


def serve(session: Session, source: Iterable[bytes], sink: BinaryIO) -> None:
    """Answer each line of `source` on `sink` until `quit` or the end of input.

    Bytes that are not valid UTF-8 are passed through unchanged.
    """
    for line in source:
        response = answer(session, line.decode("utf-8", "surrogateescape"))
        if response is not None:
            sink.write(response.encode("utf-8", "surrogateescape"))
            sink.flush()
        if session.finished:
            return


def _run(session: Session, command: Command) -> str:
    handler = COMMANDS.get(command.name)
    if handler is None:
        raise GtpError("unknown command")
    return handler(session, command.args)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())

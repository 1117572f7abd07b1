"""The engine's side of GTP: lines in, answers out. What the commands do is in `commands`."""

import logging
from collections.abc import Iterable
from typing import BinaryIO

from shicho.engine.errors import GtpError, ShichoError
from shicho.gtp.commands import COMMANDS
from shicho.gtp.protocol import Command, format_response, parse_command
from shicho.gtp.session import Session

_log = logging.getLogger(__name__)


def answer(session: Session, line: str) -> str | None:
    """The response to one line, its empty line included; None where the line holds no command.

    Whatever goes wrong becomes a failure response: the specification's text, or one line that says what happened.
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
    except Exception as error:  # a defect of ours must not take the controller's game with it
        _log.exception("internal error at: %s", command)
        return format_response(command.id, False, f"internal error: {type(error).__name__}: {_one_line(error)}")


def serve(session: Session, source: Iterable[bytes], sink: BinaryIO) -> None:
    """Answer line after line until quit or the end of input. Bytes that are no UTF-8 pass through unharmed."""
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

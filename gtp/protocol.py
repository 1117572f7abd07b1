"""The text format of GTP 2: requests and responses are parsed and formatted here, without any I/O.

Source: Gunnar Farnebäck, "Specification of the Go Text Protocol, version 2, draft 2", sections 2 and 3.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from shicho.engine.errors import GtpError

_ID = re.compile(r"([0-9]+)(?: |$)")
_CONTROL = {code: None for code in (*range(32), 127)} | {ord("\t"): " "}
_NOT_LINE_FEED = {code: new for code, new in _CONTROL.items() if code != ord("\n")}


class Arguments(tuple[str, ...]):
    """The arguments of a command, split at spaces; `text` is all of them as they came.

    >>> Arguments("b  D4")
    ('b', 'D4')
    """

    text: str

    def __new__(cls, text: str = "") -> Self:
        """Split a text, in which tabs and control characters have been replaced."""
        arguments = super().__new__(cls, (word for word in text.split(" ") if word))
        arguments.text = text
        return arguments


@dataclass(frozen=True)
class Request:
    """One line of the controller: its id as it came (None if absent), the command's name and its arguments."""

    id: str | None
    name: str
    args: Arguments = field(default_factory=Arguments)

    def __str__(self) -> str:
        words = [self.name, *self.args]
        return " ".join(words if self.id is None else [self.id, *words])


@dataclass(frozen=True)
class Response:
    """One response: `text` excludes the leading `=` or `?`, the id and the empty line at the end."""

    id: str | None
    ok: bool
    text: str


def clean_line(line: str) -> str:
    """Preprocess a line (section 3.1): remove control characters and the comment, replace tabs by spaces."""
    return line.translate(_CONTROL).partition("#")[0].strip(" ")


def parse_request(line: str) -> Request | None:
    """Parse a line of the controller; None for an empty line or a comment.

    A leading number followed by a space is the id. A line with only an id is a request whose name is "".

    >>> parse_request("007 play b D4 # a comment")
    Request(id='007', name='play', args=('b', 'D4'))
    """
    text = clean_line(line)
    if not text:
        return None
    match = _ID.match(text)
    name, _, rest = text[match.end() if match else 0 :].lstrip(" ").partition(" ")
    return Request(match[1] if match else None, name, Arguments(rest.lstrip(" ")))


def format_response(response: Response) -> str:
    """Format a response with its two final line feeds; an empty line in its text, which would end it, gets a space."""
    first, *rest = _lines(response.text)
    head = ("=" if response.ok else "?") + (response.id or "")
    return "\n".join([f"{head} {first}", *(line or " " for line in rest)]) + "\n\n"


def format_stream_head(id: str | None) -> str:
    """Format the first line of an answer whose text follows in parts (`format_stream_part`), before an empty line."""
    return f"={id or ''}\n"


def format_stream_part(text: str) -> str:
    """Format one or more lines of a streamed answer; an empty line, which would end it, gets a space."""
    return "".join(f"{line or ' '}\n" for line in _lines(text))


def parse_response(block: str | Iterable[str]) -> Response:
    """Parse a response from one string or from its lines, with or without the empty line at the end.

    Removes control characters and replaces tabs by spaces. Raises GtpError if the block does not start with = or ?.

    >>> parse_response("=7 D4")
    Response(id='7', ok=True, text='D4')
    """
    joined = block if isinstance(block, str) else "\n".join(line.rstrip("\r\n") for line in block)
    text = joined.translate(_NOT_LINE_FEED)
    match = re.match(r"\s*([=?])([0-9]*) ?", text)
    if not match:
        raise GtpError(f"not a GTP response: {text[:80]!r}")
    return Response(match[2] or None, match[1] == "=", text[match.end() :].strip("\n").rstrip())


def _lines(text: str) -> list[str]:
    return text.translate(_NOT_LINE_FEED).rstrip("\n").split("\n")

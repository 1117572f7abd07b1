"""The text format of GTP 2: commands and responses are parsed and formatted here, without any I/O.

Source: Gunnar Farnebäck, "Specification of the Go Text Protocol, version 2, draft 2", sections 2 and 3.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from shicho.engine.errors import GtpError

_ID = re.compile(r"([0-9]{1,10})(?: |$)")
_CONTROL = {code: None for code in (*range(32), 127)} | {ord("\t"): " "}
_NOT_LINE_FEED = {code: new for code, new in _CONTROL.items() if code != ord("\n")}


@dataclass(frozen=True)
class Command:
    """One command: its id (None if absent), its name, and its arguments split at spaces."""

    id: int | None
    name: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [self.name, *self.args]
        return " ".join(words if self.id is None else [str(self.id), *words])


@dataclass(frozen=True)
class Response:
    """One response: `text` excludes the leading `=` or `?`, the id and the empty line at the end."""

    id: int | None
    ok: bool
    text: str


def clean_line(line: str) -> str:
    """Preprocess a line (section 3.1): remove control characters and the comment, replace tabs by spaces."""
    return line.translate(_CONTROL).partition("#")[0].strip(" ")


def parse_command(line: str) -> Command | None:
    """Parse a line and return its command, or None for an empty line or a comment.

    A leading number followed by a space is the id. A line with only an id is a command whose name is "".

    >>> parse_command("7 play b D4 # a comment")
    Command(id=7, name='play', args=('b', 'D4'))
    """
    text = clean_line(line)
    if not text:
        return None
    match = _ID.match(text)
    words = [word for word in text[match.end() if match else 0 :].split(" ") if word]
    return Command(int(match[1]) if match else None, words[0] if words else "", tuple(words[1:]))


def format_response(id: int | None, ok: bool, text: str = "") -> str:
    """Format a response with its two final line feeds; an empty line in `text`, which would end it, becomes a space."""
    head = ("=" if ok else "?") + ("" if id is None else str(id))
    first, *rest = text.translate(_NOT_LINE_FEED).rstrip("\n").split("\n")
    return "\n".join([f"{head} {first}", *(line or " " for line in rest)]) + "\n\n"


def parse_response(block: str | Iterable[str]) -> Response:
    """Parse a response from one string or from its lines, with or without the empty line at the end.

    Removes control characters and replaces tabs by spaces. Raises GtpError if the block does not start with = or ?.

    >>> parse_response("=7 D4")
    Response(id=7, ok=True, text='D4')
    """
    joined = block if isinstance(block, str) else "\n".join(line.rstrip("\r\n") for line in block)
    text = joined.translate(_NOT_LINE_FEED)
    match = re.match(r"\s*([=?])([0-9]{0,10}) ?", text)
    if not match:
        raise GtpError(f"not a GTP response: {text[:80]!r}")
    return Response(int(match[2]) if match[2] else None, match[1] == "=", text[match.end() :].strip("\n").rstrip())

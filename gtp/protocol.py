"""GTP 2's text format, both sides of it. Pure functions: no I/O here.

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
    """One command line: `id` as a number or None, the name, and the arguments split at blanks."""

    id: int | None
    name: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [self.name, *self.args]
        return " ".join(words if self.id is None else [str(self.id), *words])


@dataclass(frozen=True)
class Response:
    """One response: `text` without the leading `=` or `?`, the id and the blank line at the end."""

    id: int | None
    ok: bool
    text: str


def clean_line(line: str) -> str:
    """A line as section 3.1 wants it read: control characters and the comment removed, tabs turned to blanks."""
    return line.translate(_CONTROL).partition("#")[0].strip(" ")


def parse_command(line: str) -> Command | None:
    """The command on a line, None where there is none (an empty line or a comment).

    A leading number followed by a blank is the id; a line with an id and nothing else is a command without a name, "".
    """
    text = clean_line(line)
    if not text:
        return None
    match = _ID.match(text)
    words = [word for word in text[match.end() if match else 0 :].split(" ") if word]
    return Command(int(match[1]) if match else None, words[0] if words else "", tuple(words[1:]))


def format_response(id: int | None, ok: bool, text: str = "") -> str:
    """A response, its two line feeds included. Empty lines in `text` become a blank: an empty line ends a response."""
    head = ("=" if ok else "?") + ("" if id is None else str(id))
    first, *rest = text.translate(_NOT_LINE_FEED).rstrip("\n").split("\n")
    return "\n".join([f"{head} {first}", *(line or " " for line in rest)]) + "\n\n"


def parse_response(block: str | Iterable[str]) -> Response:
    """The response in a block of lines (text or lines, with or without the empty line at the end).

    Control characters are dropped, tabs turned to blanks. Raises GtpError where the block does not start with = or ?.
    """
    joined = block if isinstance(block, str) else "\n".join(line.rstrip("\r\n") for line in block)
    text = joined.translate(_NOT_LINE_FEED)
    match = re.match(r"\s*([=?])([0-9]{0,10}) ?", text)
    if not match:
        raise GtpError(f"not a GTP response: {text[:80]!r}")
    return Response(int(match[2]) if match[2] else None, match[1] == "=", text[match.end() :].strip("\n").rstrip())

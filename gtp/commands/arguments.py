"""Parsing of command arguments by the types of section 2.11 of the GTP 2 specification.

Every parser raises GtpError("syntax error") for an argument that does not fit.
"""

import math
import re
from collections.abc import Iterable
from pathlib import Path

from shicho.engine import Colour, Game
from shicho.engine.coords import point_to_vertex, vertex_to_point
from shicho.engine.errors import BadColour, BadVertex, GtpError
from shicho.gtp.protocol import Arguments

SYNTAX_ERROR = "syntax error"
_INTEGER_LIMIT = 2**31


def expect(args: Arguments, fewest: int, most: int | None = None) -> Arguments:
    """Return the arguments if there are `fewest` to `most` of them (`most` is `fewest` by default)."""
    if not fewest <= len(args) <= (fewest if most is None else most):
        raise GtpError(SYNTAX_ERROR)
    return args


def integer(text: str) -> int:
    """Parse an int: decimal digits, 0 to 2^31 - 1."""
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) >= _INTEGER_LIMIT:
        raise GtpError(SYNTAX_ERROR)
    return int(text)


def number(text: str) -> float:
    """Parse a float: decimal notation, finite."""
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text) or not math.isfinite(float(text)):
        raise GtpError(SYNTAX_ERROR)
    return float(text)


def seconds(text: str) -> float:
    """Parse a time in seconds: a float that is not negative; the specification's int is one too."""
    value = number(text)
    if not 0 <= value < _INTEGER_LIMIT:
        raise GtpError(SYNTAX_ERROR)
    return value


def colour(text: str) -> Colour:
    """Parse a colour ("color" in the specification): black, b, white or w, in any case."""
    try:
        return Colour.parse(text)
    except BadColour:
        raise GtpError(SYNTAX_ERROR) from None


def vertex(text: str, game: Game) -> int:
    """Parse a vertex and return its point on the game's board, size * size for a pass."""
    try:
        return vertex_to_point(text, game.size)
    except BadVertex:
        raise GtpError(SYNTAX_ERROR) from None


def pairs(args: Arguments) -> list[tuple[str, str]]:
    """Return the arguments two by two."""
    if len(args) % 2:
        raise GtpError(SYNTAX_ERROR)
    return list(zip(args[::2], args[1::2], strict=True))


def file_name(text: str) -> Path:
    """Parse a file name, which is the rest of the line: in double quotes, as GoGui sends it, or as it is."""
    name = text.strip(" ")
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = name[1:-1]
    if not name:
        raise GtpError(SYNTAX_ERROR)
    return Path(name)


def file_name_and_number(text: str) -> tuple[Path, int | None]:
    """Parse a file name (see `file_name`) that a number may follow, unless the whole text names a file that exists."""
    whole = file_name(text)
    name, _, last = text.strip(" ").rpartition(" ")
    if not name or not last.isdecimal() or _exists(whole):
        return whole, None
    return file_name(name), integer(last)


def vertices(points: Iterable[int], game: Game) -> str:
    """Format points of the game's board as a list of vertices."""
    return " ".join(point_to_vertex(point, game.size) for point in points)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or not text of the file system
        return False

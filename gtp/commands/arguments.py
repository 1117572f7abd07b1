"""Parsing of command arguments by the types of section 2.11 of the GTP 2 specification.

Every parser raises GtpError("syntax error") for an argument that does not fit.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence

from shicho.engine import Colour, Game
from shicho.engine.coords import point_to_vertex, vertex_to_point
from shicho.engine.errors import BadColour, BadVertex, GtpError
from shicho.gtp.session import Session

Arguments = Sequence[str]
Handler = Callable[[Session, Arguments], str]

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


def vertices(points: Iterable[int], game: Game) -> str:
    """Format points of the game's board as a list of vertices."""
    return " ".join(point_to_vertex(point, game.size) for point in points)

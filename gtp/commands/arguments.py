"""Arguments and lists of vertices as section 2.11 of the GTP 2 specification types them.

Whatever does not fit is a "syntax error".
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
    """The arguments, if they are as many as they should be."""
    if not fewest <= len(args) <= (fewest if most is None else most):
        raise GtpError(SYNTAX_ERROR)
    return args


def integer(text: str) -> int:
    """An int: 0 to 2^31 - 1 in decimal digits."""
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) >= _INTEGER_LIMIT:
        raise GtpError(SYNTAX_ERROR)
    return int(text)


def number(text: str) -> float:
    """A float in decimal notation, and finite."""
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text) or not math.isfinite(float(text)):
        raise GtpError(SYNTAX_ERROR)
    return float(text)


def colour(text: str) -> Colour:
    """A colour ("color" in the specification): black, b, white or w, in either case."""
    try:
        return Colour.parse(text)
    except BadColour:
        raise GtpError(SYNTAX_ERROR) from None


def vertex(text: str, game: Game) -> int:
    """A vertex on the game's board, or pass."""
    try:
        return vertex_to_point(text, game.size)
    except BadVertex:
        raise GtpError(SYNTAX_ERROR) from None


def vertices(points: Iterable[int], game: Game) -> str:
    """Points of the game's board as a list of vertices."""
    return " ".join(point_to_vertex(point, game.size) for point in points)

"""Checked values from the fields of a JSON object. The texts of the errors are KataGo's where clients look at them."""

from collections.abc import Mapping
from typing import Any

from shicho.engine import Colour, Move
from shicho.engine.coords import vertex_to_point
from shicho.engine.errors import BadColour, BadVertex, ShichoError, brief

_VERTICES = "Must be an array of GTP board vertices"
_MOVES = 'Must be an array of pairs of the form: ["b" or "w", GTP board vertex]'


class BadField(ShichoError):
    """A field of a query that cannot be used: `field` is its name, `what` the reason."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(field, what)
        self.field = field
        self.what = what

    def __str__(self) -> str:
        return f"{self.field}: {self.what}"


class Fields:
    """The fields of a JSON object. Every method takes the name of a field and raises BadField.

    A field that is missing has the value `default`; without a default it is required.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from `low` to `high`."""
        value = self.given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadField(name, f"Must be an integer from {low} to {high}")
        return value

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """Return a number from `low` to `high`."""
        value = self.given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise BadField(name, f"Must be a number from {low:g} to {high:g}")
        return float(value)

    def boolean(self, name: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.given.get(name, default)
        if not isinstance(value, bool):
            raise BadField(name, "Must be a boolean")
        return value

    def integers(self, name: str, default: list[int] | None = None) -> list[int]:
        """Return a list of whole numbers."""
        value = self.given.get(name, default)
        if not isinstance(value, list) or not all(type(one) is int for one in value):
            raise BadField(name, "Must be an array of integers")
        return value

    def text(self, name: str) -> str:
        """Return a text."""
        value = self.given.get(name)
        if not isinstance(value, str):
            raise BadField(name, "Must be a string")
        return value

    def player(self, name: str) -> Colour:
        """Return a colour."""
        value = self.given.get(name)
        try:
            if isinstance(value, str):
                return Colour.parse(value)
        except BadColour:
            pass
        raise BadField(name, 'Must be "b" or "w"')

    def vertices(self, name: str, size: int) -> list[int]:
        """Return the points of a list of vertices on a board of that size, size * size for a pass."""
        value = self.given.get(name)
        if not isinstance(value, list):
            raise BadField(name, _VERTICES)
        return [_point(name, vertex, size, _VERTICES) for vertex in value]

    def moves(self, name: str, size: int, default: list[Any] | None = None) -> list[Move]:
        """Return moves on a board of that size, size * size for a pass."""
        value = self.given.get(name, default)
        if not isinstance(value, list):
            raise BadField(name, _MOVES)
        moves = []
        for pair in value:
            if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
                raise BadField(name, _MOVES)
            try:
                side = Colour.parse(pair[0])
            except BadColour:
                raise BadField(name, f"Could not parse player: {brief(pair[0])}") from None
            moves.append(Move(side, _point(name, pair[1], size, _MOVES)))
        return moves

    def objects(self, name: str) -> list["Fields"]:
        """Return a list of objects."""
        value = self.given.get(name)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise BadField(name, "Must be a list of dicts")
        return [Fields(one) for one in value]


def _point(name: str, vertex: Any, size: int, what: str) -> int:
    if not isinstance(vertex, str):
        raise BadField(name, what)
    try:
        return vertex_to_point(vertex, size)
    except BadVertex:
        raise BadField(name, f"Could not parse board location: {brief(vertex)}") from None

"""Black and white."""

from enum import IntEnum
from typing import SupportsIndex

from shicho.engine.errors import BadColour, brief
from shicho.engine.numbers import whole_number


class Colour(IntEnum):
    """A side, numbered as in the C core, where 0 is an empty point."""

    BLACK = 1
    WHITE = 2

    @property
    def opponent(self) -> "Colour":
        """The other side."""
        return Colour(3 - self)

    @property
    def letter(self) -> str:
        """'b' or 'w', as in sgfmill and GTP."""
        return "bw"[self - 1]

    @classmethod
    def parse(cls, value: "str | SupportsIndex") -> "Colour":
        """Return the colour for 'b', 'black', 'w' or 'white' (case is ignored), 1, 2 or a `Colour`.

        Raises BadColour for anything else.
        """
        if isinstance(value, Colour):
            return value
        try:
            return cls(_NAMES[value.lower()] if isinstance(value, str) else whole_number(value))
        except (KeyError, ValueError, TypeError):
            raise BadColour(f"not a colour: {brief(value)} (black or white)") from None

    def __str__(self) -> str:
        return self.name.lower()


_NAMES = {"b": 1, "black": 1, "w": 2, "white": 2}

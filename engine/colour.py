"""Black and white."""

from enum import IntEnum
from typing import Self

from shicho.engine.errors import BadColour


class Colour(IntEnum):
    """A side, numbered as in the C core (0 is an empty point, and no colour)."""

    BLACK = 1
    WHITE = 2

    @property
    def opponent(self) -> "Colour":
        """The other side."""
        return Colour(3 - self)

    @property
    def letter(self) -> str:
        """'b' or 'w', as sgfmill and GTP have it."""
        return "bw"[self - 1]

    @classmethod
    def parse(cls, value: "str | int | Colour") -> Self:
        """A colour from 'b', 'black', 'w', 'white' in either case, 1 or 2, or a colour itself; raises BadColour."""
        try:
            return cls(_NAMES[value.lower()] if isinstance(value, str) else value)
        except (KeyError, ValueError):
            raise BadColour(f"not a colour: {value!r} (black or white)") from None

    def __str__(self) -> str:
        return self.name.lower()


_NAMES = {"b": 1, "black": 1, "w": 2, "white": 2}

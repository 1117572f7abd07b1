"""Every error Shicho raises on purpose. The message is one line that holds the value and the place.

Who must tell causes apart reads an attribute (`IllegalMove.reason`), never the text. Errors can be pickled, so they
pass from one process to another.
"""

from enum import StrEnum
from pathlib import Path


def brief(value: object) -> str:
    """A value for a message: its repr on one line, cut where it is long."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an int of thousands of digits
        text = f"a huge {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


class ShichoError(Exception):
    """Base of them all: catch this to turn bad input into one clear line."""


class BadColour(ShichoError, ValueError):
    """A text or number that names neither black nor white."""


class BadVertex(ShichoError, ValueError):
    """A text or number that is no point of the board and not a pass."""


class BadPosition(ShichoError, ValueError):
    """Stones that make no position: a diagram, an array or a pickle with something wrong in it."""


class IllegalReason(StrEnum):
    """Why a move is not legal."""

    OCCUPIED = "occupied"
    KO = "ko"
    SUPERKO = "superko"
    SUICIDE = "suicide"
    GAME_OVER = "game over"


class IllegalMove(ShichoError):
    """A move the rules forbid; `reason` says which rule."""

    def __init__(self, reason: IllegalReason, colour: str, vertex: str) -> None:
        super().__init__(reason, colour, vertex)
        self.reason = reason
        self.colour = colour
        self.vertex = vertex

    def __str__(self) -> str:
        return f"illegal move: {self.colour} {self.vertex} ({self.reason})"


class NothingToUndo(ShichoError, IndexError):
    """There is no move to take back."""


class BadHandicap(ShichoError):
    """Handicap stones that cannot be placed: too many, too few, twice the same, or the board is not empty."""


class BadRecord(ShichoError):
    """A game record that cannot be used: `value` is what is wrong with it, `place` where it stands."""

    def __init__(self, value: str, place: str = "") -> None:
        super().__init__(value, place)
        self.value = value
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.value}" if self.place else self.value


class BadNetwork(ShichoError):
    """A network file that cannot be used."""

    def __init__(self, path: Path | str, what: str) -> None:
        super().__init__(path, what)
        self.path = Path(path)
        self.what = what

    def __str__(self) -> str:
        return f"network {self.path}: {self.what}"


class BadConfig(ShichoError):
    """A setting that is missing, unknown or out of range."""


class BadStore(ShichoError):
    """An HDF5 file that is no Shicho game store, or a damaged one."""


class BadCheckpoint(ShichoError):
    """A checkpoint folder that is incomplete, damaged or of another network."""


class GtpError(ShichoError):
    """A GTP failure response (`? text`): the engine answered, and the answer is no."""


class EngineCrashed(ShichoError):
    """A GTP engine ended, closed its output or sent something that is no GTP response."""


class EngineTimeout(ShichoError):
    """A GTP engine gave no answer in time."""

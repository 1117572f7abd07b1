"""The errors that Shicho raises. Each message is one line with the value and the place.

To tell causes apart, read an attribute such as `IllegalMove.reason`, not the text. Errors can be pickled, so they can
be passed between processes.
"""

from enum import StrEnum
from pathlib import Path


def brief(value: object) -> str:
    """Return the repr of a value for a message: one line, at most 60 characters."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an int of thousands of digits
        text = f"a huge {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def one_line(error: Exception) -> str:
    """Return the message of an error in one line; for an OSError with a file name, `file: reason`."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}"
    return " ".join(str(error).split()) or type(error).__name__


class ShichoError(Exception):
    """Base class of all Shicho errors: catch it to report bad input in one line."""


class BadColour(ShichoError, ValueError):
    """A value that is neither black nor white."""


class BadVertex(ShichoError, ValueError):
    """A value that is neither a point of the board nor a pass."""


class BadPosition(ShichoError, ValueError):
    """A diagram, array or pickle that does not describe a legal position."""


class IllegalReason(StrEnum):
    """Why a move is not legal."""

    OCCUPIED = "occupied"
    KO = "ko"
    SUPERKO = "superko"
    SUICIDE = "suicide"
    GAME_OVER = "game over"


class IllegalMove(ShichoError):
    """A move that the rules forbid; `reason` says which rule."""

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
    """Handicap stones that cannot be placed: too many, too few, a repeated point, or a board that is not empty."""


class BadRecord(ShichoError):
    """A game record that cannot be used: `value` says what is wrong, `place` says where."""

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
    """An HDF5 file that is not a Shicho game store, or is damaged."""


class BadCheckpoint(ShichoError):
    """A checkpoint folder that is incomplete, damaged or of another network."""


class GtpError(ShichoError):
    """A GTP failure response (`? text`)."""


class EngineCrashed(ShichoError):
    """A GTP engine exited, closed its output or sent text that is not a GTP response."""


class EngineTimeout(ShichoError):
    """A GTP engine did not answer in time."""

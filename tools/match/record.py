"""The record of a game: facts by colour. Which engine is "ours" is a matter of the statistics, not of the record."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from shicho.engine.colour import Colour

VOID = "Void"
DRAW = "0"


class Reason(StrEnum):
    """How a game ended. The first four give a result; the others are broken games, without one."""

    RESIGNATION = "resignation"
    SCORE = "score"
    DRAW = "draw"
    TIME = "time"
    CRASH = "crash"
    TIMEOUT = "timeout"
    ILLEGAL_MOVE = "illegal move"
    REFUSAL = "refused command"
    MOVE_LIMIT = "move limit"
    NO_SCORE = "no score"


@dataclass(frozen=True, kw_only=True)
class SideRecord:
    """One side of a game.

    `engine`: the engine's name in the match. `seed`: what `{seed}` in its command line was replaced by.
    `moves`: calls of genmove; `seconds`: the wall-clock time in them.
    `cpu_seconds`, `peak_mib`: processor time and largest resident memory of the engine's process in this game; None if
    they could not be measured.
    """

    engine: str
    seed: int
    moves: int = 0
    seconds: float = 0.0
    cpu_seconds: float | None = None
    peak_mib: float | None = None


@dataclass(frozen=True, kw_only=True)
class GameRecord:
    """The record of a finished game.

    `index`: the number of the game in the match, from 0.
    `pair`: games of the same pair have the same engines and the same opening, with colours exchanged.
    `opening`: its name, "" for the empty board.
    `result`: in SGF's format: "B+R", "W+T", "W+3.5", "0" for a draw, "Void" for a broken game.
    `at_fault`: the side that broke a broken game; None if neither did.
    `detail`: one line about a failure, else "".
    `plies`: moves played after the opening, passes included.
    `moves_digest`: equal for games whose moves, opening included, are the same up to one of the eight symmetries.
    `referee_score`, `area_score`: the score by the referee and by Shicho, which removes the stones that its playouts
    judge dead. Both are None unless the game ended with two passes; each is None if nobody asked its counter or it
    failed.
    `sgf`: the path of the game's SGF in the match folder.
    """

    index: int
    pair: int
    opening: str
    black: SideRecord
    white: SideRecord
    result: str
    reason: Reason
    at_fault: Annotated[Colour, BeforeValidator(Colour.parse)] | None = None
    detail: str = ""
    plies: int
    moves_digest: str
    referee_score: str | None = None
    area_score: str | None = None
    sgf: str

    @property
    def winner(self) -> Colour | None:
        """The colour that won; None for a draw or a broken game."""
        return Colour.parse(self.result[0]) if self.result[0] in "BW" else None

    @property
    def broken(self) -> bool:
        """Whether the game ended without a result."""
        return self.result == VOID

    def side(self, colour: Colour) -> SideRecord:
        """Return the side that played a colour."""
        return self.black if colour is Colour.BLACK else self.white

    def points(self, engine: str) -> float | None:
        """Return the points of an engine: 1, ½ or 0; None for a broken game or one it did not play."""
        if self.broken or engine not in (self.black.engine, self.white.engine):
            return None
        if self.winner is None:
            return 0.5
        return 1.0 if self.side(self.winner).engine == engine else 0.0

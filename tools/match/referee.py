"""The referee: a GTP engine that replays a game which ended with two passes and reports its score."""

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from shicho.engine.colour import Colour
from shicho.engine.errors import GtpError
from shicho.tools.match.engines import EngineSpec, set_up

_SEED = 1
_SCORE = re.compile(r"([BW])\+([0-9]+(?:\.[0-9]+)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Verdict:
    """A score in GTP's format ("B+3.5", "0" for a draw), and the winner (None for a draw)."""

    text: str
    winner: Colour | None


def parse_score(answer: str) -> Verdict:
    """Parse a response to final_score (GTP 2 specification, section 6.3.4); raises GtpError if it is not a score.

    >>> parse_score("W+12.0")
    Verdict(text='W+12', winner=<Colour.WHITE: 2>)
    """
    text = answer.strip()
    if re.fullmatch(r"0(\.0+)?", text):
        return Verdict("0", None)
    found = _SCORE.fullmatch(text)
    if not found:
        raise GtpError(f"final_score: not a score: {answer[:80]!r}")
    margin = float(found[2])
    letter = found[1].upper()
    return Verdict(f"{letter}+{margin:g}", Colour.parse(letter) if margin else None)


def judge(
    referee: EngineSpec,
    moves: Iterable[tuple[Colour, str]],
    *,
    size: int,
    komi: float,
    timeout: float,
    cancel: threading.Event | None = None,
) -> Verdict:
    """Start the referee, replay the moves (colour, vertex) and return its verdict.

    Raises GtpError, EngineCrashed or EngineTimeout if the referee fails or rejects a move.
    """
    with referee.start(_SEED, label="referee", timeout=timeout, cancel=cancel) as client:
        set_up(client, size, komi)
        for colour, vertex in moves:
            client.send("play", colour, vertex)
        return parse_score(client.send("final_score"))

"""Who won a game that ended with two passes: a GTP engine replays it and is asked for the score."""

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
    """A score as GTP writes it ("B+3.5", "0") and the winner it means, None for a draw."""

    text: str
    winner: Colour | None


def parse_score(answer: str) -> Verdict:
    """What an answer to final_score means. Raises GtpError where it is no score (GTP 2, section 6.3.3)."""
    text = answer.strip()
    if re.fullmatch(r"0(\.0+)?", text):
        return Verdict("0", None)
    found = _SCORE.fullmatch(text)
    if not found:
        raise GtpError(f"final_score: no score: {answer[:80]!r}")
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
    """The referee's verdict on a game of colours and vertices. Raises GtpError, EngineCrashed or EngineTimeout."""
    with referee.start(_SEED, label="referee", timeout=timeout, cancel=cancel) as client:
        set_up(client, size, komi)
        for colour, vertex in moves:
            client.send("play", colour, vertex)
        return parse_score(client.send("final_score"))

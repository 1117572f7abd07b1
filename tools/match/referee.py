"""Counting a game after two passes: by a GTP engine that replays it and reports its score, by Shicho, or by both.

Where both count, the engine's score is the result, because Shicho may be one of the players; the games in which they
differ are listed.
"""

import re
from dataclasses import dataclass

from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_vertex
from shicho.engine.ending import score_as_judged
from shicho.engine.errors import GtpError, ShichoError
from shicho.engine.game import Game
from shicho.engine.status import final_status
from shicho.tools.match.engines import EngineSpec, prepare
from shicho.tools.match.openings import Opening
from shicho.tools.match.processes import Processes
from shicho.tools.match.settings import MatchSettings

_SEED = 1
_SCORE = re.compile(r"([BW])\+([0-9]+(?:\.[0-9]+)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Verdict:
    """A score in GTP's format ("B+3.5", "0" for a draw), and the winner (None for a draw)."""

    text: str
    winner: Colour | None


@dataclass(frozen=True, kw_only=True)
class Count:
    """The scores of a game: by the referee and by Shicho, each None if it was not asked or failed.

    `verdict`: the result. None if the referee failed; `failure` then says how.
    """

    referee_score: str | None = None
    area_score: str | None = None
    verdict: Verdict | None = None
    failure: str = ""


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


def count(game: Game, opening: Opening, settings: MatchSettings, processes: Processes) -> Count:
    """Count a game that began with an opening and ended with two passes. Failures are in the `Count`."""
    area = str(score_as_judged(game, final_status(game.board))) if settings.shicho_counts else None
    if not settings.referee:
        return Count(area_score=area, verdict=parse_score(str(area)))
    try:
        verdict = judge(settings.referee, game, opening, processes)
    except ShichoError as error:
        return Count(area_score=area, failure=str(error))
    return Count(referee_score=verdict.text, area_score=area, verdict=verdict)


def judge(referee: EngineSpec, game: Game, opening: Opening, processes: Processes) -> Verdict:
    """Replay a game in the referee's process and return its verdict.

    Raises CannotPlay, GtpError, EngineCrashed or EngineTimeout if the referee fails or rejects a move.
    """
    with processes.running(referee, _SEED, "referee") as running:
        prepare(running.client, referee, size=game.size, rules=game.rules, opening=opening)
        for move in game.moves[len(opening.moves) :]:
            running.client.send("play", move.colour, point_to_vertex(move.point, game.size))
        return parse_score(running.client.send("final_score"))

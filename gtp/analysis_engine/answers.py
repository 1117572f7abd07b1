"""The answer to one turn of a query, as a JSON object. docs/katrain.md says what the fields mean."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine import Colour, Game
from shicho.engine.analysis import Analysis
from shicho.engine.coords import point_to_vertex
from shicho.engine.status import final_status
from shicho.gtp.analysis_engine.queries import Query
from shicho.gtp.candidates import VISITS, visits

MARGIN_DEVIATION: Final = 15.4
"""The standard deviation of the margin in points of even games on 19x19 that were counted (docs/katrain.md)."""

_POINTS: Final = MARGIN_DEVIATION * math.sqrt(3) / math.pi
_MOST_CERTAIN: Final = 0.999


def answer(query: Query, turn: int, game: Game, analysis: Analysis) -> dict[str, Any]:
    """Return the answer for the turn in which `game` stands. Without win probabilities, 0.5 is reported for each."""
    to_play = analysis.to_play
    side = query.perspective.side(to_play)
    moves = [
        {
            "move": point_to_vertex(candidate.point, game.size),
            "order": order,
            "visits": visits(candidate.prior),
            "prior": round(candidate.prior, 6),
            **_chances(candidate.win_probability, to_play, side),
            "pv": [point_to_vertex(point, game.size) for point in candidate.variation],
        }
        for order, candidate in enumerate(analysis.candidates)
    ]
    evaluation = analysis.evaluation
    answered: dict[str, Any] = {
        "id": query.id,
        "turnNumber": turn,
        "isDuringSearch": False,
        "moveInfos": moves,
        "rootInfo": {
            "currentPlayer": to_play.letter.upper(),
            "visits": VISITS,
            **_chances(evaluation.to_play_win_probability, to_play, side),
        },
    }
    if query.policy:
        answered["policy"] = _rounded(np.where(game.legal_mask(to_play), evaluation.probabilities, -1))
    if query.ownership:
        owner = final_status(game.board).owner
        answered["ownership"] = _rounded(owner if side is Colour.BLACK else -owner)
    return answered


def points_lead(win_probability: float) -> float:
    """Return a win probability, 0 to 1, on a scale of points: the lead that it stands for at the start of a game.

    If the final margin of a game has a logistic distribution around the lead, with the deviation `MARGIN_DEVIATION`,
    the side that leads by x points wins with the probability 1 / (1 + exp(-x / 8.49)). Probabilities beyond 0.001 and
    0.999 count as these, so the result is -58.6 to 58.6.
    """
    p = min(max(win_probability, 1 - _MOST_CERTAIN), _MOST_CERTAIN)
    return _POINTS * math.log(p / (1 - p))


def _chances(win_probability: float | None, to_play: Colour, side: Colour) -> dict[str, float]:
    """Return the win probability of the side to play, and what follows from it, from the point of view of `side`."""
    own = 0.5 if win_probability is None else win_probability
    win = own if side is to_play else 1 - own
    lead = round(points_lead(win), 4)
    return {
        "winrate": round(win, 6),
        "lcb": round(win, 6),
        "scoreLead": lead,
        "scoreMean": lead,
        "scoreStdev": MARGIN_DEVIATION,
    }


def _rounded(values: NDArray[Any]) -> list[float]:
    return [round(value, 6) for value in values.ravel().tolist()]

"""What a channel could detect: labels of positions and of points, computed from the games.

A label is one number a position, or one a point, row by row from the top left. NaN means that the position or point
does not count for that label. Own and opponent are those of the side to move. Boards are 19x19.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine import Board, Colour
from shicho.engine.coords import MAX_SIZE

NEAR: Final = 2
FAR: Final = 5
LADDER_LIBERTIES: Final = 2
INPUT_LIBERTIES: Final = 4

Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A position of a game with what came before and after.

    `last`, `following`: the points of the last and of the next move, None for a pass. `recent_ko`: whether a ko ban
    arose with one of the last six moves. `owner`: the side that owns each point at the end of the game, [361]: 1 the
    side to move, -1 the opponent, 0 neither. `top_probability`: the network's for the move it holds most probable.
    `random`: a number drawn for this position.
    """

    board: Board
    to_play: Colour
    ply: int
    last: int | None
    following: int | None
    recent_ko: bool
    owner: NDArray[np.int8]
    top_probability: float
    random: float


@dataclass(frozen=True)
class Label:
    """A label: its name, what it means, whether it is yes or no (1 or 0) or a number, and how it is computed."""

    name: str
    meaning: str
    yes_or_no: bool
    of: Callable[[Moment], Values | float]


def ko(moment: Moment) -> float:
    """Return 1 if a ko forbids a move, else 0."""
    return float(moment.board.ko is not None)


def answered_nearby(moment: Moment) -> float:
    """Return whether the next move is within 2 lines of the last one."""
    if moment.last is None or moment.following is None:
        return np.nan
    return float(distances([moment.last])[0, moment.following] <= NEAR)


def last_move(moment: Moment) -> Values:
    """Return 1 at the point of the last move."""
    return _one_point(moment.last)


def distance_to_last_move(moment: Moment) -> Values:
    """Return the number of lines from each point to the last move."""
    return _nowhere() if moment.last is None else distances([moment.last])[0]


def next_move(moment: Moment) -> Values:
    """Return 1 at the point of the next move, for empty points only."""
    return np.where(_stones(moment) == 0, _one_point(moment.following), np.nan)


def ko_point(moment: Moment) -> Values:
    """Return 1 at the point that a ko forbids, for empty points of positions with a ko only."""
    ban = moment.board.ko
    return np.where(_stones(moment) == 0, _one_point(None if ban is None else ban[1]), np.nan)


def territory(moment: Moment) -> Values:
    """Return 1 for own, -1 for the opponent's and 0 for nobody's territory at the end, for empty points only."""
    return np.where(_stones(moment) == 0, moment.owner, np.nan)


def own_stone_lost(moment: Moment) -> Values:
    """Return whether the opponent owns the point at the end, for own stones only."""
    return np.where(_stones(moment) == moment.to_play, moment.owner == -1, np.nan)


def opponent_stone_lost(moment: Moment) -> Values:
    """Return whether the side to move owns the point at the end, for the opponent's stones only."""
    return np.where(_stones(moment) == moment.to_play.opponent, moment.owner == 1, np.nan)


def liberties(moment: Moment) -> Values:
    """Return the number of liberties of the chain, for stones only."""
    return np.where(_stones(moment) > 0, moment.board.liberties().ravel(), np.nan)


def liberties_from_5(moment: Moment) -> Values:
    """Return the number of liberties of the chain, for stones of chains with 5 liberties or more only."""
    found = liberties(moment)
    return np.where(found > INPUT_LIBERTIES, found, np.nan)


def ladder(moment: Moment) -> Values:
    """Return whether a ladder captures the chain, for stones of chains with 1 or 2 liberties only."""
    board, found = moment.board, _nowhere()
    chains, counts = board.chains().ravel(), board.liberties().ravel()
    for chain in np.unique(chains[(counts > 0) & (counts <= LADDER_LIBERTIES)]).tolist():
        found[chains == chain] = board.ladder(chain).captured
    return found


def far_eye(moment: Moment) -> Values:
    """Return whether the chain has a simple eye 5 lines away or farther, and none nearer.

    Stones alone whose chain reaches as far as that. A simple eye is that of `Board.own_eyes`.
    """
    board, found = moment.board, _nowhere()
    chains = board.chains().ravel()
    eyes = {colour: board.own_eyes(colour).ravel() for colour in Colour}
    for chain in np.unique(chains[chains >= 0]).tolist():
        stones = np.flatnonzero(chains == chain)
        apart = distances(stones)
        reaching = apart[:, stones].max(1) >= FAR
        if reaching.any():
            own_eyes = np.flatnonzero(eyes[Colour(int(_stones(moment)[chain]))])
            touching = own_eyes[(distances(own_eyes, manhattan=True)[:, stones] == 1).any(1)]
            nearest = apart[:, touching].min(1, initial=np.inf)
            found[stones] = np.where(reaching & (nearest >= FAR), np.isfinite(nearest), np.nan)
    return found


def distances(points: NDArray[np.integer] | list[int], *, manhattan: bool = False) -> Values:
    """Return how many lines each point of the board is from each of P points, float64 [P, 361].

    The larger of the distances in rows and in columns, or with `manhattan` their sum.
    """
    rows, columns = np.divmod(np.asarray(points, np.int64).reshape(-1, 1), MAX_SIZE)
    all_rows, all_columns = np.divmod(np.arange(MAX_SIZE**2), MAX_SIZE)
    vertical, horizontal = abs(all_rows - rows), abs(all_columns - columns)
    apart = vertical + horizontal if manhattan else np.maximum(vertical, horizontal)
    return np.asarray(apart, np.float64)


def _stones(moment: Moment) -> NDArray[np.uint8]:
    return moment.board.stones.ravel()


def _nowhere() -> Values:
    return np.full(MAX_SIZE**2, np.nan)


def _one_point(point: int | None) -> Values:
    """Return 1 at that point and 0 elsewhere; NaN if there is none."""
    if point is None:
        return _nowhere()
    return np.asarray(np.arange(MAX_SIZE**2) == point, np.float64)


OF_POSITIONS: Final = (
    Label("ko", "a ko forbids a move", True, ko),
    Label("recent ko", "a ko forbade a move after one of the last six moves", True, lambda m: float(m.recent_ko)),
    Label("moves played", "how many moves have been played", False, lambda m: float(m.ply)),
    Label("lead", "own points minus the opponent's at the end of the game", False, lambda m: float(m.owner.sum())),
    Label("sureness", "the network's probability of its most probable move", False, lambda m: m.top_probability),
    Label("answered nearby", "the next move is within 2 lines of the last one", True, answered_nearby),
    Label("random number", "drawn for each position; nothing can detect it", False, lambda m: m.random),
)
"""Labels with one value for each position."""

OF_POINTS: Final = (
    Label("last move", "the point of the last move", True, last_move),
    Label("distance to last move", "lines to the last move", False, distance_to_last_move),
    Label("next move", "the point of the next move; empty points", True, next_move),
    Label("ko point", "the point that a ko forbids; empty points of positions with a ko", True, ko_point),
    Label("territory", "own (1), the opponent's (-1) or nobody's (0) at the end; empty points", False, territory),
    Label("own stone lost", "the opponent's at the end; own stones", True, own_stone_lost),
    Label("opponent's stone lost", "own at the end; the opponent's stones", True, opponent_stone_lost),
    Label("liberties", "liberties of the chain; stones", False, liberties),
    Label("liberties from 5", "the same; stones of chains with 5 or more", False, liberties_from_5),
    Label("ladder", "a ladder captures the chain; stones of chains with 1 or 2 liberties", True, ladder),
    Label("far eye", "the chain has an eye; stones whose chain reaches 5 lines, no eye of it nearer", True, far_eye),
)
"""Labels with one value for each point."""

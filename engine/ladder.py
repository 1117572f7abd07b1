"""Ladders move by move: what `Board.ladder` says of a chain, and the line that shows it."""

from typing import NamedTuple, SupportsIndex

from shicho.engine.board import LADDER_NODES, Board, ladder_budget
from shicho.engine.colour import Colour
from shicho.engine.game import Move


class LadderReading(NamedTuple):
    """A verdict and its line.

    `captured`, `nodes` and `exhausted` are those of `Board.ladder`. `moves`: both sides in turn, the attacker first
    against two liberties and the defender first in atari. Of a captured chain they end with its capture; of one that
    escapes where the solver calls it so (three liberties, two on its own turn, a ko, or no move left for the attacker).
    A defender without a legal move passes. There are none for a chain of three or more liberties, nor where the budget
    ran out before a verdict.
    """

    captured: bool
    moves: tuple[Move, ...]
    nodes: int
    exhausted: bool


def read(board: Board, point: str | SupportsIndex, *, nodes: int = LADDER_NODES) -> LadderReading:
    """Read the ladder of the chain at `point` and the moves that decide it.

    The side that gets its way plays the move that takes the solver the least reading, the other side the one that takes
    the most. Every reading on the way has a budget of `nodes` moves. The board stays as it is; its own ko ban is lifted
    for the reading, so on the board itself the first move may be a ko that has to wait.

    Raises BadVertex on an empty point and BadConfig for a budget below 0.
    """
    captured, line, used, exhausted = board.core.ladder_line(board.stone(point), ladder_budget(nodes))
    moves = tuple(Move(Colour(colour), move) for colour, move in line)
    return LadderReading(captured, moves, used, exhausted)

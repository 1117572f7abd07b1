"""Ladders with their moves: the verdict of `Board.ladder` on a chain and the line of play that decides it."""

from typing import NamedTuple, SupportsIndex

from shicho.engine.board import LADDER_NODES, Board, ladder_budget
from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_vertex
from shicho.engine.game import Move


class LadderReading(NamedTuple):
    """The verdict on a ladder and the line of play that decides it.

    `captured`, `nodes` and `exhausted` mean the same as in `Board.ladder`.

    `moves` holds the moves of both sides in turn. The attacker moves first if the chain has two liberties, the defender
    if it is in atari. A defender without a legal move passes. The line of a captured chain ends with the capture. The
    line of an escape ends where the solver stops: the chain has three liberties, or two when its owner is to move, or
    there is a ko, or the attacker has no move. `moves` is empty for a chain with three or more liberties and if the
    budget ran out before a verdict.
    """

    captured: bool
    moves: tuple[Move, ...]
    nodes: int
    exhausted: bool


def read(board: Board, point: str | SupportsIndex, *, nodes: int = LADDER_NODES) -> LadderReading:
    """Read the ladder of the chain at `point` and the line of play that decides it.

    In the line, the side that succeeds plays the move that took the solver the fewest nodes, and the other side plays
    the move that took the most. Each reading along the line has a budget of `nodes` moves. The board does not change.
    Its ko ban is ignored during the reading, so the first move may be illegal on the board for now.

    Raises BadVertex for an empty point and BadConfig for a budget below 0.
    """
    captured, line, used, exhausted = board.core.ladder_line(board.stone(point), ladder_budget(nodes))
    moves = tuple(Move(Colour(colour), move) for colour, move in line)
    return LadderReading(captured, moves, used, exhausted)


def describe(board: Board, point: int, reading: LadderReading) -> str:
    """Say in words what the reading of the chain at `point` found: "white C5: captured in 11 moves".

    A chain that has no ladder, because it has three or more liberties or because the solver finds no first move worth
    trying, is told from one that escapes after a while.
    """
    liberties = len(board.chain(point).liberties)
    if reading.captured:
        verdict = f"captured in {len(reading.moves)} moves" if len(reading.moves) > 1 else "captured in 1 move"
    elif reading.exhausted:
        verdict = "not read to the end"
    elif liberties > 2:
        verdict = f"no ladder, it has {liberties} liberties"
    elif reading.nodes == 0:
        verdict = "no ladder, it escapes at once"
    else:
        verdict = "escapes"
    return f"{board.colour_at(point)} {point_to_vertex(point, board.size)}: {verdict}"

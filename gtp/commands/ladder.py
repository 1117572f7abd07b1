"""Ladder reading: a private command, prefixed with the engine's name as the GTP 2 specification recommends."""

from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadVertex, GtpError
from shicho.engine.ladder import read
from shicho.gtp.commands.arguments import Arguments, Handler, expect, vertex
from shicho.gtp.session import Session


def ladder(session: Session, args: Arguments) -> str:
    """Read the ladder of the chain at a vertex and return the verdict and the moves: "captured b D5 w C4 b C3".

    The verdict is "captured", "escapes", or "exhausted" if the solver reached its move limit. If the chain has two
    liberties, the attacker moves first; if it is in atari, its owner does.
    """
    board = session.game.board
    point = vertex(expect(args, 1)[0], session.game)
    try:
        reading = read(board, point)
    except BadVertex:
        raise GtpError("no stone there") from None
    verdict = "captured" if reading.captured else "exhausted" if reading.exhausted else "escapes"
    moves = [f"{move.colour.letter} {point_to_vertex(move.point, board.size)}" for move in reading.moves]
    return " ".join([verdict, *moves])


COMMANDS: dict[str, Handler] = {"shicho-ladder": ladder}

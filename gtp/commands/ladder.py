"""Ladders, which no specification knows: a command with the engine's name before it, as GTP 2 asks of private ones."""

from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadVertex, GtpError
from shicho.engine.ladder import read
from shicho.gtp.commands.arguments import Arguments, Handler, expect, vertex
from shicho.gtp.session import Session


def ladder(session: Session, args: Arguments) -> str:
    """What becomes of a chain in a ladder, and the moves: "captured b D5 w C4 b C3".

    "escapes", with the moves by which it does; "exhausted" where the solver gave up. With two liberties the attacker
    begins, in atari the defender.
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

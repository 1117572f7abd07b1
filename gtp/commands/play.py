"""Core play commands: play, genmove and undo (GTP 2 specification, section 6.3.3), and showboard."""

from shicho.engine import Colour
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import GtpError, IllegalMove
from shicho.gtp.commands.arguments import Arguments, Handler, colour, expect, vertex
from shicho.gtp.session import Session


def play(session: Session, args: Arguments) -> str:
    """Play a move. Either colour may play at any time, also after two passes.

    A move that only superko forbids is played, with a warning on stderr: the controller's game holds it.
    """
    side, point = expect(args, 2)
    try:
        _play(session, colour(side), vertex(point, session.game), may_repeat=True)
    except IllegalMove as error:
        raise GtpError("illegal move") from error
    return ""


def genmove(session: Session, args: Arguments) -> str:
    """Choose a move for a colour, play it and return its vertex."""
    side = colour(expect(args, 1)[0])
    point = session.player.genmove(session.game, side)
    _play(session, side, point)
    return point_to_vertex(point, session.game.size)


def undo(session: Session, args: Arguments) -> str:
    """Take back the last move. Handicap stones cannot be taken back."""
    expect(args, 0)
    if not session.game.moves:
        raise GtpError("cannot undo")
    session.game.undo()
    return ""


def showboard(session: Session, args: Arguments) -> str:
    """Return a diagram of the board, the side to play, komi and captures."""
    expect(args, 0)
    game = session.game
    captures = ", ".join(f"{side} has captured {stones}" for side, stones in game.board.captures.items())
    return f"\n{game}\n{game.to_play} to play, move {game.ply + 1}, komi {game.komi:g}, {captures}"


def _play(session: Session, side: Colour, point: int, *, may_repeat: bool = False) -> None:
    if session.game.is_over:
        session.game.resume()
    session.game.play(side, point, may_repeat=may_repeat)


COMMANDS: dict[str, Handler] = {"play": play, "genmove": genmove, "undo": undo, "showboard": showboard}

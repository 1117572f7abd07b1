"""Moves: section 6.3.3 of the GTP 2 specification, and `showboard` of section 6.3.6."""

from shicho.engine.errors import GtpError, IllegalMove, NothingToUndo
from shicho.gtp.commands.arguments import colour, expect, vertex
from shicho.gtp.commands.registry import AnalyzeCommand, Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

ILLEGAL_MOVE = "illegal move"
CANNOT_UNDO = "cannot undo"
NOT_A_POSITION = "a vertex is named twice or a chain has no liberties"


def play(session: Session, args: Arguments) -> str:
    """Play a move. Either colour may play at any time, also after two passes.

    A move that only superko forbids is played, with a warning on stderr: the controller's game holds it. Black's plays
    before white's first one count as handicap stones, as some servers send them. Why a move is illegal is logged.

    > play b Q16
    =
    > play w Q16
    ? illegal move
    """
    side, point = expect(args, 2)
    try:
        session.play(colour(side), vertex(point, session.game), may_repeat=True)
    except IllegalMove as error:
        raise GtpError(ILLEGAL_MOVE) from error
    return ""


def genmove(session: Session, args: Arguments) -> str:
    """Choose a move for a colour, play it and return its vertex, "pass" for a pass.

    The answer is "resign", and nothing is played, if `resign-threshold` and `resign-patience` of `shicho-set` say so.
    """
    return session.generate(colour(expect(args, 1)[0]))


def undo(session: Session, args: Arguments) -> str:
    """Take back the last move. Handicap and set-up stones cannot be taken back."""
    expect(args, 0)
    try:
        session.undo()
    except NothingToUndo:
        raise GtpError(CANNOT_UNDO) from None
    return ""


def showboard(session: Session, args: Arguments) -> str:
    """Return a diagram of the board, and whose turn it is, komi and captures.

    > boardsize 5
    =
    > play b C3
    =
    > showboard
    =
       A B C D E
     5 . . . . . 5
     4 . . . . . 4
     3 . . X . . 3
     2 . . . . . 2
     1 . . . . . 1
       A B C D E
    white to play, move 2, komi 7.5, black has captured 0, white has captured 0
    """
    expect(args, 0)
    game = session.game
    captures = ", ".join(f"{side} has captured {stones}" for side, stones in game.board.captures.items())
    return f"\n{game}\n{game.to_play} to play, move {game.ply + 1}, komi {game.komi:g}, {captures}"


FAMILY = Family(
    "Playing",
    __doc__,
    (
        Command("play", play, "COLOUR VERTEX"),
        Command("genmove", genmove, "COLOUR"),
        Command("undo", undo),
        Command("showboard", showboard, analyze=(AnalyzeCommand("string", "Board", ""),)),
    ),
)

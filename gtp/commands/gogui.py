"""Commands of GoGui, as its manual describes them."""

from shicho.engine.errors import BadPosition, BadVertex, GtpError, IllegalMove
from shicho.gtp.commands.arguments import SYNTAX_ERROR, colour, expect, pairs, vertex
from shicho.gtp.commands.play import ILLEGAL_MOVE, NOT_A_POSITION
from shicho.gtp.commands.registry import Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_EMPTY = ("e", "empty")


def play_sequence(session: Session, args: Arguments) -> str:
    """Play several moves, or none if one of them is illegal.

    > gogui-play_sequence b Q16 w D4 b Q3
    =
    > gogui-play_sequence w D16 b D4
    ? illegal move
    """
    moves = [(colour(side), vertex(point, session.game)) for side, point in pairs(args)]
    for played, move in enumerate(moves):
        try:
            session.play(*move, may_repeat=True)
        except IllegalMove as error:
            session.undo(played)
            raise GtpError(ILLEGAL_MOVE) from error
    return ""


def setup(session: Session, args: Arguments) -> str:
    """Put stones on the board, or remove those on points named with the colour "e" (empty).

    The game goes on from the new position: the moves before it cannot be taken back, and repetition counts from here. A
    position with a chain without liberties is refused.

    > gogui-setup b C3 w D3 e Q16
    =
    """
    game = session.game
    stones = [(None if side.lower() in _EMPTY else colour(side), vertex(point, game)) for side, point in pairs(args)]
    try:
        game.edit(stones)
    except BadVertex:
        raise GtpError(SYNTAX_ERROR) from None
    except BadPosition as error:
        raise GtpError(NOT_A_POSITION) from error
    return ""


def setup_player(session: Session, args: Arguments) -> str:
    """Set the side to play next. The moves before cannot be taken back, as after `gogui-setup`.

    > gogui-setup_player w
    =
    """
    session.game.edit([], to_play=colour(expect(args, 1)[0]))
    return ""


def title(session: Session, args: Arguments) -> str:
    """Return a title for GoGui's window."""
    expect(args, 0)
    return f"Shicho {session.version}"


def interrupt(session: Session, args: Arguments) -> str:
    """Do nothing; that the command exists tells GoGui that the comment line `# interrupt` ends a streamed answer.

    Every other command answers within moments.
    """
    expect(args, 0)
    return ""


FAMILY = Family(
    "GoGui",
    __doc__,
    (
        Command("gogui-play_sequence", play_sequence, "COLOUR VERTEX COLOUR VERTEX ..."),
        Command("gogui-setup", setup, "COLOUR VERTEX COLOUR VERTEX ..."),
        Command("gogui-setup_player", setup_player, "COLOUR"),
        Command("gogui-title", title),
        Command("gogui-interrupt", interrupt),
    ),
)

"""What the client of the server CGOS tells before and after a game; it is logged."""

import logging

from shicho.engine.errors import GtpError
from shicho.gtp.commands.arguments import SYNTAX_ERROR
from shicho.gtp.commands.registry import Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_log = logging.getLogger(__name__)


def opponent_name(session: Session, args: Arguments) -> str:
    """Log the opponent's name.

    > cgos-opponent_name GNU-Go
    =
    """
    return _logged("opponent", args)


def opponent_rating(session: Session, args: Arguments) -> str:
    """Log the opponent's rating: a number, with a question mark if it is uncertain.

    > cgos-opponent_rating 1800?
    =
    """
    return _logged("opponent's rating", args)


def gameover(session: Session, args: Arguments) -> str:
    """Log the result of the game, as SGF writes it.

    > cgos-gameover B+Resign
    =
    """
    return _logged("result", args)


def _logged(what: str, args: Arguments) -> str:
    if not args:
        raise GtpError(SYNTAX_ERROR)
    _log.info("%s: %s", what, args.text)
    return ""


FAMILY = Family(
    "CGOS",
    __doc__,
    (
        Command("cgos-opponent_name", opponent_name, "NAME"),
        Command("cgos-opponent_rating", opponent_rating, "RATING"),
        Command("cgos-gameover", gameover, "RESULT"),
    ),
)

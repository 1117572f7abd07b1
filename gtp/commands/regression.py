"""Regression commands: loadsgf and reg_genmove (GTP 2 specification, section 6.3.5)."""

import logging
from pathlib import Path

from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadRecord, GtpError
from shicho.engine.player import Mode
from shicho.gtp.commands.arguments import Arguments, Handler, colour, expect, integer
from shicho.gtp.session import Session

_log = logging.getLogger(__name__)


def loadsgf(session: Session, args: Arguments) -> str:
    """Load an SGF file up to its last move, or up to the position before the given move number.

    Board size and komi come from the file; the other rules of the session stay, and komi too if the file has none.
    """
    from shicho.engine.sgf import read_game  # loads sgfmill, which other commands do not need

    name, *rest = expect(args, 1, 2)
    plies = max(0, integer(rest[0]) - 1) if rest else None
    try:
        session.game = read_game(Path(name), plies=plies, rules=session.game.rules)
    except (BadRecord, OSError, ValueError) as error:
        _log.warning("loadsgf %s: %s", name, error)
        raise GtpError("cannot load file") from error
    return ""


def reg_genmove(session: Session, args: Arguments) -> str:
    """Return the most probable move for a colour without playing it."""
    side = colour(expect(args, 1)[0])
    return point_to_vertex(session.player.genmove(session.game, side, Mode.ARGMAX), session.game.size)


COMMANDS: dict[str, Handler] = {"loadsgf": loadsgf, "reg_genmove": reg_genmove}

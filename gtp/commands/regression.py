"""Section 6.3.5 of the GTP 2 specification."""

from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadRecord, GtpError
from shicho.gtp.commands.arguments import colour, expect, file_name_and_number
from shicho.gtp.commands.registry import AnalyzeCommand, Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session


def loadsgf(session: Session, args: Arguments) -> str:
    """Load an SGF file up to its last move, or up to the position before the given move number.

    Board size and komi come from the file; the other rules of the session stay, and komi too if the file has none. The
    file name may contain spaces, with or without double quotes around it; a number at the end belongs to the name if a
    file of that name exists. The reason why a file cannot be loaded is logged.

    > loadsgf no such file.sgf 12
    ? cannot load file
    """
    from shicho.engine.sgf import read_game  # loads sgfmill, which other commands do not need

    path, move_number = file_name_and_number(args.text)
    plies = None if move_number is None else max(0, move_number - 1)
    try:
        session.game = read_game(path, plies=plies, rules=session.game.rules)
    except (BadRecord, OSError, ValueError) as error:
        raise GtpError("cannot load file") from error
    return ""


def reg_genmove(session: Session, args: Arguments) -> str:
    """Return the most probable move for a colour, "pass" for a pass, without playing it."""
    side = colour(expect(args, 1)[0])
    return point_to_vertex(session.player.most_probable(session.game, side), session.game.size)


FAMILY = Family(
    "Regression tests",
    __doc__,
    (
        Command("loadsgf", loadsgf, "FILE [MOVE_NUMBER]"),
        Command("reg_genmove", reg_genmove, "COLOUR", (AnalyzeCommand("pstring", "Most probable move", "%m"),)),
    ),
)

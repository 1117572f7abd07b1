"""Commands of GNU Go that other programs have taken over, with GNU Go's answers."""

import time
from pathlib import Path

import numpy as np

from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import GtpError, NothingToUndo
from shicho.engine.files import replacing
from shicho.gtp.commands.arguments import colour, expect, file_name, integer, vertex, vertices
from shicho.gtp.commands.play import CANNOT_UNDO
from shicho.gtp.commands.registry import AnalyzeCommand, Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session


def get_komi(session: Session, args: Arguments) -> str:
    """Return komi.

    > get_komi
    = 7.5
    """
    expect(args, 0)
    return f"{session.game.komi:g}"


def is_legal(session: Session, args: Arguments) -> str:
    """Return 1 if a move is legal under the game's rules, superko included, else 0.

    > is_legal b D4
    = 1
    """
    side, point = expect(args, 2)
    return "0" if session.game.why_illegal(colour(side), vertex(point, session.game)) else "1"


def all_legal(session: Session, args: Arguments) -> str:
    """Return all legal plays of a colour, without the pass, which is always legal.

    > boardsize 2
    =
    > play b A1
    =
    > all_legal w
    = A2 B2 B1
    """
    side = colour(expect(args, 1)[0])
    return vertices(np.flatnonzero(session.game.legal_mask(side)[:-1]).tolist(), session.game)


def list_stones(session: Session, args: Arguments) -> str:
    """Return the vertices of all stones of a colour."""
    side = colour(expect(args, 1)[0])
    return vertices(np.flatnonzero(session.game.board.stones.ravel() == side).tolist(), session.game)


def move_history(session: Session, args: Arguments) -> str:
    """Return the moves, last one first, one a line. Handicap and set-up stones are no moves.

    > play b E5
    =
    > play w pass
    =
    > move_history
    = white PASS
    black E5
    """
    expect(args, 0)
    game = session.game
    return "\n".join(f"{move.colour} {point_to_vertex(move.point, game.size).upper()}" for move in reversed(game.moves))


def gg_undo(session: Session, args: Arguments) -> str:
    """Take back that many moves (one unless given), or none if there are not so many.

    > gg-undo 2
    ? cannot undo
    """
    expect(args, 0, 1)
    try:
        session.undo(integer(args[0]) if args else 1)
    except NothingToUndo:
        raise GtpError(CANNOT_UNDO) from None
    return ""


def printsgf(session: Session, args: Arguments) -> str:
    """Return the game as SGF, or write it to a file. The file name may contain spaces, quoted or not.

    > printsgf no such folder/game.sgf
    ? cannot write file
    """
    from shicho.engine.sgf import write_game  # loads sgfmill, which other commands do not need

    record = write_game(session.game)
    if not args:
        return record.decode()
    _write(file_name(args.text), record)
    return ""


def cputime(session: Session, args: Arguments) -> str:
    """Return the processor time that the engine has used since its start, in seconds, by all threads together."""
    expect(args, 0)
    return f"{time.process_time():.3f}"


def _write(path: Path, record: bytes) -> None:
    try:
        with replacing(path) as beside:
            beside.write_bytes(record)
    except (OSError, ValueError) as error:
        raise GtpError("cannot write file") from error


FAMILY = Family(
    "GNU Go",
    __doc__,
    (
        Command("get_komi", get_komi),
        Command("is_legal", is_legal, "COLOUR VERTEX"),
        Command("all_legal", all_legal, "COLOUR", (AnalyzeCommand("plist", "Legal moves", "%m"),)),
        Command("list_stones", list_stones, "COLOUR"),
        Command("move_history", move_history, analyze=(AnalyzeCommand("string", "Moves"),)),
        Command("gg-undo", gg_undo, "[MOVES]"),
        Command("printsgf", printsgf, "[FILE]", (AnalyzeCommand("none", "Save SGF", "%f"),)),
        Command("cputime", cputime),
    ),
)

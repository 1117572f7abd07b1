"""Board size, komi and handicap: sections 6.3.2 and 4.1 of the GTP 2 specification."""

import numpy as np

from shicho.engine import Colour, Game
from shicho.engine.coords import MAX_SIZE, vertex_to_point
from shicho.engine.errors import BadHandicap, BadVertex, GtpError
from shicho.engine.sampling import argmax
from shicho.gtp.commands.arguments import expect, integer, number, vertices
from shicho.gtp.commands.registry import Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_NOT_EMPTY = "board not empty"
_BAD_NUMBER = "invalid number of stones"


def boardsize(session: Session, args: Arguments) -> str:
    """Start a new game on an empty board of that size, 2 to 19; komi and rules stay.

    Another size is answered with the specification's error message.

    > boardsize 20
    ? unacceptable size
    """
    size = integer(expect(args, 1)[0])
    if not 2 <= size <= MAX_SIZE:
        raise GtpError("unacceptable size")
    session.game = Game(size, session.game.rules)
    return ""


def clear_board(session: Session, args: Arguments) -> str:
    """Start a new game on an empty board; size, komi and rules stay."""
    expect(args, 0)
    session.game = Game(session.game.size, session.game.rules)
    return ""


def komi(session: Session, args: Arguments) -> str:
    """Set komi, any number; the game goes on."""
    session.game.komi = number(expect(args, 1)[0])
    return ""


def fixed_handicap(session: Session, args: Arguments) -> str:
    """Place black handicap stones on the star points in the order of section 4.1.1 and return their vertices.

    There are 2 to 9 of them on odd sizes from 9, up to 4 on other sizes from 7, and none below.

    > fixed_handicap 3
    = D4 Q16 D16
    """
    stones = integer(expect(args, 1)[0])
    game = _empty(session)
    try:
        points = game.fixed_handicap_points(stones)
    except BadHandicap:
        raise GtpError(_BAD_NUMBER) from None
    game.place_handicap(points)
    return vertices(points, game)


def place_free_handicap(session: Session, args: Arguments) -> str:
    """Place black handicap stones and return their vertices.

    They stand on the star points, and further ones where the network's policy is highest.
    """
    stones = integer(expect(args, 1)[0])
    game = _empty(session)
    if not 2 <= stones < game.board.pass_point:
        raise GtpError(_BAD_NUMBER)
    points = _free_handicap(session, stones)
    game.place_handicap(points)
    return vertices(points, game)


def set_free_handicap(session: Session, args: Arguments) -> str:
    """Place black handicap stones on the given vertices, two or more."""
    game = _empty(session)
    try:
        game.place_handicap([vertex_to_point(text, game.size) for text in args])
    except (BadHandicap, BadVertex):
        raise GtpError("bad vertex list") from None
    return ""


def _empty(session: Session) -> Game:
    if session.game.moves or session.game.setup:
        raise GtpError(_NOT_EMPTY)
    return session.game


def _free_handicap(session: Session, stones: int) -> list[int]:
    trial = Game(session.game.size)
    most = trial.most_fixed_handicap
    points = list(trial.fixed_handicap_points(min(stones, most))) if most else []
    for point in points:
        trial.board.place(Colour.BLACK, point)
    while len(points) < stones:
        empty = np.append(trial.board.stones.ravel() == 0, False)
        points.append(argmax(session.player.policy.evaluate(trial, Colour.BLACK).probabilities, empty))
        trial.board.place(Colour.BLACK, points[-1])
    return points


FAMILY = Family(
    "Setting up a game",
    __doc__,
    (
        Command("boardsize", boardsize, "SIZE"),
        Command("clear_board", clear_board),
        Command("komi", komi, "KOMI"),
        Command("fixed_handicap", fixed_handicap, "STONES"),
        Command("place_free_handicap", place_free_handicap, "STONES"),
        Command("set_free_handicap", set_free_handicap, "VERTEX VERTEX ..."),
    ),
)

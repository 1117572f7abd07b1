"""Time and the result: section 6.3.4 of the GTP 2 specification.

A move takes a fraction of a second, so Shicho remembers the clock and does not play by it.
"""

import numpy as np

from shicho.engine import Board, Colour
from shicho.engine.ending import score_as_judged
from shicho.engine.errors import GtpError
from shicho.engine.status import Status, final_status
from shicho.gtp.clock import Clock, TimeLeft, TimeSettings, TimeSystem
from shicho.gtp.commands.arguments import SYNTAX_ERROR, colour, expect, integer, seconds, vertices
from shicho.gtp.commands.registry import AnalyzeCommand, Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_OWNERS = {"black_territory": Colour.BLACK, "white_territory": Colour.WHITE, "dame": 0}


def time_settings(session: Session, args: Arguments) -> str:
    """Set main time and byo-yomi time in seconds, and the stones of a byo-yomi period, for both sides.

    Without byo-yomi time the main time is all there is; a byo-yomi time with 0 stones means no limit. Fractions of a
    second are accepted here and in `time_left`.
    """
    main, period, stones = expect(args, 3)
    main_time, period_time, count = seconds(main), seconds(period), integer(stones)
    if period_time == 0:
        settings = TimeSettings(system=TimeSystem.ABSOLUTE, main_time=main_time)
    elif count == 0:
        settings = TimeSettings()
    else:
        settings = TimeSettings(system=TimeSystem.CANADIAN, main_time=main_time, period_time=period_time, stones=count)
    session.clock = Clock(settings)
    return ""


def time_left(session: Session, args: Arguments) -> str:
    """Tell what a side has left: seconds, and 0 or the stones of the current byo-yomi period (the periods left).

    > time_left b 10.5 0
    =
    """
    side, left, count = expect(args, 3)
    session.clock = session.clock.with_left(colour(side), TimeLeft(seconds(left), integer(count)))
    return ""


def final_score(session: Session, args: Arguments) -> str:
    """Return the result by the game's rules after dead stones are removed, "B+3.5", "W+0.5" or "0" for a draw.

    Random playouts judge which stones are dead ([status.md](status.md)).
    """
    expect(args, 0)
    game = session.game
    return str(score_as_judged(game, final_status(game.board)))


def final_status_list(session: Session, args: Arguments) -> str:
    """Return the chains with the status "alive", "seki" or "dead", one chain a line.

    As in GNU Go, the argument may also be "black_territory", "white_territory" or "dame". The result is then one line
    with the empty points that only black, only white, or both or neither of them reach after dead stones are removed.

    > boardsize 5
    =
    > set_free_handicap C2 C3 C4 B3 D3
    =
    > play w A5
    =
    > final_status_list dead
    = A5
    """
    wanted = expect(args, 1)[0]
    game = session.game
    if wanted not in (*Status, *_OWNERS):
        raise GtpError(SYNTAX_ERROR)
    judged = final_status(game.board)
    if wanted in _OWNERS:
        stones = game.board.stones
        alive = stones.copy()
        alive.flat[list(judged.stones(Status.DEAD))] = 0
        owner = Board.from_stones(alive).area()
        return vertices(np.flatnonzero((owner == _OWNERS[wanted]) & (stones == 0)).tolist(), game)
    return "\n".join(vertices(chain.stones, game) for chain in judged.chains if chain.status == wanted)


FAMILY = Family(
    "Time and result",
    __doc__,
    (
        Command("time_settings", time_settings, "MAIN_TIME BYO_YOMI_TIME STONES"),
        Command("time_left", time_left, "COLOUR SECONDS STONES"),
        Command("final_score", final_score, analyze=(AnalyzeCommand("string", "Final score"),)),
        Command(
            "final_status_list",
            final_status_list,
            "STATUS",
            tuple(AnalyzeCommand("plist", f"Stones: {status}", status) for status in Status),
        ),
    ),
)

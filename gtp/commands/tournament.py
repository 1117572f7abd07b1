"""Clocks, which one look a move can ignore, and scoring (GTP 2 specification, section 6.3.4)."""

import numpy as np

from shicho.engine import Board, Colour
from shicho.engine.ending import score_as_judged
from shicho.engine.errors import GtpError
from shicho.engine.status import Status, final_status
from shicho.gtp.commands.arguments import SYNTAX_ERROR, Arguments, Handler, colour, expect, integer, vertices
from shicho.gtp.session import Session

_OWNERS = {"black_territory": Colour.BLACK, "white_territory": Colour.WHITE, "dame": 0}


def time_settings(session: Session, args: Arguments) -> str:
    """Main time, byo-yomi time and byo-yomi stones."""
    for text in expect(args, 3):
        integer(text)
    return ""


def time_left(session: Session, args: Arguments) -> str:
    """What is left on a colour's clock: time and stones."""
    side, *numbers = expect(args, 3)
    colour(side)
    for text in numbers:
        integer(text)
    return ""


def final_score(session: Session, args: Arguments) -> str:
    """Score by the game's rules, with what final_status_list calls dead taken off: "B+3.5", "W+0.5", "0"."""
    expect(args, 0)
    game = session.game
    return str(score_as_judged(game, final_status(game.board)))


def final_status_list(session: Session, args: Arguments) -> str:
    """The chains that are alive, in seki or dead, one a line; or, on one line, the empty points of one owner.

    black_territory, white_territory and dame, as GNU Go has them, are the empty points that only black, only white, or
    neither reaches once the dead stones are off.
    """
    wanted = expect(args, 1)[0]
    game = session.game
    if wanted not in (*Status, *_OWNERS):
        raise GtpError(SYNTAX_ERROR)
    judged = final_status(game.board)
    if wanted in _OWNERS:
        stones = game.board.stones
        left = stones.copy()
        left.flat[list(judged.stones(Status.DEAD))] = 0
        owner = Board.from_stones(left).area()
        return vertices(np.flatnonzero((owner == _OWNERS[wanted]) & (stones == 0)).tolist(), game)
    return "\n".join(vertices(chain.stones, game) for chain in judged.chains if chain.status == wanted)


COMMANDS: dict[str, Handler] = {
    "time_settings": time_settings,
    "time_left": time_left,
    "final_score": final_score,
    "final_status_list": final_status_list,
}

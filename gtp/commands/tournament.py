"""Tournament commands: time and scoring (GTP 2 specification, section 6.3.4).

The engine evaluates the network once per move, so it checks time settings and otherwise ignores them.
"""

import numpy as np

from shicho.engine import Board, Colour
from shicho.engine.ending import score_as_judged
from shicho.engine.errors import GtpError
from shicho.engine.status import Status, final_status
from shicho.gtp.commands.arguments import SYNTAX_ERROR, Arguments, Handler, colour, expect, integer, vertices
from shicho.gtp.session import Session

_OWNERS = {"black_territory": Colour.BLACK, "white_territory": Colour.WHITE, "dame": 0}


def time_settings(session: Session, args: Arguments) -> str:
    """Accept main time, byo-yomi time (both in seconds) and byo-yomi stones."""
    for text in expect(args, 3):
        integer(text)
    return ""


def time_left(session: Session, args: Arguments) -> str:
    """Accept the remaining time in seconds and the remaining stones of a colour."""
    side, *numbers = expect(args, 3)
    colour(side)
    for text in numbers:
        integer(text)
    return ""


def final_score(session: Session, args: Arguments) -> str:
    """Return the score by the game's rules without the stones judged dead: "B+3.5", "W+0.5" or "0"."""
    expect(args, 0)
    game = session.game
    return str(score_as_judged(game, final_status(game.board)))


def final_status_list(session: Session, args: Arguments) -> str:
    """Return the chains with the status "alive", "seki" or "dead", one chain per line.

    As in GNU Go, the argument may also be "black_territory", "white_territory" or "dame". The result is then one line
    with the empty points that only black, only white, or both or neither of them reach after dead stones are removed.
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


COMMANDS: dict[str, Handler] = {
    "time_settings": time_settings,
    "time_left": time_left,
    "final_score": final_score,
    "final_status_list": final_status_list,
}

"""Clocks, which one look a move can ignore, and scoring (GTP 2 specification, section 6.3.4)."""

from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import GtpError
from shicho.gtp.commands.arguments import SYNTAX_ERROR, Arguments, Handler, colour, expect, integer
from shicho.gtp.session import Session


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
    """Area score of the board as it stands, all stones alive: "B+3.5", "W+0.5", "0"."""
    expect(args, 0)
    return str(session.game.score())


def final_status_list(session: Session, args: Arguments) -> str:
    """The chains that are alive (all of them), in seki or dead (none), one a line."""
    status = expect(args, 1)[0]
    if status not in ("alive", "seki", "dead"):
        raise GtpError(SYNTAX_ERROR)
    if status != "alive":
        return ""
    game = session.game
    chains: dict[int, list[str]] = {}
    for point, chain in enumerate(game.board.chains().ravel().tolist()):
        if chain >= 0:
            chains.setdefault(chain, []).append(point_to_vertex(point, game.size))
    return "\n".join(" ".join(vertices) for vertices in chains.values())


COMMANDS: dict[str, Handler] = {
    "time_settings": time_settings,
    "time_left": time_left,
    "final_score": final_score,
    "final_status_list": final_status_list,
}

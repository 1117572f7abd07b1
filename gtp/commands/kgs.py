"""Commands that the client kgsGtp sends to play on the server KGS."""

from dataclasses import replace

from shicho.engine import Rules
from shicho.engine.errors import BadConfig, GtpError
from shicho.gtp.clock import Clock, TimeSystem
from shicho.gtp.commands.arguments import SYNTAX_ERROR, colour, expect
from shicho.gtp.commands.registry import Command, Family
from shicho.gtp.commands.timing import read_settings
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_TIME_SYSTEMS = (TimeSystem.NONE, TimeSystem.ABSOLUTE, TimeSystem.BYO_YOMI, TimeSystem.CANADIAN)


def rules(session: Session, args: Arguments) -> str:
    """Set the rules: chinese, japanese, aga, new_zealand, tromp-taylor or cgos ([rules.md](rules.md)). Komi stays.

    > kgs-rules ing
    ? no rule set 'ing': there are chinese, japanese, aga, new-zealand, tromp-taylor, cgos
    """
    try:
        chosen = Rules.named(expect(args, 1)[0])
    except BadConfig as error:
        raise GtpError(str(error)) from None
    session.game.rules = replace(chosen, komi=session.game.komi)
    return ""


def time_settings(session: Session, args: Arguments) -> str:
    """Set how time is measured, in seconds, for both sides.

    `none`, `absolute MAIN`, `byoyomi MAIN PERIOD PERIODS` or `canadian MAIN PERIOD STONES`. With
    byo-yomi, `time_left` tells the periods left in place of stones.

    > kgs-time_settings byoyomi 600 30 5
    =
    """
    session.clock = Clock(read_settings(args, _TIME_SYSTEMS))
    return ""


def genmove_cleanup(session: Session, args: Arguments) -> str:
    """Choose and play a move as `genmove` does, but never pass while the opponent has dead stones on the board.

    The server asks for it when the players disagree about dead stones: they are then captured one by one.

    > boardsize 5
    =
    > set_free_handicap C2 C3 C4 B3 D3
    =
    > play w A5
    =
    > kgs-genmove_cleanup b
    = B5
    """
    return session.generate(colour(expect(args, 1)[0]), cleanup=True)


def game_over(session: Session, args: Arguments) -> str:
    """Accept the end of the game. The position stays, for the server may still ask which stones are dead."""
    expect(args, 0)
    return ""


def chat(session: Session, args: Arguments) -> str:
    """Answer a message from the game or a private one; the answer is always the same.

    > kgs-chat game alice Hello!
    = I am Shicho, a program, and cannot chat. I wish you a good game!
    """
    if len(args) < 2 or args[0] not in ("game", "private"):
        raise GtpError(SYNTAX_ERROR)
    return "I am Shicho, a program, and cannot chat. I wish you a good game!"


FAMILY = Family(
    "KGS",
    __doc__,
    (
        Command("kgs-rules", rules, "NAME"),
        Command("kgs-time_settings", time_settings, "SYSTEM TIME ..."),
        Command("kgs-genmove_cleanup", genmove_cleanup, "COLOUR"),
        Command("kgs-game_over", game_over),
        Command("kgs-chat", chat, "game|private NAME MESSAGE"),
    ),
)

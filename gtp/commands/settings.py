"""How the engine chooses its moves. Settings have the names of options of `shicho-gtp`, and its `--help` explains them.

They stay for the games after this one.
"""

from shicho.engine.errors import BadConfig, GtpError, brief
from shicho.engine.settings import SETTINGS, parse_whole
from shicho.gtp.commands.arguments import expect
from shicho.gtp.commands.registry import AnalyzeCommand, Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_SEED = "seed"


def set_setting(session: Session, args: Arguments) -> str:
    """Set one setting; `seed` makes the engine draw its moves anew from that seed.

    > shicho-set style argmax
    =
    > shicho-set symmetries 4
    ? symmetries is not 1 or 8: 4
    """
    name, text = expect(args, 2)
    _check(name)
    player = session.player
    try:
        if name == _SEED:
            session.reseed(_seed(text))
        else:
            player.settings = player.settings.with_texts({name: text})
    except BadConfig as error:
        raise GtpError(str(error)) from None
    return ""


def get_setting(session: Session, args: Arguments) -> str:
    """Return the value of a setting, or without an argument the names and values of all settings, one a line.

    The seed is the one of the last start or `shicho-set seed`.

    > shicho-get beta-start
    = 20
    """
    seed = "unknown" if session.seed is None else str(session.seed)
    texts = session.player.settings.as_texts() | {_SEED: seed}
    if not expect(args, 0, 1):
        return "\n".join(f"{name} {text}" for name, text in texts.items())
    _check(args[0])
    return texts[args[0]]


def _check(name: str) -> None:
    if name not in (*SETTINGS, _SEED):
        raise GtpError(f"no setting {brief(name)}: there are {', '.join((*SETTINGS, _SEED))}")


def _seed(text: str) -> int:
    try:
        return parse_whole(text)
    except ValueError:
        raise BadConfig(f"seed is not a whole number: {brief(text)}") from None


FAMILY = Family(
    "Settings",
    __doc__,
    (
        Command("shicho-set", set_setting, "NAME VALUE"),
        Command("shicho-get", get_setting, "[NAME]", (AnalyzeCommand("string", "Settings"),)),
    ),
)

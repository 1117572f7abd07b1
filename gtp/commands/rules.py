"""The rule set, chosen by KGS's names (the KGS extension of GTP)."""

from dataclasses import replace

from shicho.engine import Rules
from shicho.engine.errors import BadConfig, GtpError
from shicho.gtp.commands.arguments import Arguments, Handler, expect
from shicho.gtp.session import Session


def kgs_rules(session: Session, args: Arguments) -> str:
    """Set the rules: chinese, japanese, aga, new_zealand or tromp-taylor. Komi does not change."""
    try:
        rules = Rules.named(expect(args, 1)[0])
    except BadConfig as error:
        raise GtpError(str(error)) from None
    session.game.rules = replace(rules, komi=session.game.komi)
    return ""


COMMANDS: dict[str, Handler] = {"kgs-rules": kgs_rules}

"""Rule sets, by the names that KGS gives them (its GTP extension)."""

from dataclasses import replace

from shicho.engine import Rules
from shicho.engine.errors import BadConfig, GtpError
from shicho.gtp.commands.arguments import Arguments, Handler, expect
from shicho.gtp.session import Session


def kgs_rules(session: Session, args: Arguments) -> str:
    """Play on by the rules of that name: chinese, japanese, aga, new_zealand, tromp-taylor. Komi stays."""
    try:
        rules = Rules.named(expect(args, 1)[0])
    except BadConfig as error:
        raise GtpError(str(error)) from None
    session.game.rules = replace(rules, komi=session.game.komi)
    return ""


COMMANDS: dict[str, Handler] = {"kgs-rules": kgs_rules}

"""The commands by name; one module a family.

A handler takes the session and the arguments, changes the session, and returns the text of the answer; GtpError says no
with the error text of the GTP 2 specification (draft 2). Handlers do no input or output of their own.
"""

from shicho.gtp.commands import administrative, ladder, play, regression, rules, setup, tournament
from shicho.gtp.commands.arguments import Arguments, Handler, expect
from shicho.gtp.session import Session


def known_command(session: Session, args: Arguments) -> str:
    """Whether a command exists: "true" or "false"."""
    return "true" if expect(args, 1)[0] in COMMANDS else "false"


def list_commands(session: Session, args: Arguments) -> str:
    """All commands, one a line."""
    expect(args, 0)
    return "\n".join(sorted(COMMANDS))


COMMANDS: dict[str, Handler] = {
    "known_command": known_command,
    "list_commands": list_commands,
    **administrative.COMMANDS,
    **setup.COMMANDS,
    **play.COMMANDS,
    **tournament.COMMANDS,
    **regression.COMMANDS,
    **ladder.COMMANDS,
    **rules.COMMANDS,
}

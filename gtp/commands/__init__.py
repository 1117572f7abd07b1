"""All GTP commands by name; each module holds one section of the specification or one extension.

A handler takes the session and the arguments, may change the session, and returns the text of the response. It raises
GtpError for a failure response, with the error message of the GTP 2 specification (draft 2) if there is one. Handlers
do not read stdin or write stdout.
"""

from shicho.gtp.commands import administrative, ladder, play, regression, rules, setup, tournament
from shicho.gtp.commands.arguments import Arguments, Handler, expect
from shicho.gtp.session import Session


def known_command(session: Session, args: Arguments) -> str:
    """Return "true" if the command exists, else "false"."""
    return "true" if expect(args, 1)[0] in COMMANDS else "false"


def list_commands(session: Session, args: Arguments) -> str:
    """Return the names of all commands, one per line."""
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

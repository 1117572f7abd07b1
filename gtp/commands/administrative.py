"""Section 6.3.1 of the GTP 2 specification."""

from shicho.gtp.commands.arguments import expect
from shicho.gtp.commands.registry import Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session


def protocol_version(session: Session, args: Arguments) -> str:
    """Return the version of the protocol, "2"."""
    expect(args, 0)
    return "2"


def name(session: Session, args: Arguments) -> str:
    """Return the name of the engine, "Shicho"."""
    expect(args, 0)
    return "Shicho"


def version(session: Session, args: Arguments) -> str:
    """Return the version of the engine and the name of its network."""
    expect(args, 0)
    return session.version


def quit(session: Session, args: Arguments) -> str:
    """End the session after this response."""
    expect(args, 0)
    session.finished = True
    return ""


FAMILY = Family(
    "Administration",
    __doc__,
    (
        Command("protocol_version", protocol_version),
        Command("name", name),
        Command("version", version),
        Command("quit", quit),
    ),
)

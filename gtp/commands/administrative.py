"""Administrative commands: name, version and quit (GTP 2 specification, section 6.3.1)."""

from shicho.gtp.commands.arguments import Arguments, Handler, expect
from shicho.gtp.session import Session


def protocol_version(session: Session, args: Arguments) -> str:
    """Return the protocol version, "2"."""
    expect(args, 0)
    return "2"


def name(session: Session, args: Arguments) -> str:
    """Return the name of the engine."""
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


COMMANDS: dict[str, Handler] = {
    "protocol_version": protocol_version,
    "name": name,
    "version": version,
    "quit": quit,
}

"""Which commands there are: sections 6.1, 6.2 and 6.3.1 of the GTP 2 specification."""

from shicho.tools.gtp_check.check import Problems, Severity, check, error, info, refused, warning
from shicho.tools.gtp_check.engine import Engine

REQUIRED = (
    "protocol_version", "name", "version", "known_command", "list_commands", "quit", "boardsize", "clear_board", "komi",
    "play", "genmove",
)  # fmt: skip
TOURNAMENT = (
    "fixed_handicap", "place_free_handicap", "set_free_handicap", "time_settings", "time_left", "final_score",
    "final_status_list", "undo",
)  # fmt: skip
REGRESSION = ("loadsgf", "reg_genmove")
_UNKNOWN = "no-such-command"


@check("commands.required", "list_commands has the eleven required commands", section="6.1")
def required(engine: Engine) -> Problems:
    """Yield an error for each required command that is not listed."""
    for name in REQUIRED:
        if name not in engine.commands:
            yield error(f"{name} is not listed")


@check(
    "commands.tournament",
    "the commands of the tournament subset are there",
    section="6.2",
    severity=Severity.INFO,
)
def tournament(engine: Engine) -> Problems:
    """Yield the missing commands of the tournament subset."""
    if missing := [name for name in TOURNAMENT if name not in engine.commands]:
        yield info(f"not there: {', '.join(missing)}")


@check("commands.regression", "the commands of the regression subset are there", section="6.2", severity=Severity.INFO)
def regression(engine: Engine) -> Problems:
    """Yield the missing commands of the regression subset."""
    if missing := [name for name in REGRESSION if name not in engine.commands]:
        yield info(f"not there: {', '.join(missing)}")


@check("commands.one-a-line", "list_commands has one command on each line", section="6.3.1")
def one_a_line(engine: Engine) -> Problems:
    """Yield an error for lines with several words, and for names that are listed twice."""
    names = engine.ask("list_commands").text.splitlines()
    if several := [line for line in names if len(line.split()) != 1]:
        yield error(f"a line is not one name: {several[0]!r}")
    elif len(names) != len(set(names)):
        yield warning(f"listed twice: {next(name for name in names if names.count(name) > 1)}")


@check("commands.protocol-version", 'protocol_version is "2"', section="6.3.1")
def protocol_version(engine: Engine) -> Problems:
    """Yield an error for another version."""
    text = engine.ask("protocol_version").text.strip()
    if text != "2":
        yield error(f'the answer is "{text}"')


@check("commands.name", "name and version are one line that is not empty", section="6.3.1", severity=Severity.WARNING)
def name(engine: Engine) -> Problems:
    """Yield a warning for an empty name and for a name or version of several lines."""
    for command in ("name", "version"):
        lines = engine.ask(command).text.strip().splitlines()
        if len(lines) > 1 or (command == "name" and not lines):
            yield warning(f"{command} has {len(lines)} lines")


@check("commands.known-command", 'known_command tells "true" or "false", and what is listed is known', section="6.3.1")
def known_command(engine: Engine) -> Problems:
    """Yield an error for wrong answers of known_command."""
    for command in sorted({*REQUIRED, *engine.commands}):
        text = engine.ask(f"known_command {command}").text.strip()
        if (text == "true") is not (command in engine.commands):
            listed = "listed" if command in engine.commands else "not listed"
            yield error(f'{command} is {listed}, and `known_command {command}` says "{text}"')
            return
    text = engine.ask(f"known_command {_UNKNOWN}").text.strip()
    if text != "false":
        yield error(f'`known_command {_UNKNOWN}` says "{text}"')


@check("commands.unknown", 'an unknown command is refused with "unknown command"', section="3.3")
def unknown(engine: Engine) -> Problems:
    """Yield the problems of a command that does not exist."""
    yield from refused(engine, _UNKNOWN, "there is no such command", "unknown command")


CHECKS = (required, tournament, regression, one_a_line, protocol_version, name, known_command, unknown)

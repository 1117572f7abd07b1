"""What a check is: an id, what it examines, and a function that yields the problems it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from shicho.tools.gtp_check.engine import Engine


class Severity(StrEnum):
    """How bad a problem is.

    ERROR: against the specification or the rules; controllers will stumble.
    WARNING: against a recommendation, or a text that a controller may compare.
    INFO: allowed, and worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Problem:
    """Something wrong with the engine, in one line."""

    severity: Severity
    text: str


Problems = Iterator[Problem]


class NotApplicable(Exception):
    """The check needs something that the engine does not have; the message says what."""


@dataclass(frozen=True)
class Check:
    """A check of one thing.

    `id`: family and name, "format.ids".
    `about`: what holds of an engine without problems.
    `section`: of the GTP 2 specification (draft 2), or "" where the specification says nothing.
    `severity`: the worst that its problems can be.
    `needs`: the commands without which the check does not apply.
    """

    id: str
    about: str
    section: str
    severity: Severity
    needs: tuple[str, ...]
    function: Callable[[Engine], Problems]

    def problems(self, engine: Engine) -> Problems:
        """Yield the problems of a running engine.

        Raises NotApplicable, and the errors of `Engine.ask` where the engine ends or does not answer.
        """
        if missing := [name for name in self.needs if name not in engine.commands]:
            raise NotApplicable(f"no {', '.join(missing)}")
        return self.function(engine)


def check(
    id: str, about: str, *, section: str = "", severity: Severity = Severity.ERROR, needs: str = ""
) -> Callable[[Callable[[Engine], Problems]], Check]:
    """Make a function a check; `needs` are the names of commands with spaces between."""
    return lambda function: Check(id, about, section, severity, tuple(needs.split()), function)


def error(text: str) -> Problem:
    """Return a problem that is an error."""
    return Problem(Severity.ERROR, text)


def warning(text: str) -> Problem:
    """Return a problem that is a warning."""
    return Problem(Severity.WARNING, text)


def info(text: str) -> Problem:
    """Return a problem that is worth knowing."""
    return Problem(Severity.INFO, text)


def refused(engine: Engine, line: str, why: str, *messages: str) -> Problems:
    """Yield the problems of a command that must fail: an error if it succeeds, a warning if its message is another.

    `why`: the reason, for the report. `messages`: the error messages that are right; any if there is none.
    """
    answer = engine.ask(line)
    message = answer.text.strip()
    if answer.ok:
        yield error(f"`{line}` succeeds: {why}")
    elif messages and message.lower() not in messages:
        yield warning(f'`{line}`: the message is "{message}", not "{messages[0]}"')


def accepted(engine: Engine, line: str, why: str = "") -> Problems:
    """Yield an error if a command fails that must succeed."""
    answer = engine.ask(line)
    if not answer.ok:
        yield error(f'`{line}` fails{": " + why if why else ""} ("{answer.text.strip()}")')

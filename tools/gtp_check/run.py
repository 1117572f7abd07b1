"""Running the checks: a crash or a hang ends one check, and the next one gets a fresh process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shicho.engine.errors import EngineCrashed, EngineTimeout
from shicho.tools.gtp_check.check import Check, NotApplicable, Problem, Severity, error
from shicho.tools.gtp_check.engine import QUIET_SECONDS, Engine, Refused
from shicho.tools.gtp_check.families import CHECKS

START_SECONDS = 60.0
ANSWER_SECONDS = 20.0
_PAUSE_SECONDS = 0.02
_GONE = "the engine does not start any more"


class State(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Outcome:
    """What a check found: its problems, or why it did not apply."""

    check: Check
    state: State
    problems: tuple[Problem, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """What is known of an engine after the checks, in their order."""

    command: tuple[str, ...]
    name: str
    version: str
    commands: frozenset[str]
    size: int
    outcomes: tuple[Outcome, ...]

    def count(self, severity: Severity) -> int:
        """Return the number of problems of a severity."""
        return sum(problem.severity is severity for outcome in self.outcomes for problem in outcome.problems)


def examine(
    command: Sequence[str],
    *,
    timeout: float = ANSWER_SECONDS,
    start_timeout: float = START_SECONDS,
    checks: Sequence[Check] = CHECKS,
    on_check: Callable[[Check], None] = lambda check: None,
) -> Report:
    """Run checks on an engine and return what they found.

    `timeout`, `start_timeout`: seconds to wait for an answer, and for the first one of a process.
    `on_check` is called before each check.

    If it cannot be started again, that is an error of the check that needed it, and no further check applies.

    Raises EngineCrashed or EngineTimeout if the engine cannot be started at all.
    """
    with Engine(command, timeout=timeout, start_timeout=start_timeout) as engine:
        outcomes: list[Outcome] = []
        for check in checks:
            on_check(check)
            try:
                engine.start()
            except (EngineCrashed, EngineTimeout) as failure:
                outcomes.append(Outcome(check, State.FAILED, (error(str(failure)),)))
                outcomes += [Outcome(rest, State.NOT_APPLICABLE, reason=_GONE) for rest in checks[len(outcomes) :]]
                break
            outcomes.append(_run(check, engine))
        return Report(tuple(command), engine.name, engine.version, engine.commands, engine.size, tuple(outcomes))


def _run(check: Check, engine: Engine) -> Outcome:
    problems: list[Problem] = []
    before = len(engine.stray)
    try:
        problems.extend(check.problems(engine))
    except NotApplicable as missing:
        return Outcome(check, State.NOT_APPLICABLE, reason=str(missing))
    except (Refused, EngineCrashed, EngineTimeout) as failure:
        problems.append(error(str(failure)))
    if engine.running and (left := engine.pending(QUIET_SECONDS if problems else _PAUSE_SECONDS)):
        if not problems:
            engine.note(left)
        engine.end()  # the next check must not read what is left of this one
    if extra := [(line, raw) for line, raw in engine.stray[before:] if raw.startswith((b"=", b"?"))]:
        line, raw = extra[0]
        problems.append(error(f"an answer too many, after `{line[:40]}`: {raw[:60]!r}"))
    return Outcome(check, State.FAILED if problems else State.PASSED, tuple(problems))

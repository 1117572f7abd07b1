"""What the command lines share: how they end, how they start our engine, how many things to do at once."""

import os
import sys
from collections.abc import Callable

from shicho.engine.errors import ShichoError

INTERRUPTED = 130


def shicho_gtp(*options: str) -> tuple[str, ...]:
    """The command line that starts our engine with the Python that runs now."""
    return sys.executable, "-P", "-m", "shicho.gtp.main", *options


def run(command: Callable[[], object]) -> None:
    """Run a command line: bad input becomes one line on stderr and exit code 1, an interruption exit code 130."""
    try:
        command()
    except (ShichoError, OSError) as error:
        print(_one_line(error), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _one_line(error: Exception) -> str:
    """The message, with the file first where the system says which."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}"
    return " ".join(str(error).split()) or type(error).__name__


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""Functions shared by the command lines: error handling, the command line of shicho-gtp, the number of cores."""

import os
import sys
from collections.abc import Callable

from shicho.engine.errors import ShichoError, one_line

INTERRUPTED = 130


def shicho_gtp(*options: str) -> tuple[str, ...]:
    """Return the command line that starts shicho-gtp with the current Python interpreter."""
    return sys.executable, "-P", "-m", "shicho.gtp.main", *options


def run(command: Callable[[], object]) -> None:
    """Run a command line and turn errors into exit codes.

    ShichoError and OSError: one line on stderr and exit code 1. KeyboardInterrupt: exit code 130. Other exceptions are
    bugs and keep their traceback.
    """
    try:
        command()
    except (ShichoError, OSError) as error:
        print(one_line(error), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""Functions shared by the command lines: error handling, command lines of engines, the number of cores."""

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from shicho.engine.errors import BadConfig, ShichoError, brief, one_line

INTERRUPTED: Final = 130
_EXTRAS: Final = {
    **dict.fromkeys(("torch", "h5py", "onnx", "onnxscript", "tensorboard"), "train"),
    **dict.fromkeys(("matplotlib", "PIL"), "picture"),
    "distributed": "cluster",
}
"""The extra that installs a module."""
_GAMES_FOLDERS: Final = ("/usr/games", "/usr/local/games")


def shicho_gtp(*options: str) -> tuple[str, ...]:
    """Return the command line that starts shicho-gtp with the current Python interpreter."""
    return sys.executable, "-P", "-m", "shicho.gtp.main", *options


def split_command(command: str) -> tuple[str, ...]:
    """Split a command line as a shell does; raises BadConfig if it cannot be split or is empty.

    >>> split_command("gnugo --mode 'gtp'")
    ('gnugo', '--mode', 'gtp')
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadConfig(f"command {brief(command)}: {error}") from None
    if not words:
        raise BadConfig("the command line is empty")
    return tuple(words)


def find_command(words: Sequence[str]) -> tuple[str, ...]:
    """Return what starts an engine: `shicho-gtp` with this Python, other programs with their path if they are found."""
    program, *options = words
    return shicho_gtp(*options) if program == "shicho-gtp" else (find_program(program) or program, *options)


def find_program(name: str) -> str | None:
    """Return the path of a program, from PATH, beside this Python or in Debian's folders of games; None without it."""
    path = os.pathsep.join((os.environ.get("PATH", ""), str(Path(sys.executable).parent), *_GAMES_FOLDERS))
    return shutil.which(name, path=path)


def run(command: Callable[[], object]) -> None:
    """Run a command line and turn errors into exit codes.

    ShichoError, OSError and a missing optional module: one line on stderr and exit code 1. KeyboardInterrupt: exit code
    130. Other exceptions are bugs and keep their traceback.
    """
    try:
        command()
    except (ShichoError, OSError) as error:
        print(one_line(error), file=sys.stderr)
        sys.exit(1)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        print(f"this needs {error.name}: pip install 'shicho[{_EXTRAS[error.name]}]'", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

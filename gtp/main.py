"""The command `shicho-gtp`: what surrounds the engine's process; `shicho.gtp.command_line` does the rest.

This module imports nothing that Python has not loaded by itself, so that an interrupt and a closed stream are handled
from the first moment, before numpy and the network are loaded.
"""

import os
import sys

TYPE_CHECKING = False  # that of typing, which takes a while to import
if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPTED = 130


def main() -> int:
    """Serve GTP until `quit` or the end of input and return the exit code: that of `guarded`, 2 also for bad options.

    Bad options include a network that cannot be used; one line on stderr says so.
    """
    return guarded("shicho-gtp", _serve)


def guarded(program: str, serve: "Callable[[], int]") -> int:
    """Call `serve`, which speaks over stdin and stdout, and return its exit code.

    0 if the other side has closed the pipe that it reads; 1 if stdout cannot be written; 2 for a standard stream that
    is closed at the start; an interrupt (SIGINT) ends the process with 130. Except for the first case, one line on
    stderr, which begins with the name of the `program`, says what happened.
    """
    try:
        _end_at_interrupt(program)
    except KeyboardInterrupt:
        return _failed(program, "interrupted", INTERRUPTED)
    for name, stream in (("input", sys.stdin), ("output", sys.stdout)):
        if stream is None:  # the descriptor was closed when the process started
            return _failed(program, f"standard {name} is closed", 2)
    try:
        try:
            return serve()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_stdout()
        return 0
    except OSError as error:
        _discard_stdout()
        return _failed(program, f"cannot write to standard output: {error.strerror}", 1)


def _serve() -> int:
    from shicho.gtp.command_line import run

    return run()


def _end_at_interrupt(program: str) -> None:
    """End the process at an interrupt; an exception might get lost inside the import of an extension module."""
    import signal

    def end(number: int, frame: object) -> None:
        os._exit(_failed(program, "interrupted", INTERRUPTED))

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, end)


def _failed(program: str, what: str, code: int) -> int:
    if sys.stderr is not None:
        sys.stderr.write(f"{program}: {what}\n")
        sys.stderr.flush()
    return code


def _discard_stdout() -> None:
    """Redirect stdout to the null device, so that flushing its buffer at exit does not raise."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())

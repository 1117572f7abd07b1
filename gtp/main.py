"""The command `shicho-gtp`: what surrounds the engine's process; `shicho.gtp.command_line` does the rest.

This module imports nothing that Python has not loaded by itself, so that an interrupt and a closed stream are handled
from the first moment, before numpy and the network are loaded.
"""

import os
import sys

INTERRUPTED = 130


def main() -> int:
    """Serve GTP until `quit` or the end of input and return the exit code.

    0 at the end, also if the controller has closed the pipe that it reads; 1 if stdout cannot be written; 2 for bad
    options, a network that cannot be used, and a standard stream that is closed at the start; an interrupt (SIGINT)
    ends the process with 130. Except for the first case, one line on stderr says what happened.
    """
    try:
        _end_at_interrupt()
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED)
    for name, stream in (("input", sys.stdin), ("output", sys.stdout)):
        if stream is None:  # the descriptor was closed when the process started
            return _failed(f"standard {name} is closed", 2)
    from shicho.gtp.command_line import run

    try:
        try:
            return run()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_stdout()
        return 0
    except OSError as error:
        _discard_stdout()
        return _failed(f"cannot write to standard output: {error.strerror}", 1)


def _end_at_interrupt() -> None:
    """End the process at an interrupt; an exception might get lost inside the import of an extension module."""
    import signal

    def end(number: int, frame: object) -> None:
        os._exit(_failed("interrupted", INTERRUPTED))

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, end)


def _failed(what: str, code: int) -> int:
    if sys.stderr is not None:
        sys.stderr.write(f"shicho-gtp: {what}\n")
        sys.stderr.flush()
    return code


def _discard_stdout() -> None:
    """Redirect stdout to the null device, so that flushing its buffer at exit does not raise."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())

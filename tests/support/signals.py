"""Signals of child processes in tests."""

import signal


def restore_sigint() -> None:
    """Let Ctrl-C end this process, as `preexec_fn`: a pytest in the background ignores it, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

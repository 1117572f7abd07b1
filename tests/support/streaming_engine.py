"""An engine with Shicho's commands, an even network, and commands that stream, fail or take long; run as a program.

The network gives black a win probability of 0.6.

`python -m tests.support.streaming_engine [FOLDER]`, in the folder of the repository; files are written in FOLDER.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator

import numpy as np

from shicho.engine.player import Player
from shicho.engine.settings import PlaySettings, Style
from shicho.gtp.commands import FAMILIES
from shicho.gtp.commands.arguments import expect, integer
from shicho.gtp.commands.registry import Command, Family, Registry
from shicho.gtp.protocol import Arguments
from shicho.gtp.server import serve
from shicho.gtp.session import Session
from tests.support.games import Judges, Prefers


def count(session: Session, args: Arguments) -> Iterator[str]:
    """Stream the numbers from 1 to the argument, one a part."""
    return (f"number {number}" for number in range(1, 1 + integer(expect(args, 1)[0])))


def forever(session: Session, args: Arguments) -> Iterator[str]:
    """Stream a line each millisecond."""
    while True:
        yield "again\n\nand again"
        time.sleep(0.001)


def fail_early(session: Session, args: Arguments) -> Iterator[str]:
    """Fail before the first part."""
    raise MemoryError("no room")
    yield ""


def fail_late(session: Session, args: Arguments) -> Iterator[str]:
    """Fail after the first part."""
    yield "so far"
    raise MemoryError("no room")


def busy(session: Session, args: Arguments) -> str:
    """Take as many milliseconds as the argument says."""
    time.sleep(integer(expect(args, 1)[0]) / 1000)
    return "done"


TESTING = Family(
    "For tests",
    "",
    tuple(
        Command(name, handler)
        for name, handler in {
            "test-count": count,
            "test-forever": forever,
            "test-fail-early": fail_early,
            "test-fail-late": fail_late,
            "test-busy": busy,
        }.items()
    ),
)


def new_session(network: Prefers | None = None) -> Session:
    """A session whose network gives every point the same probability, and the pass a lower one."""
    even = network or Prefers(**{"pass": 0.001})
    return Session(Player(even, np.random.default_rng(0), PlaySettings(style=Style.ARGMAX)), "1.2.3 (test)")


if __name__ == "__main__":
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else ".")
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
        session = new_session(Judges(lambda game: 0.6, **{"pass": 0.001}))
        serve(session, source, sys.stdout.buffer, Registry([*FAMILIES, TESTING]))

r"""A GTP engine without faults, Shicho's commands with an even network, and with whatever faults it is told to have.

`--instead PATTERN ANSWER`: a line of which the regular expression PATTERN matches all is not obeyed, and ANSWER goes to
stdout, with \n for a line feed and {id} for the id of the line. An ANSWER of !crash ends the process, !hang sleeps.
`--after PATTERN TEXT`: TEXT goes to stdout after the answer to such a line. Both may be given several times.
`--once FILE`: writes the file at the start, and crashes if there is one.
`--deaf-to EVENT`: runs on after `quit`, the `end` of its input or `sigterm`.

A line is matched as it came, without its line feed, as Latin-1.
"""

import argparse
import itertools
import os
import re
import signal
import sys
import time
from pathlib import Path

from shicho.gtp.commands import REGISTRY
from shicho.gtp.protocol import Response, format_response
from shicho.gtp.server import answer
from tests.support.streaming_engine import new_session


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--instead", nargs=2, action="append", default=[], metavar=("PATTERN", "ANSWER"))
    parser.add_argument("--after", nargs=2, action="append", default=[], metavar=("PATTERN", "TEXT"))
    parser.add_argument("--deaf-to", action="append", default=[], choices=("quit", "end", "sigterm"))
    parser.add_argument("--once", type=Path)
    return parser.parse_args()


def say(text: str, line: str) -> None:
    """Do as an ANSWER says."""
    match text:
        case "!crash":
            print("assertion failed: life is short", file=sys.stderr, flush=True)
            os._exit(3)
        case "!hang":
            time.sleep(600)
    id = re.match(r"\s*([0-9]*)", line)
    assert id
    sys.stdout.buffer.write(text.replace("\\n", "\n").replace("\\r", "\r").replace("{id}", id[1]).encode("latin-1"))
    sys.stdout.flush()


def main() -> None:
    """Answer commands until quit or the end of input."""
    options = arguments()
    if "sigterm" in options.deaf_to:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if options.once and options.once.exists():
        say("!crash", "")
    elif options.once:
        options.once.touch()
    session = new_session()
    for raw in sys.stdin.buffer:
        line = raw.decode("latin-1").removesuffix("\n")
        instead = next((text for pattern, text in options.instead if re.fullmatch(pattern, line)), None)
        if instead is not None:
            say(instead, line)
        elif isinstance(answered := answer(session, line, REGISTRY), Response):
            sys.stdout.buffer.write(format_response(answered).encode())
            sys.stdout.flush()
        for pattern, text in options.after:
            if re.fullmatch(pattern, line):
                say(text, line)
        if session.finished and "quit" not in options.deaf_to:
            return
    for _ in itertools.count() if "end" in options.deaf_to or session.finished else ():
        time.sleep(600)


if __name__ == "__main__":
    main()

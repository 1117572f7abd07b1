"""A GTP engine that does what it is told, for tests of whoever talks to engines. Plain Python: it starts in a moment.

It plays the vertices of --moves one after the other and then passes; moves are counted from 1. What it may do wrong,
and when, are the other options. It never looks at the board.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="Fake")
    parser.add_argument("--version", default="1.0")
    parser.add_argument("--moves", default="", help="vertices played one after the other, blanks between; then passes")
    parser.add_argument("--seed", default="0", help="taken and ignored, but for the command `seed`")
    parser.add_argument("--final-score", default="B+1.5")
    parser.add_argument("--crash-at", type=int, default=0, help="exit with code 3 when asked for this move")
    parser.add_argument("--crash-in-answer-at", type=int, default=0, help="the same with half an answer sent")
    parser.add_argument("--hang-at", type=int, default=0, help="sleep when asked for this move")
    parser.add_argument("--pid-at-hang", type=Path, help="write the process id to this file before sleeping")
    parser.add_argument("--illegal-at", type=int, default=0, help="play on the opponent's last stone (or on A1)")
    parser.add_argument("--nonsense-at", type=int, default=0, help="answer with no vertex at all")
    parser.add_argument("--resign-at", type=int, default=0)
    parser.add_argument("--resign-by-seed", action="store_true", help="resign at move 2 to 6, by the seed")
    parser.add_argument("--seconds", type=float, default=0.0, help="sleep so long before each move")
    parser.add_argument("--hang-at-command", default="", help="sleep when sent this command")
    parser.add_argument("--flood", action="store_true", help="write to stderr without end while sleeping")
    parser.add_argument("--refuse", default="", help="answer this command with a failure")
    parser.add_argument("--log-commands", type=Path, help="add each command to this file")
    parser.add_argument("--refuse-play", action="store_true", help="take every move of the opponent for illegal")
    parser.add_argument("--crlf", action="store_true", help="end lines with carriage return and line feed")
    parser.add_argument("--noise", action="store_true", help="print much on stderr, some of it no text")
    parser.add_argument("--deaf", action="store_true", help="neither quit nor stop at the end of input")
    parser.add_argument("--log-starts", type=Path, help="add a line to this file at each start")
    return parser.parse_args()


class Engine:
    """The commands; each returns the text of its answer or raises ValueError with the text of a refusal."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.moves = options.moves.split()
        self.asked = 0
        self.last_seen = "A1"

    def answer(self, name: str, args: list[str]) -> str:
        """The answer to one command."""
        if name == self.options.refuse:
            raise ValueError(f"no {name} here")
        if name == self.options.hang_at_command:
            self.sleep()
        handler: Callable[..., str] | None = getattr(self, f"do_{name.replace('-', '_')}", None)
        if handler is None:
            raise ValueError("unknown command")
        return handler(*args)

    def sleep(self) -> None:
        """Sleep for ten minutes, with or without noise."""
        while self.options.flood:
            sys.stderr.write("still thinking\n" * 100)
        time.sleep(600)

    def do_name(self) -> str:
        return self.options.name

    def do_version(self) -> str:
        return self.options.version

    def do_seed(self) -> str:
        return self.options.seed

    def do_variable(self, name: str) -> str:
        return os.environ.get(name, "")

    def do_folder(self) -> str:
        return os.getcwd()

    def do_time_settings(self, main: str, byo_yomi: str, stones: str) -> str:
        return ""

    def do_time_left(self, colour: str, seconds: str, stones: str) -> str:
        return ""

    def do_fixed_handicap(self, stones: str) -> str:
        return ""

    def do_set_free_handicap(self, *vertices: str) -> str:
        return ""

    def do_boardsize(self, size: str) -> str:
        return ""

    def do_clear_board(self) -> str:
        self.asked = 0
        return ""

    def do_komi(self, komi: str) -> str:
        return ""

    def do_kgs_rules(self, rules: str) -> str:
        return ""

    def do_final_score(self) -> str:
        return self.options.final_score

    def do_lines(self) -> str:
        return "one\ntwo\nthree"

    def do_echo(self, *words: str) -> str:
        return " ".join(words)

    def do_flood(self) -> str:
        while True:
            print("= " + "x" * 1000)

    def do_garbage(self) -> str:
        print("Segmentation fault (not really)\n\n", end="", flush=True)
        return ""

    def do_spawn(self) -> str:
        """Start a process of one's own; its id."""
        return str(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid)

    def do_play(self, colour: str, vertex: str) -> str:
        if self.options.refuse_play:
            raise ValueError("illegal move")
        self.last_seen = vertex
        return ""

    def do_genmove(self, colour: str) -> str:
        self.asked += 1
        options = self.options
        if self.asked == options.crash_in_answer_at:
            print("= D", flush=True)
        if self.asked in (options.crash_at, options.crash_in_answer_at):
            print("assertion failed: life is short", file=sys.stderr, flush=True)
            sys.exit(3)
        if self.asked == options.hang_at:
            if options.pid_at_hang:
                options.pid_at_hang.write_text(str(os.getpid()))
            self.sleep()
        time.sleep(options.seconds)
        if options.resign_by_seed and self.asked == 2 + int(options.seed) % 5:
            return "resign"
        if self.asked == options.illegal_at:
            return self.last_seen
        if self.asked == options.nonsense_at:
            return "somewhere"
        if self.asked == options.resign_at:
            return "resign"
        return self.moves[self.asked - 1] if self.asked <= len(self.moves) else "pass"


def main() -> None:
    """Answer commands until quit or the end of input."""
    options = arguments()
    if options.log_starts:
        with options.log_starts.open("a") as file:
            file.write("started\n")
    engine = Engine(options)
    end = "\r\n" if options.crlf else "\n"
    sys.stdout.reconfigure(newline="")  # type: ignore[union-attr]
    for line in sys.stdin:
        name, *args = line.split() or [""]
        if options.log_commands:
            with options.log_commands.open("a") as file:
                file.write(line)
        if options.noise:
            sys.stderr.buffer.write(b"\xff\xfe thinking about " + name.encode() + b"\n" + b"z" * 100_000 + b"\n")
            sys.stderr.flush()
        if name == "quit" and options.hang_at_command == "quit":
            engine.sleep()
        if name == "quit" and not options.deaf:
            print("=", end=end * 2, flush=True)
            return
        try:
            text = "= " + engine.answer(name, args)
        except ValueError as error:
            text = f"? {error}"
        print(text.replace("\n", end), end=end * 2, flush=True)
    while options.deaf:
        time.sleep(600)


if __name__ == "__main__":
    main()

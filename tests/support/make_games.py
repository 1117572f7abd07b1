"""Make the games of tests/data/games: GNU Go 3.8 against itself over GTP. Existing files are kept.

Run from the repository root: `nice python tests/support/make_games.py` (one core, half an hour). Each game has its own
process, seed and levels, so that the same GNU Go gives the same file again.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

FOLDER = Path(__file__).resolve().parent.parent / "data" / "games"
SEARCH_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/games"))
COLUMNS = "ABCDEFGHJKLMNOPQRST"
SGF_LETTERS = "abcdefghijklmnopqrs"
MAX_PLIES = 722


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One game to play: the levels of both sides, fixed handicap stones (0 or 2 to 9), black's first move."""

    size: int
    seed: int
    black_level: int
    white_level: int
    handicap: int = 0
    opening: str = ""

    @property
    def komi(self) -> float:
        """7.5, or half a point in a handicap game."""
        return 0.5 if self.handicap else 7.5

    @property
    def path(self) -> Path:
        """The path of the game's file."""
        handicap = f"-handicap{self.handicap}" if self.handicap else ""
        return FOLDER / f"{self.size:02d}-seed{self.seed:03d}{handicap}.sgf"


def plans() -> Iterator[Plan]:
    """Yield every game of the folder, small boards first."""
    for size, count in ((5, 2), (7, 2), (9, 8), (13, 6)):
        for seed in range(1, count + 1):
            handicap = 2 if size > 7 and seed == count else 0
            opening = "B2" if size < 9 and seed == 2 else ""
            yield Plan(
                size=size,
                seed=seed,
                black_level=1 + seed,
                white_level=10 - seed,
                handicap=handicap,
                opening=opening,
            )
    for seed in range(1, 31):
        handicap = {10: 2, 20: 4, 30: 9}.get(seed, 0)
        yield Plan(size=19, seed=seed, black_level=seed % 5 + 1, white_level=seed % 4 + 1, handicap=handicap)


class GnuGo:
    """A GNU Go process; each command waits for its answer and raises RuntimeError when it is refused."""

    def __init__(self, seed: int) -> None:
        program = shutil.which("gnugo", path=SEARCH_PATH)
        if program is None:
            raise FileNotFoundError("gnugo is not installed")
        options = ["--mode", "gtp", "--seed", str(seed), "--chinese-rules", "--positional-superko", "--never-resign"]
        self._process = subprocess.Popen(
            [program, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate("quit\n")

    def send(self, command: str) -> str:
        """Send one GTP command and return the text of the response."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command + "\n")
        lines = []
        while line := self._process.stdout.readline().strip():
            lines.append(line)
        answer = "\n".join(lines)
        if not answer.startswith("="):
            raise RuntimeError(f"{command}: {answer or 'gnugo ended'}")
        return answer[1:].strip()


def sgf_point(vertex: str, size: int) -> str:
    """Convert a vertex to SGF: A19 becomes aa, a pass becomes empty."""
    if vertex.upper() == "PASS":
        return ""
    return SGF_LETTERS[COLUMNS.index(vertex[0].upper())] + SGF_LETTERS[size - int(vertex[1:])]


def play(plan: Plan) -> str:
    """Play one game to two passes; returns its SGF."""
    with GnuGo(plan.seed) as gnugo:
        gnugo.send(f"boardsize {plan.size}")
        gnugo.send(f"komi {plan.komi}")
        stones = gnugo.send(f"fixed_handicap {plan.handicap}").split() if plan.handicap else []
        side = "white" if stones else "black"
        moves: list[str] = []
        passes = 0
        while passes < 2 and len(moves) < MAX_PLIES:
            gnugo.send(f"level {plan.black_level if side == 'black' else plan.white_level}")
            if plan.opening and not moves:
                gnugo.send(f"play {side} {plan.opening}")
                point = sgf_point(plan.opening, plan.size)
            else:
                point = sgf_point(gnugo.send(f"genmove {side}"), plan.size)
            moves.append(f";{side[0].upper()}[{point}]")
            passes = 0 if point else passes + 1
            side = "white" if side == "black" else "black"
        result = gnugo.send("final_score")
        version = gnugo.send("version")
    players = f"PB[GNU Go {version} level {plan.black_level}]PW[GNU Go {version} level {plan.white_level}]"
    head = f"(;GM[1]FF[4]CA[UTF-8]SZ[{plan.size}]KM[{plan.komi}]RU[Chinese]{players}RE[{result}]"
    if stones:
        head += f"HA[{plan.handicap}]AB" + "".join(f"[{sgf_point(stone, plan.size)}]" for stone in stones)
    rows = ["".join(moves[at : at + 12]) for at in range(0, len(moves), 12)]
    return "\n".join([head, *rows]) + ")\n"


def main() -> None:
    """Play the missing games; write a line for each to stderr."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for plan in plans():
        if not plan.path.exists():
            text = play(plan)
            plan.path.write_text(text, encoding="ascii")
            sys.stderr.write(f"{plan.path.name}: {text.count(';') - 1} moves\n")


if __name__ == "__main__":
    main()

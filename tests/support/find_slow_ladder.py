"""Search for positions whose ladders take long to read, and keep the worst in tests/data/slow_ladders.json.

    python -m tests.support.find_slow_ladder --seconds 300 --seed 1

A search starts with stones thrown on the board, a position from random play, or one of the worst that are known; from
there stones are added, taken off or turned as long as the ladders of all chains together take more nodes than before.
Nodes are compared, so that a search can be done again; the time of the worst is measured at the end (--seconds 0 does
that alone).
"""

import argparse
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shicho.engine import Board
from shicho.engine.errors import BadPosition
from tests.support.random_games import random_position, random_setup

DATA = Path(__file__).resolve().parents[1] / "data" / "slow_ladders.json"
SIZE = 19
PATIENCE = 1_500
KEPT = 3


@dataclass
class Found:
    """A position and the number of nodes that reading its ladders takes."""

    stones: NDArray[np.uint8]
    nodes: int


def chains_to_read(board: Board) -> list[int]:
    """Return one stone of every chain with one or two liberties."""
    numbers, liberties = board.chains().ravel(), board.liberties().ravel()
    return np.unique(numbers[(liberties > 0) & (liberties <= 2)]).tolist()


def cost(stones: NDArray[np.uint8]) -> int:
    """Return the nodes of all readings, -1 if the stones are not a legal position."""
    try:
        board = Board.from_stones(stones)
    except BadPosition:
        return -1
    return sum(board.ladder(chain).nodes for chain in chains_to_read(board))


def mutated(stones: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """Return the stones with a few points changed or a square patch rotated."""
    child = stones.copy()
    if rng.random() < 0.1:
        edge = rng.randrange(3, 8)
        row, column = rng.randrange(SIZE - edge), rng.randrange(SIZE - edge)
        patch = child[row : row + edge, column : column + edge]
        patch[...] = np.rot90(patch, rng.randrange(1, 4)) if rng.random() < 0.5 else patch[:, ::-1]
        return child
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        child[rng.randrange(SIZE), rng.randrange(SIZE)] = rng.choice((0, 0, 1, 2))
    return child


def start(rng: random.Random, known: list[Found]) -> NDArray[np.uint8]:
    """Return a strongly changed known position, random stones, or the result of random play."""
    if known and rng.random() < 0.5:
        stones = rng.choice(known).stones
        for _ in range(rng.randrange(1, 20)):
            stones = mutated(stones, rng)
        return stones
    made = random_setup(rng, SIZE) if rng.random() < 0.7 else random_position(rng, SIZE, rng.randrange(300))
    return made[0].stones.copy()


def climb(rng: random.Random, end: float, known: list[Found]) -> Found:
    """Climb from one start position until nothing improves for a while."""
    stones = max((start(rng, known) for _ in range(20)), key=cost)
    best, idle = Found(stones, cost(stones)), 0
    while idle < PATIENCE and time.monotonic() < end:
        child = mutated(best.stones, rng)
        nodes = cost(child)
        idle = 0 if nodes > best.nodes else idle + 1
        if nodes >= best.nodes:
            best = Found(child, nodes)
    return best


def record(found: Found) -> dict[str, Any]:
    """Return the entry of a position for the test data; the time is CPU time on this machine, the best of five."""
    board = Board.from_stones(found.stones)
    chains = chains_to_read(board)
    readings = [board.ladder(chain) for chain in chains]
    seconds = []
    for _ in range(5):
        before = time.process_time()
        for chain in chains:
            board.ladder(chain)
        seconds.append(time.process_time() - before)
    return {
        "rows": [" ".join(".XO"[stone] for stone in row) for row in found.stones],
        "nodes": found.nodes,
        "milliseconds": round(1000 * min(seconds), 1),
        "exhausted": sum(reading.exhausted for reading in readings),
        "captured": [chain for chain, reading in zip(chains, readings, strict=True) if reading.captured],
    }


def load() -> list[dict[str, Any]]:
    """Return the stored entries: rows, nodes, milliseconds, exhausted readings, a stone of each captured chain."""
    return json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else []


def stones_of(stored: dict[str, Any]) -> NDArray[np.uint8]:
    """Return the stones of an entry."""
    return Board.from_text("\n".join(stored["rows"])).stones.copy()


def main() -> None:
    """Search for the given time and write the worst positions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, end = random.Random(options.seed), time.monotonic() + options.seconds
    found = [Found(stones, cost(stones)) for stones in map(stones_of, load())]
    while time.monotonic() < end:
        found = sorted([*found, climb(rng, end, found)], key=lambda one: -one.nodes)[:KEPT]
        print(f"{[one.nodes for one in found]} nodes", flush=True)
    DATA.write_text(json.dumps([record(one) for one in found], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

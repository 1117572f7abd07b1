"""Soak of shicho-gtp: many games in one process, to see whether its memory grows or its moves become slower."""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any, Final, NamedTuple

from shicho.engine.policy import default_network
from shicho.gtp.client import GtpClient
from shicho.tools.bench.measure import resident_mib, significant
from shicho.tools.console import shicho_gtp
from shicho.tools.environment import environment

SEED: Final = 1
SETTLED: Final = 5
"""Games after which memory is first read."""


class Move(NamedTuple):
    """What a move took: wall-clock time and the processor time of all threads, in milliseconds."""

    wall: float
    cpu: float


def bench_soak(network: Path | None, *, games: int, sizes: Sequence[int]) -> dict[str, Any]:
    """Let one process of shicho-gtp play games against itself, on boards of the given sizes in turn.

    Memory is the resident memory after 5 games (or all, if there are fewer) and at the end, 0 without /proc. The time
    of a move is from `genmove` to its response; its processor time, which GTP gives in milliseconds, depends less on
    what else the machine does. For every size there are the median time and the mean processor time in the first and in
    the last tenth of its moves. `network` is an ONNX file, None for the included one. Returns the content of `shicho
    bench soak --json`. Raises GtpError for a size that the engine refuses, and EngineCrashed or EngineTimeout.
    """
    chosen = network or default_network()
    moves: dict[int, list[Move]] = {size: [] for size in sizes}
    settled = 0.0
    with GtpClient(shicho_gtp("--network", str(chosen), "--seed", str(SEED)), name="shicho-gtp") as engine:
        for game in range(games):
            size = sizes[game % len(sizes)]
            moves[size] += _play_game(engine, size)
            if game + 1 == min(SETTLED, games):
                settled = resident_mib(engine.pid)
        end = resident_mib(engine.pid)
    return {
        "benchmark": "soak",
        "games": games,
        "moves": sum(map(len, moves.values())),
        f"resident_mib_after_{min(SETTLED, games)}_games": significant(settled),
        "resident_mib_at_the_end": significant(end),
        **{name: value for size in moves if moves[size] for name, value in _times(size, moves[size]).items()},
        "network": chosen.name,
        "clock": "wall clock; cpu: processor time of all threads of the engine",
        **environment(),
    }


def _play_game(engine: GtpClient, size: int) -> list[Move]:
    """Play until both sides pass or one resigns; return what each move took."""
    engine.send("boardsize", size)
    moves: list[Move] = []
    passes = 0
    cpu = float(engine.send("gomill-cpu_time"))
    while passes < 2:
        colour = "white" if len(moves) % 2 else "black"
        started = time.perf_counter()
        vertex = engine.send("genmove", colour)
        wall = time.perf_counter() - started
        before, cpu = cpu, float(engine.send("gomill-cpu_time"))
        moves.append(Move(1000 * wall, 1000 * (cpu - before)))
        if vertex == "resign":
            break
        passes = passes + 1 if vertex == "pass" else 0
    return moves


def _times(size: int, moves: Sequence[Move]) -> dict[str, float]:
    tenth = -(-len(moves) // 10)
    times = {}
    for which, chosen in (("first", moves[:tenth]), ("last", moves[-tenth:])):
        times[f"genmove_ms_{size}x{size}_{which}_tenth"] = significant(median(move.wall for move in chosen))
        times[f"genmove_cpu_ms_{size}x{size}_{which}_tenth"] = significant(mean(move.cpu for move in chosen))
    return times

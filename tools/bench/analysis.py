"""Benchmark of the analysis engine: positions per second, one at a time and in batches, and what an ownership costs."""

import json
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from shicho.engine.coords import point_to_vertex
from shicho.engine.game import Game
from shicho.engine.policy import Policy
from shicho.engine.status import final_status
from shicho.gtp.analysis_engine.server import BATCH, AnalysisServer
from shicho.tools.bench.games import load_games, positions
from shicho.tools.bench.measure import cpu_seconds, significant, spread
from shicho.tools.environment import environment

GAMES: Final = 50
REPEATS: Final = 3


def bench_analysis(path: Path | None, *, network: Path | None, turns: int, symmetries: int) -> dict[str, Any]:
    """Measure how long `shicho analysis` takes for `turns` turns of the longest game of `path` (see `load_games`).

    The turns are spread evenly over the game. They are asked for with one query each, waiting for the answer, and with
    one query, so that `BATCH` of them are analysed at once. `network` is an ONNX file, None for the included one.
    Returns the content of `shicho bench analysis --json`. Raises BadConfig, BadRecord or BadNetwork for files that
    cannot be used, and BadConfig for `symmetries` other than 1 and 8.
    """
    arrays, source = load_games(path, GAMES)
    for game in positions(arrays, int(np.argmax(np.diff(arrays.game_start)))):
        last = game
    policy = Policy(network)
    server = AnalysisServer(policy, symmetries=symmetries)
    asked = np.unique(np.linspace(0, len(last.moves), turns).astype(int)).tolist()
    _analyse(server, last, asked[:1])
    ways = {"one_at_a_time": [[turn] for turn in asked], "in_batches": [asked]}
    measured: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(REPEATS):
        for way, queries in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            for query in queries:
                _analyse(server, last, query)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            measured[way].append((len(asked) / wall, 1000 * cpu / len(asked)))
    figures = {}
    for way, pairs in measured.items():
        rates, milliseconds = zip(*pairs, strict=True)
        figures[f"positions_per_s_{way}"] = rates
        figures[f"cpu_ms_per_position_{way}"] = milliseconds
    figures["ownership_cpu_ms"] = tuple(1000 * cpu_seconds(lambda: final_status(last.board)) for _ in range(REPEATS))
    return {
        "benchmark": "analysis",
        **{name: significant(float(np.median(values))) for name, values in figures.items()},
        "spread": {name: spread(values) for name, values in figures.items()},
        "batch": BATCH,
        "turns": len(asked),
        "network": policy.path.name,
        "symmetries": symmetries,
        "games_from": source,
        "clock": "wall clock; cpu: processor time of all threads",
        **environment(),
    }


def _analyse(server: AnalysisServer, game: Game, turns: list[int]) -> None:
    """Ask for some turns and analyse them all."""
    moves = [(move.colour.letter, point_to_vertex(move.point, game.size)) for move in game.moves]
    stones = [(stone.colour.letter, point_to_vertex(stone.point, game.size)) for stone in game.setup]
    query = {
        "id": "bench",
        "rules": {"ko": "SIMPLE", "suicide": True},
        "boardXSize": game.size,
        "boardYSize": game.size,
        "initialStones": stones,
        "moves": moves,
        "analyzeTurns": turns,
    }
    replies = server.accept(json.dumps(query).encode())
    while server.waiting:
        replies += server.work()
    if len(replies) != len(turns) or any("error" in reply for reply in replies):
        raise RuntimeError(f"the analysis engine replied {replies[0]}")

"""Benchmark of shicho-gtp: time per move, time from start to the first move, and resident memory."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from shicho.engine.player import Player
from shicho.engine.policy import Policy, default_network
from shicho.engine.settings import PlaySettings
from shicho.gtp.client import GtpClient
from shicho.tools.bench.games import GameArrays, load_games, positions
from shicho.tools.bench.measure import resident_mib, significant, spread
from shicho.tools.console import shicho_gtp
from shicho.tools.environment import environment

GAMES = 50
WARM_UP = 5
SEED = 1


def bench_genmove(
    path: Path | None, *, network: Path | None, settings: PlaySettings, moves: int, starts: int
) -> dict[str, Any]:
    """Measure `moves` calls of genmove and `starts` starts of shicho-gtp by the wall clock.

    The measured moves are spread evenly over the longest game of `path` (see `load_games`). A start is the time from
    creating the process to its first response to genmove; resident memory is read at that moment. `network` is an ONNX
    file, None for the included one. Returns the content of `shicho bench genmove --json`. Raises BadConfig for settings
    that do not suit the network, and BadConfig, BadRecord or BadNetwork for files that cannot be used.
    """
    arrays, source = load_games(path, GAMES)
    chosen = network or default_network()
    milliseconds = _time_genmoves(arrays, Player(Policy(chosen), np.random.default_rng(SEED), settings), moves)
    seconds, memory = zip(*(_time_start(chosen, settings) for _ in range(starts)), strict=True)
    return {
        "benchmark": "genmove",
        "genmove_ms": significant(float(np.median(milliseconds))),
        "genmove_ms_95_percent": significant(float(np.percentile(milliseconds, 95))),
        "start_to_first_move_s": significant(float(np.median(seconds))),
        "resident_mib": significant(float(np.median(memory))),
        "spread": {
            "genmove_ms": spread(milliseconds),
            "start_to_first_move_s": spread(seconds),
            "resident_mib": spread(memory),
        },
        "network": chosen.name,
        "style": str(settings.style),
        "symmetries": settings.symmetries,
        "games_from": source,
        "clock": "wall clock",
        **environment(),
    }


def _time_genmoves(arrays: GameArrays, player: Player, moves: int) -> list[float]:
    """Return the milliseconds of each measured move."""
    longest = int(np.argmax(np.diff(arrays.game_start)))
    length = int(np.diff(arrays.game_start)[longest])
    measured = set(np.linspace(0, length - 1, moves).astype(int).tolist())
    milliseconds = []
    for game in positions(arrays, longest):
        if game.ply == 0:
            for _ in range(WARM_UP):
                player.genmove(game, game.to_play)
        if game.ply in measured:
            started = time.perf_counter()
            player.genmove(game, game.to_play)
            milliseconds.append(1000 * (time.perf_counter() - started))
    return milliseconds


def _time_start(network: Path, settings: PlaySettings) -> tuple[float, float]:
    """Return the seconds from start to the first move and the MiB of resident memory after it (0 without /proc)."""
    started = time.perf_counter()
    options = ("--style", str(settings.style), "--symmetries", str(settings.symmetries), "--seed", str(SEED))
    with GtpClient(shicho_gtp("--network", str(network), *options), name="shicho-gtp") as engine:
        engine.send("genmove", "black")
        seconds = time.perf_counter() - started
        return seconds, resident_mib(engine.pid)

"""Benchmark of shicho-gtp: the time of a move, of an analysis and of the start, and resident memory."""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from shicho.engine.errors import EngineTimeout
from shicho.engine.player import Player
from shicho.engine.policy import Policy, default_network
from shicho.engine.settings import PlaySettings
from shicho.engine.sgf import write_game
from shicho.gtp.client import GtpClient
from shicho.tools.bench.games import GameArrays, load_games, positions
from shicho.tools.bench.measure import resident_mib, significant, spread
from shicho.tools.console import shicho_gtp
from shicho.tools.environment import environment

GAMES = 50
WARM_UP = 5
SEED = 1
TIMEOUT = 60.0


def bench_genmove(
    path: Path | None, *, network: Path | None, settings: PlaySettings, moves: int, starts: int
) -> dict[str, Any]:
    """Measure `moves` calls of genmove, as many analyses, and `starts` starts of shicho-gtp by the wall clock.

    The measured moves are spread evenly over the longest game of `path` (see `load_games`). An analysis is timed from
    `kata-analyze` to its line; None if the network has no win head. A start is the time from creating the
    process to its first response to genmove; resident memory is read at that moment. `network` is an ONNX file, None
    for the included one. Returns the content of `shicho bench genmove --json`. Raises BadConfig for settings
    that do not suit the network, and BadConfig, BadRecord or BadNetwork for files that cannot be used.
    """
    arrays, source = load_games(path, GAMES)
    chosen = network or default_network()
    policy = Policy(chosen)
    milliseconds = _time_genmoves(arrays, Player(policy, np.random.default_rng(SEED), settings), moves)
    analyses = _time_analyses(arrays, chosen, settings, moves) if policy.predicts_win else None
    seconds, memory = zip(*(_time_start(chosen, settings) for _ in range(starts)), strict=True)
    return {
        "benchmark": "genmove",
        "genmove_ms": significant(float(np.median(milliseconds))),
        "genmove_ms_95_percent": significant(float(np.percentile(milliseconds, 95))),
        "analysis_ms": significant(float(np.median(analyses))) if analyses else None,
        "analysis_ms_95_percent": significant(float(np.percentile(analyses, 95))) if analyses else None,
        "start_to_first_move_s": significant(float(np.median(seconds))),
        "resident_mib": significant(float(np.median(memory))),
        "spread": {
            "genmove_ms": spread(milliseconds),
            "analysis_ms": spread(analyses) if analyses else None,
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
    longest, measured = _measured(arrays, moves)
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


def _time_analyses(arrays: GameArrays, network: Path, settings: PlaySettings, moves: int) -> list[float]:
    """Return the milliseconds from `kata-analyze` to its line before each measured move, in one process."""
    longest, measured = _measured(arrays, moves)
    *_, game = positions(arrays, longest)
    with tempfile.TemporaryDirectory() as folder, _shicho_gtp(network, settings) as engine:
        record = Path(folder) / "game.sgf"
        record.write_bytes(write_game(game))
        milliseconds = []
        for ply in [0] * WARM_UP + sorted(measured):
            engine.send("loadsgf", record, ply + 1)
            started = time.perf_counter()
            engine.write(b"kata-analyze\n")
            while not (line := engine.read_line(time.monotonic() + TIMEOUT) or b"").startswith(b"info"):
                if not line:
                    raise EngineTimeout(f"{engine.name}: kata-analyze: no line within {TIMEOUT:g} s")
            milliseconds.append(1000 * (time.perf_counter() - started))
            engine.write(b"\n")  # ends the analysis
    return milliseconds[WARM_UP:]


def _measured(arrays: GameArrays, moves: int) -> tuple[int, set[int]]:
    """Return the number of the longest game, and the plies of it that are measured."""
    lengths = np.diff(arrays.game_start)
    longest = int(np.argmax(lengths))
    return longest, set(np.linspace(0, int(lengths[longest]) - 1, moves).astype(int).tolist())


def _time_start(network: Path, settings: PlaySettings) -> tuple[float, float]:
    """Return the seconds from start to the first move and the MiB of resident memory after it (0 without /proc)."""
    started = time.perf_counter()
    with _shicho_gtp(network, settings) as engine:
        engine.send("genmove", "black")
        seconds = time.perf_counter() - started
        return seconds, resident_mib(engine.pid)


def _shicho_gtp(network: Path, settings: PlaySettings) -> GtpClient:
    options = ("--style", str(settings.style), "--symmetries", str(settings.symmetries), "--seed", str(SEED))
    return GtpClient(shicho_gtp("--network", str(network), *options), name="shicho-gtp", timeout=TIMEOUT)

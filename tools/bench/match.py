"""Benchmark of the match runner: its share of a match's processor time, and games per second with one and two jobs."""

import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shicho.engine.rules import Rules
from shicho.tools.bench.measure import significant
from shicho.tools.environment import environment
from shicho.tools.match.engines import find_gnugo, gnugo, identify, with_different_names
from shicho.tools.match.executors import LocalExecutor, played
from shicho.tools.match.pairing import game_jobs
from shicho.tools.match.results import MatchFolder
from shicho.tools.match.settings import MatchSettings

SEED = 1


@dataclass(frozen=True)
class _Cost:
    """Wall-clock seconds, processor seconds of this process and of its children, and the moves that were played."""

    wall: float
    own: float
    engines: float
    moves: int


def bench_match(*, games: int, level: int, size: int) -> dict[str, Any]:
    """Play GNU Go against itself, counted by GNU Go and by Shicho, first one game and then two at a time.

    The runner's time is that of this process: it starts engines, checks moves, counts games and writes files. Its share
    depends on how fast the engines are, its time a move does not. Returns the content of `shicho bench match --json`.
    Raises NoGnuGo if GNU Go is not installed.
    """
    engine = identify(gnugo(find_gnugo(), level))
    settings = MatchSettings(
        engines=tuple(with_different_names([engine, engine])), referee=engine, seed=SEED, size=size, rules=Rules()
    )
    one, two = (_play(settings, games, jobs) for jobs in (1, 2))
    return {
        "benchmark": "match",
        "runner_share": significant((one.own + two.own) / (one.own + one.engines + two.own + two.engines)),
        "runner_cpu_ms_a_move": significant(1000 * (one.own + two.own) / (one.moves + two.moves)),
        "runner_cpu_s_a_game": significant((one.own + two.own) / (2 * games)),
        "engines_cpu_s_a_game": significant((one.engines + two.engines) / (2 * games)),
        "games_per_s_1_job": significant(games / one.wall),
        "games_per_s_2_jobs": significant(games / two.wall),
        "speed_up": significant(one.wall / two.wall),
        "games": games,
        "engine": engine.title,
        "size": size,
        **environment(),
    }


def _play(settings: MatchSettings, games: int, jobs: int) -> _Cost:
    with tempfile.TemporaryDirectory() as folder:
        wall, own, engines = time.perf_counter(), time.process_time(), _children()
        with MatchFolder(Path(folder), settings) as match, LocalExecutor(settings, jobs) as executor:
            for record, game in played(executor, game_jobs(settings, games)):
                match.add(record, game)
            match.save()
            moves = sum(record.plies for record in match.records)
        return _Cost(time.perf_counter() - wall, time.process_time() - own, _children() - engines, moves)


def _children() -> float:
    """Return the processor seconds of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime

"""Benchmark of the C core against sgfmill's board: the same parsed games in the same run on one thread."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sgfmill.boards import Board as SgfmillBoard

from shicho.engine.errors import BadRecord
from shicho.engine.features import SANDBOX_26
from shicho.engine.replay import HISTORY_LENGTH, playout_games, replay_games, replay_ladders, replay_positions
from shicho.tools.bench.games import GameArrays, decode_move, load_games
from shicho.tools.bench.measure import cpu_seconds, significant, spread, wall_seconds
from shicho.tools.environment import environment

MIN_SECONDS = 0.2
PLAYOUT_MOVES = 100_000
POSITIONS_PER_CALL = 1024
SEED = 1
THREADS = 2
RATIOS = {
    "moves_ratio": "moves",
    "playouts_ratio": "playout_moves",
    "ladders_ratio": "ladder_positions",
    "features_ratio": "feature_rows",
}
SgfmillMove = tuple[str, int, int] | None


@dataclass(frozen=True)
class SgfmillGame:
    """A game for sgfmill's board: stones and moves as (colour, row from the bottom, column), None for a pass."""

    size: int
    setup: Sequence[SgfmillMove]
    moves: Sequence[SgfmillMove]


def bench_core(path: Path | None, *, games: int, repeats: int) -> dict[str, Any]:
    """Measure the C core and sgfmill's board, and return the content of `shicho bench core --json`.

    The rates are moves, playout moves, positions with their ladders read, and feature rows per second of CPU time on
    one thread. Each repeat measures all rates, and each ratio divides a rate by sgfmill's move rate of the same repeat.
    Both boards check every move for ko and an occupied point before they play it.

    `two_core_gain` is the wall-clock time of one thread for all feature rows, divided by the time of two threads that
    compute half of the games each. `two_process_gain` is the same with two processes, as a reference for what the
    machine allows. Both are only meaningful if nothing else runs.

    `path`, `games`: see `load_games`. Raises BadConfig or BadRecord if there are no games or one cannot be replayed.
    """
    arrays, source = load_games(path, games)
    sgfmill_games = to_sgfmill(arrays)
    rows = _FeatureRows(arrays, np.arange(len(arrays.size)))
    moves = len(arrays.moves)
    per_game = 1 + PLAYOUT_MOVES // moves
    work: dict[str, tuple[int, Callable[[], object]]] = {
        "sgfmill_moves": (moves, lambda: replay_with_sgfmill(sgfmill_games)),
        "moves": (moves, lambda: replay_games(arrays)),
        "playout_moves": (playout_games(arrays, per_game, SEED), lambda: playout_games(arrays, per_game, SEED)),
        "ladder_positions": (moves, lambda: replay_ladders(arrays)),
        "feature_rows": (moves, rows.replay),
    }
    _check_replays(arrays, sgfmill_games)
    rates: dict[str, list[float]] = {name: [] for name in work}
    gains: dict[str, list[float]] = {"two_core_gain": [], "two_process_gain": []}
    for _, function in work.values():
        function()
    _set_shares(arrays)
    processes = ProcessPoolExecutor(THREADS, initializer=_set_shares, initargs=(arrays,))
    with processes, ThreadPoolExecutor(THREADS) as threads:
        pools = {"two_process_gain": processes, "two_core_gain": threads}
        for _ in range(repeats):
            for name, (count, function) in work.items():
                rates[name].append(count / cpu_seconds(function, MIN_SECONDS))
            one_thread = wall_seconds(rows.replay, MIN_SECONDS)
            for name, pool in pools.items():
                replay_shares = partial(_replay_shares, pool)
                wall_seconds(replay_shares, MIN_SECONDS)  # warm up: an idle core needs time to reach its full clock
                gains[name].append(one_thread / wall_seconds(replay_shares, MIN_SECONDS))
    baseline = rates["sgfmill_moves"]
    ratios = {
        name: [rate / unit for rate, unit in zip(rates[key], baseline, strict=True)] for name, key in RATIOS.items()
    }
    return {
        "benchmark": "core",
        **{f"{name}_per_s": significant(median(values)) for name, values in rates.items()},
        **{name: significant(median(values)) for name, values in ratios.items()},
        **{name: significant(median(values)) for name, values in gains.items()},
        "spread": {name: spread(values) for name, values in {**rates, **ratios, **gains}.items()},
        "n": {"games": len(arrays.size), "moves": moves, "playout_moves": work["playout_moves"][0]},
        "games_from": source,
        "clock": "CPU time of one thread; gains of two cores: wall clock",
        **environment(),
    }


def to_sgfmill(arrays: GameArrays) -> list[SgfmillGame]:
    """Convert stored games to sgfmill's colours, rows and columns."""
    games = []
    for game, size in enumerate(arrays.size.tolist()):
        setup = arrays.setup[arrays.setup_start[game] : arrays.setup_start[game + 1]].tolist()
        moves = arrays.moves[arrays.game_start[game] : arrays.game_start[game + 1]].tolist()
        games.append(
            SgfmillGame(
                size, [_sgfmill_move(stone, size) for stone in setup], [_sgfmill_move(move, size) for move in moves]
            )
        )
    return games


def _sgfmill_move(code: int, size: int) -> SgfmillMove:
    move = decode_move(code, size)
    if move.point == size * size:
        return None
    row, column = divmod(move.point, size)
    return move.colour.letter, size - 1 - row, column


def replay_with_sgfmill(games: Sequence[SgfmillGame]) -> int:
    """Check every move for ko, play it on sgfmill's board, and return how many were played.

    Raises ValueError for an illegal move.
    """
    played = 0
    for game in games:
        board = SgfmillBoard(game.size)
        for stone in game.setup:
            if stone:
                board.play(stone[1], stone[2], stone[0])
        ko: tuple[int, int] | None = None
        last_colour = ""
        for move in game.moves:
            if move is None:
                ko = None
            else:
                colour, row, column = move
                if (row, column) == ko and colour != last_colour:
                    raise ValueError(f"ko at {ko}")
                ko = board.play(row, column, colour)
                last_colour = colour
            played += 1
    return played


def _check_replays(arrays: GameArrays, games: Sequence[SgfmillGame]) -> None:
    """Check that both boards can play all moves; raises BadRecord."""
    try:
        counts = (replay_with_sgfmill(games), replay_games(arrays))
    except ValueError as error:
        raise BadRecord(str(error), "cannot replay the games") from None
    if counts != (len(arrays.moves), len(arrays.moves)):
        raise BadRecord(f"sgfmill played {counts[0]} and the C core {counts[1]} of {len(arrays.moves)} moves")


class _FeatureRows:
    """The feature rows of every position of some games, in order."""

    def __init__(self, arrays: GameArrays, games: NDArray[np.int64]) -> None:
        lengths = np.diff(arrays.game_start)[games]
        total = int(lengths.sum())
        self._arrays = arrays
        self._games = np.repeat(games, lengths)
        self._plies = np.arange(total, dtype=np.int64) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        self._history_length = np.full(total, HISTORY_LENGTH, np.uint8)
        self._komi = np.full(total, np.nan, np.float32)
        self._rules = np.zeros(total, np.uint8)

    @classmethod
    def shares(cls, arrays: GameArrays) -> list["_FeatureRows"]:
        """Divide the games between the threads; dealing them out by length balances the work."""
        by_length = np.argsort(np.diff(arrays.game_start), kind="stable")
        return [cls(arrays, by_length[thread::THREADS]) for thread in range(THREADS)]

    def replay(self) -> None:
        """Compute all rows, in calls of a fixed size that reuse the same memory."""
        for start in range(0, len(self._games), POSITIONS_PER_CALL):
            part = slice(start, start + POSITIONS_PER_CALL)
            replay_positions(
                self._arrays,
                SANDBOX_26,
                self._games[part],
                self._plies[part],
                history_length=self._history_length[part],
                komi=self._komi[part],
                rules=self._rules[part],
            )


_shares: list[_FeatureRows] = []


def _set_shares(arrays: GameArrays) -> None:
    """Prepare the shares that `_replay_share` replays in this process, and replay each once to warm up."""
    _shares[:] = _FeatureRows.shares(arrays)
    for share in _shares:
        share.replay()


def _replay_share(number: int) -> None:
    _shares[number].replay()


def _replay_shares(pool: Executor) -> None:
    for _ in pool.map(_replay_share, range(THREADS)):
        pass

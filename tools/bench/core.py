"""The C core against sgfmill's board: the same games, the same run, one thread, neither side parsing anything."""

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

from shicho.engine import _core
from shicho.engine.errors import BadRecord
from shicho.engine.features import SANDBOX_26
from shicho.tools.bench.games import STORED_PASS, STORED_WHITE, Ledger, load_games
from shicho.tools.bench.measure import cpu_seconds, significant, spread, wall_seconds
from shicho.tools.environment import environment

AT_LEAST = 0.2
PLAYOUT_MOVES = 100_000
SEED = 1
THREADS = 2
RATIOS = {
    "moves_ratio": "moves",
    "playouts_ratio": "playout_moves",
    "ladders_ratio": "ladder_positions",
    "features_ratio": "feature_rows",
}
Play = tuple[str, int, int] | None


@dataclass(frozen=True)
class PlainGame:
    """A game as sgfmill plays it: stones and moves as (colour, row, column), None for a pass."""

    size: int
    setup: Sequence[Play]
    moves: Sequence[Play]


def bench_core(path: Path | None, *, games: int, repeats: int) -> dict[str, Any]:
    """Moves, playout moves, positions with ladders, and feature rows a second, and their ratios to sgfmill's moves.

    CPU time of one thread; each repeat measures all of them, and a ratio is of two rates of one repeat. On sgfmill's
    side a move is what it is on ours: ko and occupation checked, then played. `two_core_gain` is by wall clock: the
    time in which one thread computes all rows, by that in which two threads do, half of the games each. It says
    something only while nothing else runs; `two_process_gain`, the same with processes, says what the machine gives.
    """
    ledger, source = load_games(path, games)
    plain = as_plain(ledger)
    rows = _Rows(ledger, np.arange(len(ledger.sizes)))
    moves = len(ledger.moves)
    per_game = 1 + PLAYOUT_MOVES // moves
    work: dict[str, tuple[int, Callable[[], object]]] = {
        "sgfmill_moves": (moves, lambda: replay_with_sgfmill(plain)),
        "moves": (moves, lambda: _core.replay_games(*ledger)),
        "playout_moves": (
            _core.playout_games(*ledger, per_game, SEED),
            lambda: _core.playout_games(*ledger, per_game, SEED),
        ),
        "ladder_positions": (moves, lambda: _core.replay_ladders(*ledger)),
        "feature_rows": (moves, rows.replay),
    }
    _check(ledger, plain)
    rates: dict[str, list[float]] = {name: [] for name in work}
    gains: dict[str, list[float]] = {"two_core_gain": [], "two_process_gain": []}
    for _, function in work.values():
        function()
    _set_shares(ledger)
    processes = ProcessPoolExecutor(THREADS, initializer=_set_shares, initargs=(ledger,))
    with processes, ThreadPoolExecutor(THREADS) as threads:
        pools = {"two_process_gain": processes, "two_core_gain": threads}
        for _ in range(repeats):
            for name, (count, function) in work.items():
                rates[name].append(count / cpu_seconds(function, AT_LEAST))
            alone = wall_seconds(rows.replay, AT_LEAST)
            for name, pool in pools.items():
                together = partial(_replay_shares, pool)
                wall_seconds(together, AT_LEAST)  # a second core takes a while to wake up
                gains[name].append(alone / wall_seconds(together, AT_LEAST))
    yardstick = rates["sgfmill_moves"]
    ratios = {
        name: [rate / unit for rate, unit in zip(rates[of], yardstick, strict=True)] for name, of in RATIOS.items()
    }
    return {
        "benchmark": "core",
        **{f"{name}_per_s": significant(median(values)) for name, values in rates.items()},
        **{name: significant(median(values)) for name, values in ratios.items()},
        **{name: significant(median(values)) for name, values in gains.items()},
        "spread": {name: spread(values) for name, values in {**rates, **ratios, **gains}.items()},
        "n": {"games": len(ledger.sizes), "moves": moves, "playout_moves": work["playout_moves"][0]},
        "games_from": source,
        "clock": "CPU time of one thread; gains of two cores: wall clock",
        **environment(),
    }


def as_plain(ledger: Ledger) -> list[PlainGame]:
    """The games of a ledger, taken apart before the clock runs."""
    plain = []
    for game, size in enumerate(ledger.sizes.tolist()):
        setup = ledger.setup[ledger.setup_start[game] : ledger.setup_start[game + 1]].tolist()
        moves = ledger.moves[ledger.game_start[game] : ledger.game_start[game + 1]].tolist()
        plain.append(PlainGame(size, [_play(stone, size) for stone in setup], [_play(move, size) for move in moves]))
    return plain


def _play(stored: int, size: int) -> Play:
    point = stored & ~STORED_WHITE
    if point == STORED_PASS:
        return None
    row, column = divmod(point, size)
    return ("w" if stored & STORED_WHITE else "b"), size - 1 - row, column


def replay_with_sgfmill(games: Sequence[PlainGame]) -> int:
    """Check and play every move on sgfmill's board; how many were played. Raises ValueError at an illegal one."""
    played = 0
    for game in games:
        board = SgfmillBoard(game.size)
        for stone in game.setup:
            if stone:
                board.play(stone[1], stone[2], stone[0])
        banned: tuple[int, int] | None = None
        last = ""
        for move in game.moves:
            if move is None:
                banned = None
            else:
                colour, row, column = move
                if (row, column) == banned and colour != last:
                    raise ValueError(f"ko at {banned}")
                banned = board.play(row, column, colour)
                last = colour
            played += 1
    return played


def _check(ledger: Ledger, plain: Sequence[PlainGame]) -> None:
    """Both sides can play all of it. Raises BadRecord."""
    try:
        counts = (replay_with_sgfmill(plain), _core.replay_games(*ledger))
    except ValueError as error:
        raise BadRecord(str(error), "a game that cannot be replayed") from None
    if counts != (len(ledger.moves), len(ledger.moves)):
        raise BadRecord(f"sgfmill played {counts[0]}, the core {counts[1]} of {len(ledger.moves)} moves")


class _Rows:
    """Every ply of some games of a ledger in order, with room for the packed rows."""

    def __init__(self, ledger: Ledger, games: NDArray[np.int64]) -> None:
        lengths = np.diff(ledger.game_start)[games]
        total = int(lengths.sum())
        self._ledger = ledger
        self._games = np.repeat(games, lengths)
        self._plies = np.arange(total, dtype=np.int64) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        self._history = np.full(total, _core.HISTORY, np.uint8)
        self._komi = np.full(total, np.nan, np.float32)
        self._rules = np.zeros(total, np.uint8)
        self._packed = np.empty((total, len(SANDBOX_26), _core.PACKED_BYTES), np.uint8)
        self._targets = np.empty(total, np.int64)

    @classmethod
    def shares(cls, ledger: Ledger) -> list["_Rows"]:
        """All games dealt out by length to as many threads as there are, for about as much work each."""
        by_length = np.argsort(np.diff(ledger.game_start), kind="stable")
        return [cls(ledger, by_length[thread::THREADS]) for thread in range(THREADS)]

    def replay(self) -> None:
        """Fill the rows."""
        asked = (self._games, self._plies, self._history, self._komi, self._rules)
        _core.replay_rows(SANDBOX_26.number, *self._ledger, *asked, self._packed, self._targets)


_shares: list[_Rows] = []


def _set_shares(ledger: Ledger) -> None:
    """In this process, what `_replay_share` replays; once now, so that the memory is there."""
    _shares[:] = _Rows.shares(ledger)
    for share in _shares:
        share.replay()


def _replay_share(number: int) -> None:
    _shares[number].replay()


def _replay_shares(pool: Executor) -> None:
    for _ in pool.map(_replay_share, range(THREADS)):
        pass

"""The C core against sgfmill's board: the same games, the same run, one thread, neither side parsing anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from sgfmill.boards import Board as SgfmillBoard

from shicho.engine import _core
from shicho.engine.errors import BadRecord
from shicho.engine.features import SANDBOX_26
from shicho.tools.bench.games import STORED_PASS, STORED_WHITE, Ledger, load_games
from shicho.tools.bench.measure import cpu_seconds, significant, spread
from shicho.tools.environment import environment

AT_LEAST = 0.2
Play = tuple[str, int, int] | None


@dataclass(frozen=True)
class PlainGame:
    """A game as sgfmill plays it: stones and moves as (colour, row, column), None for a pass."""

    size: int
    setup: Sequence[Play]
    moves: Sequence[Play]


def bench_core(path: Path | None, *, games: int, repeats: int) -> dict[str, Any]:
    """Moves, positions with ladders, and feature rows a second, and their ratios to sgfmill's moves a second.

    CPU time of one thread; each repeat measures all four, and a ratio is of two rates of one repeat. On sgfmill's side
    a move is what it is on ours: ko and occupation checked, then played.
    """
    ledger, source = load_games(path, games)
    plain = as_plain(ledger)
    rows = _Rows(ledger)
    moves = len(ledger.moves)
    rates: dict[str, list[float]] = {"sgfmill_moves": [], "moves": [], "ladder_positions": [], "feature_rows": []}
    work = {
        "moves": lambda: _core.replay_games(*ledger),
        "ladder_positions": lambda: _core.replay_ladders(*ledger),
        "feature_rows": rows.replay,
    }
    _check(ledger, plain)
    for function in work.values():
        function()
    for _ in range(repeats):
        rates["sgfmill_moves"].append(moves / cpu_seconds(lambda: replay_with_sgfmill(plain), AT_LEAST))
        for name, function in work.items():
            rates[name].append(moves / cpu_seconds(function, AT_LEAST))
    yardstick = rates["sgfmill_moves"]
    ratios = {
        f"{short}_ratio": [rate / unit for rate, unit in zip(rates[name], yardstick, strict=True)]
        for short, name in (("moves", "moves"), ("ladders", "ladder_positions"), ("features", "feature_rows"))
    }
    return {
        "benchmark": "core",
        **{f"{name}_per_s": significant(median(values)) for name, values in rates.items()},
        **{name: significant(median(values)) for name, values in ratios.items()},
        "spread": {name: spread(values) for name, values in {**rates, **ratios}.items()},
        "n": {"games": len(ledger.sizes), "moves": moves},
        "games_from": source,
        "clock": "CPU time of one thread",
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
    """Every ply of every game in order, with room for the packed rows."""

    def __init__(self, ledger: Ledger) -> None:
        lengths = np.diff(ledger.game_start)
        total = len(ledger.moves)
        self._ledger = ledger
        self._games = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
        self._plies = np.arange(total, dtype=np.int64) - np.repeat(ledger.game_start[:-1], lengths)
        self._history = np.full(total, _core.HISTORY, np.uint8)
        self._komi = np.full(total, np.nan, np.float32)
        self._rules = np.zeros(total, np.uint8)
        self._packed = np.empty((total, len(SANDBOX_26), _core.PACKED_BYTES), np.uint8)
        self._targets = np.empty(total, np.int64)

    def replay(self) -> None:
        """Fill the rows."""
        asked = (self._games, self._plies, self._history, self._komi, self._rules)
        _core.replay_rows(SANDBOX_26.number, *self._ledger, *asked, self._packed, self._targets)

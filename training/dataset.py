"""Games to batches: positions picked by a keyed permutation, replayed in C on threads, the same whatever their number.

A batch depends on the loader's seed and on the batch's number alone, so training resumes at batch k by starting there.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from math import isqrt
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.errors import BadConfig, BadStore
from shicho.engine.features import FeatureSet, rule_bits
from shicho.engine.rules import Rules
from shicho.training.store import PASS, POINT_MASK, SPLITS, WHITE_BIT, Games, GameStore

HISTORY_KEPT: Final = np.cumprod([0.90, 0.95, 0.95, 0.98, 0.98])
"""Probability that at least 1, 2, ... 5 past moves are shown in training (docs/background.md)."""

ROUNDS: Final = 6


class NothingToEvaluate(BadConfig):
    """A source or split without a single even 19x19 game move that counts."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """B samples: packed planes uint8 [B, C, 48], moves int64 [B] (0 to 360, pass 361), symmetries uint8 [B] (0 to 7).

    Planes and targets are as the game was played; the symmetry is for the device to apply to both.
    """

    packed: NDArray[np.uint8]
    targets: NDArray[np.int64]
    symmetry: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, kw_only=True)
class Positions:
    """(game, ply) pairs of a selection of games, numbered from 0 without being listed.

    `games` are indices into the store, position numbers of `games[i]` run from `starts[i]` to `starts[i + 1]`. `plies`
    is None where every ply of the games belongs, else it lists the plies that do.
    """

    games: NDArray[np.int64]
    starts: NDArray[np.int64]
    plies: NDArray[np.uint16] | None = None

    @classmethod
    def of_games(cls, store: Games, chosen: NDArray[np.bool_]) -> Self:
        """Every ply of the games marked in `chosen` (bool, one a game)."""
        games = np.flatnonzero(chosen & (store.lengths > 0))
        return cls(games=games, starts=_starts(store.lengths[games]))

    @classmethod
    def of_split(cls, store: Games, split: str) -> Self:
        """Every ply of a split: `train`, `validation` or `test`. Raises BadConfig for another name."""
        return cls.of_games(store, store.split == _split_number(split))

    def __len__(self) -> int:
        return int(self.starts[-1])

    def locate(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The games and plies of position numbers, each int64 of the same length. Numbers are not checked."""
        entry = np.searchsorted(self.starts, numbers, side="right") - 1
        plies = numbers - self.starts[entry] if self.plies is None else self.plies[numbers].astype(np.int64)
        return self.games[entry], plies


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def _split_number(split: str) -> int:
    if split not in SPLITS:
        raise BadConfig(f"split {split!r}: known are {', '.join(SPLITS)}")
    return SPLITS.index(split)


def permute(numbers: NDArray[np.int64], size: int, key: int) -> NDArray[np.int64]:
    """Where a keyed pseudo-random permutation of 0 .. size - 1 sends each of `numbers`.

    A Feistel network on the smallest rectangle a * b >= size that is nearly square (so both halves are mixed by sums
    modulo their side), walked on from the few cells that lie outside. Sizes up to 2 ** 62.
    """
    rows = isqrt(size - 1) + 1
    columns = -(-size // rows)
    keys = np.random.Philox(key=key).random_raw(ROUNDS)
    result = numbers.astype(np.int64)
    outside = np.arange(len(result))
    while len(outside):
        result[outside] = _feistel(result[outside], rows, columns, keys)
        outside = outside[result[outside] >= size]
    return result


def _feistel(numbers: NDArray[np.int64], rows: int, columns: int, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    row, column = np.divmod(numbers.astype(np.uint64), np.uint64(columns))
    for place, key in enumerate(keys):
        if place % 2:
            column = (column + _mix(row ^ key) % np.uint64(columns)) % np.uint64(columns)
        else:
            row = (row + _mix(column ^ key) % np.uint64(rows)) % np.uint64(rows)
    return (row * np.uint64(columns) + column).astype(np.int64)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What a network is told besides stones, for each of n rows: history (0 to 5), and rules as RULE_ bits."""

    history: NDArray[np.uint8]
    rules: NDArray[np.uint8]


def _replay(
    store: Games, positions: Positions, features: FeatureSet, numbers: NDArray[np.int64], shown: _Shown
) -> Batch:
    """Rows of these positions, symmetry 0. Raises BadStore that names game and ply where a move is not legal."""
    games, plies = positions.locate(numbers)
    packed = np.empty((len(numbers), len(features), _core.PACKED_BYTES), np.uint8)
    targets = np.empty(len(numbers), np.int64)
    columns = (store.moves, store.game_start, store.setup, store.setup_start, store.size)
    try:
        asked = (games, plies, shown.history, store.komi[games], shown.rules)
        _core.replay_rows(features.number, *columns, *asked, packed, targets)
    except ValueError as error:
        raise BadStore(f"a game of the store cannot be replayed: {error}") from None
    return Batch(packed=packed, targets=targets, symmetry=np.zeros(len(numbers), np.uint8))


def _prefetch(
    make: Callable[[int], Batch], numbers: Iterable[int], threads: int, ahead: int
) -> Generator[Batch, None, None]:
    """Batches in the order of `numbers`, up to `ahead` of them in advance; an error rises where its batch is due."""
    pending: deque[Future[Batch]] = deque()
    executor = ThreadPoolExecutor(threads, thread_name_prefix="loader")
    try:
        for number in numbers:
            pending.append(executor.submit(make, number))
            if len(pending) > ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


class Loader:
    """Endless shuffled training batches; every pass over the positions is a permutation of its own.

    The store does not know by which rules its games were played: they are drawn for each sample, so that a network with
    planes for them learns that they say nothing, and is not misled when they do (always 0, they would stay untrained).

    Iterating starts at `start_batch` and may be done again; `close()`, or leaving the `with` block, stops the threads.
    """

    def __init__(
        self,
        store: Games,
        positions: Positions,
        features: FeatureSet,
        *,
        batch_size: int,
        seed: int,
        history_dropout: bool = True,
        threads: int = 1,
        prefetch: int = 8,
        start_batch: int = 0,
    ) -> None:
        """Raise BadConfig where there are no positions or a number is out of range."""
        if not len(positions):
            raise BadConfig("no positions to train on")
        if min(batch_size, threads, prefetch) < 1 or min(seed, start_batch) < 0:
            raise BadConfig(f"loader: batch {batch_size}, threads {threads}, prefetch {prefetch}, seed {seed}")
        self._store = store
        self._positions = positions
        self._features = features
        self._batch_size = batch_size
        self._seed = seed
        self._history_dropout = history_dropout
        self._threads = threads
        self._prefetch = prefetch
        self._start_batch = start_batch
        self._running: list[Generator[Batch, None, None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Batch]:
        batches = _prefetch(self.batch, count(self._start_batch), self._threads, max(self._prefetch, self._threads))
        self._running.append(batches)
        return batches

    def batch(self, number: int) -> Batch:
        """Batch `number`, made here and now: the same as when its turn comes in the iteration."""
        rng = np.random.Generator(np.random.Philox(key=np.array([self._seed, number], np.uint64)))
        if self._history_dropout:
            drawn = rng.random(self._batch_size)
            history = (drawn[:, None] < HISTORY_KEPT).sum(axis=1, dtype=np.uint8)
        else:
            history = np.full(self._batch_size, _core.HISTORY, np.uint8)
        symmetry = rng.integers(0, 8, self._batch_size, np.uint8)
        rules = rng.integers(0, _core.ALL_RULES, self._batch_size, np.uint8, endpoint=True)
        shown = _Shown(history=history, rules=rules)
        made = _replay(self._store, self._positions, self._features, self.numbers(number), shown)
        return Batch(packed=made.packed, targets=made.targets, symmetry=symmetry)

    def numbers(self, batch: int) -> NDArray[np.int64]:
        """The position numbers of a batch, int64 [batch_size]; a batch may end one pass and begin the next."""
        size = len(self._positions)
        passes, within = np.divmod(np.arange(batch * self._batch_size, (batch + 1) * self._batch_size), size)
        for number in range(int(passes[0]), int(passes[-1]) + 1):
            here = passes == number
            within[here] = permute(within[here], size, (self._seed << 64) + number)
        return within

    def close(self) -> None:
        """Stop all iterations; a second call does nothing."""
        while self._running:
            self._running.pop().close()


def evaluation_positions(
    store: GameStore,
    *,
    source: str | None = None,
    split: str | None = None,
    positions: int | None = None,
    seed: int = 0,
) -> Positions:
    """What test figures are about: 19x19, no handicap (of 2 or more, or set-up stones), passes left out.

    Of a source (by its name) or a split (`train`, `validation`, `test`), whichever is given. Where a source has a
    minimum rank, only moves of players of that rank or above. A seeded draw of `positions` of them without replacement,
    all where there are fewer. Raises BadConfig for a name the store does not hold, and of that NothingToEvaluate where
    nothing is left.
    """
    if (source is None) == (split is None):
        raise BadConfig("evaluate a source or a split, one of them")
    if source is not None:
        if source not in store.source_names:
            raise BadConfig(f"source {source!r}: the store holds {', '.join(store.source_names)}")
        chosen = store.source == store.source_names.index(source)
    else:
        chosen = store.split == _split_number(str(split))
    even = (store.size == 19) & (store.handicap < 2) & (np.diff(store.setup_start) == 0)
    games = np.flatnonzero(chosen & even & (store.lengths > 0))
    counted = _counted_moves(store, games)
    numbers = np.flatnonzero(counted)
    if not len(numbers):
        raise NothingToEvaluate(f"nothing to evaluate in {source or split}")
    if positions is not None and positions < len(numbers):
        rng = np.random.Generator(np.random.Philox(key=seed))
        numbers = np.sort(rng.choice(numbers, positions, replace=False, shuffle=False))
    every = Positions(games=games, starts=_starts(store.lengths[games]))
    entry = np.searchsorted(every.starts, numbers, side="right") - 1
    per_game = np.bincount(entry, minlength=len(games))
    return Positions(games=games, starts=_starts(per_game), plies=every.locate(numbers)[1].astype(np.uint16))


def _counted_moves(store: GameStore, games: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Bool, one for each move of `games` in their order."""
    moves = store.select(games).moves
    rank_needed = np.array([-128 if source.min_rank is None else source.min_rank for source in store.sources])
    needed = rank_needed[store.source[games]]
    lengths = store.lengths[games]
    black = np.repeat(store.black_rank[games] >= needed, lengths)
    white = np.repeat(store.white_rank[games] >= needed, lengths)
    counted: NDArray[np.bool_] = np.where((moves & WHITE_BIT) != 0, white, black)
    counted[(moves & POINT_MASK) == PASS] = False
    return counted


def evaluation_batches(
    store: GameStore,
    features: FeatureSet,
    *,
    source: str | None = None,
    split: str | None = None,
    positions: int | None = None,
    seed: int = 0,
    batch: int = 256,
    threads: int = 1,
) -> Iterator[Batch]:
    """Batches of `evaluation_positions` in the store's order, full history, symmetry 0; the last may be smaller.

    Rules, which the store does not know, are those that Shicho plays by when it is not told others.
    """
    picked = evaluation_positions(store, source=source, split=split, positions=positions, seed=seed)

    def make(start: int) -> Batch:
        numbers = np.arange(start, min(start + batch, len(picked)))
        history = np.full(len(numbers), _core.HISTORY, np.uint8)
        rules = np.full(len(numbers), rule_bits(Rules()), np.uint8)
        return _replay(store, picked, features, numbers, _Shown(history=history, rules=rules))

    return _prefetch(make, range(0, len(picked), batch), threads, threads + 1)

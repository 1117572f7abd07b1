"""Games to batches: positions in an order fixed by the seed, replayed in C on threads, the same for any thread count.

A batch depends on the loader's settings and on its own number alone, so training resumes at batch k by starting there.

    >>> store = GameStore.open("games.h5")  # doctest: +SKIP
    >>> positions = Positions.of_split(store, "train", years=(2000, 2025))  # doctest: +SKIP
    >>> loader = Loader(store, positions, SANDBOX_26, batch_size=256, seed=1, targets=("move", "win"))  # doctest: +SKIP
    >>> with loader:  # doctest: +SKIP
    ...     for batch in loader:
    ...         batch.packed, batch.targets["move"], batch.targets["win"], batch.transform
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig, BadStore
from shicho.engine.features import FeatureSet, rule_bits
from shicho.engine.replay import ALL_RULES, HISTORY_LENGTH, replay_positions
from shicho.engine.rules import Rules
from shicho.training.data.order import Mixed, Shuffled
from shicho.training.data.positions import NothingToEvaluate, Positions, evaluation_positions
from shicho.training.data.store import GameStore
from shicho.training.data.targets import CHAINS, LADDER, MOVE, check_targets, compute_targets, ladder

__all__ = [
    "HISTORY_KEPT",
    "Batch",
    "Loader",
    "NothingToEvaluate",
    "Positions",
    "evaluation_batches",
    "evaluation_positions",
]

HISTORY_KEPT: Final = np.cumprod([0.90, 0.95, 0.95, 0.98, 0.98])
"""Probability that a training sample shows at least 1, 2, ... 5 past moves (docs/background.md)."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """B samples: packed planes uint8 [B, C, 48], targets by name [B, ...], transforms uint8 [B] (0 to 7).

    `training.data.targets` lists the targets. Planes and targets are as the game was played; the device applies the
    transforms to both.
    """

    packed: NDArray[np.uint8]
    targets: Mapping[str, NDArray[Any]]
    transform: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.packed)


@dataclass(frozen=True, kw_only=True)
class _Samples:
    """N samples: position numbers, how many past moves are visible, the rules (RULE_ bits), the transform."""

    numbers: NDArray[np.int64]
    history_length: NDArray[np.uint8]
    rules: NDArray[np.uint8]
    transform: NDArray[np.uint8]

    def rows(self, first: int, step: int) -> "_Samples":
        """Return every `step`-th sample from `first`."""
        return _Samples(
            numbers=np.ascontiguousarray(self.numbers[first::step]),
            history_length=np.ascontiguousarray(self.history_length[first::step]),
            rules=np.ascontiguousarray(self.rules[first::step]),
            transform=np.ascontiguousarray(self.transform[first::step]),
        )


def _replay(
    store: GameStore, positions: Positions, features: FeatureSet, targets: Sequence[str], samples: _Samples
) -> Batch:
    """Make a batch; raise BadStore that names game and ply if a move is not legal."""
    games, plies = positions.locate(samples.numbers)
    try:
        packed, moves = replay_positions(
            store,
            features,
            games,
            plies,
            history_length=samples.history_length,
            komi=store.komi[games],
            rules=samples.rules,
        )
    except ValueError as error:
        raise BadStore(f"a game of the store cannot be replayed: {error}") from None
    replayed: dict[str, NDArray[Any]] = {MOVE: moves}
    if LADDER in targets:
        replayed[LADDER] = ladder(features, packed)
    if CHAINS in targets:
        replayed[CHAINS] = features.chain_labels(packed)
    values = compute_targets(targets, store, games, plies, replayed)
    return Batch(packed=packed, targets=values, transform=samples.transform)


def _prefetch(
    make: Callable[[int], Batch], numbers: Iterable[int], threads: int, ahead: int
) -> Generator[Batch, None, None]:
    """Yield batches in the order of `numbers`, up to `ahead` made in advance; errors are raised in turn."""
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
    """Endless shuffled training batches.

    Every pass over the positions has an order of its own. With a `mix`, every group of sources is shuffled on its own
    and the batches hold the groups in the given shares.

    The store does not know by which rules its games were played: they are drawn for each sample, so that a network with
    planes for them learns to ignore them (with constant planes, their weights would stay as initialised).

    Iterating starts at `start_batch` and may be repeated; `close()`, or leaving the `with` block, stops the threads.
    """

    def __init__(
        self,
        store: GameStore,
        positions: Positions,
        features: FeatureSet,
        *,
        batch_size: int,
        seed: int,
        targets: Sequence[str] = (MOVE,),
        history_dropout: bool = True,
        threads: int = 1,
        prefetch: int = 8,
        start_batch: int = 0,
        mix: Mapping[str, float] | None = None,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        """Check the settings and start nothing yet.

        `targets` are names from `training.data.targets`. `mix` maps names of source groups (or of single sources) to
        their shares, positive numbers in any unit; what it does not name is left out. `shard` is (rank, count): batches
        of `batch_size` are drawn in full and this loader makes the rows rank, rank + count, ... of each. Raises
        BadConfig if there are no positions, a number is out of range, or a name is unknown.
        """
        if not len(positions):
            raise BadConfig("no positions to train on")
        if min(batch_size, threads, prefetch) < 1 or min(seed, start_batch) < 0 or seed >= 1 << 64:
            raise BadConfig(f"loader: batch {batch_size}, threads {threads}, prefetch {prefetch}, seed {seed}")
        rank, ranks = shard
        if not 0 <= rank < ranks or batch_size % ranks:
            raise BadConfig(f"loader: shard {rank} of {ranks} of a batch of {batch_size}")
        check_targets(targets)
        self._store = store
        self._positions = positions
        self._features = features
        self._batch_size = batch_size
        self._seed = seed
        self._targets = tuple(targets)
        self._history_dropout = history_dropout
        self._threads = threads
        self._prefetch = prefetch
        self._start_batch = start_batch
        self._order = Shuffled(positions, seed) if mix is None else Mixed(store, positions, mix, seed)
        self._shard = shard
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
        """Make batch `number` now, or this loader's shard of it: the same as when its turn comes in the iteration."""
        samples = self._samples(number).rows(*self._shard)
        return _replay(self._store, self._positions, self._features, self._targets, samples)

    def numbers(self, batch: int) -> NDArray[np.int64]:
        """Return the position numbers of a whole batch (all shards together), int64 [batch_size]."""
        return self._order.numbers(batch, self._batch_size)

    def _samples(self, number: int) -> _Samples:
        rng = np.random.Generator(np.random.Philox(key=np.array([self._seed, number], np.uint64)))
        if self._history_dropout:
            drawn = rng.random(self._batch_size)
            history_length = (drawn[:, None] < HISTORY_KEPT).sum(axis=1, dtype=np.uint8)
        else:
            history_length = np.full(self._batch_size, HISTORY_LENGTH, np.uint8)
        transform = rng.integers(0, 8, self._batch_size, np.uint8)
        rules = rng.integers(0, ALL_RULES, self._batch_size, np.uint8, endpoint=True)
        numbers = self.numbers(number)
        return _Samples(numbers=numbers, history_length=history_length, rules=rules, transform=transform)

    def close(self) -> None:
        """Stop all iterations; a second call does nothing."""
        while self._running:
            self._running.pop().close()


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
    targets: Sequence[str] = (MOVE,),
) -> Iterator[Batch]:
    """Return batches of `evaluation_positions` in the store's order; the last may be smaller.

    All past moves are visible and the transform is the identity. The rules, which the store does not know, are the
    defaults of `Rules`. Raises what `evaluation_positions` raises, and BadConfig for an unknown target.
    """
    check_targets(targets)
    picked = evaluation_positions(store, source=source, split=split, positions=positions, seed=seed)

    def make(start: int) -> Batch:
        numbers = np.arange(start, min(start + batch, len(picked)))
        samples = _Samples(
            numbers=numbers,
            history_length=np.full(len(numbers), HISTORY_LENGTH, np.uint8),
            rules=np.full(len(numbers), rule_bits(Rules()), np.uint8),
            transform=np.zeros(len(numbers), np.uint8),
        )
        return _replay(store, picked, features, targets, samples)

    return _prefetch(make, range(0, len(picked), batch), threads, threads + 1)

"""The order in which training visits positions: keyed permutations, pass after pass, and mixtures of groups.

Everything depends on the seed and on the number of the sample or batch alone, so any batch can be made at any time.
"""

import hashlib
from collections.abc import Mapping
from math import isfinite, isqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig, brief
from shicho.training.data.positions import Positions
from shicho.training.data.store import GameStore

ROUNDS: Final = 6
MIX_PERIOD: Final = 1 << 16
"""About how many samples a mixture repeats its pattern after: shares are met to this precision."""


def permute(numbers: NDArray[np.int64], size: int, key: int) -> NDArray[np.int64]:
    """Return where a keyed pseudo-random permutation of 0 .. size - 1 sends each of `numbers`.

    A Feistel network permutes the smallest rectangle a * b >= size that is nearly square (so that both halves are mixed
    by sums modulo their side); what lands outside 0 .. size - 1 is permuted again until it does not. `size` is at most
    2 ** 62, `key` 0 to 2 ** 128 - 1.
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
    """Apply the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _key(seed: int, name: str, number: int) -> int:
    """Return the key for a number (below 2 ** 32) of a named sequence; "" is the sequence without a name."""
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest() if name else b""
    return (seed << 64) + (int.from_bytes(digest, "big") << 32) + number


class Shuffled:
    """All positions, pass after pass, each pass in an order of its own."""

    def __init__(self, positions: Positions, seed: int) -> None:
        """Order these positions, at least one, by `seed`."""
        self._size = len(positions)
        self._seed = seed

    def numbers(self, batch: int, batch_size: int) -> NDArray[np.int64]:
        """Return the position numbers of a batch, int64 [batch_size]; a batch may end one pass and begin the next."""
        return _in_passes(np.arange(batch * batch_size, (batch + 1) * batch_size), self._size, self._seed, "")


class Mixed:
    """Several groups of positions, each shuffled on its own, visited in proportion to given shares.

    The pattern that says which group a sample comes from repeats after about MIX_PERIOD samples and spreads every group
    evenly, so every batch holds close to `batch_size * share` samples of a group.
    """

    def __init__(self, store: GameStore, positions: Positions, mix: Mapping[str, float], seed: int) -> None:
        """Raise BadConfig for a name that is no group or source, a group without positions, or a share that is not > 0.

        A name is that of a source group, else of a source. A source that is named itself does not count for its group.
        """
        self._positions = positions
        self._seed = seed
        self._names = list(mix)
        self._counts = _slots(mix)
        member = _members(store, self._names)[store.source[positions.games]]
        sizes = np.diff(positions.starts)
        self._entries = [np.flatnonzero((member == number) & (sizes > 0)) for number in range(len(mix))]
        for name, entries in zip(mix, self._entries, strict=True):
            if not len(entries):
                raise BadConfig(f"mix {brief(name)}: no positions to train on")
        self._starts = [np.cumsum([0, *sizes[entries]]) for entries in self._entries]
        moments = np.concatenate([(np.arange(count) + 0.5) / count for count in self._counts])
        order = np.argsort(moments, kind="stable")
        self._slot_group = np.repeat(np.arange(len(mix)), self._counts)[order]
        self._slot_number = np.concatenate([np.arange(count) for count in self._counts])[order]

    def numbers(self, batch: int, batch_size: int) -> NDArray[np.int64]:
        """Return the position numbers of a batch, int64 [batch_size], in random order."""
        period, slot = np.divmod(np.arange(batch * batch_size, (batch + 1) * batch_size), len(self._slot_group))
        group = self._slot_group[slot]
        result = np.empty(batch_size, np.int64)
        for number, count in enumerate(self._counts):
            here = np.flatnonzero(group == number)
            if len(here):
                result[here] = self._group_numbers(number, period[here] * count + self._slot_number[slot[here]])
        np.random.Generator(np.random.Philox(key=_key(self._seed, "order in a batch", batch))).shuffle(result)
        return result

    def _group_numbers(self, group: int, samples: NDArray[np.int64]) -> NDArray[np.int64]:
        starts = self._starts[group]
        within = _in_passes(samples, int(starts[-1]), self._seed, f"mix {self._names[group]}")
        entry = np.searchsorted(starts, within, side="right") - 1
        numbers: NDArray[np.int64] = self._positions.starts[self._entries[group][entry]] + within - starts[entry]
        return numbers


def _in_passes(samples: NDArray[np.int64], size: int, seed: int, name: str) -> NDArray[np.int64]:
    """Return which number (0 .. size - 1) each sample of an endless stream is, where every pass is a permutation.

    `samples` are places in the stream and must rise.
    """
    passes, within = np.divmod(samples, size)
    for number in range(int(passes[0]), int(passes[-1]) + 1):
        here = passes == number
        within[here] = permute(within[here], size, _key(seed, name, number))
    return within


def _members(store: GameStore, names: list[str]) -> NDArray[np.int64]:
    """Return for each source of the store the index in `names` that it counts for, -1 for none."""
    member = np.full(len(store.sources), -1)
    for index, name in enumerate(names):
        if name not in store.group_names and name not in store.source_names:
            known = ", ".join(store.group_names)
            raise BadConfig(f"mix {brief(name)}: the groups are {known}; the name of a single source is also possible")
        for number, source in enumerate(store.sources):
            if source.group == name:
                member[number] = index
    for index, name in enumerate(names):
        if name not in store.group_names:
            member[store.source_names.index(name)] = index
    return member


def _slots(mix: Mapping[str, float]) -> list[int]:
    """Return how many of about MIX_PERIOD samples each name gets, at least 1."""
    for name, share in mix.items():
        if not (isfinite(share) and share > 0):
            raise BadConfig(f"mix {brief(name)}: the share {share} is not above 0")
    if not mix:
        raise BadConfig("mix: no source group is named")
    total = sum(mix.values())
    return [max(1, round(share / total * MIX_PERIOD)) for share in mix.values()]

"""The arrays of `_core.replay_rows`: requested positions and their planes and moves."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.features import SANDBOX_26, FeatureSet
from tests.support.real_games import StoreArrays


class BatchRows(NamedTuple):
    """The request and the result arrays, in the order of `_core.replay_rows`."""

    games: NDArray[np.int64]
    plies: NDArray[np.int64]
    history: NDArray[np.uint8]
    komi: NDArray[np.float32]
    rules: NDArray[np.uint8]
    packed: NDArray[np.uint8]
    targets: NDArray[np.int64]

    def part(self, part: slice) -> "BatchRows":
        """Return some of the rows as views."""
        return BatchRows(*(array[part] for array in self))  # type: ignore[arg-type]

    def fill(self, store: StoreArrays, features: FeatureSet = SANDBOX_26) -> "BatchRows":
        """Fill the result arrays with one call of `_core.replay_rows`; return self."""
        _core.replay_rows(features.number, *store, *self)
        return self


def empty_rows(
    games: Sequence[int],
    plies: Sequence[int],
    history: Sequence[int],
    *,
    komi: Sequence[float] | None = None,
    rules: Sequence[int] | None = None,
    features: FeatureSet = SANDBOX_26,
) -> BatchRows:
    """Return a request with garbage in its result arrays; komi defaults to unknown, rules to 0."""
    count = len(games)
    return BatchRows(
        np.array(games, np.int64),
        np.array(plies, np.int64),
        np.array(history, np.uint8),
        np.full(count, np.nan, np.float32) if komi is None else np.array(komi, np.float32),
        np.zeros(count, np.uint8) if rules is None else np.array(rules, np.uint8),
        np.full((count, len(features), 48), 0xA5, np.uint8),
        np.full(count, -7, np.int64),
    )

"""Rows of a batch as the C core takes and gives them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.features import SANDBOX_26, FeatureSet
from tests.support.real_games import StoreArrays


class Rows(NamedTuple):
    """What is asked for and what comes back."""

    games: NDArray[np.int64]
    plies: NDArray[np.int64]
    history: NDArray[np.uint8]
    komi: NDArray[np.float32]
    rules: NDArray[np.uint8]
    packed: NDArray[np.uint8]
    targets: NDArray[np.int64]

    def part(self, part: slice) -> "Rows":
        """Some of the rows, as views."""
        return Rows(*(array[part] for array in self))  # type: ignore[arg-type]

    def fill(self, store: StoreArrays, features: FeatureSet = SANDBOX_26) -> "Rows":
        """Ask for them all at once."""
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
) -> Rows:
    """A request whose answers hold rubbish before; komi unknown and rules 0 if not given."""
    count = len(games)
    return Rows(
        np.array(games, np.int64),
        np.array(plies, np.int64),
        np.array(history, np.uint8),
        np.full(count, np.nan, np.float32) if komi is None else np.array(komi, np.float32),
        np.zeros(count, np.uint8) if rules is None else np.array(rules, np.uint8),
        np.full((count, len(features), 48), 0xA5, np.uint8),
        np.full(count, -7, np.int64),
    )

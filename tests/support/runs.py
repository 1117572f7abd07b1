"""Training runs of small presets in the process of the test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from shicho.training.config import Preset
from shicho.training.data.store import GameStore
from shicho.training.run.device import Precision
from shicho.training.run.loop import Outcome, RunOptions, train


def options(out: Path, **changes: Any) -> RunOptions:
    """One thread, float32, a line of metrics for every step, 64 validation positions, and `changes`."""
    usual = {"compile": False, "threads": 1, "device": "cpu", "precision": Precision.FLOAT32}
    return RunOptions(**{"out": out, **usual, "log_every": 0.0, "validation_positions": 64, **changes})


def stop_after(steps: int) -> Callable[[], bool]:
    """A question that is answered with no so many times."""
    answers = iter([False] * steps)
    return lambda: next(answers, True)


def run(preset: Preset, store: GameStore, out: Path, steps: int | None = None, **changes: Any) -> Outcome:
    """Train, for so many steps at most; `changes` are options."""
    stopped = stop_after(steps) if steps is not None else lambda: False
    return train(preset, store, options(out, **changes), stopped=stopped)


def metrics(out: Path, name: str = "metrics.jsonl") -> list[dict[str, Any]]:
    """The lines of a file in a run folder."""
    return [json.loads(line) for line in (out / name).read_text().splitlines()]


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """The same names and the same arrays, bit for bit."""
    assert set(ours) == set(theirs)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)

"""An experiment small enough for tests: a tiny preset, a store in a file, and two arms."""

from pathlib import Path
from typing import Any

from shicho.training.config import parse
from shicho.training.data.store import write_store
from shicho.training.experiments.definition import Experiment
from shicho.training.experiments.job import Result
from shicho.training.experiments.runner import Options
from shicho.training.run.device import Precision
from tests.support.stores import small_store

PRESET = """
[network]
channels = 8
blocks = [{ type = "residual" }]
heads.policy = { channels = 6, pool_channels = 4 }
[training]
samples = 96
batch_size = 16
optimiser = { type = "sgd", learning_rate = 0.016 }
schedule = { type = "one-cycle" }
"""
ENVIRONMENT = {"hardware": {"processor": "a slow one"}, "versions": {}, "commit": None}


def write_games(folder: Path) -> Path:
    """Write `small_store` into a folder; its path."""
    store = small_store()
    write_store(folder / "games.h5", store, store.sources, "test")
    return folder / "games.h5"


def tiny_experiment(folder: Path, **changes: Any) -> Experiment:
    """Two arms, two seeds, six steps."""
    (folder / "tiny.toml").write_text(PRESET)
    usual = {
        "name": "tiny",
        "question": "Does a faster rate help?",
        "base": str(folder / "tiny.toml"),
        "arms": {"slow": [], "fast": ["training.optimiser.learning_rate=0.05"]},
        "samples": 96,
        "seeds": 2,
        "validation_positions": 64,
        "known_effect": "none",
    }
    return parse(Experiment, {**usual, **changes}, "experiment tiny")


def tiny_options(out: Path, **changes: Any) -> Options:
    """One thread on the CPU, float32, not compiled."""
    usual: dict[str, Any] = {"device": "cpu", "precision": Precision.FLOAT32, "compile": False}
    return Options(out=out, **{**usual, **changes})


def made_result(arm: str, seed: int, cross_entropy: float | None, top1: float = 0.4) -> Result:
    """A result with these figures, or a failed one."""
    figures = None if cross_entropy is None else {"cross_entropy": cross_entropy, "top1": top1, "top4": 0.6, "n": 64.0}
    return Result(
        arm=arm,
        seed=seed,
        samples=96,
        parameters=1000,
        seconds=1.0,
        samples_per_s=100.0,
        figures=figures,
        failed=None if figures else "loss is nan",
        environment={"torch": "2.13.0", "device": "cpu", "compile": False},
    )

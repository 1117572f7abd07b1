"""An experiment small enough for tests: a tiny preset, a store in a file, and two arms."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from shicho.training.config import parse
from shicho.training.data.store import write_store
from shicho.training.experiments.definition import Experiment
from shicho.training.experiments.executors import run_job
from shicho.training.experiments.job import Result, carry_out, read_job, write_config
from shicho.training.experiments.runner import Options, RunOutcome, run_experiment
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


class Here:
    """An executor that does every job at once in this process, and notes their order."""

    def __init__(self, *, never: bool = False) -> None:
        self.done: list[str] = []
        self.never = never

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> "Future[Any]":
        assert function is run_job
        folder = Path(arguments[0])
        self.done.append(folder.name)
        future: Future[Any] = Future()
        if self.never:
            return future
        try:
            result = carry_out(read_job(folder), folder, "cpu", lambda: False)
            assert result is not None
            write_config(folder / "result.json", result)
            future.set_result(None)
        except Exception as error:
            future.set_exception(error)
        return future


def run_tiny(experiment: Any, games: Path, out: Path, executor: Any, **changes: Any) -> RunOutcome:
    """Run a tiny experiment with these options, `stopped` and `report` among them."""
    keywords = {key: changes.pop(key) for key in ("stopped", "report") if key in changes}
    options = tiny_options(out, **changes)
    return run_experiment(experiment, games, options, executor, environment=ENVIRONMENT, **keywords)

"""One run of an experiment, in a process of its own: `python -m shicho.training.experiments.job FOLDER`.

The folder holds `job.json`, which says what to train, and is the run folder too. The process trains, measures on the
validation split, and writes `result.json`; killed and started again, it continues. It stops with a checkpoint when a
file `stop` appears beside the folder, or when the process that started it is gone.
"""

import argparse
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from shicho.engine.errors import BadConfig, ShichoError
from shicho.engine.features import FEATURE_SETS
from shicho.engine.files import replacing
from shicho.training.config import Config, Preset, parse, to_json
from shicho.training.data.dataset import evaluation_batches
from shicho.training.data.store import GameStore
from shicho.training.evaluate import measure, open_checkpoint
from shicho.training.figures import Figures
from shicho.training.network.model import Network
from shicho.training.run.curves import read_metrics
from shicho.training.run.device import parse_precision, pick_device
from shicho.training.run.loop import Diverged, Outcome, hash_games, train
from shicho.training.run.metrics import Progress
from shicho.training.run.options import RunOptions

JOB_NAME = "job.json"
RESULT_NAME = "result.json"
LOG_NAME = "log.txt"
STOP_NAME = "stop"
STATISTICS_POSITIONS = 4096


class Job(Config):
    """The input of a job's process. `speed_seconds`: do not train, but measure samples per second for so long.

    `experiment`, `arm` and `seed` name the run; `preset` has the seed and the number of samples in it. With
    `dropout_passes`, the figures are those of so many forward passes with dropout.
    """

    experiment: str
    arm: str
    seed: int
    preset: Preset
    games: str
    games_sha256: str
    validation_positions: int
    dropout_passes: int | None = None
    precision: str
    compile: bool | None = None
    threads: int = 1
    checkpoint_every: float = 60.0
    speed_seconds: float | None = None


class Result(Config):
    """How a job ended: with figures, or with the reason in `failed`.

    `seconds` and `samples_per_s` are those of training: all sessions together, and the median over the lines of
    metrics. `environment` says on what it ran. `taken_from` is the run, `EXPERIMENT/ARM-seedK`, that did the same job.
    """

    arm: str
    seed: int
    samples: int
    parameters: int
    seconds: float | None = None
    samples_per_s: float | None = None
    figures: dict[str, float] | None = None
    failed: str | None = None
    taken_from: str | None = None
    environment: dict[str, Any]


def read_job(folder: Path) -> Job:
    """Return the job of a folder. Raises BadConfig if the file is damaged, FileNotFoundError if there is none."""
    return parse(Job, read_json(folder / JOB_NAME), str(folder / JOB_NAME))


def read_result(folder: Path) -> Result | None:
    """Return the result in a folder, None if there is none yet. Raises BadConfig if the file is damaged."""
    path = folder / RESULT_NAME
    return parse(Result, read_json(path), str(path)) if path.exists() else None


def write_config(path: Path, config: Config) -> None:
    """Write a config as JSON; the file appears when it is complete."""
    with replacing(path) as beside:
        beside.write_text(json.dumps(to_json(config), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Return the content of a JSON file. Raises BadConfig that names the file if it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadConfig(f"{path}: {error}") from None


def carry_out(job: Job, folder: Path, device: str, stopped: Callable[[], bool]) -> Result | None:
    """Do the job and return its result; None if it was stopped before its end.

    Raises what training raises, except Diverged.
    """
    store = GameStore.open(Path(job.games))
    if hash_games(store) != job.games_sha256:
        raise BadConfig(f"{job.games}: not the games that the experiment was begun with")
    try:
        if job.speed_seconds is not None:
            return measure_speed(job, job.speed_seconds, store, device, stopped)
        outcome = train(job.preset, store, run_options(job, folder, device), stopped=stopped)
    except Diverged as error:
        return _result(job, {"device": device}, failed=" ".join(str(error).split()))
    if not outcome.finished:
        return None
    state = outcome.state
    return _result(
        job,
        state.environment,
        samples=state.samples,
        seconds=round(state.total_seconds, 1),
        samples_per_s=statistics.median(line["samples_per_s"] for line in read_metrics(folder)),
        figures=validation_figures(outcome, store, job, device),
    )


def run_options(job: Job, folder: Path, device: str) -> RunOptions:
    """Return how a job trains: without validation during the run, which would cost time."""
    return RunOptions(
        out=folder,
        device=device,
        precision=parse_precision(job.precision),
        compile=job.compile,
        threads=job.threads,
        checkpoint_every=job.checkpoint_every,
        validation_positions=0,
        log_every=min(5.0, job.checkpoint_every),
    )


def validation_figures(outcome: Outcome, store: GameStore, job: Job, device: str) -> Figures:
    """Return the figures of a trained network on the validation positions that all arms share.

    The averaged weights are measured if the run has them. Runs are short, so the statistics of batch norms are
    estimated anew, from the same training positions for all arms.
    """
    features = FEATURE_SETS[job.preset.network.features]
    opened = open_checkpoint(
        outcome.checkpoint,
        pick_device(device),
        dropout_passes=job.dropout_passes,
        seed=job.seed,
        statistics=evaluation_batches(store, features, split="train", positions=STATISTICS_POSITIONS),
    )
    batches = evaluation_batches(
        store, opened.features, split="validation", positions=job.validation_positions, targets=opened.targets
    )
    return measure(opened.predict, batches)


def measure_speed(job: Job, wanted: float, store: GameStore, device: str, stopped: Callable[[], bool]) -> Result | None:
    """Train for `wanted` seconds after a first line of metrics, which includes compilation; None if it was stopped."""
    lines: list[tuple[float, int]] = []

    def report(progress: Progress) -> None:
        lines.append((time.monotonic(), progress.samples))

    def enough() -> bool:
        return stopped() or (len(lines) > 1 and lines[-1][0] - lines[0][0] >= wanted)

    with tempfile.TemporaryDirectory() as folder:
        options = run_options(job, Path(folder), device)
        outcome = train(job.preset, store, replace(options, log_every=wanted / 4), report=report, stopped=enough)
    if len(lines) < 2 or stopped():
        return None
    (began, first), (ended, last) = lines[0], lines[-1]
    return _result(
        job,
        outcome.state.environment,
        samples=last,
        seconds=round(ended - began, 1),
        samples_per_s=round((last - first) / (ended - began), 1),
    )


def _result(job: Job, environment: dict[str, Any], **values: Any) -> Result:
    parameters = sum(parameter.numel() for parameter in Network(job.preset.network, masked=False).parameters())
    usual = {"arm": job.arm, "seed": job.seed, "samples": job.preset.training.end, "parameters": parameters}
    return Result(**{**usual, **values}, environment=environment)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait until no other process works in the folder; a process that is killed lets go."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Do the job of a folder; the exit code is 1 after an error, whose line is the last one on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--core", type=int, help="run on this processor core alone")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if options.core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {options.core})
    folder, parent = options.folder, os.getppid()

    def stopped() -> bool:
        return os.getppid() != parent or (folder.parent / STOP_NAME).exists()

    try:
        with locked(folder):
            if not (folder / RESULT_NAME).exists() and not stopped():
                job = read_job(folder)
                torch.set_num_threads(job.threads)
                result = carry_out(job, folder, options.device, stopped)
                if result is not None:
                    write_config(folder / RESULT_NAME, result)
    except (ShichoError, OSError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

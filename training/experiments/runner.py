"""Running an experiment: every arm with every seed, each in a process of its own; a stopped experiment continues.

`OUT/NAME/ARM-seedK/` is the run folder of one job, with its `job.json` and `result.json`. Jobs go seed by seed over all
arms, so that a machine that becomes slower or busier does so for all arms alike.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from shicho.engine.errors import BadConfig
from shicho.training.config import Config, first_difference, parse, to_json
from shicho.training.data.dataset import evaluation_positions
from shicho.training.data.store import GameStore
from shicho.training.experiments.definition import Experiment
from shicho.training.experiments.executors import Executor, run_job
from shicho.training.experiments.job import (
    JOB_NAME,
    RESULT_NAME,
    STOP_NAME,
    Job,
    Result,
    read_job,
    read_json,
    read_result,
    write_config,
)
from shicho.training.experiments.reuse import take_over
from shicho.training.run.device import Precision, parse_precision, pick_device, pick_precision
from shicho.training.run.loop import hash_games

_log = logging.getLogger(__name__)

RUN_NAME: Final = "run.json"
SPEED_SECONDS: Final = 20.0
ENDLESS: Final = 10**12
POLL_SECONDS: Final = 0.2


class RunFile(Config):
    """The content of `run.json`: the experiment as it was last run, what all its jobs share, and the environment."""

    experiment: Experiment
    games: str
    games_sha256: str
    precision: str
    environment: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How jobs are carried out. `precision` auto is measured once and then the same for all jobs."""

    out: Path
    device: str = "auto"
    precision: Precision = Precision.AUTO
    compile: bool | None = None
    threads: int = 1
    checkpoint_every: float = 60.0
    speed_seconds: float = SPEED_SECONDS


@dataclass(kw_only=True)
class RunOutcome:
    """How a call of `run_experiment` ended: the results of `read_results`, and why other jobs have none."""

    results: dict[tuple[str, int], Result] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    stopped: bool = False


Report = Callable[[str, Result | str], None]
"""Called with the name of a job's folder and its result, or why it has none."""


def run_experiment(
    experiment: Experiment,
    games: Path,
    options: Options,
    executor: Executor,
    *,
    environment: Mapping[str, Any],
    report: Report = lambda name, result: None,
    stopped: Callable[[], bool] = lambda: False,
) -> RunOutcome:
    """Run all jobs that have no result yet. Jobs that diverge are results too; other errors are `problems`.

    More seeds or arms than in an earlier call with the same folder are added to what is there. At equal samples, the
    results of jobs that another experiment in `options.out` has done are taken over. Raises BadConfig if a job was
    begun with other settings or games, or the store has no validation split.
    """
    folder = options.out.absolute() / experiment.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STOP_NAME).unlink(missing_ok=True)
    run_file = _begin(experiment, games.absolute(), folder, options, environment)
    outcome = RunOutcome()
    run = partial(_run, folder, executor=executor, outcome=outcome, report=report, stopped=stopped)
    if experiment.samples is not None:
        samples = dict.fromkeys(experiment.arms, experiment.samples)
    else:
        speeds = {speed_name(arm): _job(run_file, arm, 1, ENDLESS, options, speed=True) for arm in experiment.arms}
        _prepare(folder, speeds)
        samples = samples_in(experiment.seconds or 0, speeds, run(speeds))
    if not outcome.stopped:
        order = job_order(experiment, samples)
        jobs = {job_name(arm, seed): _job(run_file, arm, seed, samples[arm], options) for arm, seed in order}
        _prepare(folder, jobs)
        write_config(folder / RUN_NAME, run_file)
        if experiment.samples is not None:
            for name, result in take_over(folder, jobs).items():
                report(name, result)
        run(jobs)
    outcome.results = read_results(folder, experiment)
    return outcome


def read_results(folder: Path, experiment: Experiment) -> dict[tuple[str, int], Result]:
    """Return all results in an experiment's folder by (arm, seed), seed by seed, also of seeds that were not asked for.

    Results of arms that the experiment does not have are left out, with a warning.
    """
    results = [read_result(path.parent) for path in folder.glob(f"*-seed*/{RESULT_NAME}")]
    found = {(result.arm, result.seed): result for result in results if result is not None}
    unknown = sorted({arm for arm, _ in found if arm not in experiment.arms})
    if unknown:
        _log.warning("%s: left out, not arms of the experiment: %s", folder, ", ".join(unknown))
    seeds = sorted({seed for _, seed in found})
    return {(arm, seed): found[arm, seed] for seed in seeds for arm in experiment.arms if (arm, seed) in found}


def samples_in(seconds: float, jobs: Mapping[str, Job], measured: Mapping[str, Result]) -> dict[str, int]:
    """Return how many samples every arm trains in so many seconds, at least a batch.

    Arms of unknown speed are left out.
    """
    return {
        result.arm: max(jobs[name].preset.training.batch_size, int(result.samples_per_s * seconds))
        for name, result in measured.items()
        if result.samples_per_s is not None
    }


def job_order(experiment: Experiment, arms: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return (arm, seed) of all runs of these arms in the order in which they start: seed by seed."""
    return [(arm, seed) for seed in range(1, experiment.seeds + 1) for arm in experiment.arms if arm in arms]


def job_name(arm: str, seed: int) -> str:
    """Return the name of a run's folder."""
    return f"{arm}-seed{seed}"


def speed_name(arm: str) -> str:
    """Return the name of the folder in which an arm's speed is measured."""
    return f"{arm}-speed"


def read_run_file(folder: Path) -> RunFile | None:
    """Read the `run.json` of an experiment's folder; None if it has none. Raises BadConfig if the file is damaged."""
    path = folder / RUN_NAME
    return parse(RunFile, read_json(path), str(path)) if path.exists() else None


def _begin(
    experiment: Experiment, games: Path, folder: Path, options: Options, environment: Mapping[str, Any]
) -> RunFile:
    """Check the store, choose the precision or take that of the earlier call, and write a first `run.json`."""
    store = GameStore.open(games)
    evaluation_positions(store, split="validation", positions=1)
    sha256 = hash_games(store)
    before = read_run_file(folder)
    if before is not None and before.games_sha256 != sha256:
        raise BadConfig(f"{folder} was begun with other games: choose another --out")
    precision = str(options.precision)
    if options.precision is Precision.AUTO:
        precision = before.precision if before is not None else _fastest(experiment, options.device)
    run_file = RunFile(
        experiment=experiment,
        games=str(games),
        games_sha256=sha256,
        precision=precision,
        environment=dict(environment),
    )
    if before is None:
        write_config(folder / RUN_NAME, run_file)
    return run_file


def _fastest(experiment: Experiment, device: str) -> str:
    preset = experiment.preset(experiment.baseline, seed=1, samples=1)
    channels, batch_size = preset.network.channels, preset.training.batch_size
    return str(pick_precision(parse_precision("auto"), pick_device(device), channels=channels, batch_size=batch_size))


def _job(run_file: RunFile, arm: str, seed: int, samples: int, options: Options, *, speed: bool = False) -> Job:
    experiment = run_file.experiment
    return Job(
        experiment=experiment.name,
        arm=arm,
        seed=seed,
        preset=experiment.preset(arm, seed=seed, samples=samples),
        games=run_file.games,
        games_sha256=run_file.games_sha256,
        validation_positions=experiment.validation_positions,
        dropout_passes=experiment.dropout_passes.get(arm),
        precision=run_file.precision,
        compile=options.compile,
        threads=options.threads,
        checkpoint_every=options.checkpoint_every,
        speed_seconds=options.speed_seconds if speed else None,
    )


FIXED_FIELDS: Final = ("preset", "games_sha256", "validation_positions", "dropout_passes", "precision")
"""The fields of a job that must not change between calls."""


def _run(
    folder: Path,
    jobs: Mapping[str, Job],
    *,
    executor: Executor,
    outcome: RunOutcome,
    report: Report,
    stopped: Callable[[], bool],
) -> dict[str, Result]:
    """Run the jobs that have no result yet; return all results by folder name, in the order of `jobs`."""
    results = {name: read_result(folder / name) for name in jobs}
    waiting: dict[Future[Any], str] = {
        executor.submit(run_job, str(folder / name)): name for name, result in results.items() if result is None
    }
    try:
        _collect(folder, waiting, results, outcome, report, stopped)
    except BaseException:
        _stop(folder, waiting)
        raise
    return {name: result for name, result in results.items() if result is not None}


def _collect(
    folder: Path,
    waiting: dict[Future[Any], str],
    results: dict[str, Result | None],
    outcome: RunOutcome,
    report: Report,
    stopped: Callable[[], bool],
) -> None:
    """Wait for jobs and put their results into `results` as they come."""
    pending = set(waiting)
    while pending:
        done, pending = wait(pending, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            name = waiting[future]
            try:
                future.result()
                results[name] = read_result(folder / name)
            except CancelledError:
                continue
            except Exception as error:  # whatever an executor may raise for one job must not end the others
                outcome.problems.append(" ".join(str(error).split()) or type(error).__name__)
                report(name, outcome.problems[-1])
                continue
            found = results[name]
            if found is not None:
                report(name, found)
        if stopped() and not outcome.stopped:
            outcome.stopped = True
            _stop(folder, pending)
            pending = {future for future in pending if not future.cancelled()}


def _stop(folder: Path, waiting: Iterable[Future[Any]]) -> None:
    """Ask running jobs to stop after the step, with a checkpoint, and cancel the others."""
    (folder / STOP_NAME).touch()
    for future in waiting:
        future.cancel()


def _prepare(folder: Path, jobs: Mapping[str, Job]) -> None:
    """Write all jobs into their folders. Raises BadConfig, and writes none, if one was begun with other settings."""
    for name, job in jobs.items():
        place = folder / name
        if (place / JOB_NAME).exists():
            new, stored = to_json(job), to_json(read_job(place))
            difference = first_difference(
                {key: new[key] for key in FIXED_FIELDS}, {key: stored[key] for key in FIXED_FIELDS}
            )
            if difference:
                raise BadConfig(f"{place} was begun with other settings: {difference} as there; choose another --out")
    for name, job in jobs.items():
        (folder / name).mkdir(exist_ok=True)
        write_config(folder / name / JOB_NAME, job)

"""The report of an experiment: one JSON file with all results, from which the page and pictures are made."""

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Self

from pydantic import model_validator

from shicho.engine.errors import BadConfig
from shicho.training.config import Config, parse
from shicho.training.experiments.compare import Comparison, Results, compare, sentence
from shicho.training.experiments.definition import Experiment
from shicho.training.experiments.job import Result, read_job, read_json, read_result, write_config
from shicho.training.experiments.runner import job_name, read_results, read_run_file, speed_name
from shicho.training.run.curves import read_curve

ENVIRONMENT: Final = (
    "shicho_version",
    "git_commit",
    "torch",
    "device",
    "threads",
    "processes",
    "compile",
    "precision",
)
"""The parts of a run's environment that are published; none names a machine."""


class Run(Config):
    """One job: its result, and its training loss as points (samples, nats)."""

    result: Result
    curve: tuple[tuple[float, float], ...]

    @model_validator(mode="after")
    def _has_figures(self) -> Self:
        """Check that the figures that are compared are numbers."""
        figures = self.result.figures
        name = f"arm {self.result.arm}, seed {self.result.seed}"
        if figures is None and not self.result.failed:
            raise ValueError(f"{name} has neither figures nor a reason why it failed")
        if figures is not None and not all(
            math.isfinite(figures.get(key, math.nan)) for key in ("cross_entropy", "top1")
        ):
            raise ValueError(f"{name}: cross_entropy and top1 must be finite numbers")
        unknown = sorted(self.result.environment.keys() - {*ENVIRONMENT})
        if unknown:
            raise ValueError(f"{name}: environment has {', '.join(unknown)}, which is not published")
        return self


class Report(Config):
    """`results/NAME.json`: the experiment, the full preset of every arm, its runs, and what they show.

    `processor` and `versions` are those of the machine that the experiment was started on.
    """

    experiment: Experiment
    presets: dict[str, Any]
    games_sha256: str
    precision: str
    processor: str
    versions: dict[str, str]
    runs: tuple[Run, ...]
    comparisons: tuple[Comparison, ...]
    sentences: tuple[str, ...]

    @property
    def results(self) -> Results:
        """The results of all runs."""
        return {(run.result.arm, run.result.seed): run.result for run in self.runs}

    @property
    def seeds(self) -> int:
        """How many seeds there are runs of."""
        return len({run.result.seed for run in self.runs})

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Check that every run occurs once, is of a known arm, and that the comparisons are those of the runs."""
        results = self.results
        if len(results) < len(self.runs):
            raise ValueError("a run stands there twice")
        unknown = sorted({arm for arm, _ in results} - {*self.experiment.arms})
        if unknown:
            raise ValueError(f"runs of arms that the experiment does not have: {', '.join(unknown)}")
        expected = compare_all(self.experiment, results)
        if len(expected) != len(self.comparisons) or not all(map(_equal, expected, self.comparisons)):
            raise ValueError("the comparisons are not those of the runs")
        return self


def _equal(one: Comparison, other: Comparison) -> bool:
    """Return whether two comparisons are equal up to the differences between versions of scipy."""
    pairs = zip(one.model_dump().values(), other.model_dump().values(), strict=True)
    return all(
        math.isclose(first, second, rel_tol=1e-6, abs_tol=1e-12)
        if isinstance(first, float) and isinstance(second, float)
        else first == second
        for first, second in pairs
    )


def compare_all(experiment: Experiment, results: Results) -> tuple[Comparison, ...]:
    """Compare every arm with the baseline, in loss, then in top-1."""
    return (*compare(experiment, results, "cross_entropy"), *compare(experiment, results, "top1"))


def gather(folder: Path) -> Report:
    """Return the report of an experiment's folder, from all runs that have a result. Raises BadConfig if none has."""
    run_file = read_run_file(folder)
    if run_file is None:
        raise BadConfig(f"{folder}: no experiment was run there")
    experiment = run_file.experiment
    runs: list[Run] = []
    presets: dict[str, Any] = {}
    for (arm, seed), result in read_results(folder, experiment).items():
        place = folder / job_name(arm, seed)
        runs.append(Run(result=publishable(result, place), curve=() if result.failed else tuple(read_curve(place))))
        presets.setdefault(arm, read_job(place).preset.model_dump(mode="json"))
    if not runs:
        raise BadConfig(f"{folder}: no run has ended yet")
    results = {(run.result.arm, run.result.seed): run.result for run in runs}
    speeds = [read_result(folder / speed_name(arm)) for arm in experiment.arms]
    comparisons = compare_all(experiment, results)
    missing = experiment.seeds * len(experiment.arms) - sum(seed <= experiment.seeds for _, seed in results)
    return Report(
        experiment=experiment.changed(base=Path(experiment.base).stem)
        if experiment.base.endswith(".toml")
        else experiment,
        presets={arm: presets[arm] for arm in experiment.arms if arm in presets},
        games_sha256=run_file.games_sha256,
        precision=run_file.precision,
        processor=str(run_file.environment["hardware"]["processor"]),
        versions=run_file.environment["versions"],
        runs=tuple(runs),
        comparisons=comparisons,
        sentences=(
            *map(sentence, comparisons),
            *failures([*speeds, *results.values()]),
            *([f"{missing} of {experiment.seeds * len(experiment.arms)} runs have no result."] if missing else []),
        ),
    )


def publishable(result: Result, place: Path) -> Result:
    """Return a result without names of folders and machines."""
    environment = {key: value for key, value in result.environment.items() if key in ENVIRONMENT}
    failed = result.failed and result.failed.replace(f"{place.absolute()}{os.sep}", "")
    return result.model_copy(update={"environment": environment, "failed": failed})


def failures(results: Iterable[Result | None]) -> list[str]:
    """Return a sentence for every run that failed."""
    return [
        f"{result.arm}, seed {result.seed}, failed: {result.failed}."
        for result in results
        if result is not None and result.failed
    ]


def write_report(report: Report, results: Path) -> Path:
    """Write `results/NAME.json`; return its path."""
    path = results / f"{report.experiment.name}.json"
    write_config(path, report)
    return path


def read_reports(results: Path) -> list[Report]:
    """Return all reports of a folder by name. Raises BadConfig for a file that is none, or that contradicts itself."""
    return [read_report(path) for path in sorted(results.glob("*.json"))]


def read_report(path: Path) -> Report:
    """Return the report of a file. Raises BadConfig, as `read_reports` does."""
    report = parse(Report, read_json(path), str(path))
    if report.experiment.name != path.stem:
        raise BadConfig(f"{path}: holds the experiment {report.experiment.name}")
    return report

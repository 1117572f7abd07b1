"""What came of an experiment: one JSON file that holds everything, and the page and pictures made from such files."""

from collections.abc import Iterable
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Final

from shicho.engine.errors import BadConfig
from shicho.engine.files import replacing
from shicho.training.config import Config, parse
from shicho.training.experiments.compare import Comparison, compare, figures_by_seed, sentence, signed
from shicho.training.experiments.definition import Experiment
from shicho.training.experiments.job import Result, read_job, read_json, read_result, write_config
from shicho.training.experiments.runner import job_name, read_begun, speed_name
from shicho.training.run.curves import draw_curves, read_curve

PAGE_NAME: Final = "experiments.md"
PICTURES_NAME: Final = "experiments"
HEAD: Final = """# Experiments

Made by `shicho experiment report` from the files in `training/experiments/results/`; `shicho experiment run NAME
GAMES.h5` does one again.

Every arm of an experiment is trained with the same seeds, and with the same positions in the same order for each seed.
Loss is the policy's cross-entropy in nats on positions of games held out, ± the standard deviation over the seeds. A
difference is arm minus baseline (the first arm), the mean over the seeds, with its paired 95 % interval; p is that of
the paired, then of Welch's t-test. Intervals are not corrected for the number of arms: of twenty arms that change
nothing, one looks as if it did. GoNN's figure is what the author of the GoNN baseline found with a larger network and
more samples.
"""
COLUMNS: Final = ("arm", "samples", "samples/s", "loss", "top-1", "difference in loss", "p", "difference in top-1")


class Run(Config):
    """One job: its result, and its training loss as points (samples, nats)."""

    result: Result
    curve: tuple[tuple[float, float], ...]


class Report(Config):
    """`results/NAME.json`: the experiment, the full preset of every arm, its runs, the comparisons, and the machine."""

    experiment: Experiment
    presets: dict[str, Any]
    games_sha256: str
    precision: str
    environment: dict[str, Any]
    runs: tuple[Run, ...]
    comparisons: tuple[Comparison, ...]
    sentences: tuple[str, ...]


def gather(folder: Path) -> Report:
    """The report of an experiment's folder, from the runs that have a result. Raise BadConfig if none has."""
    begun = read_begun(folder)
    if begun is None:
        raise BadConfig(f"{folder}: no experiment was run there")
    experiment = begun.experiment
    runs: list[Run] = []
    speeds = [read_result(folder / speed_name(arm)) for arm in experiment.arms]
    presets: dict[str, Any] = {}
    for seed in range(1, experiment.seeds + 1):
        for arm in experiment.arms:
            place = folder / job_name(arm, seed)
            result = read_result(place)
            if result is None:
                continue
            runs.append(Run(result=result, curve=() if result.failed else tuple(read_curve(place))))
            presets.setdefault(arm, read_job(place).preset.model_dump(mode="json"))
    if not runs:
        raise BadConfig(f"{folder}: no run has ended yet")
    results = {(run.result.arm, run.result.seed): run.result for run in runs}
    losses, tops = compare(experiment, results, "cross_entropy"), compare(experiment, results, "top1")
    return Report(
        experiment=experiment,
        presets={arm: presets[arm] for arm in experiment.arms if arm in presets},
        games_sha256=begun.games_sha256,
        precision=begun.precision,
        environment=begun.environment,
        runs=tuple(runs),
        comparisons=(*losses, *tops),
        sentences=(*map(sentence, losses), *map(sentence, tops), *failures([*speeds, *results.values()])),
    )


def failures(results: Iterable[Result | None]) -> list[str]:
    """A sentence for every run that failed."""
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
    """All reports of a folder by name. Raise BadConfig for a file that is none."""
    return [parse(Report, read_json(path), str(path)) for path in sorted(results.glob("*.json"))]


def write_page(reports: list[Report], docs: Path) -> Path:
    """Write `docs/experiments.md` and a picture of learning curves for every report; return the page's path."""
    (docs / PICTURES_NAME).mkdir(exist_ok=True)
    for report in reports:
        curves = {
            arm: [run.curve for run in report.runs if run.result.arm == arm and run.curve]
            for arm in report.experiment.arms
        }
        title = f"{report.experiment.name}: {report.experiment.question}"
        draw_curves(docs / PICTURES_NAME / f"{report.experiment.name}.png", title, curves)
    path = docs / PAGE_NAME
    with replacing(path) as beside:
        beside.write_text("\n".join([HEAD, *map(section, reports)]), encoding="utf-8")
    return path


def section(report: Report) -> str:
    """The part of the page that is about one experiment."""
    experiment = report.experiment
    length = f"{experiment.seconds:g} seconds" if experiment.seconds else f"{experiment.samples:,} samples"
    seeds = f"{experiment.seeds} seed{'' if experiment.seeds == 1 else 's'}"
    return "\n".join(
        [
            f"## {experiment.name}\n",
            f"{experiment.question} {length} a run, {seeds}, base `{experiment.base}`.\n",
            f"| {' | '.join(COLUMNS)} |",
            "|---" * len(COLUMNS) + "|",
            *(row(report, arm) for arm in experiment.arms),
            "",
            *([f"GoNN's figure: {experiment.known_effect}.\n"] if experiment.known_effect else []),
            *(f"- {text}" for text in report.sentences),
            f"\n{machine(report)}\n",
            f"![learning curves]({PICTURES_NAME}/{experiment.name}.png)\n",
        ]
    )


def row(report: Report, arm: str) -> str:
    """An arm's line of the table."""
    results = {(run.result.arm, run.result.seed): run.result for run in report.runs}
    done = [result for (name, _), result in results.items() if name == arm and result.figures is not None]
    if not done:
        return f"| {arm} | | | no run ended with figures | | | | |"
    samples = f"{round(mean(result.samples for result in done)):,}"
    speed = f"{mean(result.samples_per_s or 0 for result in done):,.0f}"
    loss = spread(list(figures_by_seed(results, arm, "cross_entropy").values()), 1, 3)
    top1 = spread(list(figures_by_seed(results, arm, "top1").values()), 100, 2) + " %"
    if arm == report.experiment.baseline:
        return f"| {arm} | {samples} | {speed} | {loss} | {top1} | baseline | | baseline |"
    found = {one.figure: one for one in report.comparisons if one.arm == arm}
    by_loss, by_top1 = found.get("cross_entropy"), found.get("top1")
    cells = [difference(by_loss, 1, 3), p_values(by_loss), difference(by_top1, 100, 2)]
    return f"| {arm} | {samples} | {speed} | {loss} | {top1} | {' | '.join(cells)} |"


def spread(values: list[float], scale: float, decimals: int) -> str:
    """Mean ± standard deviation; one value alone has no ±."""
    text = f"{scale * mean(values):.{decimals}f}"
    return f"{text} ± {scale * stdev(values):.{decimals}f}" if len(values) > 1 else text


def difference(found: Comparison | None, scale: float, decimals: int) -> str:
    """`−0.031 (−0.042 to −0.020)`, without brackets where there is no interval; empty for no comparison."""
    if found is None:
        return ""
    text = signed(scale * found.mean, decimals)
    if found.low is None or found.high is None:
        return text
    return f"{text} ({signed(scale * found.low, decimals)} to {signed(scale * found.high, decimals)})"


def p_values(found: Comparison | None) -> str:
    """`0.012 / 0.034`; empty where there are none."""
    if found is None or found.paired_p is None or found.welch_p is None:
        return ""
    return f"{found.paired_p:.2g} / {found.welch_p:.2g}"


def machine(report: Report) -> str:
    """On what it ran: processor, device, precision, versions, commit."""
    environments = [run.result.environment for run in report.runs]
    named: list[str] = [str(report.environment.get("hardware", {}).get("processor", "unknown processor"))]
    for label, key in (
        ("device", "device"),
        ("PyTorch", "torch"),
        ("Shicho", "shicho_version"),
        ("commit", "git_commit"),
    ):
        values = sorted({str(one[key]) for one in environments if key in one})
        if values:
            named.append(f"{label} {', '.join(values)}")
    compiled = sorted({"compiled" if one["compile"] else "not compiled" for one in environments if "compile" in one})
    return f"{'; '.join([*named, report.precision, *compiled])}."

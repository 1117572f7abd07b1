"""Writing docs/experiments.md, the results of all published experiments, from their JSON files."""

from pathlib import Path
from statistics import mean, stdev
from typing import Final

from shicho.engine.files import replacing
from shicho.training.experiments.compare import Comparison, figures_by_seed, signed
from shicho.training.experiments.pictures import draw_experiment
from shicho.training.experiments.report import Report

PAGE_NAME: Final = "experiments.md"
PICTURES_NAME: Final = "experiments"
HEAD: Final = """# Experiments

Does a change help? The arms of an experiment differ in one thing, and are trained with the same seeds and, for each
seed, the same positions in the same order. `shicho experiment run NAME GAMES.h5` repeats an experiment; this page is
made by `shicho experiment publish` from the files in `training/experiments/results/`.

**What is measured:** on positions of games held out, the policy's cross-entropy in nats, and top-1, the share of
positions in which the policy's first move is the one played; for the weights that a run ends with. ± is the standard
deviation over the seeds.

**Scale:** small networks and short runs; each section says how small and how short. Where the length is in seconds,
every arm gets as many samples as it trains in that time, by its speed measured before the runs. What helps here may not
help a network ten times larger that sees a hundred times more samples, and the reverse. "GoNN's figure" is what the
author of the [GoNN baseline](background.md) found with a larger network and more samples.

**Short runs and batch norm:** its running statistics lag behind the weights by some hundred steps, so they are
estimated anew from training positions before a run is measured. Arms of equal time still differ in their number of
steps, which matters in runs this short.

**How to read an interval:** a difference is arm minus baseline (the first row), the mean over the seeds, with its
paired 95 % interval. If the interval contains 0, the seeds cannot tell the arm from the baseline: the difference may be
anything in the interval, not just 0. p is that of the paired, then of Welch's t-test. Intervals are not corrected for
the number of arms: of twenty arms that change nothing, one looks as if it did.

**Pictures:** lines are the training loss, smoothed, the mean over the seeds; points are the loss on the games held out,
with the 95 % interval of each arm alone. The intervals of two arms may overlap where their paired difference is clear.
"""
COLUMNS: Final = (
    "arm",
    "parameters",
    "samples",
    "top-1",
    "nats",
    "difference in nats",
    "p",
    "difference in top-1, points",
)


def write_page(reports: list[Report], docs: Path) -> Path:
    """Write `docs/experiments.md` and a picture of learning curves for every report; return the page's path."""
    (docs / PICTURES_NAME).mkdir(exist_ok=True)
    for report in reports:
        draw_experiment(docs / PICTURES_NAME / f"{report.experiment.name}.png", report)
    path = docs / PAGE_NAME
    with replacing(path) as beside:
        beside.write_text(page(reports), encoding="utf-8")
    return path


def page(reports: list[Report]) -> str:
    """Return the whole page: how to read it, an index, a section for each experiment."""
    index = [
        f"| [{report.experiment.name}](#{report.experiment.name}) | {length(report)} | {verdict(report)} |"
        for report in reports
    ]
    return "\n".join(
        [
            HEAD,
            "| experiment | length | what the seeds show, in nats |\n|---|---|---|",
            *index,
            "",
            *map(section, reports),
        ]
    )


def verdict(report: Report) -> str:
    """Return the arms by their loss, as `better than muon: a; worse: b; cannot tell: c`."""
    found = {one.arm: one for one in report.comparisons if one.figure == "cross_entropy"}
    words: dict[str, list[str]] = {"better": [], "worse": [], "cannot tell": [], "no interval": [], "no figures": []}
    for arm in report.experiment.others:
        words[in_a_word(found.get(arm))].append(arm)
    said = "; ".join(f"{word}: {', '.join(arms)}" for word, arms in words.items() if arms)
    return f"against {report.experiment.baseline}: {said}"


def in_a_word(found: Comparison | None) -> str:
    """Return what a comparison of losses shows, in a word or two."""
    if found is None:
        return "no figures"
    if found.low is None or found.high is None:
        return "no interval"
    if found.low <= 0 <= found.high:
        return "cannot tell"
    return "better" if found.mean < 0 else "worse"


def length(report: Report) -> str:
    """How long a run is, and how many seeds there are."""
    experiment = report.experiment
    run = f"{experiment.seconds:g} s" if experiment.seconds else f"{experiment.samples:,} samples"
    return f"{run} a run, {report.seeds} seed{'' if report.seeds == 1 else 's'}"


def section(report: Report) -> str:
    """Return the part of the page that is about one experiment."""
    experiment = report.experiment
    return "\n".join(
        [
            f"## {experiment.name}\n",
            f"{experiment.question} Preset `{experiment.base}`; {length(report)}; figures on "
            f"{experiment.validation_positions:,} positions.\n",
            f"| {' | '.join(COLUMNS)} |",
            "|---" * len(COLUMNS) + "|",
            *(row(report, arm) for arm in experiment.arms),
            "",
            *(f"- {text}" for text in report.sentences),
            *([f"- GoNN's figure: {experiment.known_effect}."] if experiment.known_effect else []),
            *taken_over(report),
            f"\n{machine(report)}\n",
            f"![learning curves]({PICTURES_NAME}/{experiment.name}.png)\n",
        ]
    )


def row(report: Report, arm: str) -> str:
    """Return an arm's line of the table."""
    results = report.results
    done = [result for (name, _), result in results.items() if name == arm and result.figures is not None]
    if not done:
        return f"| {arm} | | | | | no run ended with figures | | |"
    cells = [
        arm,
        f"{done[0].parameters:,}",
        f"{round(mean(result.samples for result in done)):,}",
        f"{spread(list(figures_by_seed(results, arm, 'top1').values()), 100, 2)} %",
        spread(list(figures_by_seed(results, arm, "cross_entropy").values()), 1, 3),
    ]
    if arm == report.experiment.baseline:
        cells += ["baseline", "", "baseline"]
    else:
        found = {one.figure: one for one in report.comparisons if one.arm == arm}
        by_loss, by_top1 = found.get("cross_entropy"), found.get("top1")
        cells += [difference(by_loss, 1, 3), p_values(by_loss), difference(by_top1, 100, 2)]
    return f"| {' | '.join(cells)} |"


def spread(values: list[float], scale: float, decimals: int) -> str:
    """Return mean ± standard deviation; one value alone has no ±."""
    text = f"{scale * mean(values):.{decimals}f}"
    return f"{text} ± {scale * stdev(values):.{decimals}f}" if len(values) > 1 else text


def difference(found: Comparison | None, scale: float, decimals: int) -> str:
    """Return `−0.031 (−0.042 to −0.020)`, without brackets if there is no interval; empty for no comparison."""
    if found is None:
        return ""
    text = signed(scale * found.mean, decimals)
    if found.low is None or found.high is None:
        return text
    return f"{text} ({signed(scale * found.low, decimals)} to {signed(scale * found.high, decimals)})"


def p_values(found: Comparison | None) -> str:
    """Return the paired and Welch's p-value, as `0.012 / 0.034`; empty if there are none."""
    if found is None or found.paired_p is None or found.welch_p is None:
        return ""
    return f"{found.paired_p:.2g} / {found.welch_p:.2g}"


def taken_over(report: Report) -> list[str]:
    """Return a line that names the runs of other experiments that this one shares."""
    origins = sorted({run.result.taken_from for run in report.runs if run.result.taken_from})
    return [f"- Shared with other experiments: the runs {', '.join(origins)}."] if origins else []


def machine(report: Report) -> str:
    """Return what it ran on: processor, device, versions, precision, commit."""
    environments = [run.result.environment for run in report.runs]
    named = [report.processor]
    for label, key in (
        ("device", "device"),
        ("threads", "threads"),
        ("PyTorch", "torch"),
        ("Shicho", "shicho_version"),
        ("commit", "git_commit"),
    ):
        values = sorted({str(one[key]) for one in environments if one.get(key) is not None})
        if values:
            named.append(f"{label} {', '.join(values)}")
    compiled = sorted({"compiled" if one["compile"] else "not compiled" for one in environments if "compile" in one})
    return f"{'; '.join([*named, report.precision, *compiled])}."

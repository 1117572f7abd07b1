"""Comparing an arm with the baseline over the seeds: difference, interval and tests, and a sentence.

Runs of one seed have the same order of samples and start from the same random numbers, so differences are paired.
Intervals are at 95 %, each for its own comparison: of twenty arms that change nothing, one looks as if it did.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field
from scipy import stats

from shicho.training.config import Config
from shicho.training.experiments.definition import Experiment
from shicho.training.experiments.job import Result

Figure = Literal["cross_entropy", "top1"]
Results = Mapping[tuple[str, int], Result]
"""Results by (arm, seed)."""

CONFIDENCE: Final = 0.95
SAME: Final = 1e-9
"""Differences closer than this are equal up to rounding."""

SCALES: Final[Mapping[Figure, tuple[float, int, str]]] = {
    "cross_entropy": (1.0, 3, "nats"),
    "top1": (100.0, 2, "points"),
}
"""For each figure: the factor, decimals and unit with which sentences and tables show it."""


class Comparison(Config):
    """The difference arm minus baseline in one figure (`top1` is a fraction), over the seeds that both finished.

    `low` and `high` bound the paired 95 % interval; `paired_p` and `welch_p` are the p-values of the paired and of
    Welch's t-test. All four are None if one seed, or seeds that differ by rounding alone, give none.
    """

    arm: str
    baseline: str
    figure: Figure
    seeds: Annotated[int, Field(ge=1)]
    mean: float
    low: float | None
    high: float | None
    paired_p: float | None
    welch_p: float | None


def compare(experiment: Experiment, results: Results, figure: Figure) -> list[Comparison]:
    """Compare every arm with the baseline; arms that share no finished seed with it are left out."""
    comparisons = []
    baseline = figures_by_seed(results, experiment.baseline, figure)
    for arm in experiment.others:
        values = figures_by_seed(results, arm, figure)
        seeds = sorted(values.keys() & baseline.keys())
        if seeds:
            arm_values = [values[seed] for seed in seeds]
            baseline_values = [baseline[seed] for seed in seeds]
            comparisons.append(compare_paired(arm, experiment.baseline, figure, arm_values, baseline_values))
    return comparisons


def figures_by_seed(results: Results, arm: str, figure: Figure) -> dict[int, float]:
    """Return a figure of all runs of an arm that ended with figures, by seed."""
    return {
        seed: result.figures[figure]
        for (name, seed), result in sorted(results.items())
        if name == arm and result.figures is not None
    }


def compare_paired(
    arm: str, baseline: str, figure: Figure, arm_values: list[float], baseline_values: list[float]
) -> Comparison:
    """Compare two lists of figures, paired by position: at least one pair."""
    differences = [one - other for one, other in zip(arm_values, baseline_values, strict=True)]
    mean = math.fsum(differences) / len(differences)
    low = high = paired_p = welch_p = None
    if max(differences) - min(differences) > SAME:
        paired = stats.ttest_rel(arm_values, baseline_values)
        interval = paired.confidence_interval(CONFIDENCE)
        low, high, paired_p = float(interval.low), float(interval.high), float(paired.pvalue)
        welch_p = float(stats.ttest_ind(arm_values, baseline_values, equal_var=False).pvalue)
    return Comparison(
        arm=arm,
        baseline=baseline,
        figure=figure,
        seeds=len(differences),
        mean=mean,
        low=low,
        high=high,
        paired_p=paired_p,
        welch_p=welch_p,
    )


def sentence(comparison: Comparison) -> str:
    """Return a sentence that says what the comparison shows, and no more than its interval supports."""
    scale, decimals, unit = SCALES[comparison.figure]
    arm, baseline, seeds = comparison.arm, comparison.baseline, comparison.seeds
    counted = f"{seeds} seed{'' if seeds == 1 else 's'}"
    where = "" if comparison.figure == "cross_entropy" else " in top-1"
    mean = scale * comparison.mean
    if comparison.low is None or comparison.high is None:
        difference = f"the difference{where} is {signed(mean, decimals)} {unit}"
        if seeds == 1:
            return f"One seed gives no interval for {arm} against {baseline}: {difference}."
        return f"{counted} give no interval for {arm} against {baseline}: in all of them {difference}."
    low, high = scale * comparison.low, scale * comparison.high
    if low <= 0 <= high:
        bounds = f"{signed(low, decimals)} to {signed(high, decimals)}"
        return (
            f"{counted} cannot tell {arm} from {baseline}{where}: the difference is {signed(mean, decimals)} {unit} "
            f"(95 % {bounds})."
        )
    better = (mean < 0) == (comparison.figure == "cross_entropy")
    least, most = sorted((abs(low), abs(high)))
    return (
        f"{arm} is {'better' if better else 'worse'} than {baseline}{where} by {abs(mean):.{decimals}f} {unit} "
        f"(95 % {least:.{decimals}f} to {most:.{decimals}f}, {counted})."
    )


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign, a true minus (U+2212); a zero has none."""
    text = f"{abs(value):.{decimals}f}"
    return text if float(text) == 0 else f"{'−' if value < 0 else '+'}{text}"

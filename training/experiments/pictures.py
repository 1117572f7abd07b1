"""Learning curves of an experiment: one line an arm, and where it ends on the games held out."""

import hashlib
from pathlib import Path
from statistics import mean
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.ndimage import gaussian_filter1d

from shicho.training.experiments.compare import CONFIDENCE, figures_by_seed
from shicho.training.experiments.report import Report
from shicho.training.pictures import new_figure, save_figure, short_count

GRID: Final = 200
SMOOTHING: Final = 0.02
"""Standard deviation of the Gaussian that smooths a curve, as a share of the run."""
SHOWN_FROM: Final = 0.2
"""The vertical axis begins at the highest loss after this share of the run: the first steps would fill the picture."""
DIGEST_KEY: Final = "Description"
"""Of the PNG's text: the digest of the report that it was drawn from."""


def draw_experiment(path: Path, report: Report) -> None:
    """Draw the curves of all arms as a PNG file, which holds the digest of the report."""
    experiment = report.experiment
    figure = new_figure(7.5, 4.5)
    axes = figure.add_subplot()
    heights: list[float] = []
    for number, arm in enumerate(experiment.arms):
        colour = f"C{number}"
        curve, length = mean_curve(report, arm)
        label: str | None = arm
        if len(curve):
            x = np.linspace(0, length, GRID + 1)[-len(curve) :]
            axes.plot(x, curve, color=colour, linewidth=1.3, label=label)
            heights += [float(curve[x >= SHOWN_FROM * length].max()), float(curve.min())]
            label = None
        ends = list(figures_by_seed(report.results, arm, "cross_entropy").values())
        if ends:
            place, half = length * (1 + 0.02 * (number + 1)), half_interval(ends)
            axes.errorbar(
                place, mean(ends), half or None, color=colour, marker="o", markersize=4, capsize=3, label=label
            )
            heights += [mean(ends) - half, mean(ends) + half]
    if heights:
        margin = 0.05 * (max(heights) - min(heights)) or 0.1
        axes.set_ylim(min(heights) - margin, max(heights) + margin)
        axes.legend(frameon=False)
    axes.set(title=experiment.name, xlabel="seconds" if experiment.seconds else "samples", ylabel="loss (nats)")
    axes.xaxis.set_major_formatter(lambda value, _: short_count(value))
    axes.grid(alpha=0.3)
    save_figure(figure, path, dpi=90, metadata={DIGEST_KEY: digest(report)})


def digest(report: Report) -> str:
    """Return the SHA-256 of a report's content.

    Settings with their default values are left out, so that a new setting does not change old digests.
    """
    return hashlib.sha256(report.model_dump_json(exclude_defaults=True).encode("utf-8")).hexdigest()


def mean_curve(report: Report, arm: str) -> tuple[NDArray[np.float64], float]:
    """Return the smoothed training loss, float64 [N], the mean over the seeds, and the length of a run.

    The N values are the last ones of 201 that divide the run evenly, N being as many as all curves reach back.
    The length is in seconds at the arm's speed for an experiment at equal time, else in samples.
    """
    runs = [run for run in report.runs if run.result.arm == arm]
    curves = [np.array(run.curve, np.float64) for run in runs if run.curve]
    samples = mean(run.result.samples for run in runs) if runs else 0.0
    length = report.experiment.seconds or samples
    if not curves:
        return np.zeros(0), length
    grid = np.linspace(0, samples, GRID + 1)
    grid = grid[grid >= max(curve[0, 0] for curve in curves)]
    values = np.mean([np.interp(grid, curve[:, 0], curve[:, 1]) for curve in curves], axis=0)
    return gaussian_filter1d(values, SMOOTHING * GRID, mode="nearest"), length


def half_interval(values: list[float]) -> float:
    """Return half the width of the 95 % interval of a mean by Student's t; 0 for one value."""
    if len(values) == 1:
        return 0.0
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values))

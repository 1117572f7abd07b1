"""Learning curves: reading `metrics.jsonl` of runs, and a picture of several runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shicho.training.pictures import label_samples, new_figure, save_figure
from shicho.training.run.metrics import METRICS_NAME, read_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Curve = Sequence[tuple[float, float]]
"""Points (samples, value) in rising order of samples."""

MOST_POINTS = 100
LOSS: Final = "cross-entropy of the policy (nats)"
TOP1: Final = "top-1"
WARM_UP: Final = 0.05
"""Of a run: a loss axis leaves out what is higher than everything after so much of it."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A figure of one run over its samples: means over training batches, and what validation gave."""

    training: Curve
    validation: Curve = ()


Panels = Mapping[str, Mapping[str, Measured]]
"""By the name of a figure (LOSS, TOP1), then by that of the run."""


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's metrics; a line that was cut short is left out.

    Raises BadConfig if there are none.
    """
    return read_lines(run / METRICS_NAME, {"samples", "loss", "top1", "samples_per_s"})


def read_curve(run: Path, points: int = MOST_POINTS) -> list[tuple[float, float]]:
    """Return the training loss of a run, thinned to at most so many points. Raises BadConfig if it has no metrics."""
    return thin([(line["samples"], line["loss"]) for line in read_metrics(run)], points)


def read_panels(runs: Sequence[Path], points: int = MOST_POINTS) -> Panels:
    """Return loss and top-1 of runs in training, thinned, and in validation, by run.

    Raises BadConfig if one has no metrics.
    """
    panels: dict[str, dict[str, Measured]] = {LOSS: {}, TOP1: {}}
    for run in runs:
        lines = read_metrics(run)
        for panel, key, validated in ((LOSS, "loss", "cross_entropy"), (TOP1, "top1", "top1")):
            training = thin([(line["samples"], line[key]) for line in lines], points)
            validation = [(line["samples"], line["validation"][validated]) for line in lines if line.get("validation")]
            panels[panel][str(run)] = Measured(training=training, validation=validation)
    return panels


def thin(curve: Curve, points: int) -> list[tuple[float, float]]:
    """Return at most `points` points, each the mean of equally many lines.

    `samples` of a point is that of its last line.
    """
    length = -(-len(curve) // points)
    stretches = [curve[start : start + length] for start in range(0, len(curve), length)]
    return [(part[-1][0], round(sum(value for _, value in part) / len(part), 4)) for part in stretches]


def draw_curves(path: Path, title: str, panels: Panels) -> None:
    """Draw curves of training (thin lines) and validation (points). Raises BadConfig for a suffix that is not known."""
    figure = new_figure(7.5 * len(panels), 5)
    figure.suptitle(title)
    for axes, (name, curves) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        _draw_panel(axes, curves)
        axes.set_ylabel(name)
        if name == LOSS:
            _leave_out_warm_up(axes, [*curves.values()])
        else:
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    save_figure(figure, path)


def _draw_panel(axes: "Axes", curves: Mapping[str, Measured]) -> None:
    from matplotlib import colormaps

    for number, (label, run) in enumerate(curves.items()):
        colour = colormaps["tab10"](number % 10)
        axes.plot([], [], color=colour, linewidth=2, label=label)
        axes.plot(*zip(*run.training, strict=True), color=colour, linewidth=1, alpha=0.7)
        if run.validation:
            points = zip(*run.validation, strict=True)
            axes.plot(*points, color=colour, marker="o", markersize=5, markeredgecolor="white", linewidth=2)
    label_samples(axes)
    axes.grid(alpha=0.3)
    axes.plot([], [], color="grey", linewidth=1, label="training, means")
    if any(run.validation for run in curves.values()):
        axes.plot([], [], color="grey", marker="o", linewidth=2, label="validation")
    axes.legend()


def _leave_out_warm_up(axes: "Axes", runs: Sequence[Measured]) -> None:
    """Let the axis end at the highest value after the first part of the runs, so that the rest can be told apart."""
    values = [
        value
        for run in runs
        for curve in (run.training, run.validation)
        for samples, value in curve
        if samples >= WARM_UP * run.training[-1][0]
    ]
    if values:
        low, high = min(values), max(values)
        axes.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low) if high > low else None)

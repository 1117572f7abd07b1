"""Learning curves: what `metrics.jsonl` of a run tells, and a picture of several runs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shicho.engine.errors import BadConfig
from shicho.engine.files import replacing
from shicho.training.run.metrics import METRICS_NAME

Curve = Sequence[tuple[float, float]]
"""Points (samples, loss of the policy in nats) in rising order of samples."""

MOST_POINTS = 100


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's metrics; a line that was cut short is left out. Raise BadConfig if there are none."""
    path = run / METRICS_NAME
    lines = []
    if path.is_file():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and {"samples", "loss", "samples_per_s"} <= line.keys():
                lines.append(line)
    if not lines:
        raise BadConfig(f"{path}: no metrics")
    return lines


def read_curve(run: Path, points: int = MOST_POINTS) -> list[tuple[float, float]]:
    """The training loss of a run, thinned to at most so many points. Raise BadConfig if it has no metrics."""
    return thin([(line["samples"], line["loss"]) for line in read_metrics(run)], points)


def thin(curve: Curve, points: int) -> list[tuple[float, float]]:
    """At most `points` points: the means of stretches of equally many lines; samples are those at the stretch's end."""
    length = -(-len(curve) // points)
    stretches = [curve[start : start + length] for start in range(0, len(curve), length)]
    return [(part[-1][0], round(sum(loss for _, loss in part) / len(part), 4)) for part in stretches]


def draw_curves(path: Path, title: str, curves: Mapping[str, Sequence[Curve]]) -> None:
    """Draw curves by label, those of one label in one colour. Raise BadConfig for a suffix that matplotlib lacks."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    for number, (label, family) in enumerate(curves.items()):
        colour = colormaps["tab10"](number % 10)
        for index, curve in enumerate(family):
            samples, losses = zip(*curve, strict=True)
            axes.plot(samples, losses, color=colour, linewidth=1, label=label if index == 0 else None)
    axes.set(title=title, xlabel="samples", ylabel="training loss of the policy (nats)")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k")
    axes.grid(alpha=0.3)
    if curves:
        axes.legend()
    known = figure.canvas.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in known:
        raise BadConfig(f"{path}: the name must end in one of {', '.join(sorted(known))}")
    with replacing(path) as beside:
        figure.savefig(beside, dpi=100)

"""The figures of `shicho evaluate` as a picture: how far confidence can be trusted, and figures by group."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from shicho.training.pictures import new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADS: Final = {"policy": ("the most probable move is played", 0.0), "win": ("the likelier side wins", 0.5)}
"""By head: what its confidence is about, and the least confidence it can have."""
GROUPED: Final = {"top1": "top-1", "cross_entropy": "cross-entropy (nats)"}
MOST_LABELS: Final = 12


def draw_chart(path: Path, title: str, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw the result of `evaluate.full_figures` by source: reliability diagrams, and a row for every grouping.

    Bars are 95 % intervals. Raises BadConfig for a suffix that is not known.
    """
    heads = [head for head in HEADS if any(head in found["reliability"] for found in figures.values())]
    groupings = list(dict.fromkeys(key for found in figures.values() for key in found if key.startswith("by_")))
    figure = new_figure(12, 5.5 + 3.8 * len(groupings))
    figure.suptitle(title)
    grid = figure.add_gridspec(1 + len(groupings), 2, height_ratios=[1.4, *[1] * len(groupings)])
    for column, head in enumerate(heads):
        _draw_reliability(figure.add_subplot(grid[0, column] if len(heads) > 1 else grid[0, :]), head, figures)
    for row, grouping in enumerate(groupings, start=1):
        parts = {source: found[grouping] for source, found in figures.items() if grouping in found}
        for column, name in enumerate(GROUPED):
            _draw_groups(figure.add_subplot(grid[row, column]), grouping.removeprefix("by_"), name, parts)
    save_figure(figure, path)


def _draw_reliability(axes: "Axes", head: str, figures: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw how often predictions are right against how sure they are, in bins of equal size.

    A calibrated network lies on the diagonal.
    """
    event, least = HEADS[head]
    axes.plot([least, 1], [least, 1], color="grey", linewidth=1, linestyle="--")
    for source, found in figures.items():
        bins = found["reliability"].get(head)
        if bins:
            confidence, right, counts = (np.array(column) for column in zip(*bins, strict=True))
            error = (counts * np.abs(right - confidence)).sum() / counts.sum()
            label = f"{source} (calibration error {error:.1%}, n = {counts.sum():,})"
            axes.plot(confidence, right, marker="o", markersize=4, linewidth=1, label=label)
    axes.set(xlabel=f"confidence that {event}", ylabel="how often it is so", aspect="equal")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="upper left")


def _draw_groups(axes: "Axes", grouping: str, name: str, parts: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw one figure of every group, by source."""
    groups = list(dict.fromkeys(group for found in parts.values() for group in found))
    if grouping != "phase":
        groups.sort()
    for number, (source, found) in enumerate(parts.items()):
        here = [group for group in groups if group in found]
        values = np.array([found[group][name] for group in here])
        low, high = np.array([found[group]["intervals"][name] for group in here]).T
        places = np.array([groups.index(group) for group in here]) + 0.15 * (number - (len(parts) - 1) / 2)
        axes.errorbar(places, values, [values - low, high - values], fmt="o", markersize=4, capsize=2, label=source)
    shown = range(0, len(groups), -(-len(groups) // MOST_LABELS))
    axes.set_xticks(shown, [groups[index] for index in shown])
    axes.set_xlim(-0.5, len(groups) - 0.5)
    axes.set(xlabel={"phase": "moves played"}.get(grouping, grouping), ylabel=GROUPED[name])
    if name == "top1":
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)

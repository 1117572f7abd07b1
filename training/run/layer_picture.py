"""`layers.jsonl` of a run as a picture: what became of every layer while the network learnt."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig
from shicho.training.pictures import label_samples, new_figure, save_figure
from shicho.training.run.metrics import LAYERS_NAME, read_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_COLUMNS: Final = 60
ROW_INCHES: Final = 0.19


class Panel(NamedTuple):
    """One statistic: where it stands in a line, its title, how values are written, and its colours.

    `scale`: "linear", "log", or "centred" for colours that tell below 0 from above.
    """

    kind: str
    statistic: str
    title: str
    form: str
    scale: str = "linear"


PANELS: Final = (
    (
        Panel("activations", "deviation", "activations: standard deviation", ".2f"),
        Panel("activations", "active", "activations: share of inputs above 0", ".0%"),
        Panel("activations", "mean", "activations: mean", ".2f", "centred"),
    ),
    (
        Panel("weights", "relative_update", "weights: norm of a step / norm", ".1e", "log"),
        Panel("weights", "norm", "weights: norm", ".3g"),
        Panel("slopes", "mean", "PReLU: slope, mean over the channels", ".3f", "centred"),
    ),
)
"""The picture's two columns."""


def read_layers(run: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's `layers.jsonl`. Raises BadConfig if there are none."""
    try:
        return read_lines(run / LAYERS_NAME, {"samples", "activations", "weights", "slopes"})
    except BadConfig as error:
        raise BadConfig(f"{error}; `shicho train --layer-statistics` writes them") from None


def table(lines: Sequence[dict[str, Any]], panel: Panel) -> tuple[list[str], NDArray[np.float64]]:
    """Return the layers of a panel, and their values float64 [layers, lines]; NaN where a line has none."""
    layers = list(dict.fromkeys(layer for line in lines for layer in line[panel.kind]))
    values = [[line[panel.kind].get(layer, {}).get(panel.statistic, np.nan) for line in lines] for layer in layers]
    return layers, np.array(values, np.float64).reshape(len(layers), len(lines))


def draw_layers(path: Path, title: str, lines: Sequence[dict[str, Any]]) -> None:
    """Draw every statistic as a map, a row a layer from the input down, with the last value beside each row.

    Of more than 60 lines it shows 60. Raises BadConfig for a suffix that is not known.
    """
    shown = [lines[i] for i in np.unique(np.linspace(0, len(lines) - 1, MOST_COLUMNS).round().astype(int))]
    columns = [[panel for panel in column if table(shown, panel)[0]] for column in PANELS]
    heights = [[ROW_INCHES * len(table(shown, panel)[0]) + 0.9 for panel in column] for column in columns]
    figure = new_figure(16, max(map(sum, heights)) + 0.6)
    parts = figure.subfigures(1, 2, squeeze=False)[0]
    parts[0].suptitle(title)
    for part, column, ratios in zip(parts, columns, heights, strict=True):
        grid = part.subplots(len(column), 1, squeeze=False, height_ratios=ratios)
        for axes, panel in zip(grid[:, 0], column, strict=True):
            _draw_map(axes, panel, shown)
        label_samples(grid[-1, 0])
    save_figure(figure, path)


def _draw_map(axes: "Axes", panel: Panel, lines: Sequence[dict[str, Any]]) -> None:
    from matplotlib.colors import CenteredNorm, LogNorm, Normalize

    layers, values = table(lines, panel)
    if panel.scale == "log":
        values = np.where(values > 0, values, np.nan)
    scale = panel.scale if np.isfinite(values).any() else "linear"
    norm: Normalize = {"linear": Normalize, "log": LogNorm, "centred": CenteredNorm}[scale]()
    samples = [line["samples"] for line in lines]
    colours = "RdBu_r" if panel.scale == "centred" else "viridis"
    rows = np.arange(len(layers) + 1) - 0.5
    drawn = axes.pcolormesh([0, *samples], rows, np.ma.masked_invalid(values), cmap=colours, norm=norm)
    axes.set_title(panel.title, loc="left", fontsize=10)
    axes.set_yticks(range(len(layers)), layers, fontsize=8)
    axes.invert_yaxis()
    axes.tick_params(axis="x", labelbottom=False)
    beside = axes.secondary_yaxis("right")
    beside.set_yticks(range(len(layers)), [format(value, panel.form) for value in values[:, -1]], fontsize=8)
    axes.figure.colorbar(drawn, ax=axes, aspect=30, pad=0.02)

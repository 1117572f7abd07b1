"""Picture of all input planes of a position, each on a small board."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from numpy.typing import NDArray

from shicho.engine.coords import MAX_SIZE
from shicho.engine.features import FeatureSet
from shicho.engine.game import Game
from shicho.tools.picture.board import save_figure

_COLUMNS = 6
_BOARD_INCHES = 1.36
_MARKED, _BOARD, _LINES = "#d62728", "#f3e3c6", "#c9b28a"
_PALE_BLACK, _PALE_WHITE, _EDGE = "#8a8a8a", "#ffffff", "#8a8a8a"


def save_planes(path: Path, game: Game, features: FeatureSet, title: str) -> None:
    """Draw each plane from the side to move: red squares where it is 1, over the stones of the position.

    Raises ValueError for a suffix that matplotlib does not support.
    """
    planes = features.compute(game)
    rows = -(-len(features) // _COLUMNS)
    figure = Figure(figsize=(_COLUMNS * _BOARD_INCHES, 0.4 + rows * (_BOARD_INCHES + 0.2)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=10)
    boards = figure.subplots(rows, _COLUMNS).ravel()
    offset = (MAX_SIZE - game.size) // 2
    inside = slice(offset, offset + game.size)
    for axes, plane in zip(boards, features.planes, strict=False):
        values = planes[plane.index, inside, inside]
        _draw_plane(axes, game.board.stones, values)
        axes.set_title(f"{plane.index} {plane.name}", fontsize=6.5, pad=2, color="black" if values.any() else "#999999")
    for axes in boards[len(features) :]:
        axes.set_axis_off()
    save_figure(figure, path)


def _draw_plane(axes: Axes, stones: NDArray[np.uint8], values: NDArray[np.float32]) -> None:
    """Draw the stones, uint8 [n, n], in pale colours, and mark the points where `values` [n, n] is 1."""
    size = len(stones)
    axes.set(xlim=(-0.6, size - 0.4), ylim=(size - 0.4, -0.6), aspect="equal", xticks=[], yticks=[], facecolor=_BOARD)
    axes.hlines(range(size), 0, size - 1, colors=_LINES, linewidth=0.3, zorder=1)
    axes.vlines(range(size), 0, size - 1, colors=_LINES, linewidth=0.3, zorder=1)
    for colour, face in ((1, _PALE_BLACK), (2, _PALE_WHITE)):
        circles = [Circle((column, row), 0.46) for row, column in np.argwhere(stones == colour)]
        axes.add_collection(PatchCollection(circles, facecolor=face, edgecolor=_EDGE, linewidth=0.3, zorder=2))
    squares = [Rectangle((column - 0.3, row - 0.3), 0.6, 0.6) for row, column in np.argwhere(values)]
    axes.add_collection(PatchCollection(squares, facecolor=_MARKED, linewidth=0, zorder=3))

"""Sheets of small boards."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray

BOARD_INCHES = 1.36
_BOARD, _LINES = "#f3e3c6", "#c9b28a"
_PALE_BLACK, _PALE_WHITE, _EDGE = "#8a8a8a", "#ffffff", "#8a8a8a"


def new_sheet(count: int, columns: int, title: str, board_inches: float = BOARD_INCHES) -> tuple[Figure, list[Axes]]:
    """Return a figure with room for `count` small boards of that width, row by row, and the axes of each."""
    rows = -(-count // columns)
    figure = Figure(figsize=(columns * board_inches, 0.4 + rows * (board_inches + 0.2)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=10)
    boards = np.ravel(figure.subplots(rows, columns, squeeze=False)).tolist()
    for axes in boards[count:]:
        axes.set_axis_off()
    return figure, boards[:count]


def draw_small_board(axes: Axes, stones: NDArray[np.uint8]) -> None:
    """Draw a board with its stones, uint8 [n, n], in pale colours."""
    size = len(stones)
    _fit(axes, size)
    axes.hlines(range(size), 0, size - 1, colors=_LINES, linewidth=0.3, zorder=1)
    axes.vlines(range(size), 0, size - 1, colors=_LINES, linewidth=0.3, zorder=1)
    for colour, face in ((1, _PALE_BLACK), (2, _PALE_WHITE)):
        circles = [Circle((column, row), 0.46) for row, column in np.argwhere(stones == colour)]
        axes.add_collection(PatchCollection(circles, facecolor=face, edgecolor=_EDGE, linewidth=0.3, zorder=2))


def draw_small_map(axes: Axes, stones: NDArray[np.uint8], colours: NDArray[np.uint8], opacity: float = 0.55) -> None:
    """Fill the points of a board with colours, uint8 [n, n, 3], and draw its stones, uint8 [n, n], small and faint."""
    _fit(axes, len(stones))
    axes.imshow(colours, zorder=1)
    for colour, face in ((1, "black"), (2, "white")):
        circles = [Circle((column, row), 0.24) for row, column in np.argwhere(stones == colour)]
        axes.add_collection(PatchCollection(circles, facecolor=face, linewidth=0, alpha=opacity, zorder=2))


def largest_magnitude(boards: Sequence[NDArray[np.floating]]) -> float:
    """Return the largest absolute value of several boards."""
    return float(max(np.abs(values).max() for values in boards))


def _fit(axes: Axes, size: int) -> None:
    axes.set(xlim=(-0.6, size - 0.4), ylim=(size - 0.4, -0.6), aspect="equal", xticks=[], yticks=[], facecolor=_BOARD)

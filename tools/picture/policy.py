"""A position and the moves a network expects there, as a picture."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from shicho.engine.board import star_points
from shicho.engine.coords import point_to_vertex
from shicho.engine.files import replacing
from shicho.engine.game import Game
from shicho.engine.policy import Evaluation

SHOWN_PERCENT = 1.0
"""Moves of at least this probability are marked and labelled with it."""

_WIDTH_INCHES = 6.4

_HEAT = LinearSegmentedColormap.from_list("heat", ["#3d85c6", "#6aa84f", "#f1c232", "#cc0000"])


def save_policy(path: Path, game: Game, evaluation: Evaluation, title: str) -> None:
    """Draw the position, the last move ringed, and every move of 1 % or more with its probability in percent.

    The form is that of the path's suffix (.png, .svg, .pdf); written beside `path` and renamed. Raises ValueError for a
    suffix that matplotlib cannot write.
    """
    figure = Figure(figsize=(_WIDTH_INCHES, _WIDTH_INCHES + 0.4), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_grid(axes, game.size)
    _draw_stones(axes, game)
    _draw_moves(axes, game, evaluation)
    passing = evaluation.probabilities[-1]
    axes.set_title(title + (f", pass {passing:.0%}" if 100 * passing >= SHOWN_PERCENT else ""), fontsize=11)
    with replacing(path) as beside:
        canvas.print_figure(beside, dpi=110)


def _draw_grid(axes: Axes, size: int) -> None:
    last = size - 1
    axes.set_facecolor("#e3b778")
    axes.hlines(range(size), 0, last, colors="#5c4326", linewidth=0.7, zorder=1)
    axes.vlines(range(size), 0, last, colors="#5c4326", linewidth=0.7, zorder=1)
    stars = [divmod(point, size) for point in star_points(size)]
    axes.scatter([column for _, column in stars], [row for row, _ in stars], s=12, c="#5c4326", zorder=1)
    axes.set(xlim=(-0.7, last + 0.7), ylim=(last + 0.7, -0.7), aspect="equal")
    axes.set_xticks(range(size), [point_to_vertex(column, size)[0] for column in range(size)], fontsize=8)
    axes.set_yticks(range(size), [str(size - row) for row in range(size)], fontsize=8)
    axes.tick_params(length=0, top=True, labeltop=True, right=True, labelright=True)


def _draw_stones(axes: Axes, game: Game) -> None:
    area = _point_area(game.size, 0.92)
    for stone, face in ((1, "#111111"), (2, "#fafafa")):
        rows, columns = np.nonzero(game.board.stones == stone)
        axes.scatter(columns, rows, s=area, c=face, edgecolors="#111111", linewidths=0.6, zorder=2)
    last = game.moves[-1].point if game.moves else game.board.pass_point
    if last != game.board.pass_point:
        row, column = divmod(last, game.size)
        axes.scatter(column, row, s=area / 4, facecolors="none", edgecolors="#cc0000", linewidths=1.6, zorder=3)


def _draw_moves(axes: Axes, game: Game, evaluation: Evaluation) -> None:
    area = _point_area(game.size, 0.95)
    percents = 100 * evaluation.probabilities[:-1]
    for point in np.flatnonzero((percents >= SHOWN_PERCENT) & (game.board.stones.ravel() == 0)):
        row, column = divmod(int(point), game.size)
        heat = _HEAT(min(1.0, float(np.sqrt(percents[point] / 60))))
        axes.scatter(column, row, s=area, color=heat, alpha=0.85, linewidths=0, zorder=2)
        size = 7 * 19 / max(game.size, 13)
        axes.text(column, row, f"{percents[point]:.0f}", ha="center", va="center_baseline", fontsize=size, zorder=3)


def _point_area(size: int, width: float) -> float:
    """A scatter marker's area, in square points, that is `width` of the distance between lines."""
    across = _WIDTH_INCHES * 72 * 0.88
    return float((width * across / (size + 0.4)) ** 2)

"""Picture of a position with the network's move probabilities."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from shicho.engine.game import Game
from shicho.engine.policy import Evaluation
from shicho.tools.picture.board import draw_stones, new_board_figure, point_area, save_figure

MIN_PERCENT = 1.0
"""Moves with at least this probability are drawn, labelled with it."""

_HEAT = LinearSegmentedColormap.from_list("heat", ["#3d85c6", "#6aa84f", "#f1c232", "#cc0000"])


def save_policy(path: Path, game: Game, evaluation: Evaluation, title: str) -> None:
    """Draw the position, a ring around the last move, and every move of 1 % or more with its probability in percent.

    Raises ValueError for a suffix that matplotlib does not support.
    """
    passing = evaluation.probabilities[-1]
    pass_text = f", pass {passing:.0%}" if 100 * passing >= MIN_PERCENT else ""
    figure, axes = new_board_figure(title + pass_text, game.size)
    draw_stones(axes, game.board)
    _ring_last_move(axes, game)
    _draw_moves(axes, game, evaluation)
    save_figure(figure, path)


def _ring_last_move(axes: Axes, game: Game) -> None:
    last = game.moves[-1].point if game.moves else game.board.pass_point
    if last != game.board.pass_point:
        row, column = divmod(last, game.size)
        area = point_area(game.size, 0.46)
        axes.scatter(column, row, s=area, facecolors="none", edgecolors="#cc0000", linewidths=1.6, zorder=3)


def _draw_moves(axes: Axes, game: Game, evaluation: Evaluation) -> None:
    area = point_area(game.size, 0.95)
    percents = 100 * evaluation.probabilities[:-1]
    for point in np.flatnonzero((percents >= MIN_PERCENT) & (game.board.stones.ravel() == 0)):
        row, column = divmod(int(point), game.size)
        heat = _HEAT(min(1.0, float(np.sqrt(percents[point] / 60))))
        axes.scatter(column, row, s=area, color=heat, alpha=0.85, linewidths=0, zorder=2)
        size = 7 * 19 / max(game.size, 13)
        axes.text(column, row, f"{percents[point]:.0f}", ha="center", va="center_baseline", fontsize=size, zorder=3)

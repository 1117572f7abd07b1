"""Picture of a position with the network's move probabilities."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from shicho.engine.coords import point_to_vertex
from shicho.engine.game import Game, Move
from shicho.engine.palette import probability_colours
from shicho.engine.policy import Evaluation
from shicho.tools.picture.board import HALO, draw_stones, mark_last_move, new_board_figure, point_area
from shicho.training.pictures import save_figure

MIN_PERCENT = 1.0
"""Moves with at least this probability are drawn, labelled with it."""


def save_policy(path: Path, game: Game, evaluation: Evaluation, title: str, played: Move | None = None) -> None:
    """Draw the position, a ring around the last move, and every move of 1 % or more with its probability in percent.

    A frame marks the move that was `played` next, and the title names it with its probability; so it does for a pass.
    Raises BadConfig for a suffix that matplotlib does not support.
    """
    figure, axes = new_board_figure("\n".join([title, *_notes(game, evaluation, played)]), game.size)
    draw_stones(axes, game.board)
    mark_last_move(axes, game)
    _draw_moves(axes, game, evaluation)
    if played is not None and played.point != game.board.pass_point:
        row, column = divmod(played.point, game.size)
        frame = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="#111111", linewidth=1.8, zorder=5)
        axes.add_patch(frame)
        frame.set_path_effects(HALO)
    save_figure(figure, path)


def _notes(game: Game, evaluation: Evaluation, played: Move | None) -> list[str]:
    """Return a line on the pass, if it is probable, and on the move played, or nothing."""
    notes = []
    if 100 * evaluation.probabilities[-1] >= MIN_PERCENT:
        notes.append(f"pass {evaluation.probabilities[-1]:.0%}")
    if played is not None:
        notes.append(
            f"played: {point_to_vertex(played.point, game.size)} ({evaluation.probabilities[played.point]:.1%})"
        )
    return [", ".join(notes)] if notes else []


def _draw_moves(axes: Axes, game: Game, evaluation: Evaluation) -> None:
    area = point_area(game.size, 0.95)
    percents = 100 * evaluation.probabilities[:-1]
    for point in np.flatnonzero((percents >= MIN_PERCENT) & (game.board.stones.ravel() == 0)):
        row, column = divmod(int(point), game.size)
        heat = probability_colours(evaluation.probabilities[point]) / 255
        axes.scatter(column, row, s=area, color=heat, linewidths=0, zorder=2)
        axes.text(
            column,
            row,
            f"{percents[point]:.0f}",
            ha="center",
            va="center_baseline",
            fontsize=8 * 19 / max(game.size, 13),
            path_effects=HALO,
            zorder=6,
        )

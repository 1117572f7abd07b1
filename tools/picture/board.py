"""Drawing of boards and stones, shared by all pictures."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import AbstractPathEffect, Normal, Stroke

from shicho.engine.board import Board, star_points
from shicho.engine.coords import point_to_vertex
from shicho.engine.game import Game

BLACK_FACE, WHITE_FACE, EDGE = "#111111", "#fafafa", "#111111"
WOOD, LINES = "#e3b778", "#5c4326"

HALO: list[AbstractPathEffect] = [Stroke(linewidth=2.4, foreground="white", alpha=0.85), Normal()]
"""Effects that keep a text or a frame readable over lines and colours."""

WIDTH_INCHES = 6.4


def new_board_figure(title: str, size: int) -> tuple[Figure, Axes]:
    """Return a figure with an empty board. The point (row, column) is at x = column, y = row."""
    figure = Figure(figsize=(WIDTH_INCHES, WIDTH_INCHES + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_grid(axes, size)
    figure.suptitle(title, fontsize=11)
    return figure, axes


def draw_stones(axes: Axes, board: Board, width: float = 0.92) -> list[Artist]:
    """Draw all stones of a position, `width` times the line distance wide, and return what was drawn."""
    area = point_area(board.size, width)
    drawn: list[Artist] = []
    for stone, face in ((1, BLACK_FACE), (2, WHITE_FACE)):
        rows, columns = np.nonzero(board.stones == stone)
        drawn.append(axes.scatter(columns, rows, s=area, c=face, edgecolors=EDGE, linewidths=0.6, zorder=2))
    return drawn


def mark_last_move(axes: Axes, game: Game) -> None:
    """Draw a ring on the stone of the last move."""
    last = game.moves[-1].point if game.moves else game.board.pass_point
    if last != game.board.pass_point:
        row, column = divmod(last, game.size)
        area = point_area(game.size, 0.46)
        axes.scatter(column, row, s=area, facecolors="none", edgecolors="#cc0000", linewidths=1.6, zorder=3)


def point_area(size: int, width: float, inches: float = WIDTH_INCHES) -> float:
    """Return the area of a scatter marker, in square points, whose width is `width` times the line distance.

    inches: the width of the board's figure, or of its part of a sheet.
    """
    across = inches * 72 * 0.88
    return float((width * across / (size + 0.4)) ** 2)


def _draw_grid(axes: Axes, size: int) -> None:
    last = size - 1
    axes.set_facecolor(WOOD)
    axes.hlines(range(size), 0, last, colors=LINES, linewidth=0.7, zorder=1)
    axes.vlines(range(size), 0, last, colors=LINES, linewidth=0.7, zorder=1)
    stars = [divmod(point, size) for point in star_points(size)]
    axes.scatter([column for _, column in stars], [row for row, _ in stars], s=12, c=LINES, zorder=1)
    axes.set(xlim=(-0.7, last + 0.7), ylim=(last + 0.7, -0.7), aspect="equal")
    axes.set_xticks(range(size), [point_to_vertex(column, size)[0] for column in range(size)], fontsize=8)
    axes.set_yticks(range(size), [str(size - row) for row in range(size)], fontsize=8)
    axes.tick_params(length=0, top=True, labeltop=True, right=True, labelright=True)

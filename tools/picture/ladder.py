"""Picture of a ladder with numbered moves."""

from pathlib import Path

from matplotlib.axes import Axes

from shicho.engine.board import Board
from shicho.engine.ladder import LadderReading
from shicho.tools.picture.board import draw_stones, new_board_figure, point_area
from shicho.tools.picture.moves import draw_numbers, number_points, write_notes
from shicho.training.pictures import save_figure


def save_ladder(path: Path, board: Board, point: int, reading: LadderReading, title: str) -> None:
    """Draw the position, mark the chain at `point`, and draw the numbered moves of its ladder.

    If a point is played more than once, the board shows its first number; the other numbers and the passes are listed
    below it. Raises BadConfig for a suffix that matplotlib does not support.
    """
    numbers, notes = number_points(reading.moves, board.size)
    figure, axes = new_board_figure(title, board.size)
    draw_stones(axes, board)
    _mark_chain(axes, board, point)
    draw_numbers(axes, board.size, numbers, {n: move.colour for n, move in enumerate(reading.moves, 1)})
    write_notes(axes, notes)
    save_figure(figure, path)


def _mark_chain(axes: Axes, board: Board, point: int) -> None:
    area = point_area(board.size, 0.4)
    for stone in board.chain(point).stones:
        row, column = divmod(stone, board.size)
        axes.scatter(column, row, s=area, marker="s", facecolors="none", edgecolors="#cc0000", linewidths=1.6, zorder=3)

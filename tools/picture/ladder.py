"""Picture of a ladder with numbered moves."""

from pathlib import Path

from matplotlib.axes import Axes

from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_vertex
from shicho.engine.ladder import LadderReading
from shicho.tools.picture.board import (
    BLACK_FACE,
    EDGE,
    WHITE_FACE,
    draw_stones,
    new_board_figure,
    point_area,
    save_figure,
)


def save_ladder(path: Path, board: Board, point: int, reading: LadderReading, title: str) -> None:
    """Draw the position, mark the chain at `point`, and draw the numbered moves of its ladder.

    If a point is played more than once, the board shows its first number; the other numbers and the passes are listed
    below the title. Raises ValueError for a suffix that matplotlib does not support.
    """
    numbers, notes = number_points(reading, board.pass_point)
    figure, axes = new_board_figure("\n".join([title, ", ".join(notes)]).rstrip(), board.size)
    draw_stones(axes, board)
    _mark_chain(axes, board, point)
    for move, number in numbers.items():
        _draw_move(axes, board.size, reading.moves[number - 1].colour, move, number)
    save_figure(figure, path)


def number_points(reading: LadderReading, pass_point: int) -> tuple[dict[int, int], list[str]]:
    """Return the number of the first move on each point, and a note for every move that is not drawn."""
    numbers: dict[int, int] = {}
    notes = []
    for number, (_, move) in enumerate(reading.moves, 1):
        if move == pass_point:
            notes.append(f"{number} passes")
        elif numbers.setdefault(move, number) != number:
            notes.append(f"{number} at {numbers[move]}")
    return numbers, notes


def _mark_chain(axes: Axes, board: Board, point: int) -> None:
    area = point_area(board.size, 0.4)
    for stone in board.chain(point).stones:
        row, column = divmod(stone, board.size)
        axes.scatter(column, row, s=area, marker="s", facecolors="none", edgecolors="#cc0000", linewidths=1.6, zorder=3)


def _draw_move(axes: Axes, size: int, colour: Colour, point: int, number: int) -> None:
    row, column = divmod(point, size)
    face, ink = (BLACK_FACE, WHITE_FACE) if colour is Colour.BLACK else (WHITE_FACE, BLACK_FACE)
    axes.scatter(column, row, s=point_area(size, 0.92), c=face, edgecolors=EDGE, linewidths=0.6, zorder=4)
    font = 8 * 19 / max(size, 13)
    axes.text(column, row, str(number), ha="center", va="center_baseline", fontsize=font, color=ink, zorder=5)


def ladder_title(board: Board, point: int, reading: LadderReading) -> str:
    """Return colour, vertex and verdict, such as "black C5: captured"."""
    verdict = "captured" if reading.captured else "not read to the end" if reading.exhausted else "escapes"
    return f"{board.colour_at(point)} {point_to_vertex(point, board.size)}: {verdict}"

"""Numbered moves on a board."""

import textwrap
from collections.abc import Collection, Sequence

from matplotlib.axes import Axes

from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_vertex
from shicho.engine.game import Move
from shicho.tools.picture.board import BLACK_FACE, EDGE, WHITE_FACE, WIDTH_INCHES, point_area

_NOTE_COLUMNS = 96


def number_points(
    moves: Sequence[Move], size: int, *, first: int = 1, stones: Collection[int] = ()
) -> tuple[dict[int, int], list[str]]:
    """Return the number of the first move on each point, and a note for every move that is not drawn.

    `first` is the number of the first move. On the points of `stones` no number is drawn.
    """
    numbers: dict[int, int] = {}
    notes = []
    for number, (_, point) in enumerate(moves, first):
        if point == size * size:
            notes.append(f"{number} passes")
        elif point in stones:
            notes.append(f"{number} at {point_to_vertex(point, size)}")
        elif numbers.setdefault(point, number) != number:
            notes.append(f"{number} at {numbers[point]}")
    return numbers, notes


def draw_numbers(
    axes: Axes, size: int, numbers: dict[int, int], colours: dict[int, Colour], *, width: float = WIDTH_INCHES
) -> None:
    """Draw a stone with its number on each point; `colours` are those of the numbers, `width` the board's in inches."""
    for point, number in numbers.items():
        row, column = divmod(point, size)
        face, ink = (BLACK_FACE, WHITE_FACE) if colours[number] is Colour.BLACK else (WHITE_FACE, BLACK_FACE)
        axes.scatter(column, row, s=point_area(size, 0.92, width), c=face, edgecolors=EDGE, linewidths=0.6, zorder=4)
        font = (8 if number < 100 else 6.6) * 19 / max(size, 13) * width / WIDTH_INCHES
        axes.text(column, row, str(number), ha="center", va="center_baseline", fontsize=font, color=ink, zorder=5)


def write_notes(axes: Axes, notes: Sequence[str]) -> None:
    """Write the notes on moves that are not drawn below the board."""
    if notes:
        axes.set_xlabel(textwrap.fill(", ".join(notes), _NOTE_COLUMNS), fontsize=7.5)

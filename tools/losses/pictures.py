"""Pictures of lost games: the course of the lead, and the positions in which most was lost."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from shicho.tools.losses.leads import Course
from shicho.tools.picture.moves import draw_numbers, number_points
from shicho.tools.picture.pages import shrink
from shicho.tools.picture.sheet import draw_small_board, new_sheet
from shicho.training.pictures import new_figure, save_figure

COLUMNS: Final = 3
_BOARD_INCHES: Final = 4.8
_LOST: Final = "#d02020"


def save_leads(path: Path, courses: Sequence[Course]) -> None:
    """Draw the lead over the moves, a thin line for each game and a thick one for their median."""
    figure = new_figure(8, 4)
    axes = figure.add_subplot()
    for course in courses:
        axes.plot(course.moves, course.leads, color="#4878a8", alpha=0.35, linewidth=0.9)
    moves = sorted({move for course in courses for move in course.moves[:-1]})
    leads = [[lead for course in courses if (lead := course.lead_after(move)) is not None] for move in moves]
    going_on = [place for place, some in enumerate(leads) if 2 * len(some) > len(courses)]
    axes.plot([moves[place] for place in going_on], [np.median(leads[place]) for place in going_on], color="#102a43")
    axes.axhline(0, color="grey", linewidth=0.8)
    axes.set(xlabel="moves", ylabel="points ahead", title="Lead in the lost games; thick: median of those that go on")
    axes.set_yscale("symlog", linthresh=20)
    axes.set_yticks([-200, -100, -50, -20, -10, 0, 10, 20, 50, 100, 200], minor=False)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(alpha=0.3)
    save_figure(figure, path)
    shrink(path)


def save_falls(path: Path, courses: Sequence[Course], first: int) -> None:
    """Draw the largest fall of each game: stones at its beginning, its moves numbered, lost stones crossed.

    The games are numbered from `first` on.
    """
    figure, boards = new_sheet(len(courses), min(COLUMNS, len(courses)), "", _BOARD_INCHES)
    for number, (axes, course) in enumerate(zip(boards, courses, strict=True), first):
        _draw_fall(axes, course)
        fall = course.fall
        axes.set_title(
            f"{number}: {course.played.colour}, moves {fall.first + 1} to {fall.last}, {-fall.points:+.0f} points",
            fontsize=9,
            pad=3,
        )
    save_figure(figure, path)
    shrink(path, 128)


def _draw_fall(axes: Axes, course: Course) -> None:
    game, fall = course.played.game, course.fall
    draw_small_board(axes, game.earlier(fall.first).board.stones)
    moves = game.moves[fall.first : fall.last]
    numbers, _ = number_points(moves, game.size, first=fall.first + 1)
    colours = {number: move.colour for number, move in enumerate(moves, fall.first + 1)}
    draw_numbers(axes, game.size, numbers, colours, width=_BOARD_INCHES)
    rows, columns = np.divmod(np.array(fall.stones, np.int64), game.size)
    axes.scatter(columns, rows, marker="x", s=36, c=_LOST, linewidths=1.3, zorder=6)

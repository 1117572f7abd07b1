"""Pictures of the input planes of a position: all of a feature set, each on a small board, or one."""

import textwrap
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from shicho.engine.features import PLANES, FeatureSet, plane_on_board
from shicho.engine.game import Game
from shicho.engine.symmetry import board_part
from shicho.tools.picture.board import draw_stones, new_board_figure
from shicho.tools.picture.sheet import draw_small_board, new_sheet
from shicho.training.pictures import save_figure

_COLUMNS = 6
_TITLE_COLUMNS = 80
_MARKED = "#d62728"


def save_planes(path: Path, game: Game, features: FeatureSet, title: str) -> None:
    """Draw each plane from the side to move: red squares where it is 1, over the stones of the position.

    Raises BadConfig for a suffix that matplotlib does not support.
    """
    planes = features.compute(game)[board_part(game.size)] == 1
    figure, boards = new_sheet(len(features), _COLUMNS, title)
    for axes, plane in zip(boards, features.planes, strict=True):
        values = planes[plane.index]
        draw_small_board(axes, game.board.stones)
        _mark(axes, values)
        axes.set_title(f"{plane.index} {plane.name}", fontsize=6.5, pad=2, color="black" if values.any() else "#999999")
    save_figure(figure, path)


def save_plane(path: Path, game: Game, name: str, title: str) -> None:
    """Draw one plane of any feature set, from the side to move, on a large board.

    Raises BadConfig if there is no such plane, and for a suffix that matplotlib does not support.
    """
    values = plane_on_board(name, game)
    meaning = textwrap.fill(f"{name}: {PLANES[name][1].meaning}", _TITLE_COLUMNS)
    figure, axes = new_board_figure(f"{title}\n{meaning}", game.size)
    draw_stones(axes, game.board)
    _mark(axes, values)
    save_figure(figure, path)


def _mark(axes: Axes, values: NDArray[np.bool_]) -> None:
    """Draw a square on each point where `values` [n, n] is true."""
    squares = [Rectangle((column - 0.3, row - 0.3), 0.6, 0.6) for row, column in np.argwhere(values)]
    axes.add_collection(PatchCollection(squares, facecolor=_MARKED, linewidth=0, zorder=3))

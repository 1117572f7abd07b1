"""Picture of a game: a board diagram with numbered moves, or of its last position."""

from pathlib import Path

import numpy as np

from shicho.engine.game import Game
from shicho.tools.picture.board import draw_stones, mark_last_move, new_board_figure
from shicho.tools.picture.moves import draw_numbers, number_points, write_notes
from shicho.training.pictures import save_figure


def save_record(path: Path, game: Game, title: str, *, first: int = 1) -> None:
    """Draw the moves of a game with their numbers, from move `first`, on the position before it.

    As in printed game records, stones that are captured on the way stay; moves on a point that is taken and passes are
    listed below the board. The moves before an edit of the position have no numbers.

    Raises BadConfig for a suffix that matplotlib does not support.
    """
    first = max(first, game.ply - len(game.moves) + 1)
    before = game.earlier(first - 1)
    moves = game.moves[len(before.moves) :]
    numbers, notes = number_points(moves, game.size, first=first, stones=np.flatnonzero(before.board.stones).tolist())
    figure, axes = new_board_figure(title, game.size)
    draw_stones(axes, before.board)
    draw_numbers(axes, game.size, numbers, {number: move.colour for number, move in enumerate(moves, first)})
    write_notes(axes, notes)
    save_figure(figure, path)


def save_position(path: Path, game: Game, title: str) -> None:
    """Draw the position of a game, with its last move marked."""
    figure, axes = new_board_figure(title, game.size)
    draw_stones(axes, game.board)
    mark_last_move(axes, game)
    save_figure(figure, path)

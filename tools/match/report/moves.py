"""Games as short texts, from which the viewer in the page shows every position without knowing the rules."""

import numpy as np

from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_sgf
from shicho.engine.game import Game, Move

PASS = "tt"
"""How a pass is written: no board has a 20th line."""


def setup_text(game: Game) -> str:
    """Return the set-up stones of a game: SGF's two letters a stone, lower case for black, upper case for white.

    >>> game = Game(9)
    >>> game.place_handicap(["G7", "C3"])
    >>> setup_text(game)
    'gccg'
    """
    return "".join(_text(stone, game.size) for stone in game.setup)


def moves_text(game: Game) -> str:
    """Return the moves of a game, separated by spaces: the move and then the stones that it captures.

    Stones are written as in `setup_text` and a pass as "tt" or "TT"; captured stones are in lower case. A suicide
    captures its own chain.

    >>> game = Game(9)
    >>> for vertex in ("A8", "A9", "B9", "pass"):
    ...     game.play(game.to_play, vertex)
    >>> moves_text(game)
    'ab AA baaa TT'
    """
    board = Board(game.size).edited(game.setup)
    texts = []
    for move in game.moves:
        before = board.stones.ravel().copy()
        if move.point != board.pass_point:
            before[move.point] = move.colour
        board.play(move.colour, move.point, suicide=True)
        captured = np.flatnonzero((before != 0) & (board.stones.ravel() == 0)).tolist()
        texts.append(_text(move, game.size) + "".join(point_to_sgf(point, game.size) for point in captured))
    return " ".join(texts)


def _text(move: Move, size: int) -> str:
    text = point_to_sgf(move.point, size) or PASS
    return text if move.colour is Colour.BLACK else text.upper()

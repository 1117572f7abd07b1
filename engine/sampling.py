"""From probabilities to a move. Pure functions; chance comes from an explicit generator.

The choice is the sandbox's (docs/background.md). When to pass is Shicho's own: see `passes_at_once` and
`candidates`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.game import Game, Move

OPENING_PLIES = 20


def passes_at_once(game: Game, colour: Colour) -> bool:
    """Whether the opponent has just passed and the board as it stands, all stones alive, is won for `colour`."""
    if not game.moves or game.moves[-1] != Move(colour.opponent, game.board.pass_point):
        return False
    return game.score().winner is colour


def candidates(game: Game, colour: Colour) -> NDArray[np.bool_]:
    """bool [size * size + 1]: the moves to choose from, never none.

    They are the legal moves that fill no own simple eye and lie where neither side is pass-alive, and the pass. The
    score counts all stones as alive, so two exceptions see to it that dead stones are taken off where they matter:

    - No pass while the game as it stands is not won and opponent's stones are left that are not pass-alive.
    - Where nothing but pass-alive area is left, and only dead stones in the own area keep the game from being won, the
      moves in there, own simple eyes excepted.
    """
    end = game.board.pass_point
    owner = np.append(game.board.pass_alive().ravel(), 0)
    moves = game.legal_mask(colour)
    moves[:end] &= ~game.board.own_eyes(colour)
    moves[end] = False
    won = game.score().winner is colour
    mask: NDArray[np.bool_] = moves & (owner == 0)
    if mask.any():
        takeable = (game.board.stones.ravel() == colour.opponent) & (owner[:end] != colour.opponent)
        mask[end] = won or not takeable.any()
        return mask
    if not won and _settled_margin(game, colour) > 0:
        mask = moves & (owner == colour)
    mask[end] = not mask.any()
    return mask


def _settled_margin(game: Game, colour: Colour) -> float:
    """By how much `colour` wins where pass-alive area is its owner's, whatever stones stand in it."""
    owner = game.board.pass_alive()
    final = np.where(owner, owner, game.board.area())
    black_minus_white = np.count_nonzero(final == Colour.BLACK) - np.count_nonzero(final == Colour.WHITE) - game.komi
    return black_minus_white if colour is Colour.BLACK else -black_minus_white


def argmax(probabilities: NDArray[np.floating], mask: NDArray[np.bool_]) -> int:
    """The most probable move in `mask`, the lowest point where several are. Raises ValueError on an empty mask."""
    return int(_sorted(probabilities, mask)[0])


def beta_choice(
    probabilities: NDArray[np.floating], mask: NDArray[np.bool_], ply: int, rng: np.random.Generator
) -> int:
    """Draw a move out of `mask`: anything likely in the opening, ever closer to the best later on.

    r is drawn from Beta(1, 1 + sqrt(max(0, ply - 20))); the answer is the first move, by falling probability, whose
    cumulative probability exceeds r, else the most probable one. What the network gives to moves outside `mask` is not
    shared out. Raises ValueError on an empty mask.
    """
    order = _sorted(probabilities, mask)
    r = rng.beta(1.0, 1.0 + math.sqrt(max(0, ply - OPENING_PLIES)))
    position = int(np.searchsorted(np.cumsum(probabilities[order], dtype=np.float64), r, side="right"))
    return int(order[position if position < len(order) else 0])


def _sorted(probabilities: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    moves = np.flatnonzero(mask)
    if not len(moves):
        raise ValueError("no move to choose from")
    return moves[np.argsort(-probabilities[moves], kind="stable")]

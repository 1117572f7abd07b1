"""Choosing a move by evaluating the positions after the candidates.

A deeper search can replace `LookAhead`: a class with the method of `Search`.
"""

import copy
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.errors import BadConfig
from shicho.engine.game import Game
from shicho.engine.policy import Evaluation, Evaluator, Position
from shicho.engine.sampling import top_moves

_TINY: Final = 1e-12


class Search(Protocol):
    """Chooses one of several moves by evaluating the positions after them; deterministic."""

    def choose(self, game: Game, colour: Colour, mask: NDArray[np.bool_], root: Evaluation) -> int:
        """Return a move of `mask` (bool [size * size + 1], not empty), given the evaluation of the game's position.

        The game is not changed.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class LookAhead:
    """One ply: evaluates the positions after the most probable moves with one batch.

    Considers up to `moves` moves that have at least the probability `minimum`, and always the most probable one. The
    best has the largest (1 - weight) * ln(probability) + weight * ln(win probability after the move); `weight` is 0
    to 1. `symmetries` is 1 or 8 for each position.
    """

    evaluator: Evaluator
    weight: float
    minimum: float
    moves: int
    symmetries: int = 1

    def choose(self, game: Game, colour: Colour, mask: NDArray[np.bool_], root: Evaluation) -> int:
        """Return the best move; raises BadConfig if the network does not estimate the probability of winning."""
        moves = top_moves(root.probabilities, mask, self.moves, self.minimum)
        if len(moves) == 1:
            return moves[0]
        after = self.evaluator.evaluate_all(positions_after(game, colour, moves), self.symmetries)
        values = [
            self._value(float(root.probabilities[move]), evaluation.opponent_win_probability)
            for move, evaluation in zip(moves, after, strict=True)
        ]
        return moves[int(np.argmax(values))]

    def _value(self, prior: float, win: float | None) -> float:
        if win is None:
            raise BadConfig("looking ahead needs a network that estimates the probability of winning")
        return (1 - self.weight) * math.log(max(prior, _TINY)) + self.weight * math.log(max(win, _TINY))


def positions_after(game: Game, colour: Colour, moves: Iterable[int]) -> list[Position]:
    """Return copies of the game, also of one that is over, after each of some legal moves; the opponent is to play."""
    positions = []
    for move in moves:
        after = unfinished_copy(game)
        after.play(colour, move)
        positions.append((after, colour.opponent))
    return positions


def unfinished_copy(game: Game) -> Game:
    """Return a copy of a game in which moves may be played, also if the game is over."""
    copied = copy.copy(game)
    copied.resigned = None
    copied.resume()
    return copied

"""Game + policy + sampling: the move to play."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.ending import candidates, cleanup_candidates
from shicho.engine.game import Game
from shicho.engine.policy import Evaluator
from shicho.engine.sampling import argmax, beta_choice


class Mode(StrEnum):
    """How a move is chosen from the network's probabilities."""

    BETA = "beta"
    ARGMAX = "argmax"


class Player:
    """Chooses each move with one evaluation of the network; `ending` decides when to pass.

    The same `rng` seed and the same moves give the same answers.
    """

    def __init__(self, policy: Evaluator, rng: np.random.Generator, mode: Mode = Mode.BETA) -> None:
        self.policy = policy
        self.rng = rng
        self.mode = mode

    def genmove(self, game: Game, colour: Colour, mode: Mode | None = None) -> int:
        """Return the point to play, size * size for a pass, without changing the game. Never resigns.

        `mode` overrides the player's own mode. Whose turn it is and whether the game is over are not checked.
        """
        return self._choose(game, colour, candidates(game, colour), mode or self.mode)

    def genmove_cleanup(self, game: Game, colour: Colour) -> int:
        """Return a point as `genmove` does, but never a pass while the opponent has stones that are judged dead."""
        return self._choose(game, colour, cleanup_candidates(game, colour), self.mode)

    def _choose(self, game: Game, colour: Colour, mask: NDArray[np.bool_], mode: Mode) -> int:
        if not mask[:-1].any():
            return game.board.pass_point
        probabilities = self.policy.evaluate(game, colour).probabilities
        if mode is Mode.ARGMAX:
            return argmax(probabilities, mask)
        return beta_choice(probabilities, mask, game.ply, self.rng)

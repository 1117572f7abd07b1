"""Game + policy + sampling: the move to play."""

from enum import StrEnum

import numpy as np

from shicho.engine.colour import Colour
from shicho.engine.ending import candidates
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
        mask = candidates(game, colour)
        if not mask[:-1].any():
            return game.board.pass_point
        probabilities = self.policy.evaluate(game, colour).probabilities
        if (mode or self.mode) is Mode.ARGMAX:
            return argmax(probabilities, mask)
        return beta_choice(probabilities, mask, game.ply, self.rng)

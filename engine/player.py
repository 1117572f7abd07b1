"""Game + policy + sampling: the move to play."""

from enum import StrEnum

import numpy as np

from shicho.engine.colour import Colour
from shicho.engine.ending import candidates
from shicho.engine.game import Game
from shicho.engine.policy import Evaluator
from shicho.engine.sampling import argmax, beta_choice


class Mode(StrEnum):
    """How a move is taken from the network's probabilities."""

    BETA = "beta"
    ARGMAX = "argmax"


class Player:
    """Chooses moves with one look at the network each; when it passes is told in `ending`.

    The same seed and the same moves give the same answers.
    """

    def __init__(self, policy: Evaluator, rng: np.random.Generator, mode: Mode = Mode.BETA) -> None:
        self.policy = policy
        self.rng = rng
        self.mode = mode

    def genmove(self, game: Game, colour: Colour, mode: Mode | None = None) -> int:
        """The point to play, size * size for a pass; the game is left as it is. `mode` overrides the player's own.

        Neither asks whether it is `colour`'s turn nor whether the game is over. Never resigns.
        """
        mask = candidates(game, colour)
        if not mask[:-1].any():
            return game.board.pass_point
        probabilities = self.policy.evaluate(game, colour).probabilities
        if (mode or self.mode) is Mode.ARGMAX:
            return argmax(probabilities, mask)
        return beta_choice(probabilities, mask, game.ply, self.rng)

"""Games from diagrams, and stand-ins for a network whose opinion is known."""

import re

import numpy as np

from shicho.engine import Colour, Game, Move, Rules
from shicho.engine.coords import vertex_to_point
from shicho.engine.policy import Evaluation
from tests.support.diagrams import read_diagram


def drawn_game(diagram: str, rules: Rules | None = None, to_play: Colour = Colour.BLACK) -> Game:
    """A game that starts with the stones of a diagram (see tests.support.diagrams); two blanks end a row as well."""
    drawn = read_diagram("\n".join(re.split(r"\s{2,}", diagram.strip())))
    game = Game(drawn.size, rules)
    game.set_up([Move(Colour(colour), point) for point, colour in drawn.stones.items()], to_play=to_play)
    return game


class Prefers:
    """Gives probabilities to vertices by name, and shares the rest among all other points and the pass."""

    def __init__(self, **probabilities: float) -> None:
        self.probabilities = probabilities
        self.asked = 0

    def evaluate(self, game: Game, to_play: Colour | None = None) -> Evaluation:
        """The same opinion whatever the position."""
        self.asked += 1
        count = game.size**2 + 1
        rest = (1 - sum(self.probabilities.values())) / max(1, count - len(self.probabilities))
        values = np.full(count, rest, np.float32)
        for vertex, probability in self.probabilities.items():
            values[vertex_to_point(vertex, game.size)] = probability
        return Evaluation(values)


class RandomNetwork:
    """Never wants to pass; everything else is noise, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def evaluate(self, game: Game, to_play: Colour | None = None) -> Evaluation:
        """Noise over the points, nothing for the pass."""
        values = np.append(self.rng.dirichlet(np.ones(game.size**2)), 0)
        return Evaluation(values.astype(np.float32))

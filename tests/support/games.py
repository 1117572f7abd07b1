"""Games from diagrams, and fake networks with known outputs."""

import re

import numpy as np

from shicho.engine import Colour, Game, Move, Rules
from shicho.engine.coords import vertex_to_point
from shicho.engine.policy import Evaluation
from tests.support.diagrams import read_diagram


def drawn_game(diagram: str, rules: Rules | None = None, to_play: Colour = Colour.BLACK) -> Game:
    """Return a game that starts from a diagram (see tests.support.diagrams); two spaces also end a row."""
    drawn = read_diagram("\n".join(re.split(r"\s{2,}", diagram.strip())))
    game = Game(drawn.size, rules)
    game.set_up([Move(Colour(colour), point) for point, colour in drawn.stones.items()], to_play=to_play)
    return game


class Prefers:
    """A fake network: given probabilities for named vertices, the rest spread evenly over all other moves."""

    def __init__(self, **probabilities: float) -> None:
        self.probabilities = probabilities
        self.asked = 0

    def evaluate(self, game: Game, to_play: Colour | None = None) -> Evaluation:
        """Return the same probabilities for every position."""
        self.asked += 1
        count = game.size**2 + 1
        rest = (1 - sum(self.probabilities.values())) / max(1, count - len(self.probabilities))
        values = np.full(count, rest, np.float32)
        for vertex, probability in self.probabilities.items():
            values[vertex_to_point(vertex, game.size)] = probability
        return Evaluation(values)


class RandomNetwork:
    """A fake network: seeded random probabilities for the points, 0 for the pass."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def evaluate(self, game: Game, to_play: Colour | None = None) -> Evaluation:
        """Return new random probabilities."""
        values = np.append(self.rng.dirichlet(np.ones(game.size**2)), 0)
        return Evaluation(values.astype(np.float32))

"""Games from diagrams, and fake networks with known outputs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from shicho.engine import Colour, Game, Move, Rules
from shicho.engine.coords import vertex_to_point
from shicho.engine.policy import Evaluation, Evaluator, Position
from tests.support.diagrams import read_diagram


def drawn_game(diagram: str, rules: Rules | None = None, to_play: Colour = Colour.BLACK) -> Game:
    """Return a game that starts from a diagram (see tests.support.diagrams); two spaces also end a row."""
    drawn = read_diagram("\n".join(re.split(r"\s{2,}", diagram.strip())))
    game = Game(drawn.size, rules)
    game.set_up([Move(Colour(colour), point) for point, colour in drawn.stones.items()], to_play=to_play)
    return game


class Prefers(Evaluator):
    """A fake network: given probabilities for named vertices, the rest spread evenly over all other moves."""

    def __init__(self, **probabilities: float) -> None:
        self.probabilities = probabilities
        self.asked = 0

    def evaluate_all(self, positions: Sequence[Position], symmetries: int = 1) -> list[Evaluation]:
        """Return the same probabilities for every position."""
        self.asked += len(positions)
        return [self._evaluation(game.size) for game, _ in positions]

    def _evaluation(self, size: int) -> Evaluation:
        count = size**2 + 1
        rest = (1 - sum(self.probabilities.values())) / max(1, count - len(self.probabilities))
        values = np.full(count, rest, np.float32)
        for vertex, probability in self.probabilities.items():
            values[vertex_to_point(vertex, size)] = probability
        return Evaluation(values)


class Judges(Prefers):
    """A fake network that also estimates black's probability of winning, by a function of the game."""

    predicts_win = True

    def __init__(self, black_wins: Callable[[Game], float], **probabilities: float) -> None:
        super().__init__(**probabilities)
        self.black_wins = black_wins

    def evaluate_all(self, positions: Sequence[Position], symmetries: int = 1) -> list[Evaluation]:
        """Return the same probabilities for every position, and the win probability of the side to move."""
        plain = super().evaluate_all(positions, symmetries)
        black = [self.black_wins(game) for game, _ in positions]
        return [
            replace(evaluation, to_play_win_probability=win if side is Colour.BLACK else 1 - win)
            for evaluation, win, (_, side) in zip(plain, black, positions, strict=True)
        ]


class RandomNetwork(Evaluator):
    """A fake network: seeded random probabilities for the points, 0 for the pass."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def evaluate_all(self, positions: Sequence[Position], symmetries: int = 1) -> list[Evaluation]:
        """Return new random probabilities."""
        return [
            Evaluation(np.append(self.rng.dirichlet(np.ones(game.size**2)), 0).astype(np.float32))
            for game, _ in positions
        ]

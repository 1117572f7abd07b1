"""Games without superko end too: no position is brought about a third time."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from shicho.engine import Colour, Game, KoRule, Rules
from shicho.engine.coords import point_to_vertex
from shicho.engine.ending import candidates
from shicho.engine.player import Player
from shicho.engine.policy import Evaluation, Evaluator, Position
from shicho.engine.settings import PlaySettings, Style
from tests.engine.test_game import SENDING_TWO, SIMPLE, TRIPLE_KO
from tests.support.games import RandomNetwork, drawn_game

RULES = [
    Rules.named("japanese"),
    Rules(),
    SIMPLE,
    replace(SIMPLE, suicide=True),
    Rules.named("tromp-taylor"),
    Rules.named("new-zealand"),
]


class Retakes(Evaluator):
    """A fake network that always wants to capture, and spreads the rest evenly."""

    def evaluate_all(self, positions: Sequence[Position], symmetries: int = 1) -> list[Evaluation]:
        """Return equal high probabilities for the legal captures."""
        return [self._captures(game, side) for game, side in positions]

    def _captures(self, game: Game, side: Colour) -> Evaluation:
        values = np.full(game.size**2 + 1, 0.001, np.float32)
        for point in np.flatnonzero(game.board.legal_points(side, suicide=game.rules.suicide)[:-1]):
            before = game.board.captures[side]
            game.board.play(side, point, suicide=game.rules.suicide)
            values[point] += game.board.captures[side] - before
            game.board.undo()
        return Evaluation(values / values.sum())


def self_play(game: Game, player: Player, most: int) -> None:
    while not game.is_over:
        game.play(game.to_play, player.genmove(game, game.to_play))
        assert game.ply < most, "no end in sight"


@pytest.mark.parametrize("diagram", [TRIPLE_KO, SENDING_TWO])
@pytest.mark.parametrize("rules", RULES, ids=lambda rules: f"{rules.ko}, {rules.scoring}, suicide {rules.suicide}")
def test_two_engines_that_always_retake_come_to_an_end(diagram: str, rules: Rules) -> None:
    game = drawn_game(diagram, rules)
    self_play(game, Player(Retakes(), np.random.default_rng(0), PlaySettings(style=Style.ARGMAX)), 500)


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("rules", RULES, ids=lambda rules: f"{rules.ko}, {rules.scoring}, suicide {rules.suicide}")
def test_random_self_play_ends_under_all_rules(rules: Rules, size: int) -> None:
    for seed in range(5):
        player = Player(RandomNetwork(seed), np.random.default_rng(seed))
        self_play(Game(size, rules), player, 6 * size * size + 200)


def test_a_cycle_is_gone_round_once() -> None:
    """The triple ko: the position after six moves is that of the start, and none occurs three times."""
    cycle = ["bC9", "wB1", "bH9", "wB9", "bC1", "wG9"]
    game = drawn_game(TRIPLE_KO, SIMPLE)
    for move in [*cycle, *cycle[:-1]]:
        side, point = Colour.parse(move[0]), game.board.point(move[1:])
        assert candidates(game, side)[point], f"ply {game.ply}"
        game.play(side, point)
    last = game.board.point("G9")
    assert game.repetitions("w").nonzero()[0].tolist() == [last]
    assert game.legal_mask("w")[last], "the rules allow it"
    assert not candidates(game, Colour.WHITE)[last]
    game.undo()
    assert not game.repetitions("b").any()


@pytest.mark.parametrize("suicide", [False, True])
@pytest.mark.parametrize("size", [2, 3])
def test_repetitions_against_a_list_of_positions(size: int, suicide: bool) -> None:
    rng = random.Random(f"repetitions {size} {suicide}")
    rules = Rules(ko=KoRule.SIMPLE, suicide=suicide)
    found = 0
    for number in range(10):
        game = Game(size, rules)
        seen = [(game.board.stones.tobytes(), Colour.BLACK)]
        for _ in range(200):
            side = rng.choice(list(Colour)) if rng.random() < 0.2 else game.to_play
            expected = []
            for point in range(size * size):
                board = game.board.copy()
                legal = board.is_legal(side, point, suicide=suicide)
                if legal:
                    board.play(side, point, suicide=suicide)
                if legal and seen.count((board.stones.tobytes(), side.opponent)) >= 2:
                    expected.append(point)
            mask = game.repetitions(side)
            moves = [point_to_vertex(move.point, size) for move in game.moves]
            assert np.flatnonzero(mask).tolist() == expected, f"game {number}, {side}, {moves}"
            found += len(expected)
            if game.moves and rng.random() < 0.1:
                game.undo()
                seen.pop()
                continue
            if game.is_over:
                game.resume()
            game.play(side, rng.choice(np.flatnonzero(game.legal_mask(side)).tolist()))
            seen.append((game.board.stones.tobytes(), side.opponent))
    assert found, "no position occurred twice"


def test_superko_leaves_nothing_to_avoid() -> None:
    game = drawn_game(SENDING_TWO)
    for move in ("wA5", "bC5", "wB5", "wA5", "bC5"):
        game.play(move[0], move[1:], may_repeat=True)
    assert not game.repetitions("w").any()

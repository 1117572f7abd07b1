"""Looking one ply ahead with a fake network whose opinions are known."""

import math

import numpy as np
import pytest

from shicho.engine import Colour, Game
from shicho.engine.errors import BadConfig
from shicho.engine.policy import Evaluator
from shicho.engine.search import LookAhead, positions_after, unfinished_copy
from tests.support.games import Judges, Prefers

EVERYTHING = np.ones(82, np.bool_)


def choose(network: Evaluator, game: Game, colour: Colour, **settings: float) -> int:
    values = {"weight": 0.5, "minimum": 0.03, "moves": 8, **settings}
    search = LookAhead(evaluator=network, **values)  # type: ignore[arg-type]
    return search.choose(game, colour, EVERYTHING, network.evaluate(game, colour))


def wins_at(vertex: str, colour: str, here: float, elsewhere: float) -> Judges:
    """A network for which a stone of the colour at the vertex decides; the prior prefers C3, G7, then E5, then A1."""

    def black_wins(game: Game) -> float:
        decided = game.board.colour_at(game.board.point(vertex)) is Colour.parse(colour)
        win = here if decided else elsewhere
        return win if colour == "b" else 1 - win

    return Judges(black_wins, C3=0.5, G7=0.2, E5=0.1, A1=0.01)


@pytest.mark.parametrize("colour", ["b", "w"])
def test_it_plays_the_winning_move(colour: str) -> None:
    game, side = Game(9), Colour.parse(colour)
    network = wins_at("E5", colour, 0.9, 0.2)
    assert choose(network, game, side, weight=0.9) == game.board.point("E5")
    assert network.asked == 1 + 3
    assert game.ply == 0


def test_the_weight_decides_between_prior_and_win_probability() -> None:
    """E5 against C3: ln 5 of prior are worth ln 4.5 of win probability at a weight of ln 5 / (ln 5 + ln 4.5)."""
    game, network = Game(9), wins_at("E5", "b", 0.9, 0.2)
    balance = math.log(5) / (math.log(5) + math.log(4.5))
    for weight, vertex in ((0, "C3"), (balance - 0.01, "C3"), (balance + 0.01, "E5"), (1, "E5")):
        assert choose(network, game, Colour.BLACK, weight=weight) == game.board.point(vertex), weight


def test_which_moves_are_considered() -> None:
    game = Game(9)
    assert choose(wins_at("A1", "b", 1, 0.2), game, Colour.BLACK, weight=1) == game.board.point("C3")
    assert choose(wins_at("A1", "b", 1, 0.2), game, Colour.BLACK, weight=1, minimum=0.009) == game.board.point("A1")
    assert choose(wins_at("E5", "b", 1, 0.2), game, Colour.BLACK, weight=1, moves=2) == game.board.point("C3")
    network = wins_at("E5", "b", 1, 0.2)
    assert choose(network, game, Colour.BLACK, weight=1, minimum=0.4) == game.board.point("C3")
    assert network.asked == 1, "a single move needs no look"


def test_the_mask_holds() -> None:
    game, network = Game(9), wins_at("E5", "b", 1, 0.2)
    mask = EVERYTHING.copy()
    mask[game.board.point("E5")] = False
    search = LookAhead(evaluator=network, weight=1, minimum=0, moves=82)
    assert search.choose(game, Colour.BLACK, mask, network.evaluate(game)) == game.board.point("C3")


def test_a_lost_position_is_no_error() -> None:
    game = Game(9)
    assert choose(Judges(lambda game: 0, C3=0.5, E5=0.3), game, Colour.BLACK) == game.board.point("C3")


def test_it_needs_a_win_probability() -> None:
    with pytest.raises(BadConfig, match="probability of winning"):
        choose(Prefers(C3=0.5, E5=0.3), Game(9), Colour.BLACK)


def test_positions_after_moves_also_of_a_game_that_is_over() -> None:
    game = Game(5)
    game.play("b", "C3")
    game.play("w", "pass")
    game.play("b", "pass")
    for over in (game, unfinished_copy(game)):
        (one, side), (other, _) = positions_after(over, Colour.WHITE, [0, 25])
        assert side is Colour.BLACK
        assert [move.point for move in one.moves] == [12, 25, 25, 0]
        assert one.board.stones.flat[0] == 2
        assert other.moves[-1].point == 25
        assert len(over.moves) == 3
    game = Game(5)
    game.resign("b")
    assert positions_after(game, Colour.BLACK, [3])[0][0].ply == 1
    assert game.resigned is Colour.BLACK

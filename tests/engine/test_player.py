"""The player: passing, eyes, seeds, and games that come to an end."""

from pathlib import Path

import numpy as np
import pytest
from sgfmill import sgf

from shicho.engine import Colour, Game, Rules
from shicho.engine.player import Mode, Player
from shicho.engine.sgf import read_game
from shicho.engine.status import Status, final_status
from tests.support.games import Prefers, RandomNetwork, drawn_game

GAMES = sorted((Path(__file__).parents[1] / "data" / "games").glob("[01][379]-*.sgf"))


def player(network: Prefers | RandomNetwork, mode: Mode = Mode.ARGMAX, seed: int = 0) -> Player:
    return Player(network, np.random.default_rng(seed), mode)


def test_argmax_takes_the_best_legal_move() -> None:
    game = Game(9)
    game.play("b", "E5")
    network = Prefers(E5=0.5, C3=0.3, G7=0.1)
    assert player(network).genmove(game, Colour.WHITE) == game.board.point("C3")
    assert game.ply == 1


def test_superko_is_kept() -> None:
    game = drawn_game(". O . O .  X X O . .  . . . . .  . . . . .  . . . . .")
    for move in ("wA5", "bC5"):
        game.play(move[0], move[1:])
    assert player(Prefers(B5=0.6, E1=0.3)).genmove(game, Colour.WHITE) == game.board.point("E1")


def test_it_is_not_for_the_network_to_pass() -> None:
    """Networks have seen very few passes, so the network's probability of a pass is not used."""
    network = Prefers(**{"pass": 0.9, "C1": 0.05})
    for mode in Mode:
        assert player(network, mode).genmove(Game(9), Colour.WHITE) == Game(9).board.point("C1")
    won = drawn_game(". . .  . X .  . . .", Rules(komi=0.5))
    assert player(network).genmove(won, Colour.BLACK) == won.board.point("C1")


def test_the_network_is_not_asked_where_the_answer_is_known() -> None:
    network = Prefers()
    won = drawn_game(". . .  . X .  . . .")
    won.play("w", "pass")
    assert player(network).genmove(won, Colour.BLACK) == 9
    settled = drawn_game(". X .  X X X  X X .")
    assert player(network).genmove(settled, Colour.BLACK) == 9
    assert network.asked == 0


def test_own_eyes_are_never_filled() -> None:
    game = drawn_game(". X . .  X X X .  . X . .  . . . .", Rules(komi=0))
    network = Prefers(A4=0.6, C4=0.2, D1=0.1)
    assert player(network).genmove(game, Colour.BLACK) == game.board.point("C4")


@pytest.mark.parametrize(("size", "games"), [(2, 40), (3, 30), (5, 20), (9, 6), (19, 1)])
@pytest.mark.parametrize("komi", [-3.5, 0, 7.5])
def test_games_of_a_network_that_never_passes_end_and_are_settled(size: int, games: int, komi: float) -> None:
    for seed in range(games):
        game = Game(size, Rules(komi=komi))
        both = player(RandomNetwork(seed), Mode.BETA, seed)
        while not game.is_over:
            side = game.to_play
            point = both.genmove(game, side)
            eyes = np.append(game.board.own_eyes(side), False)
            assert not eyes[point], f"seed {seed}, ply {game.ply}: own eye filled"
            game.play(side, point)
            assert game.ply < 6 * size * size + 20, f"seed {seed}: no end in sight"
        assert game.ply > 1


@pytest.mark.parametrize("path", GAMES, ids=lambda path: path.stem)
def test_finished_games_are_brought_home_against_passes(path: Path) -> None:
    """The winner plays random moves while the opponent passes, passes once the win is clear, and still wins."""
    game = read_game(path.read_bytes())
    game.rules = Rules(komi=game.komi)
    result = sgf.Sgf_game.from_bytes(path.read_bytes()).get_root().get("RE")
    winner = Colour.parse(result[0])
    while game.moves[-1].point == game.board.pass_point:
        game.undo()
    black_or_white = player(RandomNetwork(1), Mode.BETA, 1)
    start = game.ply
    while not game.is_over:
        side = game.to_play
        game.play(side, black_or_white.genmove(game, side) if side is winner else game.board.pass_point)
    assert game.score(dead=final_status(game.board).stones(Status.DEAD)).winner is winner
    assert game.ply - start <= 3 * game.size


def test_the_same_seed_plays_the_same_game() -> None:
    def moves(seed: int) -> list[int]:
        game, both = Game(7), player(RandomNetwork(3), Mode.BETA, seed)
        for _ in range(30):
            game.play(game.to_play, both.genmove(game, game.to_play))
        return [move.point for move in game.moves]

    assert moves(5) == moves(5)
    assert moves(5) != moves(6)


def test_a_mode_for_one_move_leaves_chance_alone() -> None:
    game = Game(9)
    both = player(Prefers(C3=0.4, G7=0.2), Mode.BETA)
    before = both.rng.bit_generator.state
    assert both.genmove(game, Colour.BLACK, Mode.ARGMAX) == game.board.point("C3")
    assert both.rng.bit_generator.state == before

"""The player: passing, eyes, seeds, and games that come to an end."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sgfmill import sgf

from shicho.engine import Colour, Game, Rules
from shicho.engine.errors import BadConfig
from shicho.engine.player import Player
from shicho.engine.policy import Evaluation, Evaluator, Position
from shicho.engine.settings import PlaySettings, Style
from shicho.engine.sgf import read_game
from shicho.engine.status import Status, final_status
from tests.support.games import Judges, Prefers, RandomNetwork, drawn_game

GAMES = sorted((Path(__file__).parents[1] / "data" / "games").glob("[01][379]-*.sgf"))


def player(network: Evaluator, style: Style = Style.ARGMAX, seed: int = 0) -> Player:
    return Player(network, np.random.default_rng(seed), PlaySettings(style=style))


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
    for style in (Style.BETA, Style.ARGMAX):
        assert player(network, style).genmove(Game(9), Colour.WHITE) == Game(9).board.point("C1")
    assert player(network, Style.TEMPERATURE).genmove(Game(9), Colour.WHITE) != Game(9).board.pass_point
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
        both = player(RandomNetwork(seed), Style.BETA, seed)
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
    black_or_white = player(RandomNetwork(1), Style.BETA, 1)
    start = game.ply
    while not game.is_over:
        side = game.to_play
        game.play(side, black_or_white.genmove(game, side) if side is winner else game.board.pass_point)
    assert game.score(dead=final_status(game.board).stones(Status.DEAD)).winner is winner
    assert game.ply - start <= 3 * game.size


@pytest.mark.parametrize("style", Style)
def test_the_same_seed_plays_the_same_game(style: Style) -> None:
    def moves(seed: int) -> list[int]:
        game, both = Game(7), player(Judges(black_area, C3=0.3, E5=0.2, D4=0.1), style, seed)
        for _ in range(30):
            game.play(game.to_play, both.genmove(game, game.to_play))
        return [move.point for move in game.moves]

    assert moves(5) == moves(5)
    assert (moves(5) != moves(6)) == (style in (Style.BETA, Style.TEMPERATURE))


def test_the_most_probable_move_needs_no_chance() -> None:
    game = Game(9)
    both = player(Prefers(C3=0.4, G7=0.2), Style.BETA)
    before = both.rng.bit_generator.state
    assert both.most_probable(game, Colour.BLACK) == game.board.point("C3")
    assert both.rng.bit_generator.state == before


def black_area(game: Game) -> float:
    """A win probability: black's share of the stones, and a half without any."""
    black, white = (game.board.stones == 1).sum(), (game.board.stones == 2).sum()
    return (black + 1) / (black + white + 2)


def test_the_settings_shape_style_beta() -> None:
    """With start 0 and sharpness 100, r is nearly always below the probability of the best move."""
    network = Prefers(C3=0.3, G7=0.28)
    sharp = Player(network, np.random.default_rng(0), PlaySettings(beta_start=0, beta_sharpness=100))
    plain = Player(network, np.random.default_rng(0))
    game = Game(9)
    for point in ("A1", "A2", "A3", "A4", "A5"):
        game.play(game.to_play, point)
    best = game.board.point("C3")
    assert all(sharp.genmove(game, game.to_play) == best for _ in range(50))
    assert not all(plain.genmove(game, game.to_play) == best for _ in range(50))


def test_the_symmetries_reach_the_network() -> None:
    seen = set()

    class Records(Judges):
        def evaluate_all(self, positions: Sequence[Position], symmetries: int = 1) -> list[Evaluation]:
            seen.add(symmetries)
            return super().evaluate_all(positions, symmetries)

    for style in Style:
        settings = PlaySettings(style=style, symmetries=8, resign_threshold=0.6, resign_patience=2)
        both = Player(Records(black_area, C3=0.3, G7=0.2), np.random.default_rng(0), settings)
        game = Game(9)
        for _ in range(20):
            game.play(game.to_play, both.most_probable(game, game.to_play))
        both.genmove(game, Colour.BLACK)
        both.genmove_cleanup(game, Colour.BLACK)
    assert seen == {8}


@pytest.mark.parametrize("settings", [PlaySettings(style=Style.LOOK_AHEAD), PlaySettings(resign_threshold=0.1)])
def test_settings_that_need_a_win_output(settings: PlaySettings) -> None:
    with pytest.raises(BadConfig, match="win output"):
        Player(Prefers(), np.random.default_rng(0), settings)
    both = player(Prefers())
    with pytest.raises(BadConfig, match="win output"):
        both.settings = settings
    assert both.settings == PlaySettings(style=Style.ARGMAX)
    assert Player(Judges(black_area), np.random.default_rng(0), settings).settings is settings


def falling(game: Game) -> float:
    """Black's win probability: low from ply 20 on, except at ply 24."""
    return 0.01 if game.ply >= 20 and game.ply != 24 else 0.6


def test_it_resigns_after_several_own_turns_below_the_threshold() -> None:
    """Turns are black's at even plies; ply 24 is better, so the third low turn in a row is at ply 30."""
    settings = PlaySettings(style=Style.ARGMAX, resign_threshold=0.05, resign_patience=3)
    both = Player(Judges(falling), np.random.default_rng(0), settings)
    game = Game(9)
    answers = {}
    while game.ply < 36:
        point = both.genmove(game, game.to_play)
        answers[game.ply] = point
        game.play(game.to_play, both.most_probable(game, game.to_play))
    assert [ply for ply, point in answers.items() if point is None] == [30, 32, 34]
    for _ in range(6):  # back to ply 30, the third low turn, and from there to ply 28, the second
        game.undo()
    assert both.genmove(game, Colour.BLACK) is None
    game.undo()
    game.undo()
    assert both.genmove(game, Colour.BLACK) is not None
    assert game.ply == 28


def test_it_does_not_resign_in_the_opening_or_for_the_other_side() -> None:
    hopeless = Judges(lambda game: 0.001, C3=0.2)
    settings = PlaySettings(style=Style.ARGMAX, resign_threshold=0.05, resign_patience=1)
    both = Player(hopeless, np.random.default_rng(0), settings)
    game, resigned = Game(9), {}
    while game.ply < 20:
        side = game.to_play
        resigned[game.ply] = both.genmove(game, side) is None
        game.play(side, both.most_probable(game, side))
    assert [ply for ply, gave_up in resigned.items() if gave_up] == [14, 16, 18]  # 81 // 6 is 13
    game = Game(9)
    game.place_handicap(["C3", "G7"])
    patient = Player(hopeless, np.random.default_rng(0), replace(settings, resign_patience=100))
    for _ in range(20):
        assert patient.genmove(game, Colour.BLACK) is not None
        game.play(game.to_play, patient.most_probable(game, game.to_play))


def test_a_won_or_finished_game_is_passed_not_resigned() -> None:
    won = drawn_game(". . .  . X .  . . .")
    won.play("w", "pass")
    settings = PlaySettings(resign_threshold=1, resign_patience=1)
    assert Player(Judges(lambda game: 0), np.random.default_rng(0), settings).genmove(won, Colour.BLACK) == 9

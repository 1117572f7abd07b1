"""Scores: drawn by hand, against the slow board and sgfmill, under symmetry and with colours swapped."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sgfmill import boards

from shicho.engine import Board, Colour, Game, HandicapCompensation, Rules, Scoring
from shicho.engine.errors import BadConfig, BadVertex
from shicho.engine.scoring import Score, count
from tests.support import slow_score
from tests.support.diagrams import Diagram, read_diagram
from tests.support.games import drawn_game
from tests.support.real_games import Record, real_games
from tests.support.slow_board import BLACK, WHITE, SlowBoard
from tests.support.symmetry import COUNT, move_array, move_point

AREA = Rules(komi=0)
TERRITORY = Rules(scoring=Scoring.TERRITORY, komi=0)

# A position (stones named x or o are dead), and black's and white's points by area and by territory with
# their prisoners.
DRAWN = {
    "an empty board": (". . .  . . .  . . .", (0, 0), (0, 0, 0, 0)),
    "a stone each, all dame": ("X . O  . . .  . . .", (1, 1), (0, 0, 0, 0)),
    "a wall each": (". X O .  . X O .  . X O .  . X O .", (8, 8), (4, 4, 0, 0)),
    "a dame between the walls": (". X . O .  " * 5, (10, 10), (5, 5, 0, 0)),
    "a dead stone": ("o X O .  . X O .  . X O .  . X O .", (8, 8), (4, 4, 1, 0)),
    "a dead stone that is thought alive": ("O X O .  . X O .  . X O .  . X O .", (4, 9), (0, 4, 0, 0)),
    "dead stones of both": ("o X O x  o X O .  . X O .  . X O x", (8, 8), (4, 4, 2, 2)),
    "two dead stones, one of them among dame": ("o X O .  . X X O  X o X O  X . . O", (8, 5), (2, 1, 2, 0)),
    "all dead": (". o .  o . o  . o .", (0, 0), (0, 0, 4, 0)),
    "the board is won": (". o .  o X X  X . X", (9, 0), (5, 0, 2, 0)),
}


@pytest.mark.parametrize(("diagram", "area", "territory"), DRAWN.values(), ids=DRAWN)
def test_drawn(diagram: str, area: tuple[int, int], territory: tuple[int, int, int, int]) -> None:
    game = drawn_game(diagram)
    drawn = drawing(diagram)
    dead = drawn.points("x") + drawn.points("o")
    by_area, by_territory = count(game.board, AREA, dead=dead), count(game.board, TERRITORY, dead=dead)
    assert parts(by_area) == (*area, 0, 0)
    assert parts(by_territory) == territory
    assert by_area.black_minus_white == area[0] - area[1]
    assert by_territory.black_minus_white == territory[0] + territory[2] - territory[1] - territory[3]


def drawing(diagram: str) -> Diagram:
    return read_diagram("\n".join(diagram.strip().split("  ")))


def parts(score: Score) -> tuple[int, int, int, int]:
    return score.black_points, score.white_points, score.black_prisoners, score.white_prisoners


# Stones named x or o are in seki; black's and white's territory.
SEKI = {
    "none": (". X O X .  X X O X X  O O O O O  . . . . .  . . . . .", (2, 10)),
    "no points in an eye of a chain in seki": (". x O X .  x x O X X  O O O O O  . . . . .  . . . . .", (1, 10)),
    "one stone stands for its chain": (". X O X .  X x O X X  O O O O O  . . . . .  . . . . .", (1, 10)),
    "nor in the large region behind": (". x o X .  x x o X X  O O O O O  . . . . .  . . . . .", (1, 0)),
    "a region is touched far away": (". X O . .  X X O . .  O O O . .  . . . X .  . . x . .", (1, 0)),
    "its other side need not be in seki": (". X . O .  x X . O .  . X . O .  . . . O .  O O O O .", (0, 5)),
}


@pytest.mark.parametrize(("diagram", "expected"), SEKI.values(), ids=SEKI)
def test_no_territory_in_seki(diagram: str, expected: tuple[int, int]) -> None:
    board = drawn_game(diagram).board
    named = drawing(diagram).named
    seki = [point for points in named.values() for point in points]
    assert parts(count(board, TERRITORY, seki=seki)) == (*expected, 0, 0)
    assert count(board, AREA, seki=seki) == count(board, AREA)


@pytest.mark.parametrize("rules", [AREA, TERRITORY], ids=["area", "territory"])
def test_rules_that_take_no_dead_stones_off(rules: Rules) -> None:
    """Rules that do not remove dead stones ignore `dead`, but a point without a stone is still refused."""
    standing = replace(rules, removes_dead=False)
    for position in settled():
        dead, seki = position.some(12), position.some(6)
        assert count(position.board, standing, dead=dead, seki=seki) == count(position.board, rules, seki=seki)
    with pytest.raises(BadVertex, match="A5"):
        count(Board(5), standing, dead=["A5"])


def test_a_stone_in_seki_and_dead_is_dead() -> None:
    board = drawn_game(SEKI["none"][0]).board
    assert parts(count(board, TERRITORY, dead=["A4"], seki=["A4"])) == (1, 14, 0, 3)


def test_prisoners_of_the_game_and_dead_stones_add_up() -> None:
    game = Game(5, replace(TERRITORY, komi=0.5))
    for move in ("bB5", "wA5", "bA4", "wE1", "bD1", "wpass", "bE2", "wC3", "bpass", "wpass"):
        game.play(move[0], move[1:])
    assert game.board.captures == {Colour.BLACK: 2, Colour.WHITE: 0}
    score = game.score(dead=["C3"])
    assert parts(score) == (21, 0, 3, 0)
    assert (score.black, score.white, score.black_minus_white, score.winner) == (24.0, 0.5, 23.5, Colour.BLACK)
    assert str(score) == "B+23.5"
    assert parts(game.score()) == (2, 0, 2, 0)  # A5 and E1, where it took
    game.rules = AREA
    assert parts(game.score(dead=["C3"])) == (25, 0, 0, 0)


def test_a_draw_has_no_winner() -> None:
    score = count(Board(3), AREA)
    assert (score.winner, str(score), score.black_minus_white) == (None, "0", 0.0)


@pytest.mark.parametrize(
    ("compensation", "expected"),
    [
        (HandicapCompensation.NONE, {0: 0, 1: 0, 2: 0, 9: 0}),
        (HandicapCompensation.STONES, {0: 0, 1: 0, 2: 2, 9: 9}),
        (HandicapCompensation.STONES_LESS_ONE, {0: 0, 1: 0, 2: 1, 9: 8}),
    ],
)
@pytest.mark.parametrize("scoring", Scoring)
def test_handicap_compensation(compensation: HandicapCompensation, expected: dict[int, int], scoring: Scoring) -> None:
    rules = Rules(scoring=scoring, handicap_compensation=compensation, komi=0.5)
    assert {stones: count(Board(9), rules, handicap=stones).white - 0.5 for stones in expected} == expected


def test_a_game_is_counted_with_its_handicap() -> None:
    game = Game(9, Rules(komi=0.5))
    game.place_handicap(game.fixed_handicap_points(4))
    assert str(game.score()) == "B+76.5"
    game.rules = Rules.named("aga")
    game.komi = 0.5
    assert str(game.score()) == "B+77.5"


WAYS = ". X o X .  o X o O X  . X O O O  . X O X .  . X O X X"


@pytest.mark.parametrize("rules", [AREA, TERRITORY], ids=["area", "territory"])
def test_stones_can_be_given_in_any_way(rules: Rules) -> None:
    """Two dead chains: C5 with five others and A4, by mask of all or of a stone each, by points and by vertices."""
    board = drawn_game(WAYS).board
    white = board.stones == Colour.WHITE
    one_each = np.zeros((5, 5), np.bool_)
    one_each[0, 2] = one_each[1, 0] = True
    points = [2, 5]
    given: list[Any] = [
        white,
        white.ravel(),
        one_each,
        one_each[::-1][::-1],
        points,
        tuple(points),
        set(points),
        iter(points),
        np.array(points),
        np.array(points, np.uint8),
        ["C5", "A4"],
        ["c5", 5],
        ["C1", "C5", "A4", "A4"],
        dict.fromkeys(points),
    ]
    scores = {count(board, rules, dead=dead) for dead in given}
    assert len(scores) == 1
    assert parts(scores.pop()) == ((25, 0, 0, 0) if rules is AREA else (15, 0, 9, 0))
    assert count(board, rules, dead=[]) == count(board, rules, dead=np.zeros(25, np.bool_)) == count(board, rules)


@pytest.mark.parametrize(
    ("stones", "message"),
    [
        (["A5"], "no stone at A5"),
        ([0], "no stone at A5"),
        (["pass"], "pass"),
        ([25], "pass"),
        (["F1"], "'F1'"),
        ([26], "26"),
        ([-1], "-1"),
        ([1.0], "1.0"),
        ([True], "True"),
        ([None], "None"),
        ([(0, 1)], "(0, 1)"),
        ("C5", "'C5'"),
        (5, "5"),
        (None, "None"),
        (np.array(2), "2"),
        (np.array([2.0]), "2.0"),
        (np.zeros((5, 5), np.int64), "[0, 0, 0, 0, 0]"),
        (np.zeros((4, 4), np.bool_), "(4, 4)"),
        (np.zeros(26, np.bool_), "(26,)"),
        (np.array(True), "()"),
        (np.ones((5, 5), np.bool_), "no stone at A5"),
    ],
)
@pytest.mark.parametrize("rules", [AREA, TERRITORY], ids=["area", "territory"])
def test_stones_that_are_none_are_named(stones: Any, message: str, rules: Rules) -> None:
    board = drawn_game(WAYS).board
    with pytest.raises(BadVertex) as dead:
        count(board, rules, dead=stones)
    with pytest.raises(BadVertex) as seki:
        count(board, rules, seki=stones)
    assert message in str(dead.value)
    assert str(seki.value) == str(dead.value)


@pytest.mark.parametrize("handicap", [-1, 26, "2", 2.0, None, True])
def test_a_handicap_that_the_board_does_not_hold(handicap: Any) -> None:
    with pytest.raises(BadConfig, match=rf"handicap.*{re.escape(repr(handicap))}"):
        count(Board(5), AREA, handicap=handicap)


class Settled:
    """A final position on both boards, with random sets of its stones."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.slow = SlowBoard(record.size, {point: colour for colour, point in record.setup})
        self.board = Board.from_stones(read_stones(self.slow))
        for colour, point in record.moves:
            self.board.play(colour, point)
            self.slow.play(colour, point)
        self.rng = random.Random(record.name)

    def some(self, most: int) -> list[int]:
        """Stones of at most so many chains."""
        stones = sorted(self.slow.stones)
        return self.rng.sample(stones, min(len(stones), self.rng.randrange(most + 1)))


def read_stones(slow: SlowBoard) -> NDArray[np.uint8]:
    return np.array([slow.colour_at(p) for p in range(slow.size**2)], np.uint8).reshape(slow.size, slow.size)


@lru_cache
def settled() -> tuple[Settled, ...]:
    return tuple(Settled(record) for record in real_games())


def drawn_lots(position: Settled) -> Iterator[tuple[list[int], list[int]]]:
    """Sets of dead stones and of stones in seki, the first ones empty."""
    yield [], []
    for _ in range(4):
        yield position.some(12), position.some(6)


def test_against_the_slow_board() -> None:
    for position in settled():
        for dead, seki in drawn_lots(position):
            where = f"{position.record.name}, dead {dead}, seki {seki}"
            by_area = count(position.board, AREA, dead=dead, seki=seki)
            assert parts(by_area)[:2] == slow_score.area(position.slow, dead), where
            by_territory = count(position.board, TERRITORY, dead=dead, seki=seki)
            assert parts(by_territory) == slow_score.territory(position.slow, dead, seki), where


def test_area_against_sgfmill() -> None:
    for position in settled():
        for dead, _ in drawn_lots(position):
            theirs = boards.Board(position.slow.size)
            left = slow_score.without(position.slow, slow_score.chains_of(position.slow, dead)).stones
            for point, colour in left.items():
                theirs.play(point // theirs.side, point % theirs.side, " bw"[colour])
            assert count(position.board, AREA, dead=dead).black_minus_white == theirs.area_score()


def test_area_and_territory_differ_by_the_stones_played() -> None:
    """Why AGA rules can leave the choice: whatever was captured or is dead, if no seki takes territory away."""
    for position in settled():
        played = [c for c, point in (*position.record.setup, *position.record.moves) if point < position.slow.size**2]
        lead = played.count(BLACK) - played.count(WHITE)
        for dead, _ in drawn_lots(position):
            by_area = count(position.board, AREA, dead=dead).black_minus_white
            assert by_area == count(position.board, TERRITORY, dead=dead).black_minus_white + lead


def test_symmetry() -> None:
    for position in settled():
        dead, seki = position.some(12), position.some(6)
        size = position.slow.size
        expected = parts(count(Board.from_stones(position.board.stones), TERRITORY, dead=dead, seki=seki))
        for symmetry in range(COUNT):
            board = Board.from_stones(move_array(position.board.stones, symmetry))
            moved = [[move_point(point, size, symmetry) for point in stones] for stones in (dead, seki)]
            assert parts(count(board, TERRITORY, dead=moved[0], seki=moved[1])) == expected, position.record.name


@pytest.mark.parametrize("rules", [AREA, TERRITORY], ids=["area", "territory"])
def test_swapped_colours_swap_the_points(rules: Rules) -> None:
    for position in settled():
        dead, seki = position.some(12), position.some(6)
        swapped = Board(position.slow.size)
        for colour, point in (*position.record.setup, *position.record.moves):
            swapped.play(BLACK + WHITE - colour, point)
        score, other = (count(board, rules, dead=dead, seki=seki) for board in (position.board, swapped))
        assert parts(other) == (*parts(score)[1::-1], *parts(score)[:1:-1]), position.record.name
        assert other.black_minus_white == -score.black_minus_white

"""Games: superko, undo, handicap, the end and the score."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shicho.engine import Board, Colour, Game, KoRule, Move, Rules
from shicho.engine.board import star_points
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import (
    BadColour,
    BadConfig,
    BadHandicap,
    BadPosition,
    BadVertex,
    IllegalMove,
    IllegalReason,
)
from tests.support.games import drawn_game

SIMPLE = Rules(ko=KoRule.SIMPLE)

SENDING_TWO = ". O . O .  X X O . .  . . . . .  . . . . .  . . . . ."
"""White adds A5, black takes two at C5, white takes one back at B5: the position of the start."""

ONE_KO = "X O . O .  . X O . .  . . . . .  . . . . .  . . . . ."

# three kos on the edges: white may take back the lower one, black may take the two upper ones
TRIPLE_KO = """
    X O . O . X O . O
    . X O . . . X O .
    . . . . . . . . .
    . . . . . . . . .
    . . . . . . . . .
    . . . . . . . . .
    . . . . . . . . .
    . X O . . . . . .
    X . X O . . . . .
"""


def play_all(game: Game, moves: str) -> None:
    """Play moves such as "wA5 bC5"."""
    for move in moves.split():
        game.play(move[0], move[1:])


@pytest.mark.parametrize(
    ("name", "diagram", "moves", "last", "reason"),
    [
        ("a ko, at once", ONE_KO, "bC5", "wB5", IllegalReason.KO),
        ("a ko, after a threat and its answer", ONE_KO, "bC5 wE1 bE2", "wB5", None),
        ("a ko, after two passes", ONE_KO, "bC5 wpass bE1", "wB5", None),
        ("a ko, the position is back after a pass each", ONE_KO, "bC5 wpass", "bpass", None),
        ("sending two, returning one", SENDING_TWO, "wA5 bC5", "wB5", IllegalReason.SUPERKO),
        ("sending two, with a move elsewhere", SENDING_TWO, "wA5 bC5 wE1 bE2", "wB5", None),
        ("triple ko, the fifth move", TRIPLE_KO, "bC9 wB1 bH9 wB9", "bC1", None),
        ("triple ko, the sixth move", TRIPLE_KO, "bC9 wB1 bH9 wB9 bC1", "wG9", IllegalReason.SUPERKO),
        ("suicide of one stone", ". X X  X X X  X X .", "", "wA3", IllegalReason.SUICIDE),
        ("an occupied point", ONE_KO, "", "wA5", IllegalReason.OCCUPIED),
    ],
)
def test_repetition(name: str, diagram: str, moves: str, last: str, reason: IllegalReason | None) -> None:
    game = drawn_game(diagram)
    play_all(game, moves)
    side, point = Colour.parse(last[0]), game.board.point(last[1:])
    before = game.board.stones.copy()
    assert game.why_illegal(side, point) is reason
    assert game.legal_mask(side)[point] == (reason is None)
    if reason is None:
        game.play(side, point)
        return
    with pytest.raises(IllegalMove, match=f"{side} {last[1:]}") as error:
        game.play(side, point)
    assert error.value.reason is reason
    assert np.array_equal(game.board.stones, before)
    assert len(game.moves) == len(moves.split())


@pytest.mark.parametrize(("diagram", "moves"), [(SENDING_TWO, "wA5 bC5 wB5"), (TRIPLE_KO, "bC9 wB1 bH9 wB9 bC1 wG9")])
def test_simple_ko_lets_long_cycles_pass(diagram: str, moves: str) -> None:
    game = drawn_game(diagram, SIMPLE)
    start = game.board.stones.copy()
    play_all(game, moves)
    assert np.array_equal(game.board.stones, start)


def test_suicide_of_one_stone_repeats_the_position() -> None:
    game = drawn_game(". X X  X X X  X X .", Rules(suicide=True))
    assert game.why_illegal(Colour.WHITE, 0) is IllegalReason.SUPERKO
    game.rules = Rules(suicide=True, ko=KoRule.SIMPLE)
    game.play("w", 0)
    assert game.board.colour_at(0) is None


@pytest.mark.parametrize("suicide", [False, True])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_superko_and_undo_against_a_list_of_positions(size: int, suicide: bool) -> None:
    """Random play on small boards, where cycles are common: a move is legal if and only if its position is new."""
    rng = random.Random(f"superko {size} {suicide}")
    refused = 0
    for number in range(12):
        game = Game(size, Rules(suicide=suicide))
        seen = [game.board.stones.tobytes()]
        played: list[tuple[Colour, int]] = []
        for _ in range(160):
            side = rng.choice(list(Colour)) if rng.random() < 0.2 else game.to_play
            expected = []
            for point in range(size * size + 1):
                board = game.board.copy()
                simple = game.board.is_legal(side, point, suicide=suicide)
                if simple:
                    board.play(side, point, suicide=suicide)
                new = point == size * size or board.stones.tobytes() not in seen
                refused += simple and not new
                expected.append(simple and new)
            mask = game.legal_mask(side)
            assert mask.tolist() == expected, f"game {number}, {side}, {played}"
            if played and rng.random() < 0.15:
                game.undo()
                played.pop()
                seen.pop()
                assert game.board.stones.tobytes() == seen[-1], f"game {number}, {played}"
                continue
            point = rng.choice(np.flatnonzero(mask).tolist())
            if game.is_over:
                game.resume()
            game.play(side, point)
            played.append((side, point))
            seen.append(game.board.stones.tobytes())
        assert game.moves == [Move(*move) for move in played]
    assert refused, "superko was never met"


def test_undo_of_a_pass_forgets_that_play_was_resumed_after_it() -> None:
    game = Game(9)
    play_all(game, "bpass wpass")
    game.resume()
    assert not game.is_over
    game.undo()
    play_all(game, "wpass")
    assert game.is_over


def test_a_game_that_goes_on_or_is_resigned_is_not_resumed() -> None:
    game = Game(9)
    play_all(game, "bpass")
    game.resume()
    play_all(game, "wpass")
    assert game.is_over
    game.undo()
    game.resign(Colour.WHITE)
    game.resume()
    assert game.is_over
    game.undo()
    play_all(game, "wpass")
    assert game.is_over


def test_undo_goes_back_to_the_start_through_everything() -> None:
    game = Game(9)
    game.place_handicap(["C3", "G7"])
    start = game.board.stones.copy()
    play_all(game, "wE5 bE4 wpass bpass")
    assert game.is_over
    game.resume()
    play_all(game, "wE6 bpass")
    game.resign(Colour.WHITE)
    assert game.is_over
    states = []
    while True:
        states.append((game.is_over, game.ply))
        try:
            game.undo()
        except IndexError:
            break
    assert states == [(True, 6), (False, 6), (False, 5), (False, 4), (False, 3), (False, 2), (False, 1), (False, 0)]
    assert np.array_equal(game.board.stones, start)
    assert game.to_play is Colour.WHITE
    assert game.handicap == 2


def test_two_passes_of_both_sides_end_the_game() -> None:
    game = Game(5)
    play_all(game, "bC3 wpass bpass")
    assert game.is_over
    with pytest.raises(IllegalMove, match="game over") as error:
        game.play("w", "A1")
    assert error.value.reason is IllegalReason.GAME_OVER
    game.undo()
    assert not game.is_over
    game.play("b", "A1")
    assert not game.is_over


def test_passes_of_one_side_do_not_end_the_game() -> None:
    game = Game(5)
    play_all(game, "wpass wpass")
    assert not game.is_over


def test_resigning() -> None:
    game = Game(5)
    game.play("b", "C3")
    game.resign(Colour.BLACK)
    assert game.is_over
    assert game.result_text() == "W+R"
    with pytest.raises(IllegalMove, match="game over"):
        game.resign(Colour.WHITE)
    game.undo()
    assert not game.is_over
    assert game.ply == 1


@pytest.mark.parametrize(
    ("diagram", "komi", "result"),
    [
        (". . .  . . .  . . .", 7.5, "W+7.5"),
        (". . .  . . .  . . .", 0, "0"),
        (". . .  . X .  . . .", 7.5, "B+1.5"),
        (". X O .  . X O .  . X O .  . X O .", 0.5, "W+0.5"),
        (". X O .  . X O .  . X O .  X X O .", 0, "0"),
        (". X O .  . X O .  . X O .  . X . .", 0.5, "B+4.5"),
        (". X O  . X .  . X O", 2.5, "B+1.5"),
        ("X . O  . . .  . . .", 0.5, "W+0.5"),
        (". X .  . X .  . X O", -1, "B+6"),
    ],
)
def test_area_score(diagram: str, komi: float, result: str) -> None:
    game = drawn_game(diagram, Rules(komi=komi))
    assert str(game.score()) == game.result_text() == result


def test_komi_can_be_changed_at_any_time() -> None:
    game = Game(3)
    game.komi = 0.5
    game.play("b", "B2")
    assert game.result_text() == "B+8.5"
    game.komi = 5
    assert game.score().black_minus_white == 4


# GTP 2 specification, section 4.1.1
FIXED_19 = {
    2: "D4 Q16",
    3: "D4 Q16 D16",
    4: "D4 Q16 D16 Q4",
    5: "D4 Q16 D16 Q4 K10",
    6: "D4 Q16 D16 Q4 D10 Q10",
    7: "D4 Q16 D16 Q4 D10 Q10 K10",
    8: "D4 Q16 D16 Q4 D10 Q10 K4 K16",
    9: "D4 Q16 D16 Q4 D10 Q10 K4 K16 K10",
}
TO_9 = str.maketrans({"D": "C", "K": "E", "Q": "G"})


@pytest.mark.parametrize("stones", range(2, 10))
def test_fixed_handicap_on_the_usual_sizes(stones: int) -> None:
    on_19 = [point_to_vertex(point, 19) for point in Game(19).fixed_handicap_points(stones)]
    assert on_19 == FIXED_19[stones].split()
    rows_9 = {"4": "3", "10": "5", "16": "7"}
    rows_13 = {"4": "4", "10": "7", "16": "10"}
    columns_13 = {"D": "D", "K": "G", "Q": "K"}
    expected_9 = [vertex[0].translate(TO_9) + rows_9[vertex[1:]] for vertex in on_19]
    expected_13 = [columns_13[vertex[0]] + rows_13[vertex[1:]] for vertex in on_19]
    assert [point_to_vertex(point, 9) for point in Game(9).fixed_handicap_points(stones)] == expected_9
    assert [point_to_vertex(point, 13) for point in Game(13).fixed_handicap_points(stones)] == expected_13


@pytest.mark.parametrize(
    ("sizes", "most", "line"),
    [((2, 3, 4, 5, 6), 0, 0), ((7, 8, 10, 12), 4, 3), ((9, 11), 9, 3), ((14, 16, 18), 4, 4), ((13, 15, 17, 19), 9, 4)],
)
def test_fixed_handicap_on_every_size(sizes: tuple[int, ...], most: int, line: int) -> None:
    for size in sizes:
        game = Game(size)
        for stones in range(2, most + 1):
            points = game.fixed_handicap_points(stones)
            assert len(set(points)) == stones
            assert points[0] == game.board.point("ABCD"[line - 1] + str(line))
        for stones in (-1, 0, 1, most + 1, 10, 400):
            if not 2 <= stones <= most:
                with pytest.raises(BadHandicap, match=f"{stones} stones on {size}x{size}"):
                    game.fixed_handicap_points(stones)
        assert game.most_fixed_handicap == most


STAR_LINES = {7: "CE", 8: "CF", 9: "CG", 10: "CH", 11: "CJ", 13: "DK", 14: "DL", 15: "DM", 18: "DP", 19: "DQ"}
"""The columns of the corner star points that GNU Go 3.8 draws; the rows have the same distance from the edges.

On 12x12 GNU Go draws them on the fourth line and places handicap stones on the third, the only size where they differ.
"""


@pytest.mark.parametrize("size", range(2, 20))
def test_the_star_points_are_those_that_gnu_go_draws(size: int) -> None:
    """On 7x7 to 11x11 the corners, and the centre of odd sizes; from 13x13 also the sides of odd sizes."""
    stars = {point_to_vertex(point, size) for point in star_points(size)}
    assert len(stars) == (0 if size < 7 else 4 if size % 2 == 0 else 5 if size < 13 else 9)
    if size in STAR_LINES:
        low, high = STAR_LINES[size]
        line = "ABCD".index(low) + 1
        corners = {f"{column}{row}" for column in (low, high) for row in (line, size + 1 - line)}
        assert corners <= stars
    if size == 9:
        assert stars == {"C3", "C7", "G3", "G7", "E5"}
    if size % 2 and size >= 7:
        assert size * size // 2 in star_points(size)


def test_handicap_stones_give_white_the_first_move() -> None:
    game = Game(9)
    game.place_handicap(game.fixed_handicap_points(4))
    assert (game.handicap, game.ply, game.to_play) == (4, 0, Colour.WHITE)
    assert int((game.board.stones == 1).sum()) == 4
    with pytest.raises(BadHandicap, match="board not empty"):
        game.place_handicap(["E5", "E6"])


def test_the_handicap_position_cannot_be_repeated() -> None:
    game = drawn_game(SENDING_TWO, to_play=Colour.WHITE)
    play_all(game, "wA5 bC5")
    assert game.why_illegal(Colour.WHITE, game.board.point("B5")) is IllegalReason.SUPERKO


@pytest.mark.parametrize("points", [["C3"], ["C3", "C3"], ["C3", "pass"], [], list(range(25))])
def test_handicap_that_cannot_be_placed(points: list[str | int]) -> None:
    game = Game(5)
    with pytest.raises(BadHandicap):
        game.place_handicap(points)
    assert not game.setup
    assert not game.board.stones.any()


def test_set_up_that_fails_leaves_the_board_empty() -> None:
    game = Game(3)
    with pytest.raises(BadPosition, match="without liberties"):
        game.set_up([Move(Colour.BLACK, 1), Move(Colour.BLACK, 3), Move(Colour.WHITE, 0)])
    assert not game.board.stones.any()
    assert not game.setup
    game.set_up([Move(Colour.BLACK, 1)], to_play=Colour.WHITE)
    assert game.to_play is Colour.WHITE
    game.play("w", 0)
    with pytest.raises(BadHandicap, match="not empty"):
        game.set_up([])


def test_sides_and_points_may_be_texts() -> None:
    game = Game(3)
    game.set_up([("b", "A2"), ("white", 0)], to_play="w")
    assert game.setup == [Move(Colour.WHITE, 0), Move(Colour.BLACK, 3)]
    assert game.to_play is Colour.WHITE
    assert game.why_illegal("w", "A3") is IllegalReason.OCCUPIED
    assert game.legal_mask("w").tolist() == game.legal_mask(Colour.WHITE).tolist()
    game.resign("w")
    assert game.result_text() == "B+R"


@pytest.mark.parametrize("colour", ["x", 0, 3, None, True])
def test_what_is_no_side_is_named(colour: Any) -> None:
    game = Game(3)
    calls: list[Callable[[], object]] = [
        lambda: game.why_illegal(colour, 0),
        lambda: game.legal_mask(colour),
        lambda: game.play(colour, 0),
        lambda: game.resign(colour),
        lambda: game.set_up([(colour, 0)]),
        lambda: game.set_up([("b", 0)], to_play=colour),
    ]
    for call in calls:
        with pytest.raises(BadColour, match=repr(colour)):
            call()
    assert not game.moves
    assert not game.setup
    assert not game.board.stones.any()
    assert not game.is_over


def test_moves_in_the_format_of_the_store() -> None:
    game = Game(9)
    assert game.store_moves().tolist() == []
    play_all(game, "bA9 wJ1 bpass wpass")
    assert game.store_moves().tolist() == [0, 0x8000 | 80, 361, 0x8000 | 361]
    assert game.store_moves().dtype == np.uint16


def test_the_typed_board() -> None:
    board = Board(5)
    board.play("b", "C3")
    board.play(Colour.WHITE, 0)
    board.play("w", "pass")
    assert board.colour_at("C3") is Colour.BLACK
    assert board.colour_at("A5") is Colour.WHITE
    assert board.colour_at(1) is None
    assert board.chain("C3").stones == (12,)
    assert board.chain("A5").liberties == (1, 5)
    assert not board.ladder("C3").captured
    assert str(board).splitlines()[3] == " 3 . . X . . 3"
    for bad in ("F1", 26, -1):
        with pytest.raises(BadVertex):
            board.play("b", bad)
    for empty in ("A1", "pass"):
        with pytest.raises(BadVertex):
            board.ladder(empty)
    with pytest.raises(IllegalMove, match=r"black C3.*occupied"):
        board.play("b", "C3")
    for size in (0, 1, 20):
        with pytest.raises(BadConfig, match=str(size)):
            Board(size)

"""Text and arrays in and out of a board, equality, copies, pickles and views."""

import copy
import gc
import pickle
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sgfmill import ascii_boards, boards

from shicho.engine import Board, Colour, Game, Rules

CAPTURE = [("b", "C4"), ("w", "C3"), ("b", "D4"), ("w", "B4"), ("w", "C5"), ("w", "D5"), ("w", "E4"), ("w", "D3")]
"""White captures two stones at C4 and D4."""


def played(seed: int, size: int) -> Board:
    """Return a board with a random game that can be undone."""
    rng, board = random.Random(seed), Board(size)
    for _ in range(rng.randrange(3 * size * size)):
        colour = rng.choice(list(Colour))
        points = np.flatnonzero(board.legal_points(colour))
        board.play(colour, int(rng.choice(points.tolist())))
    return board


def random_game(seed: int) -> Game:
    """Return a game with handicap, passes and a resumption."""
    rng = random.Random(seed)
    game = Game(rng.choice((5, 9)), Rules(komi=0.5, suicide=bool(seed % 2)))
    if seed % 3 == 0:
        game.place_handicap([1, 3])
    for _ in range(80):
        if game.is_over:
            game.resume()
        side = game.to_play if rng.random() < 0.9 else game.to_play.opponent
        game.play(side, rng.choice(np.flatnonzero(game.legal_mask(side)).tolist()))
    if seed % 5 == 0:
        game.resign(Colour.BLACK)
    return game


def test_the_package_loads_numpy_and_nothing_heavy() -> None:
    code = """
import sys
import shicho.engine, shicho.engine.ladder, shicho.engine.sgf
heavy = "torch h5py onnx onnxruntime scipy typer rich matplotlib".split()
print([name for name in heavy if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stderr


def test_what_a_board_looks_like() -> None:
    board = Board(5)
    for colour, vertex in CAPTURE:
        board.play(colour, vertex)
    assert repr(board).splitlines() == [
        "Board 5x5, captured by black 0, by white 2",
        "   A B C D E",
        " 5 . . O O . 5",
        " 4 . O . . O 4",
        " 3 . . O O . 3",
        " 2 . . . . . 2",
        " 1 . . . . . 1",
        "   A B C D E",
    ]


def test_the_ko_is_told() -> None:
    board = Board.from_text(". X O . .\nX O . O .\n. X O . .\n. . . . .\n. . . . .")
    board.play("b", "C4")
    assert repr(board).splitlines()[0] == "Board 5x5, captured by black 1, by white 0, white may not play B4 (ko)"


def test_what_a_game_looks_like() -> None:
    game = Game(5, Rules(komi=7.5))
    assert repr(game).splitlines()[0] == "Game, 0 moves, black to play, komi 7.5"
    game.play("b", "C3")
    assert repr(game).splitlines()[0] == "Game, 1 moves, last black C3, white to play, komi 7.5"
    assert repr(game).splitlines()[1:] == repr(game.board).splitlines()
    game.resign(Colour.WHITE)
    assert repr(game).splitlines()[0] == "Game, 1 moves, last black C3, over, komi 7.5"


@pytest.mark.parametrize("size", range(2, 20))
def test_text_and_arrays_come_back(size: int) -> None:
    for seed in range(3):
        board = played(seed, size)
        for again in (
            Board.from_text(str(board)),
            Board.from_text(repr(board).split("\n", 1)[1]),
            Board.from_stones(board.stones),
            Board.from_stones(board.stones.tolist()),
        ):
            assert np.array_equal(again.stones, board.stones)
            assert (again.hash, again.ko, again.move_count) == (board.hash, None, 0)
            assert np.array_equal(again.liberties(), board.liberties())
            again.check_consistency()


def test_sgfmill_s_drawing_is_read() -> None:
    for size in (2, 9, 19):
        theirs = boards.Board(size)
        theirs.play(0, 0, "b")
        theirs.play(size - 1, 1, "w")
        ours = Board.from_text(ascii_boards.render_board(theirs))
        assert ours.colour_at("A1") is Colour.BLACK
        assert ours.colour_at(1) is Colour.WHITE
        assert int((ours.stones > 0).sum()) == 2


def test_gnu_go_s_drawing_is_read() -> None:
    board = Board.from_text("""
       A B C D E
     5 . . . . . 5
     4 . X + O . 4
     3 . + X + . 3
     2 . O . . . 2
     1 . . . . . 1
       A B C D E
    """)
    assert np.flatnonzero(board.stones).tolist() == [6, 8, 12, 16]


def test_equality_is_of_stones_and_ko() -> None:
    one = Board.from_text(". X O . .\nX O . O .\n. X O . .\n. . . . .\n. . . . .")
    other = one.copy()
    assert one == other
    one.play("b", "C4")
    other.play("b", "C4")
    assert one == other
    other.play("w", "pass")
    assert other.ko is None
    assert one != other
    one.play("w", "pass")
    assert one == other, "however they came there"
    assert Board(5) != Board(7)
    assert Board(5) != "a board"
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


@pytest.mark.parametrize(
    "duplicate", [Board.copy, copy.copy, copy.deepcopy, lambda board: pickle.loads(pickle.dumps(board))]
)
def test_copies_of_a_board_have_the_position_and_nothing_to_undo(duplicate: Any) -> None:
    for seed in range(40):
        board = played(seed, 5)
        again = duplicate(board)
        assert type(again) is Board
        assert again == board
        assert (again.hash, again.captures, again.ko) == (board.hash, board.captures, board.ko)
        assert again.move_count == 0
        again.check_consistency()
        before = board.stones.tobytes()
        again.play("b", int(np.flatnonzero(again.legal_points("b"))[0]))
        assert board.stones.tobytes() == before


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_every_protocol(protocol: int) -> None:
    board, game = played(3, 9), random_game(3)
    assert pickle.loads(pickle.dumps(board, protocol)) == board
    assert pickle.loads(pickle.dumps(game, protocol)).moves == game.moves


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda game: pickle.loads(pickle.dumps(game))])
@pytest.mark.parametrize("seed", range(10))
def test_copies_of_a_game_have_everything(duplicate: Any, seed: int) -> None:
    game = random_game(seed)
    again = duplicate(game)
    while True:
        assert again.board == game.board
        assert again.board.captures == game.board.captures
        assert (again.moves, again.setup, again.rules) == (game.moves, game.setup, game.rules)
        assert (again.handicap, again.to_play, again.is_over) == (game.handicap, game.to_play, game.is_over)
        for colour in Colour:
            assert np.array_equal(again.legal_mask(colour), game.legal_mask(colour)), "superko knows as much"
        if not game.moves:
            break
        game.undo()
        assert again.ply + bool(again.resigned) != game.ply + bool(game.resigned), "they share nothing"
        again.undo()


def test_the_view_of_the_stones_outlives_the_board() -> None:
    board = Board(9)
    view = board.stones
    assert np.shares_memory(view, board.stones)
    assert not view.flags.writeable
    assert not view.flags.owndata
    board.play("b", "E5")
    assert view[4, 4] == Colour.BLACK
    views = [view[2:7, ::2], view.T, np.flip(view)]
    expected = [part.copy() for part in views]
    del board, view
    gc.collect()
    filler = [Board(19) for _ in range(200)]
    for made in filler:
        made.play("w", "K10")
    for part, kept in zip(views, expected, strict=True):
        assert np.array_equal(part, kept)


def test_arrays_are_copies_that_may_be_written() -> None:
    board = played(1, 9)
    before = board.stones.tobytes()
    arrays = board.liberties, board.chains, board.area, board.pass_alive
    for array in (*(make() for make in arrays), board.legal_points("b"), board.own_eyes("w")):
        array[...] = 1
    assert board.stones.tobytes() == before
    board.check_consistency()

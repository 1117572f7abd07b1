"""Tromp-Taylor area, pass-alive chains and territory (Benson): drawn by hand, against the slow board and sgfmill."""

import random

import numpy as np
import pytest
from sgfmill import boards

from shicho.engine import _core
from tests.support.diagrams import draw, read_diagram
from tests.support.random_games import owners, random_position
from tests.support.real_games import real_games
from tests.support.slow_board import BLACK, WHITE, SlowBoard
from tests.support.symmetry import COUNT, move_array, move_point

SIZES = (2, 3, 4, 5, 6, 7, 9, 13)

# A position, and the owner of each point.
AREAS = {
    "an empty board is nobody's": (". . .  . . .  . . .", ". . .  . . .  . . ."),
    "one stone owns it all": (". . .  . O .  . . .", "O O O  O O O  O O O"),
    "a region that touches both": ("X . O  X . O  X . O", "X . O  X . O  X . O"),
    "a region each": (". X O .  X X O .  . X O .  . X O .", "X X O O  X X O O  X X O O  X X O O"),
    "dead stones stand": (". X . .  X . X X  . X O .  . X X X", "X X X X  X X X X  X X O .  X X X X"),
    "diagonals do not connect": (". X . .  X . O .  . O . O  . . O .", "X X . .  X . O .  . O O O  . . O O"),
}

# A position, and the owner of every pass-alive point.
PASS_ALIVE = {
    "nothing on an empty board": (". . .  . . .  . . .", ". . .  . . .  . . ."),
    "one eye is not enough": (". X . .  X X . .  . . . .  . . . .", ". . . .  . . . .  . . . .  . . . ."),
    "two eyes in a corner": (
        ". X . X .  X X X X .  . . . . .  . . . . .  . . . . .",
        "X X X X .  X X X X .  . . . . .  . . . . .  . . . . .",
    ),
    "an eye of two points is one eye": (
        ". . X . .  X X X . .  . . . . .  . . . . .  . . . . .",
        ". . . . .  . . . . .  . . . . .  . . . . .  . . . . .",
    ),
    "the eye of two counts with another": (
        ". . X . X  X X X X X  . . . . .  . . . . .  . . . . .",
        "X X X X X  X X X X X  . . . . .  . . . . .  . . . . .",
    ),
    "a stone inside an eye does not help it": (
        "O . X . X  X X X X X  . . . . .  . . . . .  . . . . .",
        "X X X X X  X X X X X  . . . . .  . . . . .  . . . . .",
    ),
    "an eye with a point that touches no stone of the chain": (
        ". . . X . X  . O . X X X  . . . X . .  X X X X . .  . . . . . .  . . . . . .",
        ". . . . . .  . . . . . .  . . . . . .  . . . . . .  . . . . . .  . . . . . .",
    ),
    "a false eye": (
        ". X . X O  X X X O O  . X O O .  O O O . .  . . . . .",
        ". . . . .  . . . . .  . . . . .  . . . . .  . . . . .",
    ),
    "two chains that share both eyes": (
        ". X X X  X . O X  X O . X  X X X .",
        "X X X X  X X X X  X X X X  X X X X",
    ),
    "two chains that share one eye": (
        ". X X X  X . O X  X O . X  X X . .",
        ". . . .  . . . .  . . . .  . . . .",
    ),
    "both sides": (
        ". X . X O .  X X X X O O  O O O O O .  . . . . O O  . . . . . .  . . . . . .",
        "X X X X O O  X X X X O O  O O O O O O  . . . . O O  . . . . . .  . . . . . .",
    ),
}


def rows(text: str) -> str:
    """Rows in the tables above are separated by two spaces."""
    return text.replace("  ", "\n")


@pytest.mark.parametrize(("position", "expected"), AREAS.values(), ids=AREAS.keys())
def test_area(position: str, expected: str) -> None:
    board = read_diagram(rows(position)).board()
    area = board.area()
    assert area.shape == (board.size, board.size)
    assert area.dtype == np.uint8
    assert draw(owners(area), board.size) == rows(expected)


@pytest.mark.parametrize(("position", "expected"), PASS_ALIVE.values(), ids=PASS_ALIVE.keys())
def test_pass_alive(position: str, expected: str) -> None:
    diagram = read_diagram(rows(position))
    board = diagram.board()
    alive = board.pass_alive()
    assert alive.shape == (board.size, board.size)
    assert alive.dtype == np.uint8
    assert draw(owners(alive), board.size) == rows(expected)
    assert draw(diagram.slow().pass_alive(), board.size) == rows(expected), "the slow board"


def test_real_games_against_the_slow_board() -> None:
    for record in real_games():
        board = _core.Board(record.size)
        for colour, point in record.setup:
            board.place(colour, point)
        for number, ((colour, point), slow) in enumerate(zip(record.moves, record.positions(), strict=True)):
            if number % 40 == 0 or number == len(record.moves) - 1:
                compare(board, slow, (record.name, number))
            board.try_play(colour, point, True)


@pytest.mark.parametrize("size", SIZES)
def test_random_positions_against_the_slow_board(size: int) -> None:
    """Moves do not fill own eyes, so that long games end with many living chains."""
    found = 0
    for seed in range(60 if size < 9 else 12):
        rng = random.Random(seed)
        board, slow = random_position(rng, size, rng.randrange(3 * size * size))
        compare(board, slow, seed)
        found += bool(slow.pass_alive())
    assert found >= (0 if size == 2 else 5)


def compare(board: _core.Board, slow: SlowBoard, where: object) -> None:
    """Compare area and pass-alive points; sgfmill's area score counts a region for both colours that touch it."""
    size = board.size
    before = board.stones.tobytes(), board.hash
    assert draw(owners(board.area()), size) == draw(slow.area(), size), where
    assert draw(owners(board.pass_alive()), size) == draw(slow.pass_alive(), size), where
    assert (board.stones.tobytes(), board.hash) == before, where
    theirs = boards.Board(size)
    for point, colour in slow.stones.items():
        theirs.board[size - 1 - point // size][point % size] = " bw"[colour]
    area = board.area()
    assert int((area == BLACK).sum()) - int((area == WHITE).sum()) == theirs.area_score(), where


@pytest.mark.parametrize("size", [5, 9])
def test_symmetries_and_colours(size: int) -> None:
    for seed in range(20):
        rng = random.Random(seed)
        board, slow = random_position(rng, size, 2 * size * size)
        for symmetry in range(COUNT):
            for swap in (False, True):
                other = _core.Board(size)
                for point, colour in slow.stones.items():
                    other.place(BLACK + WHITE - colour if swap else colour, move_point(point, size, symmetry))
                for ours, theirs in ((board.area(), other.area()), (board.pass_alive(), other.pass_alive())):
                    expected = move_array(ours, symmetry)
                    if swap:
                        expected = np.where(expected == 0, 0, BLACK + WHITE - expected).astype(np.uint8)
                    assert theirs.tolist() == expected.tolist(), (seed, symmetry, swap)


def test_nothing_pass_alive_is_ever_taken() -> None:
    """The owner always passes while the opponent plays at random: pass-alive points must stay the owner's."""
    for seed in range(40):
        rng = random.Random(seed)
        board, _ = random_position(rng, 7, 120)
        alive = board.pass_alive()
        for owner in (BLACK, WHITE):
            attacked, attacker = board.copy(), BLACK + WHITE - owner
            for _ in range(60):
                legal = np.flatnonzero(attacked.legal_points(attacker, True)).tolist()
                attacked.try_play(attacker, rng.choice(legal), True)
            still = attacked.pass_alive()
            assert (still[alive == owner] == owner).all(), (seed, owner)

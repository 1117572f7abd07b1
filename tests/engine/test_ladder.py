"""The ladder solver: drawn positions, symmetry, the budget, and a slow reading of the same rules."""

import random

import numpy as np
import pytest

from shicho.engine import _core
from tests.support.diagrams import read_diagram
from tests.support.random_games import random_position, random_setup
from tests.support.real_games import real_games
from tests.support.slow_board import BLACK, WHITE, SlowBoard
from tests.support.slow_ladder import LadderUnread, read_ladder
from tests.support.symmetry import COUNT, move_point

# A small x or o is a stone of the chain that is read; w a liberty where the attacker's first move works, n another one.
# A chain with one liberty (drawn as n) has its own side to move.
CAPTURED = {
    "driven to the far edge": """
        . . . . . . .
        . . O . . . .
        . O x w . . .
        . O n . . . .
        . . . . . . .
        . . . . . . .
        . . . . . . .""",
    "an attacker's stone on the way": """
        . . . . . . .
        . . O . . . .
        . O x w . . .
        . O n . . . .
        . . . . . . .
        . . . . . O .
        . . . . . . .""",
    "a defender's stone too far from the way": """
        . . . . . . .
        . . O . . . .
        . O x w . . .
        . O n . . . .
        . . . . . . .
        . . . . . . .
        X . . . . . .""",
    "either way": """
        . . . . . . .
        . . . . . . .
        . . . O O . .
        . . O x w . .
        . . O w . . .
        . . . . . . .
        . . . . . . .""",
    "in the corner, either way": """
        x w . . .
        w . . . .
        . . . . .
        . . . . .
        . . . . .""",
    "liberties side by side, either way, with much room around one of them": """
        o w . . .
        w . . . .
        . . O . .
        O . . . .
        X . . . .""",
    "along the edge": """
        . . . . .
        . . . . .
        . . . . .
        . O O . .
        O x n . .""",
    "along the edge to a stone that does not help": """
        . . . . . . .
        . . . . . . .
        . . . . . . .
        . . . . . . .
        . . . . . . .
        . . O O . . .
        . O x n X . .""",
    "nowhere to go": """
        x n O .
        O O . .
        . . . .
        . . . .""",
    "it takes a stone and is taken back (snapback)": """
        . . . . . .
        . O O O . .
        O X x X O .
        O X O n O .
        . O O O . .
        . . . . . .""",
    "one way only: on the other it takes the attacker's stone": """
        . . . . .
        . . . . .
        w . . . .
        x O . . .
        n . . . .""",
    "one way only: on the other there are two stones to take, and the second saves it": """
        n x O . .
        . w O . .
        X . X . .
        O . . . .
        . . . . .""",
    "one way only: the other leads to a ko": """
        n . O . .
        x O . . .
        w . . . .
        . . . . .
        . . . . .""",
    "the first move takes a ko, and taking back at once does not help": """
        . . . . .
        . . . . .
        w X . . .
        o X . . .
        w O X . .""",
    "the first move would be suicide, the second works": """
        n o X . .
        o o X . .
        w X . . .
        . . . . .
        . . . . .""",
}
NOT_CAPTURED = {
    "a defender's stone on the way": """
        . . . . . . .
        . . O . . . .
        . O x n . . .
        . O n . . . .
        . . . . . . .
        . . . . . X .
        . . . . . . .""",
    "the attacker's own stone is in atari on the way": """
        . . . . . . .
        . . O . . . .
        . O x n . . .
        . O n . . . .
        X O X . . . .
        . X . . . . .
        . . . . . . .""",
    "in atari, but beside a stone in atari": """
        . . . . . . .
        . . . . . . .
        . . . . . . .
        . . . . . . .
        . X . . . . .
        . X O O . . .
        . O x n . . .""",
    "along the edge to a friend": """
        . . . . . . .
        . . . . . . .
        . . . . . . .
        . . . . . . .
        . . . . . . .
        . . O O X . .
        . O x n X . .""",
    "the attacker's stone in the corner is taken on the way": """
        X . . . .
        o n . . .
        n . . . .
        . . . . .
        . . . . .""",
    "extending is better than taking": """
        . . . . .
        . . . . .
        . . . . n
        . . . n o
        . . . . X""",
    "only by a ko": """
        X . X . .
        o n . . .
        n . . . .
        . . . . .
        . . . . .""",
    "two liberties in the open": """
        . . . . . . .
        . . . . . . .
        . . . O . . .
        . . O x n . .
        . . . n . . .
        . . . . . . .
        . . . . . . .""",
    "a net is no ladder": """
        . . . . . . .
        . . O . . . .
        . O x n . . .
        . . n . . . .
        . . . . O . .
        . . . . . . .
        . . . . . . .""",
}
CASES = [(name, True, text) for name, text in CAPTURED.items()] + [(n, False, text) for n, text in NOT_CAPTURED.items()]


@pytest.mark.parametrize(("name", "captured", "text"), CASES, ids=[name for name, _, _ in CASES])
def test_diagram(name: str, captured: bool, text: str) -> None:
    """In all eight symmetries and with colours swapped; the slow reading agrees."""
    diagram = read_diagram(text)
    chain = min(diagram.points("x") + diagram.points("o"))
    assert sorted(diagram.slow().chain(chain).liberties) == sorted(diagram.points("w") + diagram.points("n"))
    assert read_ladder(diagram.slow(), chain) == (captured, diagram.points("w"))
    for symmetry in range(COUNT):
        for swap in (False, True):
            board = turned(diagram.slow(), symmetry, swap)
            size = board.size
            found, working, _, exhausted = board.ladder(move_point(chain, size, symmetry))
            expected = sorted(move_point(point, size, symmetry) for point in diagram.points("w"))
            assert (found, sorted(working), exhausted) == (captured, expected, False), (symmetry, swap)


def turned(slow: SlowBoard, symmetry: int, swap: bool) -> _core.Board:
    """A position under a symmetry, with colours swapped or not, and without a ban."""
    board = _core.Board(slow.size)
    for point, colour in slow.stones.items():
        placed = board.place(BLACK + WHITE - colour if swap else colour, move_point(point, slow.size, symmetry))
        assert placed == _core.LEGAL
    return board


def long_ladder(*others: tuple[int, int, int]) -> _core.Board:
    """On 19x19, black at C17 is to run to the far corner, unless a stone (row, column, colour) is in the way."""
    board = _core.Board(19)
    for row, column, colour in ((1, 2, WHITE), (2, 1, WHITE), (3, 1, WHITE), (2, 2, BLACK), *others):
        board.place(colour, row * 19 + column)
    return board


@pytest.mark.parametrize(
    ("other", "captured"),
    [
        (None, True),
        ((9, 10, BLACK), False),
        ((15, 15, BLACK), False),
        ((16, 15, BLACK), False),
        ((17, 17, BLACK), False),
        ((18, 18, BLACK), True),
        ((9, 14, BLACK), True),
        ((14, 9, BLACK), True),
        ((15, 15, WHITE), True),
    ],
)
def test_across_the_whole_board(other: tuple[int, int, int] | None, captured: bool) -> None:
    board = long_ladder(*[other] if other else [])
    found, working, nodes, exhausted = board.ladder(2 * 19 + 2)
    assert (found, working, exhausted) == (captured, [2 * 19 + 3] if captured else [], False)
    assert nodes >= (40 if captured else 10)  # moves played: the last ones of a line are judged without playing them


def test_a_ban_in_the_position_does_not_count() -> None:
    diagram = read_diagram("""
        . O . O .
        . O O X O
        O . X X X
        O . X X .
        X X X X o""")
    board = diagram.board()
    assert board.try_play(BLACK, 4, False) == _core.LEGAL
    assert board.ko == (WHITE, 9)
    assert board.ladder(diagram.point("o"))[:2] == (True, [])
    assert board.ko == (WHITE, 9)


def test_three_liberties_are_no_ladder_and_an_empty_point_is_an_error() -> None:
    board = _core.Board(5)
    board.try_play(BLACK, 1, False)
    assert board.ladder(1) == (False, [], 0, False)
    with pytest.raises(ValueError, match="12"):
        board.ladder(12)


def snapshot(board: _core.Board) -> tuple[object, ...]:
    """Return everything that a reading must not change."""
    return (
        board.hash,
        board.ko,
        board.captures,
        board.move_count,
        board.stones.tobytes(),
        board.liberties().tobytes(),
        board.chains().tobytes(),
    )


def test_the_budget() -> None:
    """Too few nodes: not captured, no move works, the board is as it was; enough: what was found before."""
    board = long_ladder()
    board.try_play(BLACK, 361, False)
    before = snapshot(board)
    _, working, needed, _ = board.ladder(40)
    assert working
    for nodes in (1, 2, 3, 10, needed // 2, needed - 3):
        found, working, read, exhausted = board.ladder(40, nodes)
        assert (found, working, exhausted) == (False, [], True), nodes
        assert read <= 2 * (nodes + 1), "each of two first moves has the budget to itself"
        assert snapshot(board) == before
        board.check_consistency()
    assert board.ladder(40, needed) == board.ladder(40)
    board.undo()
    assert board.ladder(40) == (True, [41], needed, False)


def test_the_board_comes_back_whatever_the_budget() -> None:
    for seed in range(300):
        rng = random.Random(seed)
        board, slow = (random_setup if seed % 2 else played)(rng, rng.choice((5, 7, 9)))
        before = snapshot(board)
        for point in slow.stones:
            board.ladder(point, rng.choice((1, 2, 5, 20, 25_000)))
            assert snapshot(board) == before, (seed, point)
        board.check_consistency()
        while board.move_count:
            board.undo()
        assert board.hash == _core.Board(board.size).hash, seed


def played(rng: random.Random, size: int) -> tuple[_core.Board, SlowBoard]:
    """Return a position from random play of random length."""
    return random_position(rng, size, rng.randrange(2 * size * size))


def compare(board: _core.Board, slow: SlowBoard, where: object) -> int:
    """Compare every chain with one or two liberties to the slow reading; return how many are captured."""
    before, found = snapshot(board), 0
    for chain in slow.chains():
        if len(chain.liberties) <= 2:
            captured, working, _, exhausted = board.ladder(max(chain.stones))
            try:
                expected = read_ladder(slow, min(chain.stones))
            except LadderUnread:
                assert exhausted, (where, min(chain.stones), "the slow reading is longer than it should be")
                continue
            assert not exhausted, (where, min(chain.stones))
            assert (captured, sorted(working)) == expected, (where, min(chain.stones), slow.stones)
            found += captured
    assert snapshot(board) == before, where
    return found


def test_real_positions_against_the_slow_reading() -> None:
    """Every fourth position of every game; more are compared with the ladder planes."""
    found = 0
    for record in real_games():
        board = _core.Board(record.size)
        for colour, point in record.setup:
            board.place(colour, point)
        for number, ((colour, point), slow) in enumerate(zip(record.moves, record.positions(), strict=True)):
            if number % 4 == 3:
                found += compare(board, slow, (record.name, number))
            board.try_play(colour, point, True)
    assert found > 1_000


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 7, 9, 13])
def test_random_positions_against_the_slow_reading(size: int) -> None:
    found = 0
    for seed in range(100):
        rng = random.Random(seed)
        for made in (random_setup, played):
            board, slow = made(rng, size)
            found += compare(board, slow, (seed, made.__name__))
    assert found > 50


def test_symmetries_and_colours_on_random_positions() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        board, slow = (random_setup if seed % 2 else played)(rng, 9)
        chains = [chain for chain in slow.chains() if len(chain.liberties) <= 2]
        readings = {min(chain.stones): board.ladder(min(chain.stones)) for chain in chains}
        for symmetry in range(COUNT):
            for swap in (False, True):
                other = turned(slow, symmetry, swap)
                for point, (captured, working, _, _) in readings.items():
                    found, moves, _, _ = other.ladder(move_point(point, 9, symmetry))
                    expected = sorted(move_point(move, 9, symmetry) for move in working)
                    assert (found, sorted(moves)) == (captured, expected), (seed, symmetry, swap, point)


def test_it_does_not_matter_how_the_position_came_about() -> None:
    """Played, copied or set up stone by stone in another order."""
    for seed in range(40):
        rng = random.Random(seed)
        board, slow = played(rng, 9)
        placed = turned(SlowBoard(9, dict(sorted(slow.stones.items(), key=lambda _: rng.random()))), 0, False)
        for point in np.flatnonzero((board.liberties() > 0) & (board.liberties() <= 2)).tolist():
            found = board.ladder(point)[:2]
            assert found == board.copy().ladder(point)[:2] == placed.ladder(point)[:2], (seed, point)

"""The C board on positions drawn by hand: captures, ko, suicide, undo, copies, eyes, hash."""

import random
from dataclasses import dataclass

import numpy as np
import pytest

from shicho.engine import _core
from tests.support.diagrams import draw, read_diagram
from tests.support.random_games import owners, random_moves
from tests.support.slow_board import BLACK, WHITE
from tests.support.symmetry import COUNT, move_point


@dataclass(frozen=True)
class Play:
    """Black plays at a: the position afterwards, the stones captured, and the ko point for white."""

    name: str
    before: str
    after: str
    black_captures: int = 0
    white_captures: int = 0
    banned: int | None = None
    suicide: bool = False


PLAYS = [
    Play(
        "a stone in the centre",
        ". X .  X O X  . a .",
        ". X .  X . X  . X .",
        black_captures=1,
    ),
    Play(
        "a chain in the corner",
        "O O a .  X X X .  . . . .  . . . .",
        ". . X .  X X X .  . . . .  . . . .",
        black_captures=2,
    ),
    Play(
        "three single stones, one of them at the edge",
        ". X O X .  X O a O X  . X O X .  . . . . .  . . . . .",
        ". X . X .  X . X . X  . X O X .  . . . . .  . . . . .",
        black_captures=3,
    ),
    Play(
        "ko in the centre",
        ". X O .  X O a O  . X O .  . . . .",
        ". X O .  X . X O  . X O .  . . . .",
        black_captures=1,
        banned=5,
    ),
    Play(
        "ko at the edge",
        "X O a O  . X O .  . . . .  . . . .",
        "X . X O  . X O .  . . . .  . . . .",
        black_captures=1,
        banned=1,
    ),
    Play(
        "ko in the corner",
        "a O X  O X .  . . .",
        "X . X  O X .  . . .",
        black_captures=1,
        banned=1,
    ),
    Play(
        "a chain takes one stone: no ko",
        "X X X .  X O a X  X X X .  . . . .",
        "X X X .  X . X X  X X X .  . . . .",
        black_captures=1,
    ),
    Play(
        "one stone takes one and has more liberties: no ko",
        ". X . .  X O a .  . X O .  . . . .",
        ". X . .  X . X .  . X O .  . . . .",
        black_captures=1,
    ),
    Play(
        "one stone takes a chain of two: no ko",
        ". X X O .  X O O a O  . X X O .  . . . . .  . . . . .",
        ". X X O .  X . . X O  . X X O .  . . . . .  . . . . .",
        black_captures=2,
    ),
    Play(
        "inside an eye, but taking both chains around it",
        "a O X  O X X  X X .",
        "X . X  . X X  X X .",
        black_captures=2,
    ),
    Play(
        "the last point of 2x2 takes the other three",
        "O O  O a",
        ". .  . X",
        black_captures=3,
    ),
    Play(
        "one stone's suicide",
        ". O .  O a O  . O .",
        ". O .  O . O  . O .",
        white_captures=1,
        suicide=True,
    ),
    Play(
        "three stones' suicide",
        "X a O .  X O . .  O . . .  . . . .",
        ". . O .  . O . .  O . . .  . . . .",
        white_captures=3,
        suicide=True,
    ),
    Play(
        "the suicide of a whole board",
        "X X  X a",
        ". .  . .",
        white_captures=4,
        suicide=True,
    ),
]


@pytest.mark.parametrize("symmetry", range(COUNT))
@pytest.mark.parametrize("black", [BLACK, WHITE], ids=["as drawn", "colours swapped"])
@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.name)
def test_a_play(play: Play, black: int, symmetry: int) -> None:
    before, after = read_diagram(_rows(play.before)), read_diagram(_rows(play.after))
    size, white = before.size, BLACK + WHITE - black

    def turned(point: int) -> int:
        return move_point(point, size, symmetry)

    def stones(drawn: dict[int, int]) -> dict[int, int]:
        return {turned(point): black if colour == BLACK else white for point, colour in drawn.items()}

    board = _core.Board(size)
    for point, colour in stones(before.stones).items():
        assert board.place(colour, point) == _core.LEGAL
    move = turned(before.point("a"))
    refusal = _core.SUICIDE if play.suicide else _core.LEGAL
    assert board.legality(black, move, False) == refusal
    assert board.legality(black, move, True) == _core.LEGAL
    if play.suicide:
        assert board.try_play(black, move, False) == _core.SUICIDE
        assert owners(board.stones) == stones(before.stones)
    assert board.try_play(black, move, play.suicide) == _core.LEGAL
    board.check_consistency()
    assert draw(owners(board.stones), size) == draw(stones(after.stones), size)
    captures = (play.black_captures, play.white_captures)
    assert board.captures == (captures if black == BLACK else captures[::-1])
    assert board.ko == (None if play.banned is None else (white, turned(play.banned)))
    board.undo()
    board.check_consistency()
    assert draw(owners(board.stones), size) == draw(stones(before.stones), size)
    assert board.captures == (0, 0)
    assert board.ko is None


def _rows(text: str) -> str:
    """Rows in the tables above are separated by two spaces."""
    return text.replace("  ", "\n")


@pytest.fixture
def ko_fight() -> _core.Board:
    """White may not recapture at 5."""
    board = read_diagram(_rows(". X O .  X O a O  . X O .  . . . .")).board()
    assert board.try_play(BLACK, 6, False) == _core.LEGAL
    assert board.ko == (WHITE, 5)
    return board


def test_ko_bans_one_colour_at_one_point(ko_fight: _core.Board) -> None:
    assert ko_fight.legality(WHITE, 5, False) == _core.KO
    assert ko_fight.legality(WHITE, 5, True) == _core.KO
    assert ko_fight.try_play(WHITE, 5, True) == _core.KO
    assert ko_fight.legality(BLACK, 5, False) == _core.LEGAL
    assert not ko_fight.legal_points(WHITE, False)[5]
    assert ko_fight.legal_points(BLACK, False)[5]


@pytest.mark.parametrize(("colour", "point"), [(WHITE, 16), (BLACK, 16), (WHITE, 15), (BLACK, 15)])
def test_ko_ends_with_the_next_move_of_either_colour(ko_fight: _core.Board, colour: int, point: int) -> None:
    assert ko_fight.try_play(colour, point, False) == _core.LEGAL
    assert ko_fight.ko is None
    assert ko_fight.legality(WHITE, 5, False) == _core.LEGAL
    ko_fight.undo()
    assert ko_fight.ko == (WHITE, 5)


def test_taking_back_after_a_threat_bans_the_other_side(ko_fight: _core.Board) -> None:
    for colour, point in ((WHITE, 15), (BLACK, 12), (WHITE, 5)):
        assert ko_fight.try_play(colour, point, False) == _core.LEGAL
    assert ko_fight.ko == (BLACK, 6)
    assert ko_fight.captures == (1, 1)


def test_a_refused_move_leaves_the_ban(ko_fight: _core.Board) -> None:
    count = ko_fight.move_count
    assert ko_fight.try_play(WHITE, 5, False) == _core.KO
    assert ko_fight.try_play(WHITE, 6, False) == _core.OCCUPIED
    assert ko_fight.ko == (WHITE, 5)
    assert ko_fight.move_count == count


def test_a_placed_stone_knows_no_ko_and_no_suicide(ko_fight: _core.Board) -> None:
    assert ko_fight.place(WHITE, 5) == _core.LEGAL
    assert ko_fight.ko is None
    assert draw(owners(ko_fight.stones), 4) == draw(read_diagram(_rows(". X O .  X O . O  . X O .  . . . .")).stones, 4)
    ko_fight.undo()
    assert ko_fight.ko == (WHITE, 5)
    surrounded = read_diagram(_rows(". O .  O a O  . O .")).board()
    assert surrounded.place(BLACK, 4) == _core.SUICIDE
    assert surrounded.place(BLACK, 1) == _core.OCCUPIED


def test_a_copy_has_the_position_and_no_history(ko_fight: _core.Board) -> None:
    copy = ko_fight.copy()
    assert (copy.hash, copy.ko, copy.captures) == (ko_fight.hash, (WHITE, 5), (1, 0))
    assert copy.move_count == 0
    with pytest.raises(IndexError):
        copy.undo()
    assert copy.try_play(WHITE, 15, False) == _core.LEGAL
    assert ko_fight.stones.flat[15] == 0
    ko_fight.check_consistency()
    copy.check_consistency()


def test_stones_are_a_live_read_only_view() -> None:
    board = _core.Board(5)
    view = board.stones
    assert view.shape == (5, 5)
    assert view.dtype == np.uint8
    assert not view.flags.writeable
    board.try_play(WHITE, 7, False)
    assert view[1, 2] == WHITE
    del board
    assert view[1, 2] == WHITE


def test_every_move_can_be_undone_and_not_one_more() -> None:
    board = _core.Board(3)
    assert board.place(BLACK, 0) == _core.LEGAL
    assert board.try_play(WHITE, 4, False) == _core.LEGAL
    assert board.try_play(BLACK, 9, False) == _core.LEGAL
    assert board.move_count == 3
    for _ in range(3):
        board.undo()
    assert board.move_count == 0
    assert board.hash == _core.Board(3).hash
    with pytest.raises(IndexError):
        board.undo()


def test_a_long_history_is_kept() -> None:
    board, rng = _core.Board(7), random.Random(1)
    hashes = []
    for colour, point in random_moves(rng, board, 10_000):
        before = board.hash
        if board.try_play(colour, point, True) == _core.LEGAL:
            hashes.append(before)
    assert board.move_count == len(hashes) > 5_000
    while hashes:
        board.undo()
        assert board.hash == hashes.pop()
    assert not board.stones.any()


def test_captures_are_counted_beyond_sixteen_bits() -> None:
    board = _core.Board(2)
    board.place(WHITE, 1)
    board.place(WHITE, 2)
    for _ in range(70_000):
        board.try_play(BLACK, 0, True)
    assert board.captures == (0, 70_000)


def test_chains_and_liberties() -> None:
    diagram = read_diagram(
        """X X . O O
           . X . O .
           . . . . .
           X . X . O
           . X O O O"""
    )
    board = diagram.board()
    assert board.liberties().tolist() == [
        [4, 4, 0, 4, 4],
        [0, 4, 0, 4, 0],
        [0, 0, 0, 0, 0],
        [3, 0, 3, 0, 2],
        [0, 2, 2, 2, 2],
    ]
    assert board.chain(0) == ([0, 1, 6], [2, 5, 7, 11])
    numbers = board.chains()
    assert numbers.shape == (5, 5)
    assert numbers.dtype == np.int16
    assert (numbers.ravel()[[0, 1, 6]] == numbers[0, 0]).all()
    assert (numbers.ravel()[[19, 22, 23, 24]] == numbers[4, 4]).all()
    assert len(set(numbers.ravel().tolist()) - {-1}) == 6
    assert ((numbers == -1) == (board.stones == 0)).all()
    with pytest.raises(ValueError, match="12"):
        board.chain(12)


@pytest.mark.parametrize(
    ("name", "diagram"),
    [
        ("centre, no hostile diagonal", "a X a  X a X  a X a"),
        ("centre, one hostile diagonal", ". . X a  . X a X  . O X .  . . . ."),
        ("centre, two hostile diagonals", ". O X a  . X . X  . O X .  . . . ."),
        ("edge", "X a X  . X .  . . ."),
        ("edge, hostile diagonal", "X . X  O X .  . . ."),
        ("corner", "a X .  X . .  . . ."),
        ("corner, hostile diagonal", ". X .  X O .  . . ."),
        ("a neighbour missing", "a X a  X . X  . . ."),
        ("a hostile neighbour", "a X a  X . X  . O ."),
        ("two points side by side are no eyes", "a X X a  X . . X  . X X .  . . . ."),
        ("two eyes of 2x2", "X a  a X"),
    ],
)
def test_own_eyes(name: str, diagram: str) -> None:
    drawn = read_diagram(_rows(diagram))
    eyes = drawn.board().own_eyes(BLACK)
    assert eyes.shape == (drawn.size**2,)
    assert eyes.dtype == np.bool_
    assert np.flatnonzero(eyes).tolist() == drawn.points("a"), name
    assert not drawn.board().own_eyes(WHITE).any()


def test_the_hash_is_of_the_stones_alone() -> None:
    straight, roundabout = _core.Board(9), _core.Board(9)
    for colour, point in ((BLACK, 10), (WHITE, 20), (BLACK, 30)):
        straight.try_play(colour, point, False)
    for colour, point in ((BLACK, 30), (BLACK, 81), (WHITE, 20), (BLACK, 10)):
        roundabout.try_play(colour, point, False)
    assert straight.hash == roundabout.hash
    straight.try_play(WHITE, 81, False)
    assert straight.hash == roundabout.hash
    straight.try_play(WHITE, 40, False)
    assert straight.hash != roundabout.hash


def test_the_hash_tells_colours_and_points_apart() -> None:
    seen = set()
    for point in range(361):
        for colour in (BLACK, WHITE):
            board = _core.Board(19)
            board.try_play(colour, point, False)
            seen.add(board.hash)
    assert len(seen) == 2 * 361
    assert all(0 <= value < 2**64 for value in seen)
    assert sum(value > 2**63 for value in seen) > 200, "the upper bits are used"


@pytest.mark.parametrize("size", range(2, 20))
def test_legal_points_of_an_empty_board(size: int) -> None:
    legal = _core.Board(size).legal_points(BLACK, False)
    assert legal.shape == (size * size + 1,)
    assert legal.dtype == np.bool_
    assert legal.all()

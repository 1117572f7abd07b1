"""The 26 planes of `sandbox-26` against their definitions, computed on the slow board."""

import math
import random
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from shicho.engine import _core
from tests.support.random_games import random_position, random_setup
from tests.support.real_games import Move, real_games, store_format
from tests.support.slow_board import BLACK, WHITE, SlowBoard
from tests.support.slow_features import PLANES, slow_planes
from tests.support.symmetry import COUNT, move_array, move_point

REAL_POSITIONS = 2_100


class Position(NamedTuple):
    """A position of a real game, on both boards, with the moves that led to it."""

    where: tuple[str, int]
    board: _core.Board
    slow: SlowBoard
    to_play: int
    recent: tuple[Move, ...]


def planes(board: _core.Board, to_play: int, recent: tuple[Move, ...]) -> NDArray[np.float32]:
    """Return the C core's planes, written over an array of garbage."""
    out = np.full((PLANES, 19, 19), 7.0, np.float32)
    _core.planes(_core.SANDBOX_26, board, to_play, store_format(recent, board.size), math.nan, 0, out)
    return out


def packed_planes(board: _core.Board, to_play: int, recent: tuple[Move, ...]) -> NDArray[np.uint8]:
    """Return the same planes packed."""
    out = np.full((PLANES, 48), 0xA5, np.uint8)
    _core.packed_planes(_core.SANDBOX_26, board, to_play, store_format(recent, board.size), math.nan, 0, out)
    return out


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bit p % 8 (least significant first) of byte p // 8 is point p; the bits after 361 are 0."""
    bits = np.unpackbits(packed, axis=-1, bitorder="little")
    assert not bits[..., 361:].any()
    return bits[..., :361].reshape(*packed.shape[:-1], 19, 19).astype(np.float32)


@cache
def real_positions() -> tuple[Position, ...]:
    """Yield positions spread evenly over all plies of all games."""
    total = sum(len(record.moves) for record in real_games())
    wanted = set(np.linspace(0, total - 1, REAL_POSITIONS).astype(int).tolist())
    found: list[Position] = []
    passed = 0
    for record in real_games():
        board = _core.Board(record.size)
        for colour, point in record.setup:
            board.place(colour, point)
        for ply, ((colour, point), slow) in enumerate(zip(record.moves, record.positions(), strict=True)):
            if passed in wanted:
                recent = record.moves[:ply]
                found.append(Position((record.name, ply), board.copy(), slow.copy(), colour, recent))
            passed += 1
            board.try_play(colour, point, True)
    return tuple(found)


def differences(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> str:
    """Assert that the planes are equal, naming the differing planes and points."""
    places = np.argwhere(ours != theirs)
    return "".join(f"\nplane {p}, row {r}, column {c}: C {ours[p, r, c]:.0f}" for p, r, c in places[:10])


def test_every_plane_on_real_positions() -> None:
    positions = real_positions()
    marked = np.zeros(PLANES, np.int64)
    for position in positions:
        ours = planes(position.board, position.to_play, position.recent)
        slow = slow_planes(position.slow, position.to_play, position.recent)
        assert (ours == slow).all(), f"{position.where}{differences(ours, slow)}"
        marked += ours.any(axis=(1, 2))
    assert len(positions) >= 2_000
    assert marked.min() >= 10, f"positions that mark each plane: {marked.tolist()}"


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 7, 8, 9, 13])
def test_every_plane_on_random_positions(size: int) -> None:
    for seed in range(30):
        rng = random.Random(seed)
        if seed % 2:
            board, slow = random_setup(rng, size)
        else:
            board, slow = random_position(rng, size, rng.randrange(2 * size * size))
        recent = tuple((rng.choice((BLACK, WHITE)), rng.randrange(size * size + 1)) for _ in range(rng.randrange(8)))
        for to_play in (BLACK, WHITE):
            ours, theirs = planes(board, to_play, recent), slow_planes(slow, to_play, recent)
            assert (ours == theirs).all(), f"seed {seed}, to play {to_play}{differences(ours, theirs)}"


def test_packed_planes_are_the_float_planes() -> None:
    for position in real_positions()[::3]:
        floats = planes(position.board, position.to_play, position.recent)
        packed = packed_planes(position.board, position.to_play, position.recent)
        assert (unpack(packed) == floats).all(), position.where
        assert set(np.unique(floats).tolist()) <= {0.0, 1.0}


def test_the_board_stays_as_it_is() -> None:
    for position in real_positions()[::20]:
        board = position.board.copy()
        before = board.hash, board.ko, board.move_count, board.stones.tobytes(), board.liberties().tobytes()
        planes(board, position.to_play, position.recent)
        packed_planes(board, position.to_play, position.recent)
        assert (board.hash, board.ko, board.move_count, board.stones.tobytes(), board.liberties().tobytes()) == before
        board.check_consistency()


@pytest.mark.parametrize("size", range(2, 20))
def test_a_smaller_board_lies_in_the_middle(size: int) -> None:
    board = _core.Board(size)
    board.try_play(BLACK, 0, False)
    found = planes(board, WHITE, ((BLACK, 0),))
    offset = (19 - size) // 2
    expected = np.zeros((19, 19), np.float32)
    expected[offset : offset + size, offset : offset + size] = 1
    assert (found[0] == expected).all()
    assert np.argwhere(found[2]).tolist() == [[offset, offset]]
    assert np.argwhere(found[18]).tolist() == [[offset, offset]]
    assert not (found * (1 - expected)).any()


@pytest.mark.parametrize("symmetry", range(COUNT))
def test_planes_commute_with_symmetries_and_colours(symmetry: int) -> None:
    """Swapping colours and the side to move changes nothing: planes are relative."""
    for position in real_positions()[symmetry :: 4 * COUNT]:
        expected = move_array(planes(position.board, position.to_play, position.recent), symmetry)
        for swap in (False, True):
            board, recent = replayed(position, symmetry, swap)
            to_play = BLACK + WHITE - position.to_play if swap else position.to_play
            found = planes(board, to_play, recent)
            assert (found == expected).all(), f"{position.where}, swapped {swap}{differences(found, expected)}"


def replayed(position: Position, symmetry: int, swap: bool) -> tuple[_core.Board, tuple[Move, ...]]:
    """The game up to a position under a symmetry, with colours swapped or not: its board and its moves."""
    record = next(record for record in real_games() if record.name == position.where[0])

    def moved(moves: tuple[Move, ...]) -> tuple[Move, ...]:
        return tuple((BLACK + WHITE - c if swap else c, move_point(p, record.size, symmetry)) for c, p in moves)

    board = _core.Board(record.size)
    for colour, point in moved(record.setup):
        board.place(colour, point)
    recent = moved(position.recent)
    for colour, point in recent:
        assert board.try_play(colour, point, True) == _core.LEGAL
    return board, recent


def history_points(to_play: int, recent: tuple[Move, ...], size: int = 19) -> list[list[list[int]]]:
    """Rows and columns marked on each of planes 18 to 22, for moves on an empty board."""
    found = planes(_core.Board(size), to_play, recent)
    return [np.argwhere(found[plane]).tolist() for plane in range(18, 23)]


@pytest.mark.parametrize(
    ("name", "to_play", "recent", "expected"),
    [
        ("none", BLACK, (), [[], [], [], [], []]),
        ("one", WHITE, ((BLACK, 0),), [[[0, 0]], [], [], [], []]),
        (
            "six moves, the oldest forgotten",
            BLACK,
            ((BLACK, 6), (WHITE, 5), (BLACK, 4), (WHITE, 3), (BLACK, 2), (WHITE, 1)),
            [[[0, 1]], [[0, 2]], [[0, 3]], [[0, 4]], [[0, 5]]],
        ),
        (
            "a pass marks nothing and takes its place",
            BLACK,
            ((WHITE, 3), (BLACK, 361), (WHITE, 1)),
            [[[0, 1]], [], [[0, 3]], [], []],
        ),
        ("two passes", BLACK, ((WHITE, 3), (BLACK, 361), (WHITE, 361)), [[], [], [[0, 3]], [], []]),
        ("the side to move has just moved", BLACK, ((WHITE, 2), (BLACK, 1)), [[], [], [], [], []]),
        (
            "one colour twice ends it",
            BLACK,
            ((BLACK, 4), (WHITE, 3), (WHITE, 2), (BLACK, 361), (WHITE, 1)),
            [[[0, 1]], [], [[0, 2]], [], []],
        ),
        ("a pass by the wrong side ends it", BLACK, ((BLACK, 2), (WHITE, 361), (WHITE, 1)), [[[0, 1]], [], [], [], []]),
        (
            "the same point twice",
            BLACK,
            ((WHITE, 7), (BLACK, 3), (WHITE, 7)),
            [[[0, 7]], [[0, 3]], [[0, 7]], [], []],
        ),
    ],
)
def test_history(name: str, to_play: int, recent: tuple[Move, ...], expected: list[list[list[int]]]) -> None:
    assert history_points(to_play, recent) == expected, name
    swapped = tuple((BLACK + WHITE - colour, point) for colour, point in recent)
    assert history_points(BLACK + WHITE - to_play, swapped) == expected, name


def test_a_stone_taken_since_is_still_the_last_but_one_move() -> None:
    board = _core.Board(9)
    moves = ((BLACK, 1), (WHITE, 0), (BLACK, 9))
    for colour, point in moves:
        assert board.try_play(colour, point, False) == _core.LEGAL
    found = planes(board, WHITE, moves)
    assert not found[1:3, 5, 5].any()
    assert np.argwhere(found[19]).tolist() == [[5, 5]]


def test_the_ko_plane_is_for_the_side_to_move() -> None:
    """A ko ban also removes the banned side's move from planes 11 to 16, for either side to move."""
    board = _core.Board(19)
    for colour, point in ((BLACK, 1), (BLACK, 19), (BLACK, 39), (WHITE, 20), (WHITE, 2), (WHITE, 22), (WHITE, 40)):
        board.place(colour, point)
    assert board.try_play(BLACK, 21, False) == _core.LEGAL
    assert board.ko == (WHITE, 20)
    white, black = planes(board, WHITE, ()), planes(board, BLACK, ())
    assert np.argwhere(white[17]).tolist() == [[1, 1]]
    assert not black[17].any()
    assert not white[11:14, 1, 1].any()
    assert not black[14:17, 1, 1].any()
    board.try_play(WHITE, 361, False)
    white, black = planes(board, WHITE, ()), planes(board, BLACK, ())
    assert not white[17].any()
    assert white[11:14, 1, 1].tolist() == black[14:17, 1, 1].tolist() == [1, 0, 0]


def test_the_planes_are_those_that_networks_were_trained_on(golden: Callable[[str, str], None]) -> None:
    """A hash of every row of every real game: a change of the hash needs a new version of the feature set."""
    lines = []
    for record in real_games():
        board, digest = _core.Board(record.size), sha256()
        for colour, point in record.setup:
            board.place(colour, point)
        for ply, (colour, point) in enumerate(record.moves):
            digest.update(packed_planes(board, colour, record.moves[:ply]).tobytes())
            board.try_play(colour, point, True)
        lines.append(f"{record.name} {len(record.moves)} {digest.hexdigest()}\n")
    golden("planes.txt", "".join(lines))


def test_a_full_record_gives_what_its_last_moves_give() -> None:
    position = next(islice((p for p in real_positions() if len(p.recent) > 100), 1))
    assert (
        planes(position.board, position.to_play, position.recent)
        == planes(position.board, position.to_play, position.recent[-5:])
    ).all()

"""Random playouts against the slow board: what may be played, how it is drawn, and when it ends."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from shicho.engine import _core
from tests.support.diagrams import read_diagram
from tests.support.real_games import STORE_PASS, STORE_WHITE, join_games, real_games
from tests.support.slow_board import BLACK, LEGAL, WHITE, SlowBoard

EYES_AND_A_KO = read_diagram(
    """
    . X . O O .
    X X . . O O
    . . . . . .
    . X O . . .
    X O k O . X
    . X O . X X
    """
)
"""Simple eyes in the upper corners, a false one lower left; black takes a ko at k."""


def playable(board: SlowBoard, colour: int) -> set[int]:
    """Return the moves that a playout draws from."""
    legal = {point for point in range(board.size**2) if board.legality(colour, point, suicide=False) == LEGAL}
    return legal - board.own_eyes(colour)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 9, 19])
def test_every_move_may_be_drawn_and_a_side_passes_only_without_one(size: int) -> None:
    for seed in range(1 if size == 19 else 20):
        board, first = SlowBoard(size), BLACK if seed % 2 else WHITE
        moves = _core.playout(_core.Board(size), first, seed).tolist()
        for ply, move in enumerate(moves):
            colour, point = (WHITE if move & STORE_WHITE else BLACK), move & ~STORE_WHITE
            assert colour == (first if ply % 2 == 0 else BLACK + WHITE - first)
            allowed = playable(board, colour)
            assert point in allowed if allowed else point == STORE_PASS, (seed, ply)
            board.play(colour, size * size if point == STORE_PASS else point)
        passes = [move & ~STORE_WHITE == STORE_PASS for move in moves]
        assert all(passes[-2:])
        assert not any(earlier and later for earlier, later in pairwise(passes[:-1]))


@pytest.mark.parametrize("colour", [BLACK, WHITE])
def test_the_first_move_is_drawn_uniformly(colour: int) -> None:
    allowed = playable(EYES_AND_A_KO.slow(), colour)
    board = EYES_AND_A_KO.board()
    seen = Counter(int(_core.playout(board, colour, seed)[0]) & ~STORE_WHITE for seed in range(100 * len(allowed)))
    assert set(seen) == allowed
    assert stats.chisquare([seen[point] for point in sorted(allowed)]).pvalue > 1e-4


def test_the_second_move_is_drawn_uniformly_too() -> None:
    """Points refused for one side, and points it captured, can be drawn by the other side."""
    board, slow = EYES_AND_A_KO.board(), EYES_AND_A_KO.slow()
    seen: dict[int, Counter[int]] = {}
    for seed in range(50_000):
        first, second = (_core.playout(board, BLACK, seed)[:2] & ~np.uint16(STORE_WHITE)).tolist()
        seen.setdefault(first, Counter())[second] += 1
    assert set(seen) == playable(slow, BLACK)
    for first, counts in seen.items():
        after = slow.after(BLACK, first)
        assert set(counts) == playable(after, WHITE)
        assert stats.chisquare([counts[point] for point in sorted(counts)]).pvalue > 1e-5
    assert slow.after(BLACK, EYES_AND_A_KO.point("k")).ko is not None


def test_a_playout_repeats_with_its_seed_and_leaves_the_board_alone() -> None:
    board = EYES_AND_A_KO.board()
    before = board.hash, board.move_count, board.stones.tobytes()
    games = [_core.playout(board, BLACK, seed).tobytes() for seed in range(50)]
    assert games == [_core.playout(board, BLACK, seed).tobytes() for seed in range(50)]
    assert len(set(games)) == 50
    assert (board.hash, board.move_count, board.stones.tobytes()) == before
    board.check_consistency()


def test_the_batch_counts_the_stones_of_its_playouts() -> None:
    store = join_games(real_games())
    for game, record in enumerate(real_games()[:12]):
        one = join_games([record])
        board = _core.Board(record.size)
        for colour, point in record.setup:
            board.place(colour, point)
        stones = int((_core.playout(board, BLACK, game) & ~np.uint16(STORE_WHITE) != STORE_PASS).sum())
        assert _core.playout_games(*one, 1, game) == stones
    assert _core.playout_games(*store, 0, 1) == 0
    assert _core.playout_games(*store, 2, 5) == _core.playout_games(*store, 2, 5) > 100 * len(real_games())


def test_two_threads_play_the_same_as_one() -> None:
    store = join_games(real_games())
    alone = [_core.playout_games(*store, 1, seed) for seed in range(4)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda seed: _core.playout_games(*store, 1, seed), range(4))) == alone


@pytest.mark.parametrize("seed", [-1, 2**64, 2**70, -(2**70)])
def test_no_such_seed(seed: int) -> None:
    store = join_games(real_games()[:1])
    for call in (lambda: _core.playout(_core.Board(5), BLACK, seed), lambda: _core.playout_games(*store, 1, seed)):
        with pytest.raises(ValueError, match=f"seed.*{seed}"):
            call()


@pytest.mark.parametrize("wrong", [("1", BLACK, 0), (_core.Board(5), "b", 0), (_core.Board(5), BLACK, 1.0)])
def test_wrong_types(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        _core.playout(*wrong)


def test_no_such_colour_and_no_such_count() -> None:
    for colour in (0, 3, -1, 2**40):
        with pytest.raises(ValueError, match="colour"):
            _core.playout(_core.Board(5), colour, 0)
    for count in (-1, 2**31, 2**64):
        with pytest.raises(ValueError, match="per_game"):
            _core.playout_games(*join_games(real_games()[:1]), count, 0)

"""Batches: every position once a pass, the same whatever the threads, equal to a direct replay."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shicho.engine import _core
from shicho.engine.errors import BadConfig, BadStore
from shicho.engine.features import SANDBOX_26
from shicho.training.dataset import (
    HISTORY_KEPT,
    Batch,
    Loader,
    Positions,
    evaluation_batches,
    evaluation_positions,
    permute,
)
from shicho.training.store import PASS, POINT_MASK, VALIDATION, WHITE_BIT, GameStore
from tests.support.slow_board import BLACK, WHITE, SlowBoard
from tests.support.slow_features import slow_planes
from tests.support.slow_ladder import LadderUnread
from tests.support.stores import small_store


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()


@pytest.fixture(scope="module")
def positions(store: GameStore) -> Positions:
    return Positions.of_split(store, "train")


def loader(store: GameStore, positions: Positions, **changes: int | bool) -> Loader:
    return Loader(store, positions, SANDBOX_26, **{"batch_size": 64, "seed": 5, **changes})  # type: ignore[arg-type]


def first_batches(made: Loader, count: int) -> list[Batch]:
    with made:
        return list(islice(made, count))


def assert_same(left: list[Batch], right: list[Batch]) -> None:
    assert len(left) == len(right)
    for ours, theirs in zip(left, right, strict=True):
        np.testing.assert_array_equal(ours.packed, theirs.packed)
        np.testing.assert_array_equal(ours.targets, theirs.targets)
        np.testing.assert_array_equal(ours.symmetry, theirs.symmetry)


@given(st.integers(1, 5000), st.integers(0, 2**128 - 1))
def test_permute_is_a_permutation(size: int, key: int) -> None:
    assert sorted(permute(np.arange(size), size, key).tolist()) == list(range(size))


def test_permute_mixes() -> None:
    size = 100_000
    ours, theirs = (permute(np.arange(size), size, key) for key in (1, 2))
    places = np.arange(size)
    for order in (ours, theirs, ours - theirs, np.diff(ours)):
        assert abs(np.corrcoef(order, places[: len(order)])[0, 1]) < 0.015
    assert (ours == theirs).sum() < 20
    assert (np.abs(np.diff(ours)) == 1).sum() < 20
    counts = np.histogram(ours[: size // 2], bins=50, range=(0, size))[0]
    assert np.abs(counts - 1000).max() < 150


def test_permute_large_sizes() -> None:
    size = 2**40 + 7
    numbers = np.arange(size - 1000, size)
    sent = permute(numbers, size, 3)
    assert len(set(sent.tolist())) == 1000
    assert sent.min() >= 0
    assert sent.max() < size


def test_positions_are_all_plies_of_the_split(store: GameStore) -> None:
    for split, number in (("train", 0), ("validation", 1), ("test", 2)):
        chosen = Positions.of_split(store, split)
        pairs = set(zip(*(part.tolist() for part in chosen.locate(np.arange(len(chosen)))), strict=True))
        assert pairs == {
            (game, ply)
            for game in range(len(store))
            if store.split[game] == number
            for ply in range(store.lengths[game])
        }
    with pytest.raises(BadConfig, match="'training'"):
        Positions.of_split(store, "training")


@pytest.mark.parametrize("batch_size", [1, 64, 1000, 10_000])
def test_a_pass_shows_every_position_once(store: GameStore, positions: Positions, batch_size: int) -> None:
    made = loader(store, positions, batch_size=batch_size)
    size = len(positions)
    numbers = np.concatenate([made.numbers(batch) for batch in range(2 * size // batch_size + 1)])
    first, second = numbers[:size], numbers[size : 2 * size]
    assert sorted(first.tolist()) == list(range(size))
    assert sorted(second.tolist()) == list(range(size))
    assert (first == second).sum() < 20


def test_batches_do_not_depend_on_threads(store: GameStore, positions: Positions) -> None:
    alone = first_batches(loader(store, positions, threads=1, prefetch=1), 12)
    assert_same(alone, first_batches(loader(store, positions, threads=4, prefetch=9), 12))
    assert_same(alone, [loader(store, positions).batch(number) for number in range(12)])


def test_resume_at_a_batch(store: GameStore, positions: Positions) -> None:
    through = first_batches(loader(store, positions, threads=2), 9)
    assert_same(through[5:], first_batches(loader(store, positions, threads=2, start_batch=5), 4))


def test_seeds_differ(store: GameStore, positions: Positions) -> None:
    ours, theirs = (loader(store, positions, seed=seed).batch(0) for seed in (1, 2))
    assert (ours.symmetry != theirs.symmetry).any()
    assert (ours.targets != theirs.targets).any()


def unpack(packed: np.ndarray) -> np.ndarray:
    return np.unpackbits(packed, axis=-1, bitorder="little")[..., :361].reshape(*packed.shape[:-1], 19, 19)


def test_rows_are_the_positions_as_a_direct_replay_sees_them(store: GameStore, positions: Positions) -> None:
    made = loader(store, positions, batch_size=200, history_dropout=False)
    batch = made.batch(3)
    expected = np.zeros((26, 48), np.uint8)
    for row, (game, ply) in enumerate(zip(*positions.locate(made.numbers(3)), strict=True)):
        start = store.game_start[game]
        board = _core.Board(int(store.size[game]))
        for stone in store.setup[store.setup_start[game] : store.setup_start[game + 1]].tolist():
            board.place(1 + (stone >> 15), stone & POINT_MASK)
        moves = store.moves[start : start + ply]
        for move in moves.tolist():
            board.try_play(1 + (move >> 15), move & POINT_MASK, True)
        move = int(store.moves[start + ply])
        _core.packed_planes(_core.SANDBOX_26, board, 1 + (move >> 15), moves, np.nan, 0, expected)
        np.testing.assert_array_equal(batch.packed[row], expected)
        assert batch.targets[row] == move & POINT_MASK


def test_rows_by_the_definition_of_the_planes(store: GameStore) -> None:
    chosen = Positions.of_games(store, np.arange(len(store)) == 0)
    moves = [(WHITE if move & WHITE_BIT else BLACK, int(move & POINT_MASK)) for move in store.moves[: len(chosen)]]
    made = loader(store, chosen, batch_size=len(chosen), history_dropout=False)
    planes = unpack(made.batch(0).packed)[np.argsort(made.numbers(0))]
    board = SlowBoard(19, {})
    compared = 0
    for ply, (colour, point) in enumerate(moves):
        if ply % 13 == 0:
            with suppress(LadderUnread):
                np.testing.assert_array_equal(planes[ply], slow_planes(board, colour, moves[:ply]))
                compared += 1
        board.play(colour, point)
    assert compared >= 10


def test_symmetries_and_history_are_drawn_as_told(store: GameStore) -> None:
    late = Positions.of_split(store, "train")
    made = loader(store, late, batch_size=4000)
    batch = made.batch(0)
    counts = np.bincount(batch.symmetry, minlength=8)
    assert len(counts) == 8
    assert np.abs(counts - 500).max() < 100
    _, plies = late.locate(made.numbers(0))
    shown = unpack(batch.packed)[plies >= 10, 18:23].any(axis=(2, 3)).mean(axis=0)
    np.testing.assert_allclose(shown, HISTORY_KEPT, atol=0.03)
    full = unpack(loader(store, late, batch_size=4000, history_dropout=False).batch(0).packed)
    assert full[plies >= 10, 18:23].any(axis=(2, 3)).mean() > 0.99
    np.testing.assert_array_equal(full[:, :18], unpack(batch.packed)[:, :18])


def test_close_ends_the_threads(store: GameStore, positions: Positions) -> None:
    made = loader(store, positions, threads=2)
    batches = iter(made)
    next(batches)
    made.close()
    made.close()
    with pytest.raises(StopIteration):
        next(batches)


def test_an_illegal_record_is_an_error_where_it_is_due(store: GameStore) -> None:
    moves = store.moves.copy()
    moves[1] = moves[0] ^ WHITE_BIT
    columns = {**store.columns(), "moves": moves}
    spoilt = GameStore(sources=store.sources, command="", **columns)
    with (
        loader(spoilt, Positions.of_games(spoilt, np.arange(len(store)) == 0)) as made,
        pytest.raises(BadStore, match=r"cannot be replayed: .*ply"),
    ):
        next(iter(made))


@pytest.mark.parametrize(
    "change", [{"batch_size": 0}, {"threads": 0}, {"prefetch": 0}, {"seed": -1}, {"start_batch": -1}]
)
def test_bad_settings(store: GameStore, positions: Positions, change: dict[str, int]) -> None:
    with pytest.raises(BadConfig):
        loader(store, positions, **change)


def test_nothing_to_train_on(store: GameStore) -> None:
    with pytest.raises(BadConfig, match="no positions"):
        loader(store, Positions.of_games(store, np.zeros(len(store), np.bool_)))


def pairs(chosen: Positions) -> Iterator[tuple[int, int]]:
    games, plies = chosen.locate(np.arange(len(chosen)))
    return zip(games.tolist(), plies.tolist(), strict=True)


def counts_in_tests(store: GameStore, game: int, ply: int, min_rank: int) -> bool:
    move = int(store.moves[store.game_start[game] + ply])
    rank = store.white_rank[game] if move & WHITE_BIT else store.black_rank[game]
    no_setup = store.setup_start[game] == store.setup_start[game + 1]
    return store.handicap[game] < 2 and no_setup and rank >= min_rank and move & POINT_MASK != PASS


@pytest.mark.parametrize(("place", "min_rank"), [({"source": "ranked"}, 6), ({"split": "validation"}, -99)])
def test_evaluation_counts_what_it_should(store: GameStore, place: dict[str, str], min_rank: int) -> None:
    expected = [
        (game, ply)
        for game in range(len(store))
        if (store.source[game] == 2 if "source" in place else store.split[game] == VALIDATION)
        for ply in range(store.lengths[game])
        if counts_in_tests(store, game, ply, min_rank)
    ]
    assert list(pairs(evaluation_positions(store, **place))) == expected  # type: ignore[arg-type]
    drawn = list(pairs(evaluation_positions(store, positions=100, seed=1, **place)))  # type: ignore[arg-type]
    assert len(drawn) == 100
    assert drawn == sorted(set(drawn))
    assert set(drawn) < set(expected)
    assert drawn == list(pairs(evaluation_positions(store, positions=100, seed=1, **place)))  # type: ignore[arg-type]
    assert drawn != list(pairs(evaluation_positions(store, positions=100, seed=2, **place)))  # type: ignore[arg-type]


def test_evaluation_batches(store: GameStore) -> None:
    batches = list(evaluation_batches(store, SANDBOX_26, source="ranked", positions=150, seed=4, batch=64, threads=2))
    assert [len(batch) for batch in batches] == [64, 64, 22]
    chosen = evaluation_positions(store, source="ranked", positions=150, seed=4)
    moves = [int(store.moves[store.game_start[game] + ply]) & POINT_MASK for game, ply in pairs(chosen)]
    assert np.concatenate([batch.targets for batch in batches]).tolist() == moves
    assert not np.concatenate([batch.symmetry for batch in batches]).any()
    late = [ply >= 10 for _, ply in pairs(chosen)]
    shown = unpack(np.concatenate([batch.packed for batch in batches]))[late, 18:23].any(axis=(2, 3))
    assert shown.mean() > 0.97


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({}, "source or a split"),
        ({"source": "ranked", "split": "test"}, "source or a split"),
        ({"source": "pro-2015"}, "'pro-2015'"),
        ({"split": "tests"}, "'tests'"),
        ({"source": "nothing"}, "nothing"),
    ],
)
def test_evaluation_of_what_is_not_there(store: GameStore, place: dict[str, str], words: str) -> None:
    with pytest.raises(BadConfig, match=words):
        evaluation_positions(store, **place)  # type: ignore[arg-type]


def test_no_sgfmill_in_training() -> None:
    program = "import sys; sys.modules['sgfmill'] = None; import shicho.training.dataset, shicho.training.store"
    subprocess.run([sys.executable, "-c", program], check=True)

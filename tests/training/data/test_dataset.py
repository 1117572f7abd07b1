"""Batches: the same for any number of threads, after a resume and in shards, and equal to a direct replay."""

import subprocess
import sys
from contextlib import suppress
from itertools import islice
from typing import Any

import numpy as np
import pytest

from shicho.engine.colour import Colour
from shicho.engine.errors import BadConfig, BadStore
from shicho.engine.features import SANDBOX_26
from shicho.engine.game import Game
from shicho.engine.moves import POINT_MASK, WHITE_BIT
from shicho.engine.rules import KoRule, Rules
from shicho.training.data.dataset import HISTORY_KEPT, Batch, Loader, evaluation_batches
from shicho.training.data.positions import Positions, evaluation_positions
from shicho.training.data.store import GameStore
from shicho.training.data.targets import TARGETS
from tests.support.slow_board import BLACK, WHITE, SlowBoard
from tests.support.slow_features import slow_planes
from tests.support.slow_ladder import LadderUnread
from tests.support.stores import grouped_store, small_store


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()


@pytest.fixture(scope="module")
def positions(store: GameStore) -> Positions:
    return Positions.of_split(store, "train")


def loader(store: GameStore, positions: Positions, **changes: Any) -> Loader:
    return Loader(store, positions, SANDBOX_26, **{"batch_size": 64, "seed": 5, **changes})


def first_batches(made: Loader, count: int) -> list[Batch]:
    with made:
        return list(islice(made, count))


def assert_same(left: list[Batch], right: list[Batch]) -> None:
    assert len(left) == len(right)
    for ours, theirs in zip(left, right, strict=True):
        np.testing.assert_array_equal(ours.packed, theirs.packed)
        np.testing.assert_array_equal(ours.transform, theirs.transform)
        assert list(ours.targets) == list(theirs.targets)
        for name, values in ours.targets.items():
            np.testing.assert_array_equal(values, theirs.targets[name], err_msg=name)


def test_batches_do_not_depend_on_threads(store: GameStore, positions: Positions) -> None:
    alone = first_batches(loader(store, positions, threads=1, prefetch=1), 12)
    assert_same(alone, first_batches(loader(store, positions, threads=4, prefetch=9), 12))
    assert_same(alone, [loader(store, positions).batch(number) for number in range(12)])


def test_resume_at_a_batch(store: GameStore, positions: Positions) -> None:
    through = first_batches(loader(store, positions, threads=2), 9)
    assert_same(through[5:], first_batches(loader(store, positions, threads=2, start_batch=5), 4))


MIX = {"pro": 2, "kgs-6d": 1}


@pytest.fixture(scope="module")
def grouped() -> GameStore:
    return grouped_store()


def test_a_mixture_does_not_depend_on_threads_and_resumes(grouped: GameStore) -> None:
    positions = Positions.of_split(grouped, "train", min_rank=5, plies=(2, 300))
    settings: dict[str, Any] = {"mix": MIX, "targets": TARGETS}
    through = first_batches(loader(grouped, positions, **settings), 9)
    assert_same(through, first_batches(loader(grouped, positions, threads=3, prefetch=5, **settings), 9))
    assert_same(through[5:], first_batches(loader(grouped, positions, start_batch=5, **settings), 4))
    groups = np.concatenate([batch.targets["source"] for batch in through])
    assert np.abs(np.bincount(groups) - np.array([2, 1]) * len(groups) / 3).max() <= 2


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("mix", [None, MIX, {"pro": 1, "kgs-6d": 1}])
def test_shards_together_are_the_whole_batch(grouped: GameStore, ranks: int, mix: dict[str, float] | None) -> None:
    positions = Positions.of_split(grouped, "train")
    settings: dict[str, Any] = {"batch_size": 96, "mix": mix, "targets": TARGETS}
    for number in (0, 11):
        whole = loader(grouped, positions, **settings).batch(number)
        for rank in range(ranks):
            shard = loader(grouped, positions, shard=(rank, ranks), **settings).batch(number)
            rows = slice(rank, None, ranks)
            targets = {name: values[rows] for name, values in whole.targets.items()}
            expected = Batch(packed=whole.packed[rows], targets=targets, transform=whole.transform[rows])
            assert_same([shard], [expected])
            assert len(shard) == 96 // ranks
            assert set(shard.targets["source"].tolist()) == {0, 1}


@pytest.mark.parametrize("shard", [(2, 2), (-1, 2), (0, 0), (0, 3)])
def test_bad_shards(store: GameStore, positions: Positions, shard: tuple[int, int]) -> None:
    with pytest.raises(BadConfig, match=str(shard[1])):
        loader(store, positions, batch_size=64, shard=shard)


def test_seeds_differ(store: GameStore, positions: Positions) -> None:
    ours, theirs = (loader(store, positions, seed=seed).batch(0) for seed in (1, 2))
    assert (ours.transform != theirs.transform).any()
    assert (ours.targets["move"] != theirs.targets["move"]).any()


def unpack(packed: np.ndarray) -> np.ndarray:
    return np.unpackbits(packed, axis=-1, bitorder="little")[..., :361].reshape(*packed.shape[:-1], 19, 19)


def game_before(store: GameStore, game: int, ply: int) -> Game:
    """The position of a stored game before a ply, played with the rules of replay."""
    played = Game(int(store.size[game]), Rules(ko=KoRule.SIMPLE, suicide=True))
    stones = store.setup[store.setup_start[game] : store.setup_start[game + 1]].tolist()
    played.set_up([(colour_of(stone), stone & POINT_MASK) for stone in stones])
    start = store.game_start[game]
    for move in store.moves[start : start + ply].tolist():
        played.play(colour_of(move), move & POINT_MASK)
    return played


def colour_of(code: int) -> Colour:
    return Colour.WHITE if code & WHITE_BIT else Colour.BLACK


def test_rows_are_the_positions_as_a_direct_replay_sees_them(store: GameStore, positions: Positions) -> None:
    made = loader(store, positions, batch_size=200, history_dropout=False)
    batch = made.batch(3)
    for row, (game, ply) in enumerate(zip(*positions.locate(made.numbers(3)), strict=True)):
        move = int(store.moves[store.game_start[game] + ply])
        expected = SANDBOX_26.compute_packed(game_before(store, game, ply), colour_of(move))
        np.testing.assert_array_equal(batch.packed[row], expected)
        assert batch.targets["move"][row] == move & POINT_MASK


def test_chains_are_those_of_the_position(store: GameStore, positions: Positions) -> None:
    made = loader(store, positions, batch_size=60, targets=("move", "chains"))
    batch = made.batch(2)
    assert (batch.targets["chains"].shape, batch.targets["chains"].dtype) == ((60, 19, 19), np.int16)
    for row, (game, ply) in enumerate(zip(*positions.locate(made.numbers(2)), strict=True)):
        numbers = game_before(store, game, ply).board.chains()
        labels = batch.targets["chains"][row]
        pairs = {*zip(numbers.ravel().tolist(), labels.ravel().tolist(), strict=True)}
        assert len(pairs) == len({number for number, _ in pairs}) == len({label for _, label in pairs})
        np.testing.assert_array_equal(labels > 0, numbers >= 0)


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


def test_transforms_and_history_lengths_are_drawn_as_documented(store: GameStore) -> None:
    late = Positions.of_split(store, "train")
    made = loader(store, late, batch_size=4000)
    batch = made.batch(0)
    counts = np.bincount(batch.transform, minlength=8)
    assert len(counts) == 8
    assert np.abs(counts - 500).max() < 100
    _, plies = late.locate(made.numbers(0))
    visible = unpack(batch.packed)[plies >= 10, 18:23].any(axis=(2, 3)).mean(axis=0)
    np.testing.assert_allclose(visible, HISTORY_KEPT, atol=0.03)
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
    "change",
    [{"batch_size": 0}, {"threads": 0}, {"prefetch": 0}, {"seed": -1}, {"seed": 2**64}, {"start_batch": -1}],
)
def test_bad_settings(store: GameStore, positions: Positions, change: dict[str, int]) -> None:
    with pytest.raises(BadConfig):
        loader(store, positions, **change)


def test_nothing_to_train_on(store: GameStore) -> None:
    with pytest.raises(BadConfig, match="no positions"):
        loader(store, Positions.of_games(store, np.zeros(len(store), np.bool_)))


def test_evaluation_batches(store: GameStore) -> None:
    batches = list(evaluation_batches(store, SANDBOX_26, source="ranked", positions=150, seed=4, batch=64, threads=2))
    assert [len(batch) for batch in batches] == [64, 64, 22]
    chosen = evaluation_positions(store, source="ranked", positions=150, seed=4)
    games, plies = chosen.locate(np.arange(len(chosen)))
    moves = store.moves[store.game_start[games] + plies] & POINT_MASK
    assert np.concatenate([batch.targets["move"] for batch in batches]).tolist() == moves.tolist()
    assert not np.concatenate([batch.transform for batch in batches]).any()
    late = plies >= 10
    visible = unpack(np.concatenate([batch.packed for batch in batches]))[late, 18:23].any(axis=(2, 3))
    assert visible.mean() > 0.97


def test_no_sgfmill_in_training() -> None:
    program = "import sys; sys.modules['sgfmill'] = None; import shicho.training.data.dataset"
    subprocess.run([sys.executable, "-c", program], check=True)

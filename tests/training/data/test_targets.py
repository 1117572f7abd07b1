"""Targets against sgfmill's reading of the same SGF texts."""

from typing import NamedTuple

import numpy as np
import pytest
from sgfmill import sgf

from shicho.engine.errors import BadConfig
from shicho.engine.features import SANDBOX_26
from shicho.training.data.dataset import Batch, Loader, evaluation_batches
from shicho.training.data.positions import Positions, evaluation_positions
from shicho.training.data.store import GAME_DTYPES, GameStore
from shicho.training.data.targets import NO_MOVE, TARGETS, check_targets
from tests.support.real_games import join_games, real_games
from tests.support.stores import GROUPED_SOURCES, grouped_store, grouped_texts, no_owners

PASS = 361


class SgfGame(NamedTuple):
    """What sgfmill reads of a game: (colour, move) pairs, and its RE tag."""

    moves: list[tuple[str, int]]
    result: str


def read_with_sgfmill(data: bytes) -> SgfGame:
    game = sgf.Sgf_game.from_bytes(data)
    moves = []
    for node in game.get_main_sequence():
        colour, place = node.get_move()
        if colour is not None:
            moves.append((colour, PASS if place is None else (18 - place[0]) * 19 + place[1]))
    root = game.get_root()
    return SgfGame(moves, root.get("RE") if root.has_property("RE") else "")


def expected_win(result: str, colour: str) -> float:
    if result == "0":
        return 0.5
    if result[:2] in ("B+", "W+"):
        return float(result[0].lower() == colour)
    return float("nan")


def expected_targets(game: SgfGame, ply: int) -> dict[str, object]:
    following = [move for _, move in game.moves[ply + 1 : ply + 3]]
    return {
        "move": game.moves[ply][1],
        "next_moves": following + [NO_MOVE] * (2 - len(following)),
        "win": expected_win(game.result, game.moves[ply][0]),
    }


@pytest.fixture(scope="module")
def store() -> GameStore:
    return grouped_store()


def check(store: GameStore, batch: Batch) -> None:
    games = [read_with_sgfmill(data) for _, data in grouped_texts()]
    groups = ["pro", "kgs-6d", "held-out"]
    assert set(batch.targets) == set(TARGETS)
    for row, (game, ply) in enumerate(zip(batch.targets["game"], batch.targets["ply"], strict=True)):
        for name, value in expected_targets(games[game], ply).items():
            np.testing.assert_array_equal(batch.targets[name][row], value, err_msg=f"{name} of game {game} ply {ply}")
        assert groups[batch.targets["source"][row]] == GROUPED_SOURCES[grouped_texts()[game][0]].group


def test_training_targets_as_sgfmill_reads_the_games(store: GameStore) -> None:
    positions = Positions.of_split(store, "train")
    loader = Loader(store, positions, SANDBOX_26, batch_size=len(positions), seed=1, targets=TARGETS)
    batch = loader.batch(0)
    check(store, batch)
    games, plies = positions.locate(loader.numbers(0))
    assert batch.targets["game"].tolist() == games.tolist()
    assert batch.targets["ply"].tolist() == plies.tolist()
    win = batch.targets["win"]
    assert {float(value) for value in win[~np.isnan(win)]} == {0.0, 0.5, 1.0}
    assert np.isnan(win).any()
    assert {PASS, NO_MOVE} < set(batch.targets["next_moves"].ravel().tolist())


def test_evaluation_targets_as_sgfmill_reads_the_games(store: GameStore) -> None:
    batches = list(evaluation_batches(store, SANDBOX_26, source="held-out", batch=100, targets=TARGETS))
    assert sum(map(len, batches)) == len(evaluation_positions(store, source="held-out"))
    for batch in batches:
        check(store, batch)
        assert not batch.transform.any()


def test_shapes_and_dtypes(store: GameStore) -> None:
    loader = Loader(store, Positions.of_split(store, "train"), SANDBOX_26, batch_size=10, seed=1, targets=TARGETS)
    batch = loader.batch(5)
    assert {name: (values.shape, values.dtype) for name, values in batch.targets.items()} == {
        "move": ((10,), np.int64),
        "ladder": ((10, 48), np.uint8),
        "ownership": ((10, 361), np.int8),
        "chains": ((10, 19, 19), np.int16),
        "rank": ((10,), np.int64),
        "next_moves": ((10, 2), np.int64),
        "win": ((10,), np.float32),
        "source": ((10,), np.int64),
        "game": ((10,), np.int64),
        "ply": ((10,), np.int64),
    }
    assert all(values.flags.c_contiguous and values.flags.writeable for values in batch.targets.values())
    assert (batch.packed.shape, batch.packed.dtype) == ((10, 26, 48), np.uint8)
    assert (batch.transform.shape, batch.transform.dtype) == ((10,), np.uint8)
    assert len(batch) == 10


def test_targets_are_those_that_are_asked_for(store: GameStore) -> None:
    positions = Positions.of_split(store, "train")
    for targets in (("move",), ("win", "next_moves"), ()):
        loader = Loader(store, positions, SANDBOX_26, batch_size=4, seed=1, targets=targets)
        assert tuple(loader.batch(0).targets) == targets
    assert tuple(Loader(store, positions, SANDBOX_26, batch_size=4, seed=1).batch(0).targets) == ("move",)


def test_next_moves_on_smaller_boards_are_on_the_19x19_grid() -> None:
    moves, game_start, setup, setup_start, sizes = join_games(real_games())
    columns = {name: np.zeros(len(sizes), dtype) for name, dtype in GAME_DTYPES.items()} | {"size": sizes}
    joined = {"moves": moves, "game_start": game_start, "setup": setup, "setup_start": setup_start}
    store = GameStore(sources=GROUPED_SOURCES, command="", **joined, **columns, **no_owners(len(sizes)))
    positions = Positions.of_games(store, sizes < 19)
    order = ("game", "ply", "move", "next_moves")
    batch = Loader(store, positions, SANDBOX_26, batch_size=len(positions), seed=1, targets=order).batch(0)
    game, ply, move, following = (batch.targets[name] for name in order)
    played = dict(zip(zip(game.tolist(), ply.tolist(), strict=True), move.tolist(), strict=True))
    assert len({int(sizes[number]) for number in game}) > 3
    for row, place in enumerate(zip(game.tolist(), ply.tolist(), strict=True)):
        expected = [played.get((place[0], place[1] + later), NO_MOVE) for later in (1, 2)]
        assert following[row].tolist() == expected


@pytest.mark.parametrize("name", ["territory", "moves", ""])
def test_unknown_targets(store: GameStore, name: str) -> None:
    positions = Positions.of_split(store, "train")
    with pytest.raises(BadConfig, match="next_moves") as caught:
        check_targets(("move", name))
    assert repr(name) in str(caught.value)
    with pytest.raises(BadConfig):
        Loader(store, positions, SANDBOX_26, batch_size=4, seed=1, targets=(name,))
    with pytest.raises(BadConfig):
        evaluation_batches(store, SANDBOX_26, source="held-out", targets=(name,))

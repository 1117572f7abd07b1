"""Final owners from the SGF to the target, and the other targets that come with a position: ladders and ranks."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from shicho.engine.board import Board
from shicho.engine.coords import vertex_to_point
from shicho.engine.errors import BadConfig, BadStore
from shicho.engine.features import FEATURE_SETS, SANDBOX_26, FeatureSet, unpack
from shicho.training.data.build import Reporter, build_games
from shicho.training.data.dataset import Loader, Positions, evaluation_batches
from shicho.training.data.records import read_block
from shicho.training.data.sources import Text, find_sources
from shicho.training.data.store import (
    GameStore,
    Source,
    join_games,
    pack_owner,
    unpack_owner,
    write_store,
)
from tests.support.real_games import FOLDER
from tests.support.stores import small_store

COUNTED = FOLDER / "19-seed002.sgf"


def text(result: str, path: Path = COUNTED) -> Text:
    """The game at `path`, told to have ended with this result."""
    head, _, rest = path.read_text().partition("RE[")
    return Text(place=path.name, data=(f"{head}RE[{result}{rest[rest.index(']') :]}").encode())


def store_of(*texts: Text) -> GameStore:
    games = join_games([read_block(texts, 0, ownership=True).games])
    sources = (Source(name="some", group="some", sha256=""),)
    return GameStore(sources=sources, command="", **games.columns())


def test_owners_are_packed_in_bits() -> None:
    owner = np.random.default_rng(1).integers(-1, 2, (19, 19))
    packed = pack_owner(owner)
    assert (packed.dtype, packed.shape) == (np.uint8, (91,))
    np.testing.assert_array_equal(unpack_owner(packed), owner.ravel())
    np.testing.assert_array_equal(unpack_owner(np.stack([packed, packed])), np.stack([owner.ravel()] * 2))


@pytest.mark.parametrize(
    ("result", "counted"),
    [("B+3.5", True), ("W+12", True), ("b+0.5", True), ("Black+2", True), ("B+R", False), ("W+T", False), ("?", False)],
)
def test_games_that_were_counted_have_an_owner(result: str, counted: bool) -> None:
    store = store_of(text(result))
    assert len(store.owner) == (91 if counted else 0)
    assert store.owner_start.tolist() == [0, len(store.owner)]
    assert len(read_block([text(result)], 0).games.owner) == 0


def test_stones_belong_to_the_side_that_gnu_go_lets_live() -> None:
    """GNU Go's verdicts on every 19x19 game: an alive stone's point is its colour's, a dead one's the opponent's."""
    verdicts = json.loads((FOLDER.parent / "verdicts.json").read_text())
    stones = unsettled = 0
    for path in sorted(FOLDER.glob("19-*.sgf")):
        store = store_of(text("B+3.5", path))
        owner, board = unpack_owner(store.owner), Board(19)
        for code in store.moves.tolist():
            board.play("w" if code & 0x8000 else "b", code & 0x7FFF, suicide=True)
        dead = {vertex_to_point(vertex, 19) for vertex in verdicts[path.stem]["dead"]}
        for point, stone in enumerate(board.stones.ravel().tolist()):
            if stone:
                expected = (1 if stone == 1 else -1) * (-1 if point in dead else 1)
                stones += 1
                unsettled += owner[point] == 0
                assert owner[point] in (0, expected), (path.stem, point)
    assert stones > 2000
    assert unsettled < 0.03 * stones


def test_ownership_is_seen_by_the_side_to_move() -> None:
    store = store_of(text("B+3.5"), text("W+R", FOLDER / "19-seed016.sgf"))
    positions = Positions.of_games(store, np.ones(2, np.bool_))
    loader = Loader(store, positions, SANDBOX_26, batch_size=64, seed=2, targets=("ownership", "game", "ply"))
    targets = loader.batch(0).targets
    expected = unpack_owner(store.owner)
    for owner, game, ply in zip(targets["ownership"], targets["game"], targets["ply"], strict=True):
        white = store.moves[store.game_start[game] + ply] >= 0x8000
        np.testing.assert_array_equal(owner, 0 if game == 1 else -expected if white else expected)
    assert len(set(targets["game"].tolist())) == 2


def test_a_store_keeps_owners_and_old_stores_have_none(tmp_path: Path) -> None:
    store = store_of(text("B+3.5"), text("B+R"), text("W+1.5", FOLDER / "19-seed016.sgf"))
    write_store(tmp_path / "a.h5", store, store.sources, "")
    read = GameStore.open(tmp_path / "a.h5")
    np.testing.assert_array_equal(read.owner, store.owner)
    np.testing.assert_array_equal(read.owner_start, [0, 91, 91, 182])
    chosen = read.select(np.array([2, 1]))
    np.testing.assert_array_equal(chosen.owner, store.owner[91:])
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["owner_start"][1] = 90
    with pytest.raises(BadStore, match="owner"):
        GameStore.open(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        del file["owner"], file["owner_start"]
    old = GameStore.open(tmp_path / "a.h5")
    assert (len(old.owner), old.owner_start.tolist()) == (0, [0, 0, 0, 0])


def test_a_build_finds_the_same_owners_on_any_number_of_processes(tmp_path: Path) -> None:
    (tmp_path / "games").mkdir()
    for number, result in enumerate(("B+3.5", "W+R")):
        path = sorted(FOLDER.glob("19-*.sgf"))[number]
        (tmp_path / "games" / f"{number}.sgf").write_bytes(text(result, path).data)
    report = Reporter(message=lambda line: None, advance=lambda count: None)
    sources = find_sources([tmp_path / "games"])
    one, two = (build_games(sources, ownership=True, jobs=jobs, seed=0, report=report)[0] for jobs in (1, 2))
    assert one.owner_start.tolist() == [0, 91, 91]
    np.testing.assert_array_equal(one.owner, two.owner)


@pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=str)
def test_the_ladder_target_is_what_the_solver_reads(features: FeatureSet) -> None:
    store = small_store()
    names = ("ladder", "game", "ply")
    batch = next(evaluation_batches(store, features, split="validation", positions=60, batch=60, targets=names))
    captured = unpack(batch.targets["ladder"][:, None])[:, 0]
    assert captured.any()
    for row, game, ply in zip(captured, batch.targets["game"], batch.targets["ply"], strict=True):
        board, start = Board(19), store.game_start[game]
        for code in store.moves[start : start + ply].tolist():
            board.play("w" if code & 0x8000 else "b", code & 0x7FFF, suicide=True)
        liberties = board.liberties()
        for point in range(361):
            few = liberties.flat[point] in (1, 2)
            assert row.flat[point] == (few and board.ladder(point).captured), (game, ply, point)


def test_ranks_are_those_of_the_side_to_move() -> None:
    store = small_store()
    columns = {"black_rank": np.full(len(store), 27, np.int8), "white_rank": np.full(len(store), -3, np.int8)}
    ranked = replace(store, **columns)
    loader = Loader(
        ranked, Positions.of_split(ranked, "train"), SANDBOX_26, batch_size=50, seed=1, targets=("rank", "game", "ply")
    )
    targets = loader.batch(0).targets
    white = store.moves[store.game_start[targets["game"]] + targets["ply"]] >= 0x8000
    np.testing.assert_array_equal(targets["rank"], np.where(white, 0, 10))


def test_planes_have_names() -> None:
    assert SANDBOX_26.index("ladder_captured") == 23
    with pytest.raises(BadConfig, match="nix"):
        SANDBOX_26.index("nix")

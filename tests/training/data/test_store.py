"""The HDF5 file: what goes in comes out, plain h5py reads it, and a bad file is one clear error."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from shicho.engine.errors import BadStore
from shicho.training.data.store import (
    CHUNK,
    GAME_DTYPES,
    JOINED_DTYPES,
    PASS,
    STARTS,
    Games,
    GameStore,
    Source,
    join_games,
    write_store,
)
from tests.support.stores import SOURCES, random_games

DTYPES = {**JOINED_DTYPES, **dict.fromkeys(STARTS.values(), np.int64), **GAME_DTYPES}


def assert_equal(left: Games, right: Games) -> None:
    for name, values in left.columns().items():
        assert values.dtype == right.columns()[name].dtype == DTYPES[name]
        np.testing.assert_array_equal(values, right.columns()[name], err_msg=name)


def written(folder: Path, games: Games) -> Path:
    path = folder / "games.h5"
    write_store(path, games, SOURCES, "shicho data build x -o 'a b.h5'")
    return path


@pytest.mark.parametrize("count", [0, 1, 50])
def test_round_trip(tmp_path: Path, count: int) -> None:
    games = random_games(count)
    path = written(tmp_path, games)
    stored = GameStore.open(path)
    assert_equal(games, stored)
    assert stored.sources == SOURCES
    assert stored.source_names == tuple(source.name for source in SOURCES)
    assert stored.command == "shicho data build x -o 'a b.h5'"
    assert [entry.name for entry in tmp_path.iterdir()] == ["games.h5"]


def test_more_than_a_chunk(tmp_path: Path) -> None:
    games = random_games(2, length=CHUNK - 5)
    assert_equal(games, GameStore.open(written(tmp_path, games)))


def test_plain_h5py_reads_it(tmp_path: Path) -> None:
    games = random_games(20)
    with h5py.File(written(tmp_path, games), "r") as file:
        assert set(file) == set(DTYPES)
        assert file.attrs["format"] == "shicho-games"
        assert file.attrs["version"] == 1
        sources = json.loads(file.attrs["sources"])
        assert sources[1]["name"] == SOURCES[1].name
        assert sources[1]["left_out"] == SOURCES[1].left_out
        start, end = file["game_start"][3:5]
        np.testing.assert_array_equal(file["moves"][start:end], games.moves[start:end])
        assert file["moves"].compression == "gzip"
        assert file["moves"].chunks is not None


def test_many_sources_fit_the_attributes(tmp_path: Path) -> None:
    path = tmp_path / "games.h5"
    sources = [replace(SOURCES[0], name=f"folder/of/archives/{number:03}") for number in range(256)]
    write_store(path, random_games(3), sources, "x" * 100_000)
    assert GameStore.open(path).source_names == tuple(source.name for source in sources)


def test_select_and_join() -> None:
    games = random_games(30)
    mask = np.arange(30) % 3 == 1
    parts = join_games([games.select(mask), games.select(~mask)])
    order = np.concatenate([np.flatnonzero(mask), np.flatnonzero(~mask)])
    assert_equal(parts, games.select(order))
    assert_equal(parts.select(np.argsort(order)), games)
    assert len(join_games([])) == 0
    assert len(games.select(np.zeros(30, np.bool_))) == 0


def drop(name: str) -> Callable[[Any], None]:
    return lambda file: file.__delitem__(name)


def change(name: str, place: int, value: int) -> Callable[[Any], None]:
    return lambda file: file[name].__setitem__(place, value)


def attribute(name: str, value: Any) -> Callable[[Any], None]:
    return lambda file: file.attrs.__setitem__(name, value)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (drop("moves"), "moves"),
        (drop("hash"), "hash"),
        (change("game_start", 3, 10_000_000), "game_start"),
        (change("game_start", 0, 1), "game_start"),
        (change("setup_start", -1, 0), "setup_start"),
        (change("moves", 0, PASS + 1), "point 362"),
        (change("setup", 0, PASS), "point 361"),
        (change("source", 0, 9), "source"),
        (change("split", 0, 3), "split"),
        (attribute("format", "other"), "'other'"),
        (attribute("version", 2), "version 2"),
        (attribute("sources", "{"), "games.h5"),
        (attribute("sources", "[1]"), "games.h5"),
        (lambda file: file.attrs.__delitem__("format"), "None"),
    ],
)
def test_bad_contents(tmp_path: Path, spoil: Callable[[Any], None], words: str) -> None:
    path = written(tmp_path, random_games(20))
    with h5py.File(path, "r+") as file:
        spoil(file)
    with pytest.raises(BadStore, match=words) as error:
        GameStore.open(path)
    assert "\n" not in str(error.value)
    assert "games.h5" in str(error.value)


def test_bad_files(tmp_path: Path) -> None:
    text = tmp_path / "text.h5"
    text.write_text("no HDF5")
    whole = written(tmp_path, random_games(20)).read_bytes()
    cut = tmp_path / "cut.h5"
    cut.write_bytes(whole[: len(whole) // 2])
    for path in (text, cut, tmp_path / "missing.h5", tmp_path):
        with pytest.raises(BadStore, match=path.name):
            GameStore.open(path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = written(tmp_path, random_games(5))
    before = path.read_bytes()
    broken = replace(random_games(5), komi=np.array([object()] * 5))
    with pytest.raises(TypeError):
        write_store(path, broken, SOURCES, "")
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["games.h5"]


@pytest.mark.parametrize(
    "wrong", [{"games_read": 11}, {"kept_games": 4}, {"kept_moves": 1}, {"left_out": {}}, {"moves_left_out": {"x": 1}}]
)
def test_an_account_that_does_not_add_up(wrong: dict[str, Any]) -> None:
    source = Source(
        name="a",
        group="a",
        sha256="",
        games_read=10,
        kept_games=7,
        left_out={"duplicate": 3},
        moves_read=2000,
        kept_moves=1400,
        moves_left_out={"duplicate": 600},
    )
    assert source.adds_up
    assert not replace(source, **wrong).adds_up

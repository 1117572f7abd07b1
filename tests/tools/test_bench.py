"""The benchmarks: that they measure what they say, and print what others read. Speed itself is not tested."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sgfmill.boards import Board as SgfmillBoard
from typer.testing import CliRunner

from shicho.engine.errors import BadConfig, BadRecord
from shicho.tools.bench import core
from shicho.tools.bench.games import load_games, positions
from shicho.tools.bench.measure import spread
from shicho.tools.cli import app
from shicho.training.store import GAME_DTYPES, Games, Source, write_store
from tests.support.networks import write_network
from tests.support.real_games import FOLDER, join_games, real_games

BROKEN = "(;GM[1]SZ[9];B[aa];W[aa])"
SHORT = "(;GM[1]SZ[5]AB[aa][bb];W[cc];B[];W[dd])"


def bench(*arguments: str) -> dict[str, Any]:
    ended = CliRunner().invoke(app, ["bench", *arguments, "--json"], catch_exceptions=False)
    assert ended.exit_code == 0
    result: dict[str, Any] = json.loads(ended.stdout)
    assert result["versions"]["sgfmill"]
    assert result["hardware"]["processor"]
    return result


def write_test_store(path: Path) -> None:
    moves, game_start, setup, setup_start, sizes = join_games(real_games()[:6])
    columns: dict[str, Any] = {name: np.zeros(len(sizes), dtype) for name, dtype in GAME_DTYPES.items()} | {
        "size": sizes
    }
    games = Games(moves=moves, game_start=game_start, setup=setup, setup_start=setup_start, **columns)
    write_store(path, games, [Source(name="test", group="test", sha256="")], "a test")


def test_core_prints_rates_and_their_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "AT_LEAST", 0.01)
    result = bench("core", str(FOLDER), "--games", "4", "--repeats", "5")
    assert result["n"]["games"] == 4
    assert result["n"]["moves"] == sum(len(record.moves) for record in real_games()[:4])
    for name in ("moves_ratio", "playouts_ratio", "ladders_ratio", "features_ratio", "two_core_gain"):
        assert result["spread"][name]["repeats"] == 5
        assert 0 < result["spread"][name]["min"] <= result[name] <= result["spread"][name]["max"]
    assert result["sgfmill_moves_per_s"] > 0


def test_a_rate_is_work_done_in_a_time_and_a_ratio_is_of_two_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "cpu_seconds", lambda work, at_least: 0.5)
    monkeypatch.setattr(core, "wall_seconds", lambda work, at_least: 0.5)
    result = bench("core", str(FOLDER), "--games", "4", "--repeats", "5")
    moves, playout_moves = result["n"]["moves"], result["n"]["playout_moves"]
    assert result["sgfmill_moves_per_s"] == result["moves_per_s"] == pytest.approx(2 * moves, rel=1e-3)
    assert result["playouts_ratio"] == pytest.approx(playout_moves / moves, rel=1e-3)
    assert result["moves_ratio"] == result["ladders_ratio"] == result["features_ratio"] == result["two_core_gain"] == 1


def test_all_sources_of_games_give_the_same(tmp_path: Path) -> None:
    write_test_store(tmp_path / "games.h5")
    collection = tmp_path / "games.sgf"
    files = sorted(FOLDER.glob("*.sgf"))[:6]
    collection.write_bytes(b"\n".join(file.read_bytes() for file in files))
    expected = join_games(real_games()[:6])
    for path in (FOLDER, collection, tmp_path / "games.h5"):
        ledger, source = load_games(path, 6)
        assert source == str(path)
        for ours, theirs in zip(ledger, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@dataclass
class Recorder:
    """Remembers the last board that sgfmill's side made."""

    board: SgfmillBoard | None = None

    def __call__(self, size: int) -> SgfmillBoard:
        self.board = SgfmillBoard(size)
        return self.board


def test_both_sides_replay_the_same_games(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, _ = load_games(FOLDER, 1000)
    recorder = Recorder()
    monkeypatch.setattr(core, "SgfmillBoard", recorder)
    for index, plain in enumerate(core.as_plain(ledger)):
        assert core.replay_with_sgfmill([plain]) == len(plain.moves)
        *_, game = positions(ledger, index)
        assert recorder.board
        at_end = {
            (row, column): {1: "b", 2: "w"}.get(int(game.board.stones[plain.size - 1 - row, column]))
            for row in range(plain.size)
            for column in range(plain.size)
        }
        assert at_end == {place: recorder.board.get(*place) for place in at_end}


def test_broken_games_are_passed_over_and_no_games_are_one_line(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.sgf"
    mixed.write_text(BROKEN + SHORT)
    ledger, _ = load_games(mixed, 10)
    assert ledger.moves.tolist() == [12 | 0x8000, 361, 18 | 0x8000]
    assert ledger.setup.tolist() == [0, 6]
    (tmp_path / "broken.sgf").write_text(BROKEN)
    with pytest.raises(BadRecord, match=r"broken\.sgf: no readable game"):
        load_games(tmp_path / "broken.sgf", 10)
    with pytest.raises(BadConfig, match="nowhere: no such file"):
        load_games(tmp_path / "nowhere", 10)


def test_outside_a_checkout_games_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadConfig, match="name a file with games"):
        load_games(None, 10)


def test_genmove_times_moves_start_and_memory(tmp_path: Path) -> None:
    network = write_network(tmp_path / "tiny.onnx")
    result = bench("genmove", str(FOLDER), "--network", str(network), "--moves", "5", "--starts", "1")
    assert result["spread"]["genmove_ms"]["repeats"] == 5
    assert 0 < result["genmove_ms"] <= result["genmove_ms_95_percent"]
    assert result["start_to_first_move_s"] > 0
    assert result["resident_mib"] > 10
    assert result["network"] == "tiny.onnx"


def test_loader_counts_samples(tmp_path: Path) -> None:
    write_test_store(tmp_path / "games.h5")
    result = bench("loader", str(tmp_path / "games.h5"), "--batch-size", "16", "--batches", "3", "--repeats", "2")
    assert result["n"]["positions"] == sum(len(record.moves) for record in real_games()[:6])
    assert result["spread"]["samples_per_core_s"]["repeats"] == 2
    assert result["samples_per_core_s"] > 0


def test_without_json_the_figures_stand_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "AT_LEAST", 0.01)
    ended = CliRunner().invoke(app, ["bench", "core", str(FOLDER), "--games", "1", "--repeats", "1"])
    assert ended.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in ended.stdout.splitlines())
    assert {"sgfmill_moves_per_s", "moves_ratio", "ladders_ratio", "features_ratio"} <= set(lines)


def test_spread() -> None:
    assert spread([3.0, 1.0, 2.00004]) == {"median": 2.0, "min": 1.0, "max": 3.0, "repeats": 3}

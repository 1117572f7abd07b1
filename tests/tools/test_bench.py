"""The benchmarks: what they measure and the JSON they print. Speed itself is not tested."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sgfmill.boards import Board as SgfmillBoard
from typer.testing import CliRunner

from shicho.engine.errors import BadConfig, BadRecord, GtpError
from shicho.tools.bench import core
from shicho.tools.bench.games import load_games, positions
from shicho.tools.bench.measure import spread
from shicho.tools.bench.train import flop_per_sample
from shicho.tools.cli import app
from shicho.training.config import Heads, NetworkConfig, Policy, Residual
from shicho.training.data.store import GAME_DTYPES, Games, Source, write_store
from shicho.training.network.model import Network
from tests.support.networks import write_network
from tests.support.real_games import FOLDER, join_games, real_games
from tests.support.stores import no_owners

BROKEN = "(;GM[1]SZ[9];B[aa];W[aa])"
TINY = """
[network]
channels = 8
blocks = [{ type = "residual" }, { type = "chain-pooling", channels = 4 }]
heads = { win = {}, next_moves = {}, ownership = {}, ladder = {} }
condition = { sources = ["pro"] }
[training]
samples = 1000
batch_size = 8
optimiser = { type = "sgd", learning_rate = 0.01 }
schedule = { type = "constant" }
"""
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
    columns: dict[str, Any] = {name: np.zeros(len(sizes), dtype) for name, dtype in GAME_DTYPES.items()}
    columns |= {"size": sizes, **no_owners(len(sizes))}
    games = Games(moves=moves, game_start=game_start, setup=setup, setup_start=setup_start, **columns)
    write_store(path, games, [Source(name="test", group="test", sha256="")], "a test")


def test_core_prints_rates_and_their_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "MIN_SECONDS", 0.01)
    result = bench("core", str(FOLDER), "--games", "4", "--repeats", "5")
    assert result["n"]["games"] == 4
    assert result["n"]["moves"] == sum(len(record.moves) for record in real_games()[:4])
    for name in ("moves_ratio", "playouts_ratio", "ladders_ratio", "features_ratio", "two_core_gain"):
        assert result["spread"][name]["repeats"] == 5
        assert 0 < result["spread"][name]["min"] <= result[name] <= result["spread"][name]["max"]
    assert result["sgfmill_moves_per_s"] > 0


def test_rates_are_counts_per_second_and_ratios_divide_two_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "cpu_seconds", lambda work, min_seconds: 0.5)
    monkeypatch.setattr(core, "wall_seconds", lambda work, min_seconds: 0.5)
    result = bench("core", str(FOLDER), "--games", "4", "--repeats", "5")
    moves, playout_moves = result["n"]["moves"], result["n"]["playout_moves"]
    assert result["sgfmill_moves_per_s"] == result["moves_per_s"] == pytest.approx(2 * moves, rel=1e-3)
    assert result["playouts_ratio"] == pytest.approx(playout_moves / moves, rel=1e-3)
    assert result["moves_ratio"] == result["ladders_ratio"] == result["features_ratio"] == result["two_core_gain"] == 1


def test_all_sources_of_games_give_the_same_arrays(tmp_path: Path) -> None:
    write_test_store(tmp_path / "games.h5")
    collection = tmp_path / "games.sgf"
    files = sorted(FOLDER.glob("*.sgf"))[:6]
    collection.write_bytes(b"\n".join(file.read_bytes() for file in files))
    expected = join_games(real_games()[:6])
    for path in (FOLDER, collection, tmp_path / "games.h5"):
        arrays, source = load_games(path, 6)
        assert source == str(path)
        for ours, theirs in zip(arrays, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@dataclass
class Recorder:
    """Creates sgfmill boards and remembers the last one."""

    board: SgfmillBoard | None = None

    def __call__(self, size: int) -> SgfmillBoard:
        self.board = SgfmillBoard(size)
        return self.board


def test_sgfmill_and_the_core_reach_the_same_position(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, _ = load_games(FOLDER, 1000)
    recorder = Recorder()
    monkeypatch.setattr(core, "SgfmillBoard", recorder)
    for index, record in enumerate(core.to_sgfmill(arrays)):
        assert core.replay_with_sgfmill([record]) == len(record.moves)
        *_, game = positions(arrays, index)
        assert recorder.board
        position = {
            (row, column): {1: "b", 2: "w"}.get(int(game.board.stones[record.size - 1 - row, column]))
            for row in range(record.size)
            for column in range(record.size)
        }
        assert position == {point: recorder.board.get(*point) for point in position}


def test_unreadable_games_are_skipped_and_no_games_raise(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.sgf"
    mixed.write_text(BROKEN + SHORT)
    arrays, _ = load_games(mixed, 10)
    assert arrays.moves.tolist() == [12 | 0x8000, 361, 18 | 0x8000]
    assert arrays.setup.tolist() == [0, 6]
    (tmp_path / "broken.sgf").write_text(BROKEN)
    with pytest.raises(BadRecord, match=r"broken\.sgf"):
        load_games(tmp_path / "broken.sgf", 10)
    with pytest.raises(BadConfig, match="nowhere"):
        load_games(tmp_path / "nowhere", 10)


def test_outside_a_checkout_a_path_is_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadConfig, match="tests/data/games"):
        load_games(None, 10)


def test_genmove_measures_time_and_memory(tmp_path: Path) -> None:
    network = write_network(tmp_path / "tiny.onnx")
    result = bench("genmove", str(FOLDER), "--network", str(network), "--moves", "5", "--starts", "1")
    assert result["spread"]["genmove_ms"]["repeats"] == 5
    assert 0 < result["genmove_ms"] <= result["genmove_ms_95_percent"]
    assert result["start_to_first_move_s"] > 0
    assert result["resident_mib"] > 10
    assert result["analysis_ms"] is None
    assert (result["network"], result["style"], result["symmetries"]) == ("tiny.onnx", "beta", 1)
    network = write_network(tmp_path / "tiny.onnx", win=True)
    options = ("--network", str(network), "--moves", "2", "--starts", "1", "--style", "argmax", "--symmetries", "8")
    result = bench("genmove", str(FOLDER), *options)
    assert (result["style"], result["symmetries"]) == ("argmax", 8)
    assert result["spread"]["analysis_ms"]["repeats"] == 2
    assert 0 < result["analysis_ms"] <= result["analysis_ms_95_percent"]


def test_analysis_measures_one_position_at_a_time_and_batches(tmp_path: Path) -> None:
    network = write_network(tmp_path / "tiny.onnx")
    result = bench("analysis", str(FOLDER), "--network", str(network), "--turns", "4", "--symmetries", "1")
    for way in ("one_at_a_time", "in_batches"):
        assert result[f"positions_per_s_{way}"] > 0
        assert result[f"cpu_ms_per_position_{way}"] > 0
    assert result["ownership_cpu_ms"] > 0
    assert (result["turns"], result["symmetries"], result["network"]) == (4, 1, "tiny.onnx")


def test_match_measures_the_runner_beside_its_engines() -> None:
    result = bench("match", "--games", "2", "--size", "5", "--level", "0")
    total = result["runner_cpu_s_a_game"] + result["engines_cpu_s_a_game"]
    assert result["runner_share"] == pytest.approx(result["runner_cpu_s_a_game"] / total, rel=0.01)
    assert 0 < result["runner_share"] < 1
    moves_a_game = 1000 * result["runner_cpu_s_a_game"] / result["runner_cpu_ms_a_move"]
    assert 2 <= moves_a_game <= 2 * 25
    assert result["speed_up"] == pytest.approx(result["games_per_s_2_jobs"] / result["games_per_s_1_job"], rel=0.01)
    assert result["engine"] == "GNU Go 3.8 level 0"


def test_soak_plays_whole_games_in_one_process(tmp_path: Path) -> None:
    network = write_network(tmp_path / "tiny.onnx")
    result = bench("soak", "--network", str(network), "--games", "3", "--sizes", "5,3")
    assert result["games"] == 3
    assert result["moves"] > 30
    assert min(result["resident_mib_after_3_games"], result["resident_mib_at_the_end"]) > 10
    for size in ("5x5", "3x3"):
        for which in ("first", "last"):
            assert result[f"genmove_ms_{size}_{which}_tenth"] > 0
            assert result[f"genmove_cpu_ms_{size}_{which}_tenth"] >= 0
    with pytest.raises(GtpError, match="boardsize 20: unacceptable size"):
        bench("soak", "--network", str(network), "--games", "1", "--sizes", "20")
    assert CliRunner().invoke(app, ["bench", "soak", "--sizes", "9,x"]).exit_code == 2


def test_loader_counts_samples(tmp_path: Path) -> None:
    write_test_store(tmp_path / "games.h5")
    result = bench("loader", str(tmp_path / "games.h5"), "--batch-size", "16", "--batches", "3", "--repeats", "2")
    assert result["n"]["positions"] == sum(len(record.moves) for record in real_games()[:6])
    assert result["spread"]["samples_per_core_s"]["repeats"] == 2
    assert result["samples_per_core_s"] > 0


def test_without_json_each_figure_is_on_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "MIN_SECONDS", 0.01)
    ended = CliRunner().invoke(app, ["bench", "core", str(FOLDER), "--games", "1", "--repeats", "1"])
    assert ended.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in ended.stdout.splitlines())
    assert {"sgfmill_moves_per_s", "moves_ratio", "ladders_ratio", "features_ratio"} <= set(lines)


def test_spread() -> None:
    assert spread([3.0, 1.0, 2.00004]) == {"median": 2.0, "min": 1.0, "max": 3.0, "repeats": 3}


def test_training_steps_are_measured(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    options = ["--preset", str(tmp_path / "tiny.toml"), "--no-compile", "--steps", "1", "--repeats", "2"]
    result = bench("train", *options, "--precision", "float32", "--set", "training.batch_size=4")
    assert (result["precision"], result["compiled"], result["threads"], result["processes"]) == ("float32", False, 1, 1)
    assert result["n"] == {"batch_size": 4, "steps": 1, "repeats": 2}
    assert result["share_of_peak"] == pytest.approx(result["gflop_per_s"] / result["peak_gflop_per_s"], rel=0.01)
    rate = result["samples_per_s"] * result["gflop_per_sample"]
    assert result["gflop_per_s"] == pytest.approx(rate, rel=0.01)


def test_threads_and_processes_are_compared(tmp_path: Path) -> None:
    """Two processes that share every batch against two threads, with the same precision."""
    (tmp_path / "tiny.toml").write_text(TINY)
    options = ["--preset", str(tmp_path / "tiny.toml"), "--no-compile", "--steps", "1", "--repeats", "2"]
    result = bench("train", *options, "--precision", "float32", "--cores", "2")
    ways = result["ways"]
    assert {name: (way["threads"], way["processes"]) for name, way in ways.items()} == {
        "threads": (2, 1),
        "processes": (1, 2),
    }
    rates = {name: way["samples_per_s"] for name, way in ways.items()}
    assert min(rates.values()) > 0
    assert result["faster"] == max(rates, key=lambda name: rates[name])
    assert {name: result[name] for name in ways["threads"]} == ways[result["faster"]]
    for way in ways.values():
        assert (way["precision"], way["n"]) == ("float32", {"batch_size": 8, "steps": 1, "repeats": 2})


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    options = ["--preset", str(tmp_path / "tiny.toml"), "--precision", "float32"]
    with pytest.raises(BadConfig, match="batch_size = 8"):
        bench("train", *options, "--processes", "3")
    ended = CliRunner().invoke(app, ["bench", "train", *options, "--cores", "2", "--threads", "2"])
    assert ended.exit_code == 2


def test_flop_of_a_network_by_hand() -> None:
    """A convolution of k x k does 2 x 361 x k x k x inputs x outputs FLOP forwards, twice that backwards.

    The planes get no gradient, so the first convolution does it once backwards.
    """
    heads = Heads(policy=Policy(channels=4, pool_channels=3))
    network = Network(NetworkConfig(channels=8, blocks=(Residual(),), heads=heads), masked=False)
    stem, trunk = 25 * 26 * 8, 2 * 9 * 8 * 8
    head = 9 * 8 * 4 + 9 * 8 * 3 + 25 * 8
    matrices = 2 * 3 * (6 * 4 + 6 * 1)
    expected = 2 * 361 * (2 * stem + 3 * trunk + 3 * head) + matrices
    assert flop_per_sample(network) == pytest.approx(expected, rel=1e-3)

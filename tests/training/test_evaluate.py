"""Figures against a hand computation, and the command that prints them."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from numpy.typing import NDArray
from typer.testing import CliRunner

from shicho.engine.errors import BadCheckpoint, BadConfig, BadNetwork
from shicho.tools.commands.evaluate import evaluate
from shicho.training.dataset import Batch, evaluation_batches
from shicho.training.evaluate import Figures, measure, open_network, open_onnx
from shicho.training.evaluate import test_sources as sources_for_tests
from shicho.training.store import GameStore, write_store
from tests.support.networks import write_network
from tests.support.stores import small_store
from tests.support.training import write_checkpoint

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()


@pytest.fixture(scope="module")
def store_file(store: GameStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "games.h5"
    write_store(path, store, store.sources, "test")
    return path


def command(*arguments: object) -> Any:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(evaluate)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def batch(targets: list[int]) -> Batch:
    n = len(targets)
    return Batch(
        packed=np.zeros((n, 26, 48), np.uint8), targets=np.array(targets, np.int64), symmetry=np.zeros(n, np.uint8)
    )


def test_figures_by_hand() -> None:
    """Logits 5, 4, 3, 2, 1 on the points 0 to 4 and 0 elsewhere."""

    def predict(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = np.zeros((len(packed), 362), np.float32)
        logits[:, :5] = [5, 4, 3, 2, 1]
        return logits

    figures = measure(predict, [batch([0, 0, 3]), batch([4, 200])])
    normaliser = math.log(sum(math.exp(k) for k in (1, 2, 3, 4, 5)) + 357)
    assert figures.n == 5
    assert figures.top1 == pytest.approx(2 / 5)
    assert figures.top4 == pytest.approx(3 / 5)
    assert figures.cross_entropy == pytest.approx(normaliser - (5 + 5 + 2 + 1 + 0) / 5, rel=1e-9)


def test_a_network_that_knows_nothing_gets_no_credit_for_ties() -> None:
    figures = measure(lambda packed: np.zeros((len(packed), 362), np.float32), [batch([7, 8])])
    assert figures == Figures(top1=0.0, top4=0.0, cross_entropy=pytest.approx(math.log(362)), n=2)


def test_huge_logits_do_not_overflow() -> None:
    def predict(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = np.full((len(packed), 362), -1e4, np.float32)
        logits[:, 3] = 3e4
        return logits

    assert measure(predict, [batch([3])]).cross_entropy == pytest.approx(0, abs=1e-9)
    assert measure(predict, [batch([4])]).cross_entropy == pytest.approx(4e4)


def test_no_positions_are_an_error() -> None:
    with pytest.raises(BadConfig, match="no positions"):
        measure(lambda packed: np.zeros((0, 362), np.float32), [])


def test_the_store_knows_its_test_sources(store: GameStore) -> None:
    assert sources_for_tests(store) == ["ranked"]


def test_a_checkpoint_is_measured_as_its_network_answers(store: GameStore, tmp_path: Path) -> None:
    predict, features = open_network(write_checkpoint(tmp_path / "c"), CPU, 1)
    batches = list(evaluation_batches(store, features, source="ranked", positions=100, seed=3, batch=32))
    assert measure(predict, batches).n == 100
    together = predict(np.concatenate([b.packed for b in batches]))
    np.testing.assert_allclose(together[:32], predict(batches[0].packed), atol=1e-4)


def test_onnx_predictions_are_the_runtime_s(store: GameStore, tmp_path: Path) -> None:
    predict, features = open_onnx(write_network(tmp_path / "n.onnx"), 1)
    first = next(iter(evaluation_batches(store, features, split="validation", positions=5, batch=5)))
    logits = predict(first.packed)
    assert logits.shape == (5, 362)
    figures = measure(predict, [first])
    found = (logits.argmax(1) == first.targets).mean()
    assert figures.top1 == pytest.approx(found)


def test_json_holds_every_test_source(store_file: Path, tmp_path: Path) -> None:
    network = write_network(tmp_path / "n.onnx")
    result = command(network, store_file, "--json", "--positions", 200, "--threads", 1)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert set(figures) == {"ranked"}
    assert set(figures["ranked"]) == {"top1", "top4", "cross_entropy", "n"}
    assert figures["ranked"]["n"] == 200
    assert 0 <= figures["ranked"]["top1"] <= figures["ranked"]["top4"] <= 1
    again = command(network, store_file, "--json", "--positions", 200, "--threads", 1)
    assert json.loads(again.stdout) == figures
    other = command(network, store_file, "--json", "--positions", 200, "--threads", 1, "--seed", 5)
    assert json.loads(other.stdout) != figures


def test_a_source_or_a_split_can_be_chosen(store_file: Path, tmp_path: Path) -> None:
    network = write_network(tmp_path / "n.onnx")
    for option, name in (("--source", "train"), ("--split", "validation")):
        result = command(network, store_file, "--json", "--positions", 20, option, name)
        assert result.exit_code == 0, result.output
        assert set(json.loads(result.stdout)) == {name}
    both = command(network, store_file, "--source", "train", "--split", "test")
    assert both.exit_code == 2
    assert "exclude each other" in both.output


def test_the_table_says_that_passes_are_left_out(store_file: Path, tmp_path: Path) -> None:
    result = command(write_network(tmp_path / "n.onnx"), store_file, "--positions", 20)
    assert result.exit_code == 0
    assert "Passes are left out" in result.stdout
    for heading in ("top-1", "top-4", "cross-entropy", "ranked"):
        assert heading in result.stdout


def failures(store_file: Path, folder: Path) -> Iterator[tuple[list[object], type[Exception], str]]:
    network = write_network(folder / "good.onnx")
    (folder / "text.onnx").write_text("no network")
    (folder / "empty").mkdir()
    (folder / "text.h5").write_text("no store")
    other = write_network(folder / "other.onnx", metadata={"feature_set": "other-30"})
    yield [folder / "text.onnx", store_file], BadNetwork, "not an ONNX file"
    yield [other, store_file], BadNetwork, "feature set other-30 version 1, this engine computes sandbox-26 version 1"
    yield [folder / "empty", store_file], BadCheckpoint, "no checkpoint.json"
    yield [network, store_file, "--source", "nix"], BadConfig, "source 'nix'"
    yield [network, store_file, "--split", "nix"], BadConfig, "split 'nix'"
    yield [network, folder / "text.h5"], Exception, "text.h5"


def test_what_cannot_be_used_is_named(store_file: Path, tmp_path: Path) -> None:
    for arguments, kind, message in failures(store_file, tmp_path):
        result = command(*arguments)
        assert isinstance(result.exception, kind), result.output
        assert message in str(result.exception)
        assert "\n" not in str(result.exception)

"""Checkpoint to ONNX: the same numbers, the metadata, the card, and the refusal."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from shicho.engine.errors import BadCheckpoint, BadConfig, BadNetwork
from shicho.engine.features import SANDBOX_26
from shicho.engine.game import Game
from shicho.engine.policy import Policy
from shicho.tools.commands.export import export
from shicho.training import export as exporting
from shicho.training.checkpoint import Checkpoint, load_checkpoint, load_network, save_checkpoint
from shicho.training.config import Block, Ladder, Residual, Wide
from shicho.training.evaluate import open_checkpoint, open_onnx
from shicho.training.export import (
    PARITY_SIZES,
    TOLERANCE,
    export_network,
    onnx_bytes,
    parity,
    parity_positions,
    publish_weights,
)
from shicho.training.model import Network
from tests.support.training import tiny_preset, write_checkpoint

FIGURES = {"pro-2015": {"top1": 0.41234, "top4": 0.7, "cross_entropy": 2.125, "n": 50_000}}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "c")


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written by the command, from a network with a block of each kind."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "figures.json").write_text(json.dumps(FIGURES))
    result = command(checkpoint, "-o", folder / "net.onnx", "--figures", folder / "figures.json")
    assert result.exit_code == 0, result.output
    assert "differ by" in result.stdout
    return folder / "net.onnx"


def command(*arguments: object) -> Any:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(export)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def loaded(checkpoint: Path) -> Network:
    found = load_checkpoint(checkpoint)
    network = Network(found.state.preset.network, masked=True).eval()
    load_network(network, found.weights, checkpoint)
    return network


@pytest.mark.parametrize("block", [Residual(), Residual(pool=True), Ladder(channels=2), Wide(channels=4, length=5)])
def test_every_block_is_the_same_in_both_runtimes(block: Block, tmp_path: Path) -> None:
    """On boards of 19, 13, 9, 7, 5 and 2, together and one by one: within 1e-4 here, 1e-3 to be written at all."""
    network = loaded(write_checkpoint(tmp_path / "c", tiny_preset(block)))
    assert parity(network, onnx_bytes(network, {})) < 1e-4


def test_the_engine_plays_with_it_on_any_board(exported: Path, checkpoint: Path) -> None:
    policy, network = Policy(exported), loaded(checkpoint)
    for size in (2, 9, 19):
        game = Game(size)
        game.play(game.to_play, 0)
        probabilities = policy.evaluate(game).probabilities
        assert probabilities.shape == (size * size + 1,)
        with torch.inference_mode():
            planes = policy.features.compute(game)
            expected = network(torch.from_numpy(planes)[None]).policy[0].softmax(0).numpy()
        inside = expected[:361].reshape(19, 19)[planes[0] == 1]
        np.testing.assert_allclose(probabilities, np.append(inside, expected[361]), atol=1e-5)


def test_a_full_board_gets_what_the_checkpoint_says(exported: Path, checkpoint: Path) -> None:
    packed = np.random.default_rng(1).integers(0, 256, (3, 26, 48), np.uint8)
    packed[:, 0], packed[:, 0, 45], packed[:, 0, 46:] = 255, 1, 0
    ours = open_checkpoint(checkpoint, torch.device("cpu")).predict(packed)
    np.testing.assert_allclose(open_onnx(exported, 1).predict(packed), ours, atol=1e-4)


def test_metadata_says_what_it_is(exported: Path) -> None:
    metadata = Policy(exported).metadata
    assert metadata["feature_set"] == "sandbox-26"
    assert metadata["feature_version"] == "1"
    assert json.loads(metadata["config"])["channels"] == 8
    assert json.loads(metadata["figures"]) == FIGURES
    training = json.loads(metadata["training"])
    assert training["preset"] == "tiny"
    assert training["samples"] == 32
    assert training["seconds"] == 7200
    assert training["sources"] == {"some-games": "cd" * 32}
    assert training["git_commit"] == "f00"
    assert metadata["shicho_version"]


def test_the_file_tells_nothing_of_the_machine_it_was_made_on(exported: Path) -> None:
    for trace in (b".py", b"site-packages", str(Path.cwd()).encode(), str(Path.home()).encode() + b"/"):
        assert trace not in exported.read_bytes()


def test_the_card_says_what_it_was_trained_on(exported: Path) -> None:
    card = exported.with_suffix(".md").read_text()
    for text in ("# net.onnx", "32 samples, 2.00 hours", "some-games", "1,234 positions", "`f00`"):
        assert text in card
    assert "| pro-2015 | 41.23% | 70.00% | 2.1250 | 50,000 |" in card
    assert "passes are left out" in card


def test_a_network_that_differs_is_not_written(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "onnx_bytes", lambda network, properties: b"")
    for difference in (2 * TOLERANCE, float("nan"), float("inf")):
        monkeypatch.setattr(exporting, "parity", lambda network, data, found=difference: found)
        with pytest.raises(BadNetwork, match=r"net\.onnx: not written: PyTorch and ONNX Runtime differ by"):
            export_network(checkpoint, tmp_path / "net.onnx", {})
    assert list(tmp_path.iterdir()) == []


def test_parity_sees_a_difference(exported: Path, checkpoint: Path) -> None:
    network, data = loaded(checkpoint), exported.read_bytes()
    assert parity(network, data) < TOLERANCE
    with torch.no_grad():
        network.head.passing.weight += 0.1
    assert parity(network, data) > TOLERANCE
    with torch.no_grad():
        network.head.passing.weight[0, 0] = float("nan")
    assert parity(network, data) == float("inf")


def test_parity_positions_are_games_on_many_boards() -> None:
    positions = parity_positions(SANDBOX_26)
    assert [round(float(position[0].sum()) ** 0.5) for position in positions] == list(PARITY_SIZES)
    stones = positions[:, 1:3].sum((1, 2, 3))
    assert (stones[:-1] > 0).all()
    assert len({position.tobytes() for position in positions}) == len(positions)


def test_published_weights_are_float16_without_an_optimiser(checkpoint: Path, tmp_path: Path) -> None:
    result = command(checkpoint, "--weights", tmp_path / "small")
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "small").iterdir()} == {"checkpoint.json", "weights-000.npz"}
    whole, halves = load_checkpoint(checkpoint), load_checkpoint(tmp_path / "small")
    assert halves.state == whole.state
    for name, array in whole.weights.items():
        expected = np.float16 if array.dtype == np.float32 else array.dtype
        assert halves.weights[name].dtype == expected, name
        np.testing.assert_allclose(halves.weights[name], array, rtol=1e-3, atol=1e-6)


def test_weights_too_large_for_float16_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    found = load_checkpoint(checkpoint)
    found.weights["first.weight"][0] = 1e6
    save_checkpoint(tmp_path / "c", Checkpoint(state=found.state, weights=found.weights, optimiser={}))
    with pytest.raises(BadCheckpoint, match=r"first\.weight holds 1000000\.0, too large for float16"):
        publish_weights(tmp_path / "c", tmp_path / "small")
    assert not (tmp_path / "small").exists()


def test_bad_requests_are_named(checkpoint: Path, tmp_path: Path) -> None:
    nothing = command(checkpoint)
    assert nothing.exit_code == 2
    assert "say what to write" in nothing.output
    (tmp_path / "figures.json").write_text("{")
    broken = command(checkpoint, "-o", tmp_path / "n.onnx", "--figures", tmp_path / "figures.json")
    assert isinstance(broken.exception, BadConfig)
    assert "figures.json: no JSON" in str(broken.exception)
    (tmp_path / "figures.json").write_text('{"pro-2015": {"top1": 0.4}}')
    partial = command(checkpoint, "-o", tmp_path / "n.onnx", "--figures", tmp_path / "figures.json")
    assert isinstance(partial.exception, BadConfig)
    assert "not what `shicho evaluate --json` prints" in str(partial.exception)
    assert not (tmp_path / "n.onnx").exists()
    empty = command(tmp_path, "-o", tmp_path / "n.onnx")
    assert isinstance(empty.exception, BadCheckpoint)

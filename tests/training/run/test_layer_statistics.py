"""Statistics by layer against numpy, and the picture of them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from shicho.engine.errors import BadConfig
from shicho.engine.features import unpack
from shicho.training.config import ChainPooling, Preset, Residual
from shicho.training.data.dataset import Batch
from shicho.training.data.store import SPLITS, TRAIN, GameStore
from shicho.training.run.checkpoint import load_checkpoint
from shicho.training.run.layer_picture import PANELS, draw_layers, read_layers, table
from shicho.training.run.layer_statistics import LayerStatistics
from tests.support.runs import assert_same, metrics, run
from tests.support.training import ALL_HEADS, BATCH, random_network, tiny_preset, with_network

EPSILON = 1e-3


def batch_on(size: int) -> Batch:
    """Three positions of random planes on a board of this size."""
    planes = np.zeros((3, 26, 19, 19), np.uint8)
    first = (19 - size) // 2
    board = slice(first, first + size)
    planes[:, :, board, board] = np.random.default_rng(size).integers(0, 2, (3, 26, size, size))
    planes[:, 0, board, board] = 1
    packed = np.packbits(planes.reshape(3, 26, 361), axis=-1, bitorder="little")
    return Batch(
        packed=np.pad(packed, ((0, 0), (0, 0), (0, 48 - packed.shape[-1]))),
        targets={},
        transform=np.zeros(3, np.uint8),
    )


def test_the_maximum_over_chains_is_watched_too() -> None:
    """Its block needs the chains of the batch."""
    network = random_network(tiny_preset(Residual(), ChainPooling(channels=4)), masked=True)
    batch = batch_on(9)
    batch.packed[:, 2] &= ~batch.packed[:, 1]
    found = LayerStatistics(network, batch).measure()
    assert found["activations"]["trunk.1.second"]["deviation"] > 0
    assert found["weights"]["trunk.1.last_conv"]["norm"] > 0


@pytest.mark.parametrize("size", [19, 9])
def test_activations_are_those_of_the_points_on_the_board(size: int) -> None:
    """The first activation by hand: norm and PReLU of the stem's output, in numpy."""
    network = random_network(tiny_preset(Residual()), masked=True).train()
    batch = batch_on(size)
    found = LayerStatistics(network, batch).measure()["activations"]["trunk.0.first"]
    assert network.training
    planes = unpack(batch.packed)
    with torch.no_grad():
        x = network.stem(torch.from_numpy(planes)).numpy().astype(np.float64)
    layer = network.trunk[0].first
    mean, variance, scale, shift, slope = (
        tensor.detach().numpy()[:, None, None].astype(np.float64)
        for tensor in (
            layer.norm.running_mean,
            layer.norm.running_var,
            layer.norm.weight,
            layer.norm.bias,
            layer.activation.weight,
        )
    )
    normalised = (x - mean) / np.sqrt(variance + EPSILON) * scale + shift
    on_board = np.broadcast_to(planes[:, :1] > 0, x.shape)
    values = np.where(normalised > 0, normalised, slope * normalised)[on_board]
    assert on_board.sum() == 3 * 8 * size * size
    assert found == {
        "mean": pytest.approx(values.mean(), rel=1e-4),
        "deviation": pytest.approx(values.std(ddof=1), rel=1e-4),
        "active": pytest.approx((normalised[on_board] > 0).mean(), abs=1e-3),
    }


def test_every_layer_has_its_statistics_in_the_order_in_which_it_computes() -> None:
    network = random_network(tiny_preset(heads=ALL_HEADS))
    found = LayerStatistics(network, batch_on(19)).measure()
    trunk = ["0.first", "0.second", "1.first", "1.value", "2.first", "2.vertical", "2.horizontal"]
    assert [name for name in found["activations"] if name.startswith("trunk")] == [f"trunk.{name}" for name in trunk]
    assert {"heads.policy.pool", "heads.win.pool", "heads.ladder.first"} <= set(found["activations"])
    assert set(found["slopes"]) == {*found["activations"], "heads.win"}
    matrices = {name.removesuffix(".weight") for name, weight in network.named_parameters() if weight.ndim > 1}
    assert set(found["weights"]) == matrices
    slopes = network.trunk[0].first.activation.weight.detach()
    expected = {"mean": slopes.mean().item(), "min": slopes.min().item(), "max": slopes.max().item()}
    assert found["slopes"]["trunk.0.first"] == pytest.approx(expected)


@pytest.mark.parametrize("settings", [{"activation": "crelu"}, {"norm": "none"}, {"norm": "batch-at-end"}], ids=str)
def test_other_norms_and_activations_are_watched_too(settings: dict[str, str]) -> None:
    network = random_network(with_network(tiny_preset(), **settings))
    found = LayerStatistics(network, batch_on(19)).measure()
    assert {"trunk.0.first", "trunk.2.horizontal", "heads.policy.first"} <= set(found["activations"])
    assert (found["slopes"] == {}) is (settings.get("activation") == "crelu")
    assert all(0 < values["active"] < 1 for values in found["activations"].values())


def test_the_relative_update_is_that_of_the_last_step() -> None:
    network = random_network(tiny_preset(Residual()))
    statistics = LayerStatistics(network, batch_on(19))
    weight = network.trunk[0].first_conv.weight
    for factor in (3.0, 1.01):
        statistics.before_step()
        with torch.no_grad():
            weight *= factor
    found = statistics.measure()["weights"]
    norm = float(np.sqrt((weight.detach().numpy().astype(np.float64) ** 2).sum()))
    assert found["trunk.0.first_conv"] == pytest.approx({"norm": norm, "relative_update": 0.01 / 1.01}, rel=1e-4)
    assert found["trunk.0.second_conv"]["relative_update"] == 0


def test_watching_changes_nothing(store: GameStore, tmp_path: Path) -> None:
    preset = tiny_preset(heads=ALL_HEADS)
    watched = run(preset, store, tmp_path / "watched", layer_statistics=True)
    plain = run(preset, store, tmp_path / "plain")
    ours, theirs = load_checkpoint(watched.checkpoint), load_checkpoint(plain.checkpoint)
    assert_same(ours.weights, theirs.weights)
    assert not (tmp_path / "plain/layers.jsonl").exists()
    lines = metrics(tmp_path / "watched", "layers.jsonl")
    assert [line["samples"] for line in lines] == [line["samples"] for line in metrics(tmp_path / "watched")]
    assert all(line["weights"]["stem"]["relative_update"] > 0 for line in lines)


def test_without_validation_games_there_is_nothing_to_measure_on(store: GameStore, tmp_path: Path) -> None:
    moved = np.where(store.split == SPLITS.index("validation"), TRAIN, store.split).astype(np.uint8)
    with pytest.raises(BadConfig, match=r"--layer-statistics: .*no validation positions"):
        run(tiny_preset(), replace(store, split=moved), tmp_path, layer_statistics=True)


# ------------------------------------------------------------------------------------------------------------- picture


def test_the_picture_shows_every_layer(store: GameStore, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    preset: Preset = tiny_preset(samples=3 * BATCH)
    run(preset, store, tmp_path, layer_statistics=True)
    lines = read_layers(tmp_path)
    for panel in (panel for column in PANELS for panel in column):
        layers, values = table(lines, panel)
        assert values.shape == (len(layers), 3)
        assert values[-1, 1] == lines[1][panel.kind][layers[-1]][panel.statistic]
    draw_layers(tmp_path / "layers.svg", "a run", lines)
    text = (tmp_path / "layers.svg").read_text()
    for name in ("a run", "trunk.2.horizontal", "heads.policy.last_conv", "stem.centre", "PReLU"):
        assert f"<!-- {name}" in text, name
    with pytest.raises(BadConfig, match=r"layers\.nix"):
        draw_layers(tmp_path / "layers.nix", "a run", lines)


def test_a_layer_that_a_line_lacks_stays_blank(tmp_path: Path) -> None:
    """Nor is there a panel of slopes without PReLU, and a weight that did not move has no colour on a log scale."""
    pytest.importorskip("matplotlib")
    weights = {"a_conv": {"norm": 3.0, "relative_update": 0.0}}
    one = {"activations": {"a": {"mean": 0.1, "deviation": 0.5, "active": 0.5}}, "weights": weights, "slopes": {}}
    two = {**one, "activations": {**one["activations"], "b": {"mean": 0.2, "deviation": 0.7, "active": 0.4}}}
    lines = [{"samples": 10, **one}, {"samples": 20, **two}]
    (tmp_path / "layers.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + '\n{"samples"')
    read = read_layers(tmp_path)
    layers, values = table(read, PANELS[0][0])
    assert layers == ["a", "b"]
    np.testing.assert_array_equal(values, [[0.5, 0.5], [np.nan, 0.7]])
    draw_layers(tmp_path / "layers.png", "title", read)
    assert (tmp_path / "layers.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_without_statistics_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"layers\.jsonl: .*--layer-statistics"):
        read_layers(tmp_path)

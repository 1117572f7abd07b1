"""Figures are made in evaluation mode, whatever mode a network is in, and leave it in that mode.

The same of an export is tested in `tests/training/test_export.py`, of passes with dropout in
`tests/training/network/test_dropout.py`; and that a step trains in training mode in `test_step.py`.
"""

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shicho.training.config import SpatialDropout
from shicho.training.data.dataset import Batch, evaluation_batches
from shicho.training.data.store import GameStore
from shicho.training.evaluate import measure, network_predictor, open_checkpoint
from shicho.training.network.modes import evaluation_mode
from shicho.training.run.checkpoint import load_checkpoint, network_arrays
from shicho.training.run.device import Precision
from shicho.training.run.layer_statistics import LayerStatistics
from shicho.training.run.loop import Trainer
from tests.support.runs import assert_same, options
from tests.support.training import ALL_HEADS, BATCH, random_network, tiny_preset

CPU = torch.device("cpu")
DROPOUT = SpatialDropout(rate=0.5)
PRESET = tiny_preset(samples=4 * BATCH, heads=ALL_HEADS, ema_samples=4 * BATCH, dropout=DROPOUT)


def packed() -> NDArray[np.uint8]:
    """Random planes uint8 [4, 26, 48] of full boards."""
    planes = np.random.default_rng(1).random((4, 26, 361)) < 0.3
    planes[:, 0] = True
    return np.pad(np.packbits(planes, axis=-1, bitorder="little"), ((0, 0), (0, 0), (0, 2)))


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
def test_figures_are_of_evaluation_mode_whatever_mode_the_network_is_in(precision: Precision) -> None:
    network, plain = random_network(PRESET), random_network(tiny_preset(heads=ALL_HEADS))
    expected = network_predictor(plain, CPU, precision)(packed())
    batch = Batch(packed=packed(), targets={}, transform=np.zeros(4, np.uint8))
    layers = LayerStatistics(plain, batch).measure()["activations"]
    for training, part in ((False, False), (False, True), (True, False), (True, True)):
        network.train(training)
        network.trunk.train(part)
        modes = [module.training for module in network.modules()]
        assert_same(network_predictor(network, CPU, precision)(packed()), expected)
        assert LayerStatistics(network, batch).measure()["activations"] == layers
        assert [module.training for module in network.modules()] == modes
    assert_same(network_arrays(network), network_arrays(plain))


def test_the_former_mode_comes_back_after_an_error() -> None:
    network = random_network(PRESET).train()
    network.heads.eval()
    modes = [module.training for module in network.modules()]
    with evaluation_mode(network):
        assert not any(module.training for module in network.modules())
    assert [module.training for module in network.modules()] == modes
    with pytest.raises(KeyError), evaluation_mode(network):
        network.head("nix")
    assert [module.training for module in network.modules()] == modes


@pytest.mark.parametrize("averaged", [False, True])
def test_validation_after_every_step_changes_nothing(store: GameStore, tmp_path: Path, averaged: bool) -> None:
    """Of the weights, the average and the modes; and its figures are those of the checkpoint, with nothing dropped."""
    preset = PRESET if averaged else tiny_preset(samples=4 * BATCH, heads=ALL_HEADS, dropout=DROPOUT)
    found = {}
    for name, positions in (("often", 64), ("never", 0)):
        chosen = options(tmp_path / name, validate_every=0.0, validation_positions=positions)
        running = Trainer(preset, store, chosen, CPU, time.monotonic())
        outcome = running.run(lambda progress: None, lambda: False)
        assert all(module.training for module in running.network.modules())
        if running.step.average is not None:
            assert not any(module.training for module in running.step.average.network.modules())
        found[name] = load_checkpoint(outcome.checkpoint)
    assert_same(found["often"].weights, found["never"].weights)
    assert_same(found["often"].average, found["never"].average)
    opened = open_checkpoint(tmp_path / "often", CPU)
    batches = evaluation_batches(store, opened.features, split="validation", positions=64, targets=opened.targets)
    assert found["often"].state.figures["validation"] == pytest.approx(measure(opened.predict, batches), rel=1e-5)

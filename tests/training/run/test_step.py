"""One step of training: the losses of all heads, and what a step changes."""

import numpy as np
import pytest
import torch
from torch import Tensor

from shicho.engine.features import SANDBOX_26
from shicho.training.config import AlphaDropout, ChainPooling, Heads, NextMoves, Preset, Residual, Win
from shicho.training.data.dataset import Batch
from shicho.training.network.transforms import to_input, transform_targets
from shicho.training.run.checkpoint import network_arrays
from shicho.training.run.device import Precision
from shicho.training.run.step import TrainingStep
from tests.support.training import BATCH, TINY_POLICY, random_network, tiny_preset

CPU = torch.device("cpu")
HEADS = Heads(
    policy=TINY_POLICY.model_copy(update={"loss_weight": 1.5}),
    win=Win(channels=4, hidden=6, loss_weight=0.75),
    next_moves=NextMoves(channels=4, loss_weight=0.0),
)


def batch(seed: int = 1) -> Batch:
    """Random planes of full boards with every target, known and unknown."""
    rng = np.random.default_rng(seed)
    packed = rng.integers(0, 256, (BATCH, 26, 48), np.uint8)
    packed[:, 0] = 255
    packed[..., 45] &= 1
    packed[..., 46:] = 0
    win = rng.choice(np.array([0, 0.5, 1, np.nan], np.float32), BATCH)
    targets = {"move": rng.integers(0, 362, BATCH), "next_moves": rng.integers(-1, 362, (BATCH, 2)), "win": win}
    return Batch(packed=packed, targets=targets, transform=rng.integers(0, 8, BATCH, np.uint8))


def make_step(preset: Preset, precision: Precision = Precision.FLOAT32) -> TrainingStep:
    network = random_network(preset).train()
    return TrainingStep(network, preset.training, device=CPU, precision=precision, compile=False, positions=1000)


def inputs(one: Batch) -> tuple[Tensor, dict[str, Tensor]]:
    transform = torch.from_numpy(one.transform.astype(np.int64))
    targets = {name: torch.from_numpy(values) for name, values in one.targets.items()}
    return to_input(torch.from_numpy(one.packed), transform), transform_targets(targets, transform)


def test_the_loss_is_the_weighted_sum_over_the_heads() -> None:
    step = make_step(tiny_preset(heads=HEADS))
    assert step.targets == ("move", "win", "next_moves")
    planes, targets = inputs(batch())
    step.network.eval()
    total, (top1, *losses) = step.losses(planes, targets)
    outputs = step.network(planes)
    expected = [
        step.network.head(name).loss(outputs[name], targets[step.network.head(name).target]) for name in outputs
    ]
    torch.testing.assert_close(torch.stack(losses), torch.stack(expected).detach())
    policy, win, next_moves = (loss.item() for loss in losses)
    assert next_moves > 1
    assert total.item() == pytest.approx(1.5 * policy + 0.75 * win, rel=1e-6)
    assert top1.item() == (outputs["policy"].argmax(1) == targets["move"]).float().mean().item()


@pytest.mark.parametrize("forgotten", ["network", "trunk", "heads", "trunk.0.second"])
def test_a_step_trains_a_network_that_was_left_in_evaluation_mode(forgotten: str) -> None:
    """Statistics of the batch, dropout, weights: all as in training mode; the average stays as it was."""
    preset = tiny_preset(ema_samples=4 * BATCH, dropout=AlphaDropout(rate=0.5))
    expected, step = make_step(preset), make_step(preset)
    (step.network if forgotten == "network" else step.network.get_submodule(forgotten)).eval()
    reports = []
    for one in (expected, step):
        torch.manual_seed(1)
        reports.append(one(batch(), 1.0))
        assert all(module.training for module in one.network.modules())
        assert one.average is not None
        assert not any(module.training for module in one.average.network.modules())
    assert torch.equal(*reports)
    ours, theirs = network_arrays(step.network), network_arrays(expected.network)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)
    norms = [name for name in ours if name.endswith("num_batches_tracked")]
    assert norms
    assert all(ours[name] == 1 for name in norms)


def test_label_smoothing_is_minimised_and_not_reported() -> None:
    """The report is that of a step without it; the weights move as the smoothed loss says."""
    smoothed = TINY_POLICY.model_copy(update={"label_smoothing": 0.2, "loss_weight": 1.5})
    step = make_step(tiny_preset(heads=HEADS.model_copy(update={"policy": smoothed})))
    plain = make_step(tiny_preset(heads=HEADS))
    planes, targets = inputs(batch())
    total, report = step.losses(planes, targets)
    torch.testing.assert_close(report, plain.losses(planes, targets)[1])
    logits = plain.network(planes)["policy"]
    labels = 0.8 * torch.nn.functional.one_hot(targets["move"], 362).float()
    labels[:, :361] += 0.2 / 361
    expected = 1.5 * torch.nn.functional.cross_entropy(logits, labels) + 0.75 * report[2]
    assert total.item() == pytest.approx(expected.item(), rel=1e-5)
    assert step(batch(), 1.0)[1] == plain(batch(), 1.0)[1]
    weights = [network_arrays(one.network)["heads.policy.last_conv.weight"] for one in (step, plain)]
    assert not np.array_equal(*weights)


def test_only_the_heads_of_the_config_need_targets() -> None:
    step = make_step(tiny_preset())
    given = batch()
    alone = Batch(packed=given.packed, targets={"move": given.targets["move"]}, transform=given.transform)
    assert step.targets == ("move",)
    assert step(alone, 1.0).shape == (2,)


def test_chains_reach_the_network_transformed_with_the_planes() -> None:
    """So that the loss is that of the transformed boards, whose chains are labelled anew."""
    step = make_step(tiny_preset(Residual(), ChainPooling(channels=4)))
    assert step.targets == ("move", "chains")
    given = batch()
    given.packed[:, 2] &= ~given.packed[:, 1]
    labels = SANDBOX_26.chain_labels(given.packed)
    targets = {"move": given.targets["move"], "chains": labels}
    told = Batch(packed=given.packed, targets=targets, transform=given.transform)
    planes, transformed = inputs(told)
    packed = np.packbits(planes.numpy().reshape(BATCH, 26, 361).astype(np.uint8), axis=-1, bitorder="little")
    anew = SANDBOX_26.chain_labels(np.pad(packed, ((0, 0), (0, 0), (0, 2))))
    expected = step.losses(planes, {**transformed, "chains": torch.from_numpy(anew)})[1]
    assert not np.array_equal(anew, labels)
    torch.testing.assert_close(step(told, 1.0), expected)


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
def test_a_step_reports_what_it_changes(precision: Precision) -> None:
    """Top-1 and losses from before the step, and every weight moves but those of a head without weight."""
    step, twin = make_step(tiny_preset(heads=HEADS), precision), make_step(tiny_preset(heads=HEADS), precision)
    before = network_arrays(step.network)
    report = step(batch(), 0.5)
    expected = twin.losses(*inputs(batch()))[1]
    assert report.dtype == torch.float32
    torch.testing.assert_close(report, expected)
    after = network_arrays(step.network)
    for name, _ in step.network.named_parameters():
        moved = not np.array_equal(before[name], after[name])
        assert moved is not name.startswith("heads.next_moves."), name
    assert [group["lr"] for group in step.optimisers[0].param_groups] == [0.008, 0.008]


def test_a_batch_without_known_results_trains_the_policy_alone() -> None:
    step = make_step(tiny_preset(heads=HEADS))
    given = batch()
    targets = {**given.targets, "win": np.full(BATCH, np.nan, np.float32), "next_moves": np.full((BATCH, 2), -1)}
    before = network_arrays(step.network)
    report = step(Batch(packed=given.packed, targets=targets, transform=given.transform), 1.0)
    assert report[1] > 0
    assert report[2:].tolist() == [0, 0]
    after = network_arrays(step.network)
    for name in before:
        assert np.isfinite(after[name]).all(), name
    assert np.array_equal(before["heads.win.last.weight"], after["heads.win.last.weight"])
    assert not np.array_equal(before["stem.weight"], after["stem.weight"])


@pytest.mark.parametrize(("samples", "decay"), [(4 * BATCH, 0.75), (BATCH, 0.0), (1, 0.0)])
def test_the_average_moves_with_each_step(samples: int, decay: float) -> None:
    step = make_step(tiny_preset(Residual(), ema_samples=samples))
    assert step.average is not None
    assert step.average.decay == pytest.approx(decay)
    first = network_arrays(step.network)["stem.weight"]
    step(batch(), 1.0)
    expected = first + (1 - min(decay, 0.1)) * (network_arrays(step.network)["stem.weight"] - first)
    np.testing.assert_allclose(network_arrays(step.average.network)["stem.weight"], expected, atol=1e-6)
    assert step.average.steps == 1
    assert make_step(tiny_preset(Residual())).average is None

"""What stands in the place of batch norm: which parameters it has, what it computes, and variances at the start."""

from copy import deepcopy
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from shicho.engine.errors import BadConfig
from shicho.engine.features import SANDBOX_26, unpack
from shicho.training.config import (
    FAN_IN_INITIALISATIONS,
    Activation,
    Block,
    Bottleneck,
    ChainPooling,
    Heads,
    Initialisation,
    Ladder,
    NetworkConfig,
    NextMoves,
    Norm,
    Policy,
    Residual,
    Sgd,
    Wide,
    Win,
    parse,
)
from shicho.training.export import parity_positions
from shicho.training.network.init import draw, fan_in
from shicho.training.network.model import Network
from shicho.training.network.norms import (
    WEIGHT_VARIANCES,
    FixedScale,
    FrozenBatchNorm,
    estimate_statistics,
    mean_square,
)
from shicho.training.network.synchronised import SynchronisedBatchNorm, synchronise_norms
from shicho.training.run.optimisers import make_optimisers
from tests.support.training import randomise, tiny_preset

NORMS: tuple[Norm, ...] = get_args(Norm)
BLOCKS = (Residual(pool=True), Ladder(channels=2), Wide(channels=4, length=5), Bottleneck(channels=4, pool=True))
HEADS = Heads(policy=Policy(channels=6, pool_channels=4), win=Win(channels=4, hidden=6), next_moves=NextMoves())


def network(norm: Norm, *blocks: Block, channels: int = 8, heads: Heads = HEADS, **options: Any) -> Network:
    torch.manual_seed(1)
    config = NetworkConfig(channels=channels, blocks=blocks or BLOCKS, norm=norm, heads=heads, **options)
    return Network(config, masked=False)


@cache
def planes() -> Tensor:
    """Positions of random games on 19x19: float32 [4, 26, 19, 19]."""
    return torch.from_numpy(unpack(parity_positions(SANDBOX_26)[:4]))


def loss(outputs: dict[str, Tensor]) -> Tensor:
    return torch.stack([output.sin().mean() for output in outputs.values()]).sum()


def norms(whole: nn.Module, kind: type[nn.Module]) -> dict[str, Any]:
    return {name: module for name, module in whole.named_modules() if type(module) is kind}


COUNTS = {
    "batch": {nn.BatchNorm2d: 21},
    "batch-without-scale": {nn.BatchNorm2d: 21},
    "batch-frozen": {FrozenBatchNorm: 21},
    "batch-at-end": {nn.BatchNorm2d: 3, FixedScale: 18},
    "none": {FixedScale: 21},
}


@pytest.mark.parametrize("norm", NORMS)
def test_a_config_says_which_norms_are_built(norm: Norm) -> None:
    whole = network(norm)
    kinds = (nn.BatchNorm2d, FrozenBatchNorm, FixedScale)
    assert {kind: len(norms(whole, kind)) for kind in kinds if norms(whole, kind)} == COUNTS[norm]
    if norm == "batch-at-end":
        assert set(norms(whole, nn.BatchNorm2d)) == {f"heads.{name}.first.norm" for name in whole.heads}


@pytest.mark.parametrize("norm", NORMS)
def test_every_weight_gets_a_gradient_and_the_shapes_are_those_of_batch_norm(norm: Norm) -> None:
    whole, usual = network(norm).train(), network("batch").train()
    outputs, expected = whole(planes()), usual(planes())
    assert {name: output.shape for name, output in outputs.items()} == {k: v.shape for k, v in expected.items()}
    torch.autograd.backward(loss(outputs))
    for name, parameter in whole.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        slope_of_zeros = name.endswith("activation.weight") and norm == "batch-frozen"
        assert slope_of_zeros or parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("norm", NORMS)
def test_the_same_seed_draws_the_same_weights_whatever_the_norm(norm: Norm) -> None:
    ours, usual = network(norm).state_dict(), network("batch").state_dict()
    shared = [name for name in usual if ".norm." not in name and "norm.weight" not in name and "_norm." not in name]
    shared = [name for name in shared if usual[name].ndim >= 2]
    assert len(shared) > 20
    for name in shared:
        torch.testing.assert_close(ours[name], usual[name], atol=0, rtol=0)


def test_without_scale_is_batch_norm_whose_scale_is_1() -> None:
    whole, usual = network("batch-without-scale"), network("batch")
    randomise(whole)
    state = whole.state_dict()
    scales = {name for name in usual.state_dict() if name not in state}
    assert len(scales) == 21
    assert all(name.endswith("norm.weight") for name in scales)
    usual.load_state_dict({**state, **{name: torch.ones_like(usual.state_dict()[name]) for name in scales}})
    for training in (True, False):
        found, expected = whole.train(training)(planes()), usual.train(training)(planes())
        for name in expected:
            torch.testing.assert_close(found[name], expected[name], atol=1e-5, rtol=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert whole.train()(planes())["policy"].isfinite().all()


def test_synchronised_norms_without_scale_stay_without() -> None:
    whole, twin = network("batch-without-scale"), network("batch-without-scale")
    synchronise_norms(whole)
    assert len(norms(whole, SynchronisedBatchNorm)) == 21
    assert list(whole.state_dict()) == list(twin.state_dict())
    frozen = network("batch-frozen")
    synchronise_norms(frozen)
    assert len(norms(frozen, FrozenBatchNorm)) == 21


def test_frozen_norms_do_not_move_in_a_training_step() -> None:
    """Statistics, scales and offsets stay, as does what they compute; the other weights move."""
    whole = network("batch-frozen").train()
    randomise(whole)
    trained = network("batch")
    trained.load_state_dict(whole.state_dict())
    torch.testing.assert_close(whole(planes())["policy"], trained.eval()(planes())["policy"], atol=0, rtol=0)
    before = {name: value.clone() for name, value in whole.state_dict().items()}
    parameters = {name for name, _ in whole.named_parameters()}
    frozen = {name for name in before if name.rpartition(".")[0] in norms(whole, FrozenBatchNorm)}
    assert len(frozen) == 5 * 21
    assert not frozen & parameters
    (optimiser,) = make_optimisers(whole, tiny_preset(optimiser=Sgd(learning_rate=0.1)).training, 1000)
    torch.autograd.backward(loss(whole(planes())))
    optimiser.step()
    for name, value in whole.state_dict().items():
        assert torch.equal(value, before[name]) is (name in frozen), name
    assert whole.training
    assert not any(module.training for module in norms(whole, FrozenBatchNorm).values())


# -------------------------------------------------------------------------------------------------- fixed variance


def mean_squares(whole: Network) -> dict[str, float]:
    """Of what comes out of every fixed scale, by its name."""
    found: dict[str, float] = {}
    for name, module in norms(whole, FixedScale).items():
        module.register_forward_hook(
            lambda module, given, output, name=name: found.__setitem__(name, float(output.square().mean()))
        )
    with torch.no_grad():
        whole(planes())
    return found


@pytest.mark.parametrize("norm", ["batch-at-end", "none"])
@pytest.mark.parametrize(
    ("activation", "initialisation"),
    [
        ("prelu", "truncated-normal"),
        ("relu", "kaiming-uniform"),
        ("crelu", "kaiming-normal"),
        ("selu", "lecun-normal"),
        ("mish", "truncated-normal"),
        ("leaky-relu", "lecun-normal"),
    ],
)
def test_variances_stay_near_1_through_twelve_blocks(norm: Norm, activation: Activation, initialisation: Any) -> None:
    blocks = (Residual(), Residual(pool=True), Residual()) * 4
    heads = Heads(win=Win())
    whole = network(norm, *blocks, channels=64, heads=heads, activation=activation, initialisation=initialisation)
    found = mean_squares(whole)
    assert len(found) == 24 + (5 if norm == "none" else 3)
    assert min(found.values()) > 0.25, found
    assert max(found.values()) < 4, found
    assert 0.5 < np.exp(np.mean(np.log([*found.values()]))) < 2


def test_without_the_scales_variances_would_grow() -> None:
    """What the constants are for: the same network with 1 in their place."""
    whole = network("none", *(Residual() for _ in range(12)), channels=64, initialisation="kaiming-normal")
    for module in norms(whole, FixedScale).values():
        module.scale = 1.0
    assert max(mean_squares(whole).values()) > 50


def test_scales_count_the_blocks_that_were_added() -> None:
    """Kaiming weights and ReLU keep a variance; pooled features add 2 / 4 = 0.5, the planes start with 0.2."""
    blocks = (Residual(), Bottleneck(channels=4, depth=2), Residual(pool=True), Wide(channels=4), Residual())
    whole = network("none", *blocks, activation="relu", initialisation="kaiming-normal")
    variances = {name: module.scale**-2 for name, module in norms(whole, FixedScale).items()}
    expected = {
        "trunk.0.first.norm": 0.2,
        "trunk.0.second.norm": 1,
        "trunk.1.first.norm": 1.2,
        "trunk.1.inner.0.first.norm": 1,
        "trunk.1.inner.0.second.norm": 1,
        "trunk.1.inner.1.first.norm": 2,
        "trunk.1.inner.1.second.norm": 1,
        "trunk.1.last.norm": 3,
        "trunk.2.first.norm": 2.2,
        "trunk.2.second.norm": 1.5,
        "trunk.3.first.norm": 3.2,
        "trunk.3.vertical.norm": 1,
        "trunk.3.horizontal.norm": 1,
        "trunk.4.first.norm": 3.45,
        "trunk.4.second.norm": 1,
        "heads.policy.first.norm": 4.45,
        "heads.policy.pool.norm": 1,
        "heads.policy.norm": 1.5,
        "heads.win.first.norm": 4.45,
        "heads.win.pool.norm": 1,
        "heads.next_moves.first.norm": 4.45,
        "heads.next_moves.norm": 1,
    }
    assert variances == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", get_args(Activation))
def test_the_mean_square_of_an_activation(kind: Activation) -> None:
    """By formula where there is one, else from a million draws."""
    known = {"relu": 0.5, "prelu": 0.5, "crelu": 0.5, "leaky-relu": (1 + 0.01**2) / 2, "selu": 1.0}
    drawn = torch.randn(10**6, generator=torch.Generator().manual_seed(1))
    functions = {"elu": nn.functional.elu, "mish": nn.functional.mish}
    expected = known[kind] if kind in known else float(functions[kind](drawn).square().mean())
    assert mean_square(kind) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_fixed_scale_multiplies_and_adds(dtype: torch.dtype) -> None:
    layer, x = FixedScale(3, 0.25), torch.randn(2, 3, 19, 19).to(dtype)
    assert torch.equal(layer(x), x * 0.25)
    nn.init.normal_(layer.bias)
    found = layer(x)
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), x.float() / 4 + layer.bias[:, None, None], atol=0.03, rtol=0.01)


def test_offsets_of_fixed_scales_do_not_decay() -> None:
    whole = network("none")
    training = tiny_preset(optimiser=Sgd(learning_rate=0.1, weight_decay=0.5)).training
    (optimiser,) = make_optimisers(whole, training, 1000)
    free = {id(p) for group in optimiser.param_groups if group["weight_decay"] == 0 for p in group["params"]}
    offsets = [module.bias for module in norms(whole, FixedScale).values()]
    assert len(offsets) == 21
    assert {id(offset) for offset in offsets} < free


@pytest.mark.parametrize("initialisation", WEIGHT_VARIANCES)
def test_the_variances_of_initial_weights_are_those_that_scales_assume(initialisation: Initialisation) -> None:
    weight = torch.empty(128, 128, 3, 3)
    torch.manual_seed(1)
    draw(weight, initialisation)
    assert float(weight.var()) * fan_in(weight) == pytest.approx(WEIGHT_VARIANCES[initialisation], rel=0.02)
    assert set(WEIGHT_VARIANCES) == set(FAN_IN_INITIALISATIONS)


@pytest.mark.parametrize("norm", ["batch-at-end", "none"])
@pytest.mark.parametrize("initialisation", ["kaiming-normal-fan-out", "kaiming-uniform-fan-out", "respect-activation"])
def test_fixed_variances_need_weights_by_fan_in(norm: str, initialisation: str) -> None:
    values = {"channels": 8, "blocks": [{"type": "residual"}], "norm": norm, "initialisation": initialisation}
    with pytest.raises(BadConfig, match=f"norm {norm} needs an initialisation by fan-in"):
        parse(NetworkConfig, values, "here")
    assert parse(NetworkConfig, {**values, "norm": "batch"}, "here").initialisation == initialisation


@pytest.mark.parametrize("blocks", [BLOCKS, (ChainPooling(),)])
def test_estimated_statistics_are_those_of_update_bn(blocks: tuple[Block, ...]) -> None:
    network = Network(tiny_preset(*blocks).network, masked=False)
    randomise(network)
    expected = deepcopy(network)
    packed = parity_positions(SANDBOX_26)
    batches = [network.inputs(packed[first : first + 3]) for first in range(0, 9, 3)]

    class OfOneInput(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = expected

        def forward(self, number: Tensor) -> Tensor:
            return self.network(**batches[int(number)])["policy"]

    update_bn([torch.tensor(number) for number in range(3)], OfOneInput())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    estimate_statistics(network, batches)
    assert all(module.training for module in network.modules())
    assert {norm.momentum for norm in network.modules() if isinstance(norm, nn.BatchNorm2d)} == {0.01}
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, expected.state_dict()[name])
        assert torch.equal(value, before[name]) == ("running" not in name and "tracked" not in name)


def test_statistics_of_frozen_norms_stay() -> None:
    config = tiny_preset().network.model_copy(update={"norm": "batch-frozen"})
    network = Network(config, masked=False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    estimate_statistics(network, [network.inputs(parity_positions(SANDBOX_26)[:4])])
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_no_batch_to_estimate_statistics_from() -> None:
    with pytest.raises(ValueError, match="no batch"):
        estimate_statistics(Network(tiny_preset().network, masked=False), [])

"""The deviations of the initial weights, weight by weight in whole networks."""

import math

import pytest
import torch
from torch import nn

from shicho.training.config import Heads, Initialisation, Ladder, NetworkConfig, NextMoves, Policy, Residual, Wide, Win
from shicho.training.network.init import RECTIFIER_BIAS, draw, fan_in, fan_out, initialise
from shicho.training.network.layers import NormActMask
from shicho.training.network.model import Network

CUT = 0.880
"""What is left of the deviation of a normal distribution that is cut at two deviations."""

CHANNELS, PLANES = 64, 26
CONFIG = NetworkConfig(
    channels=CHANNELS,
    blocks=(Residual(pool=True), Ladder(channels=6), Wide(channels=48, length=9)),
    heads=Heads(policy=Policy(channels=48, pool_channels=32), win=Win(channels=32, hidden=48), next_moves=NextMoves()),
)
DEVIATIONS = {
    "stem.weight": math.sqrt(2 / (PLANES * 25)),
    "stem.centre": 0.3 * math.sqrt(2 / PLANES),
    "trunk.0.first_conv.weight": math.sqrt(2 / (CHANNELS * 9)),
    "trunk.0.second_conv.weight": math.sqrt(2 / (CHANNELS * 9)),
    "trunk.0.pooled.weight": math.sqrt(2 / (4 * 2 * CHANNELS)),
    "trunk.1.value_conv.weight": math.sqrt(2 / (CHANNELS * 9)),
    "trunk.1.weight_conv.weight": math.sqrt(2 / (CHANNELS * 9)),
    "trunk.1.last_conv.weight": math.sqrt(2 / 24),
    "trunk.2.narrow": math.sqrt(2 / (CHANNELS * 9)),
    "trunk.2.widen": math.sqrt(2 / (CHANNELS * 9)),
    "heads.policy.policy_conv.weight": math.sqrt(2 / (CHANNELS * 9)),
    "heads.policy.pool_conv.weight": math.sqrt(2 / (CHANNELS * 9)),
    "heads.policy.pooled.weight": math.sqrt(2 / (4 * 2 * 32)),
    "heads.policy.last_conv.weight": 0.5 * math.sqrt(2 / (2 * 48 * 25)),
    "heads.policy.passing.weight": 0.0,
    "heads.win.conv.weight": math.sqrt(2 / CHANNELS),
    "heads.win.hidden.weight": math.sqrt(2 / 64),
    "heads.win.last.weight": 0.5 * math.sqrt(2 / 48),
    "heads.next_moves.conv.weight": math.sqrt(2 / (CHANNELS * 9)),
    "heads.next_moves.last_conv.weight": 0.5 * math.sqrt(2 / (2 * 32 * 25)),
}


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(12)
    return Network(CONFIG, masked=False)


def test_every_matrix_and_kernel_has_its_deviation(network: Network) -> None:
    """Within 5 %, or four standard errors of the deviation of a small weight."""
    matrices = {name: weight.detach() for name, weight in network.named_parameters() if weight.ndim >= 2}
    assert set(matrices) == set(DEVIATIONS)
    for name, weight in matrices.items():
        expected = DEVIATIONS[name]
        tolerance = max(0.05, 4 / math.sqrt(2 * weight.numel()))
        assert float(weight.std()) == pytest.approx(CUT * expected, rel=tolerance), name
        assert float(weight.abs().max()) <= 2 * expected * (1 + 1e-6), name
        assert abs(float(weight.mean())) <= 4 * expected / math.sqrt(weight.numel()), name


def test_norms_start_at_scale_1_and_slopes_at_0(network: Network) -> None:
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 15
    for norm in norms:
        assert (norm.weight == 1).all()
        assert (norm.bias == 0).all()
    assert all((module.weight == 0).all() for module in network.modules() if isinstance(module, nn.PReLU))


def test_the_seed_decides_all_weights() -> None:
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(Network(CONFIG, masked=False).state_dict())
    same, other = ([torch.equal(drawn[0][name], drawn[k][name]) for name in drawn[0]] for k in (1, 2))
    assert all(same)
    assert not all(other)


def test_initialising_again_draws_again(network: Network) -> None:
    torch.manual_seed(1)
    fresh = Network(CONFIG, masked=True)
    before = fresh.stem.weight.detach().clone()
    initialise(fresh)
    assert not torch.equal(fresh.stem.weight, before)
    assert float(fresh.stem.weight.detach().std()) == pytest.approx(CUT * DEVIATIONS["stem.weight"], rel=0.05)


def test_fan_in_counts_the_inputs_of_one_output() -> None:
    assert fan_in(torch.empty(7, 3, 5, 2)) == 30
    assert fan_in(torch.empty(4, 9)) == 9


SCHEMES = {
    "truncated-normal": CUT * math.sqrt(2 / 160),
    "kaiming-normal": math.sqrt(2 / 160),
    "kaiming-uniform": math.sqrt(2 / 160),
    "kaiming-normal-fan-out": math.sqrt(2 / 320),
    "kaiming-uniform-fan-out": math.sqrt(2 / 320),
    "lecun-normal": math.sqrt(1 / 160),
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_its_deviation(scheme: Initialisation) -> None:
    weight = torch.empty(80, 40, 2, 2)
    assert (fan_in(weight), fan_out(weight)) == (160, 320)
    torch.manual_seed(1)
    draw(weight, scheme)
    assert float(weight.std()) == pytest.approx(SCHEMES[scheme], rel=0.03)
    assert float(weight.mean()) == pytest.approx(0, abs=0.003)
    if "uniform" in scheme:
        assert float(weight.abs().max()) <= math.sqrt(3) * SCHEMES[scheme] * (1 + 1e-6)


def test_he_weights_keep_the_variance_behind_crelu_too() -> None:
    """Both halves count as inputs: 2C channels, of which one half is 0 at any point."""
    torch.manual_seed(3)
    for kind in ("relu", "crelu"):
        before = NormActMask(256, kind)
        weight = torch.empty(256, before.outputs, 3, 3)
        draw(weight, "kaiming-normal")
        x = torch.randn(4, 256, 19, 19)
        y = nn.functional.conv2d(before.activation(x), weight)
        assert float(y.square().mean()) == pytest.approx(1, rel=0.1)


def test_respecting_the_activation_is_pytorchs_default_where_no_rectifier_follows() -> None:
    torch.manual_seed(2)
    ours = Network(CONFIG.model_copy(update={"initialisation": "respect-activation"}), masked=False)
    weights = dict(ours.named_parameters())
    default = nn.Conv2d(CHANNELS, CHANNELS, 3).weight
    torch.testing.assert_close(weights["trunk.0.second_conv.weight"].std(), default.std(), rtol=0.03, atol=0)
    deviation = float(weights["trunk.0.first_conv.weight"].detach().std())
    assert deviation == pytest.approx(math.sqrt(2 / (9 * CHANNELS)), rel=0.03)
    assert (weights["heads.win.hidden.bias"] == RECTIFIER_BIAS).all()
    assert not (weights["heads.win.last.bias"] == RECTIFIER_BIAS).any()

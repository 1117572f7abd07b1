"""Dropout: where it lies, that evaluation has none, and Monte-Carlo dropout against a slow loop."""

from typing import get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from shicho.engine.errors import BadConfig
from shicho.training.config import (
    AlphaDropout,
    Block,
    Bottleneck,
    ChainPooling,
    Condition,
    Dropout,
    Ladder,
    Residual,
    SpatialDropout,
    Wide,
)
from shicho.training.network.blocks import BottleneckBlock, ResidualBlock, build_block
from shicho.training.network.dropout import add_dropout, monte_carlo
from shicho.training.network.init import initialise
from shicho.training.network.layers import BoardContext, NormActMask
from shicho.training.network.model import Network
from tests.support.training import ALL_HEADS, random_network, randomise, tiny_preset

BLOCKS: tuple[Block, ...] = (
    Residual(),
    Residual(pool=True),
    Bottleneck(channels=4, pool=True),
    Ladder(channels=2),
    Wide(channels=4, length=5),
    ChainPooling(channels=4),
)
KINDS: tuple[Dropout, ...] = (SpatialDropout(rate=0.5), AlphaDropout(rate=0.5))
ALL_BUT_NEVER = 1 - 1e-12


def planes(count: int, size: int = 19, seed: int = 1) -> Tensor:
    """Random planes [count, 26, 19, 19] of boards of that size in the middle; 0 off the board."""
    generator, first = torch.Generator().manual_seed(seed), (19 - size) // 2
    found = torch.zeros(count, 26, 19, 19)
    content = (torch.rand(count, 26, size, size, generator=generator) < 0.3).float()
    content[:, 0] = 1
    found[:, :, first : first + size, first : first + size] = content
    return found


def chains(given: Tensor) -> Tensor:
    """Labels [N, 19, 19] as if every stone were a chain of its own."""
    return (given[:, 1:3].amax(1) > 0) * (1 + torch.arange(361).view(19, 19))


def dropout_layers(module: nn.Module) -> list[nn.Module]:
    return [part for part in module.modules() if isinstance(part, nn.Dropout2d | nn.FeatureAlphaDropout)]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_kind_of_block_drops_and_nothing_else_does(kind: Dropout) -> None:
    assert {type(block) for block in BLOCKS} == set(get_args(get_args(Block)[0]))
    network = random_network(tiny_preset(*BLOCKS, heads=ALL_HEADS, dropout=kind))
    assert [len(dropout_layers(block)) for block in network.trunk] == [1, 1, 2, 1, 2, 1]
    assert len(dropout_layers(network)) == 8
    expected = nn.Dropout2d if kind.type == "spatial" else nn.FeatureAlphaDropout
    assert all(type(layer) is expected and layer.p == 0.5 for layer in dropout_layers(network))
    assert not dropout_layers(random_network(tiny_preset(*BLOCKS, heads=ALL_HEADS)))


@pytest.mark.parametrize("config", BLOCKS, ids=str)
def test_a_block_whose_channels_are_all_dropped_adds_nothing(config: Block) -> None:
    """So nothing goes around the dropout; a bottleneck still has what lies around its inner blocks."""
    torch.manual_seed(2)
    block = build_block(config, 8, "prelu")
    initialise(block)
    randomise(block)
    block.eval()
    add_dropout(block, SpatialDropout(rate=ALL_BUT_NEVER))
    for layer in dropout_layers(block):
        layer.train()
    x, context = torch.randn(2, 8, 19, 19), BoardContext(near=torch.ones(2, 1, 19, 19), chains=chains(planes(2)))
    with torch.no_grad():
        expected = x
        if isinstance(block, BottleneckBlock):
            expected = x + block.widen(block.last(block.narrow(block.first(x, None)), None))
        torch.testing.assert_close(block(x, context), expected)
        for layer in dropout_layers(block):
            layer.eval()
        assert not torch.allclose(block(x, context), expected)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("size", [19, 9])
def test_a_residual_block_with_dropout_is_the_sum_of_its_parts(kind: Dropout, size: int) -> None:
    """With PyTorch's functions, from the same random numbers: before the second convolution, whole channels, 0 off
    the board.
    """
    torch.manual_seed(3)
    block = ResidualBlock(6, "selu")
    initialise(block)
    randomise(block)
    block.eval()
    add_dropout(block, kind)
    dropout_layers(block)[0].train()
    mask = planes(4, size)[:, :1]
    x = torch.randn(4, 6, 19, 19)
    with torch.no_grad():
        y = F.conv2d(F.selu(block.first.norm(x)) * mask, block.first_conv.weight, padding=1)
        z = F.selu(block.second.norm(y))
        torch.manual_seed(4)
        dropped = (F.dropout2d if kind.type == "spatial" else F.feature_alpha_dropout)(z, 0.5, training=True)
        expected = x + F.conv2d(dropped * mask, block.second_conv.weight, padding=1)
        torch.manual_seed(4)
        found = block(x, BoardContext(mask=mask))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(dropped, z)
    constant = dropped.flatten(2).std(2) < 1e-6
    assert 0 < constant.float().mean() < 1


def test_alpha_dropout_leaves_points_off_the_board_at_0() -> None:
    layer = NormActMask(8, "selu")
    layer.dropout = nn.FeatureAlphaDropout(0.5)
    mask = planes(3, 9)[:, :1]
    found = layer(torch.randn(3, 8, 19, 19), mask)
    assert (found * (1 - mask) == 0).all()
    assert (found * mask).abs().amax((2, 3)).min() > 0


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_in_evaluation_nothing_is_dropped_and_the_weights_have_the_same_names(kind: Dropout) -> None:
    plain = random_network(tiny_preset(*BLOCKS, heads=ALL_HEADS), masked=True)
    network = random_network(tiny_preset(*BLOCKS, heads=ALL_HEADS, dropout=kind), masked=True)
    assert list(network.state_dict()) == list(plain.state_dict())
    given = planes(2, 13)
    expected = plain(given, chains=chains(given))
    for name, output in network(given, chains=chains(given)).items():
        torch.testing.assert_close(output, expected[name], rtol=0, atol=0)
    network.train()
    torch.manual_seed(1)
    one, other = (network(given, chains=chains(given))["policy"] for _ in range(2))
    assert not torch.equal(one, other)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_weight_gets_a_finite_gradient(kind: Dropout, dtype: torch.dtype) -> None:
    network = random_network(tiny_preset(*BLOCKS, dropout=kind), masked=True).train()
    with torch.autocast("cpu", dtype=dtype, enabled=dtype is not torch.float32):
        logits = network(planes(8, 13), chains=chains(planes(8, 13)))["policy"]
    torch.autograd.backward(F.cross_entropy(logits, torch.full((8,), 180)))
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


# ---------------------------------------------------------------------------------------------------------- Monte Carlo


def slow_policy(network: Network, given: Tensor, kept: list[NDArray[np.bool_]]) -> NDArray[np.float64]:
    """Probabilities [362] of one position, computed without dropout: the weights of dropped channels are 0."""
    copy = random_network(tiny_preset(Residual(), Residual(pool=True)))
    copy.load_state_dict(network.state_dict())
    with torch.no_grad():
        for block, channels in zip(copy.trunk, kept, strict=True):
            assert isinstance(block, ResidualBlock)
            block.second_conv.weight.mul_(torch.from_numpy(channels / 0.5).float()[None, :, None, None])
        logits = copy.eval()(given[None])["policy"][0].double().numpy()
    probabilities: NDArray[np.float64] = np.exp(logits - logits.max())
    return probabilities / probabilities.sum()


def test_monte_carlo_is_the_mean_and_deviation_of_networks_without_the_dropped_channels() -> None:
    """Batch norm with its running statistics, and every position and pass with channels of its own."""
    network = random_network(tiny_preset(Residual(), Residual(pool=True), dropout=SpatialDropout(rate=0.5)))
    given, kept = planes(3), []
    for layer in dropout_layers(network):
        layer.register_forward_hook(lambda _, inputs, output: kept.append((output != 0).any(3).any(2).numpy()))
    mean, deviation = monte_carlo(network, given, passes=4, seed=5)
    assert len(kept) == 4 * 2
    slow = np.array(
        [
            [slow_policy(network, given[n], [layer[n] for layer in kept[2 * k : 2 * k + 2]]) for n in range(3)]
            for k in range(4)
        ]
    )
    assert (mean.dtype, mean.shape, deviation.shape) == (torch.float64, (3, 362), (3, 362))
    np.testing.assert_allclose(mean.numpy(), slow.mean(0), atol=1e-6)
    np.testing.assert_allclose(deviation.numpy(), slow.std(0, ddof=1), atol=1e-6)
    assert deviation.min() > 0
    np.testing.assert_allclose(mean.sum(1), 1, atol=1e-9)


@pytest.mark.parametrize("training", [False, True])
def test_monte_carlo_changes_nothing_and_is_made_again_with_its_seed(training: bool) -> None:
    condition = Condition(sources=("pro",), dropout=0.9)
    network = random_network(tiny_preset(heads=ALL_HEADS, condition=condition, dropout=SpatialDropout(rate=0.3)))
    network.set_condition("pro", 9)
    network.train(training)
    network.trunk[0].train(not training)
    modes = [module.training for module in network.modules()]
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    given, state = planes(2), torch.get_rng_state()
    found = monte_carlo(network, given, passes=3, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())
    torch.manual_seed(99)
    again, other = (monte_carlo(network, given, passes=3, seed=seed) for seed in (1, 2))
    assert torch.equal(found.mean, again.mean)
    assert torch.equal(found.deviation, again.deviation)
    assert not torch.equal(found.mean, other.mean)


def test_monte_carlo_needs_dropout_and_two_passes() -> None:
    with pytest.raises(BadConfig, match=r"network\.dropout"):
        monte_carlo(random_network(tiny_preset()), planes(1), passes=4, seed=1)
    with pytest.raises(BadConfig, match="passes = 1"):
        monte_carlo(random_network(tiny_preset(dropout=AlphaDropout())), planes(1), passes=1, seed=1)


def test_points_off_the_board_have_neither_probability_nor_deviation() -> None:
    network, given = random_network(tiny_preset(dropout=AlphaDropout(rate=0.5)), masked=True), planes(2, 9)
    mean, deviation = monte_carlo(network, given, passes=3, seed=1)
    off_board = given[:, 0].flatten(1) == 0
    assert (mean[:, :361][off_board] == 0).all()
    assert (deviation[:, :361][off_board] == 0).all()
    assert (deviation[:, :361][~off_board] > 0).all()

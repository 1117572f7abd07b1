"""The chain-pooling block: its maximum against a loop over chains, its gradient, and the eight transforms."""

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from shicho.engine.features import FEATURE_SETS, SANDBOX_26
from shicho.training.config import Activation, Block, ChainPooling, NetworkConfig, Residual
from shicho.training.export import parity_positions
from shicho.training.network.blocks import ChainPoolingBlock, build_block
from shicho.training.network.init import initialise
from shicho.training.network.layers import BoardContext, PReLU, chain_maximum
from shicho.training.network.model import Network
from shicho.training.network.transforms import to_input, transform_targets
from shicho.training.run.device import missing_for_compile
from tests.support.symmetry import COUNT, move_array
from tests.support.training import random_network, randomise, tiny_preset


@lru_cache
def position_labels() -> NDArray[np.int16]:
    """Of nine positions of random games on boards from 19x19 to 2x2."""
    return SANDBOX_26.chain_labels(parity_positions(SANDBOX_26))


def slow_maximum(x: NDArray[Any], labels: NDArray[np.int16]) -> NDArray[Any]:
    """Chain by chain, channel by channel."""
    out = np.zeros_like(x)
    for sample in range(len(x)):
        for label in set(labels[sample].ravel().tolist()) - {0}:
            stones = labels[sample] == label
            for channel in range(x.shape[1]):
                out[sample, channel][stones] = x[sample, channel][stones].max()
    return out


def built(kind: Activation = "prelu") -> ChainPoolingBlock:
    """From 6 channels to 4 and back."""
    torch.manual_seed(10)
    block = build_block(ChainPooling(channels=4), 6, kind)
    assert isinstance(block, ChainPoolingBlock)
    initialise(block)
    randomise(block)
    return block


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("offset", [-10.0, 0.0])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_every_stone_gets_the_maximum_of_its_chain(
    dtype: torch.dtype, offset: float, layout: torch.memory_format
) -> None:
    """With gradient and without, which take different ways; also where all values are negative."""
    labels = position_labels()
    x = (torch.randn(len(labels), 5, 19, 19, generator=torch.Generator().manual_seed(1)) + offset).to(dtype)
    x = x.contiguous(memory_format=layout)
    expected = slow_maximum(x.float().numpy(), labels)
    found = chain_maximum(x.clone().requires_grad_(), torch.from_numpy(labels))
    with torch.no_grad():
        without_gradient = chain_maximum(x, torch.from_numpy(labels).long())
    for values in (found.detach(), without_gradient):
        assert values.dtype == dtype
        np.testing.assert_array_equal(values.float().numpy(), expected)


def test_the_gradient_of_the_maximum_against_differences() -> None:
    """In float64. All values differ by more than the step, so that each maximum stays where it is."""
    labels = torch.from_numpy(position_labels()[3:5])
    values = np.random.default_rng(2).permutation(2 * 2 * 361).reshape(2, 2, 19, 19) / 361 - 2
    x = torch.from_numpy(values).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: chain_maximum(x, labels), (x,), eps=1e-6, atol=1e-8, rtol=1e-6)


def test_equal_stones_hand_their_gradient_to_one_of_them() -> None:
    labels = torch.zeros(1, 19, 19, dtype=torch.int16)
    labels[0, 3, 4:8] = 62
    x = torch.zeros(1, 1, 19, 19, requires_grad=True)
    chain_maximum(x, labels).sum().backward()
    assert x.grad is not None
    assert x.grad.count_nonzero() == 1
    assert x.grad[0, 0, 3, 4:8].sum() == 4


def chain_sums(x: Tensor, labels: Tensor) -> Tensor:
    """[N, C, 362]: the sum over the stones of each label."""
    index = labels.flatten(1).long()[:, None].expand(-1, x.shape[1], -1)
    return torch.zeros(*x.shape[:2], 362).scatter_add(2, index, x.flatten(2).float())


@pytest.mark.parametrize("slope", [0.3, -0.3])
def test_the_compiled_gradient_is_finite_in_bfloat16(slope: float) -> None:
    """Values that are negative all over, as in the test of the pooled maximum: what a chain gets must arrive at it.

    Which stone of a chain it arrives at may differ, where bfloat16 makes several of them equal.
    """
    labels = torch.from_numpy(position_labels()[:4])
    activation = PReLU(32)
    torch.nn.init.constant_(activation.weight, slope)
    x = (-torch.rand(4, 32, 19, 19, generator=torch.Generator().manual_seed(1)) - 0.1).bfloat16()
    weight = torch.randn(4, 32, 19, 19, generator=torch.Generator().manual_seed(2))

    def pooled(values: Tensor) -> Tensor:
        return chain_maximum(activation(values), labels)

    def gradient(function: Any) -> Tensor:
        leaf = x.clone().contiguous(memory_format=torch.channels_last).requires_grad_()
        (result,) = torch.autograd.grad((function(leaf).float() * weight).sum(), leaf)
        return torch.as_tensor(result)

    compiled = pooled if missing_for_compile(torch.device("cpu")) else torch.compile(pooled, dynamic=False)
    found = gradient(compiled)
    assert found.isfinite().all()
    expected = chain_sums(weight, labels) * slope
    expected[:, :, 0] = 0
    torch.testing.assert_close(chain_sums(found, labels), expected, atol=0.05, rtol=0.02)


@pytest.mark.parametrize("kind", ["prelu", "crelu"])
def test_the_block_is_the_sum_of_its_parts(kind: Activation) -> None:
    block, labels = built(kind).eval(), position_labels()
    x = torch.randn(len(labels), 6, 19, 19)
    mask = torch.from_numpy((labels > 0).astype(np.float32))[:, None]
    with torch.no_grad():
        for context in (BoardContext(), BoardContext(mask=mask)):
            y = F.conv2d(block.first(x, context.mask), block.first_conv.weight, padding=1)
            highest = torch.from_numpy(slow_maximum(block.second(y, context.mask).numpy(), labels))
            expected = x + F.conv2d(highest, block.last_conv.weight, padding=1)
            found = block(x, context._replace(chains=torch.from_numpy(labels)))
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_the_block_passes_a_gradient_to_every_weight() -> None:
    block, labels = built().train(), position_labels()
    x = torch.randn(len(labels), 6, 19, 19, requires_grad=True)
    torch.autograd.backward(block(x, BoardContext(chains=torch.from_numpy(labels))).square().sum())
    for parameter in [x, *block.parameters()]:
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("transform", range(COUNT))
def test_the_block_commutes_with_the_transforms(transform: int) -> None:
    """Its convolutions are turned with the board; the labels move and keep their values."""
    block, turned, labels = built().eval(), built().eval(), position_labels()
    with torch.no_grad():
        for conv in (turned.first_conv, turned.last_conv):
            conv.weight.copy_(torch.from_numpy(move_array(conv.weight.numpy().copy(), transform).copy()))
        x = torch.randn(len(labels), 6, 19, 19)
        chains = {"chains": torch.from_numpy(labels)}
        moved = transform_targets(chains, torch.full((len(labels),), transform))["chains"]
        np.testing.assert_array_equal(moved.numpy(), move_array(labels, transform))
        expected = move_array(block(x, BoardContext(chains=chains["chains"])).numpy(), transform)
        found = turned(torch.from_numpy(move_array(x.numpy(), transform).copy()), BoardContext(chains=moved))
        torch.testing.assert_close(found, torch.from_numpy(expected.copy()), atol=1e-5, rtol=1e-5)


def test_labels_need_not_be_numbered_in_order() -> None:
    """A transform moves labels without numbering the chains anew."""
    packed = parity_positions(SANDBOX_26)
    labels, planes = SANDBOX_26.chain_labels(packed), to_input(torch.from_numpy(packed))
    other = np.append(0, 1 + np.random.default_rng(5).permutation(361))[labels]
    network = random_network(tiny_preset(Residual(), ChainPooling(channels=4)), masked=True)
    with torch.no_grad():
        ours, theirs = (network(planes, chains=torch.from_numpy(given))["policy"] for given in (labels, other))
    torch.testing.assert_close(ours, theirs, atol=0, rtol=0)


@pytest.mark.parametrize(("block", "needed"), [(ChainPooling(channels=4), True), (Residual(), False)])
def test_chains_are_asked_for_where_they_are_needed(block: Block, needed: bool) -> None:
    network = Network(NetworkConfig(channels=8, blocks=(Residual(), block)), masked=False).eval()
    assert network.uses_chains is needed
    planes = torch.zeros(2, len(FEATURE_SETS["sandbox-26"]), 19, 19)
    if needed:
        with pytest.raises(ValueError, match="chain"):
            network(planes)
    else:
        assert network(planes)["policy"].shape == (2, 362)

"""Each block against a slow computation of its definition, and the ladder block at its limits."""

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from shicho.training.config import Activation, Block, Bottleneck, Ladder, Residual, Wide
from shicho.training.network import blocks
from shicho.training.network.init import initialise
from shicho.training.network.layers import BoardContext
from tests.support.training import randomise

DIRECTIONS = ((1, -1), (-1, 1), (1, 1), (-1, -1))


def slow_average(a: NDArray[np.float64], b: NDArray[np.float64], down: int, right: int) -> NDArray[np.float64]:
    """The ladder block's average along one direction, diagonal by diagonal in plain Python; a and b are [19, 19]."""
    out = np.zeros((19, 19))
    for row in range(19):
        for column in range(19):
            if 0 <= row - down < 19 and 0 <= column - right < 19:
                continue
            total = top = bottom = 0.0
            r, c = row, column
            while 0 <= r < 19 and 0 <= c < 19:
                weight = math.exp(b[r, c] + total) - math.exp(total)
                top += a[r, c] * weight
                bottom += weight
                out[r, c] = top / (bottom + 1e-6)
                total += b[r, c]
                r, c = r + down, c + right
    return out


def test_skew_makes_diagonals_columns_and_back() -> None:
    board = torch.arange(361.0).view(19, 19) + 1
    skewed = blocks.skew(board)
    assert skewed.shape == (19, 37)
    for row in range(19):
        assert torch.equal(skewed[row, row : row + 19], board[row])
        assert skewed[row].count_nonzero() == 19
    assert torch.equal(blocks.unskew(skewed), board)


@pytest.mark.parametrize("low", [0.0001, 0.3])
def test_diagonal_averages_in_all_four_directions(low: float) -> None:
    rng = np.random.default_rng(7)
    a, b = rng.normal(size=(4, 2, 19, 19)), rng.uniform(low, 1.5001, (4, 2, 19, 19))
    ways = [blocks.four_ways(torch.from_numpy(part)[None].float()) for part in (a, b)]
    ours = blocks.four_ways(blocks.diagonal_average(*ways))[0].numpy()
    for way, (down, right) in enumerate(DIRECTIONS):
        for channel in range(2):
            expected = slow_average(a[way, channel], b[way, channel], down, right)
            np.testing.assert_allclose(ours[way, channel], expected, rtol=2e-4, atol=2e-4)


def test_four_ways_undoes_itself() -> None:
    x = torch.randn(2, 4, 3, 19, 19)
    assert torch.equal(blocks.four_ways(blocks.four_ways(x)), x)


def test_ladder_block_is_the_sum_of_its_parts() -> None:
    torch.manual_seed(1)
    block = blocks.LadderBlock(8, "prelu", 2).eval()
    initialise(block)
    randomise(block)
    x, near = torch.randn(2, 8, 19, 19), (torch.rand(2, 1, 19, 19) < 0.5).float()
    with torch.no_grad():
        y = block.first(x, None)
        a = block.value(block.value_conv(y), None).double().numpy()
        b = (1.5 * block.weight_norm(block.weight_conv(y)).sigmoid() * near + 0.0001).double().numpy()
        averages = np.zeros((2, 8, 19, 19))
        for sample in range(2):
            for channel in range(8):
                way = DIRECTIONS[channel // 2]
                averages[sample, channel] = slow_average(a[sample, channel], b[sample, channel], *way)
        expected = x + block.last_conv(torch.from_numpy(averages).float())
        assert torch.allclose(block(x, BoardContext(near=near)), expected, atol=1e-3)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e4, 1e8])
@pytest.mark.parametrize("offset", [-1e4, 0.0, 1e4])
@pytest.mark.parametrize("training", [False, True])
def test_ladder_block_stays_finite_both_ways(scale: float, offset: float, training: bool) -> None:
    """Saturated weights everywhere (a sum of 28.5 along the longest diagonal) or none, and huge values."""
    torch.manual_seed(2)
    block = blocks.LadderBlock(4, "prelu", 2).train(training)
    initialise(block)
    with torch.no_grad():
        block.weight_norm.bias.fill_(offset)
        block.weight_norm.weight.fill_(scale)
        block.value.norm.weight.fill_(scale)
        block.weight_conv.weight.mul_(scale)
    x = torch.randn(3, 4, 19, 19, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = block(x, BoardContext(near=torch.ones(3, 1, 19, 19)))
    out.sum().backward()
    assert out.dtype == torch.float32
    assert out.isfinite().all()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    for name, parameter in block.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_ladder_averages_forget_what_lies_before_heavy_cells() -> None:
    values = torch.zeros(19, 19)
    values[0, 18] = 1.0
    heavy, light = (
        blocks.diagonal_average(values, torch.full((19, 19), weight)).flip(1).diagonal() for weight in (1.5001, 0.0001)
    )
    assert heavy[0] > 0.99
    assert heavy[1] == pytest.approx(math.expm1(1.5001) / math.expm1(3.0002), rel=1e-3)
    assert heavy[6] < 1e-3
    assert light[6] == pytest.approx(1 / 7, rel=1e-2)


def test_wide_block_against_two_convolutions_and_their_transposes() -> None:
    torch.manual_seed(3)
    block = blocks.WideBlock(6, "prelu", 4, 9).eval()
    initialise(block)
    randomise(block)
    x = torch.randn(2, 6, 19, 19)
    with torch.no_grad():
        y = block.first(x, None)
        vertical = F.conv2d(
            block.vertical(F.conv2d(y, block.narrow, padding=(4, 0)), None), block.widen, padding=(0, 4)
        )
        turned = F.conv2d(y.transpose(2, 3), block.narrow, padding=(4, 0)).transpose(2, 3)
        horizontal = F.conv2d(block.horizontal(turned, None).transpose(2, 3), block.widen, padding=(0, 4)).transpose(
            2, 3
        )
        assert torch.allclose(block(x, BoardContext()), x + (vertical + horizontal) / 2, atol=1e-5)


@pytest.mark.parametrize("pool", [False, True])
def test_residual_block_is_the_sum_of_its_parts(pool: bool) -> None:
    torch.manual_seed(9)
    block = blocks.ResidualBlock(6, "prelu", pool=pool).eval()
    initialise(block)
    randomise(block)
    x = torch.randn(2, 6, 19, 19)
    with torch.no_grad():
        y = F.prelu(block.first.norm(x), block.first.activation.weight)
        z = F.conv2d(y, block.first_conv.weight, padding=1)
        if block.pooled is not None:
            pooled = torch.cat([y.mean((2, 3)), y.amax((2, 3))], dim=1)
            z = z + (pooled @ block.pooled.weight.T)[:, :, None, None]
        z = F.prelu(block.second.norm(z), block.second.activation.weight)
        expected = x + F.conv2d(z, block.second_conv.weight, padding=1)
        assert torch.allclose(block(x, BoardContext()), expected, atol=1e-5)


def test_a_config_says_which_blocks_are_built() -> None:
    residual = blocks.build_block(Residual(pool=True), 8, "relu")
    ladder = blocks.build_block(Ladder(channels=3), 8, "relu")
    wide = blocks.build_block(Wide(channels=5, length=7), 8, "relu")
    assert isinstance(residual, blocks.ResidualBlock)
    assert residual.pooled is not None
    assert isinstance(ladder, blocks.LadderBlock)
    assert ladder.value_conv.weight.shape == (12, 8, 3, 3)
    assert isinstance(wide, blocks.WideBlock)
    assert (wide.narrow.shape, wide.widen.shape) == ((5, 8, 7, 1), (8, 5, 1, 7))
    assert [block.uses_near for block in (residual, ladder, wide)] == [False, True, False]


def ready(block: blocks.TrunkBlock) -> Any:
    """The block in evaluation mode with random weights, statistics and slopes."""
    torch.manual_seed(10)
    initialise(block)
    randomise(block)
    return block.eval()


def test_a_dilated_convolution_reads_a_wider_square() -> None:
    block = ready(blocks.ResidualBlock(4, "relu", dilation=3))
    x = torch.randn(2, 4, 19, 19)
    with torch.no_grad():
        y = F.conv2d(block.first(x, None), block.first_conv.weight, padding=3, dilation=3)
        expected = x + F.conv2d(block.second(y, None), block.second_conv.weight, padding=1)
        torch.testing.assert_close(block(x, BoardContext()), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("pool", [False, True])
def test_a_bottleneck_is_the_sum_of_its_parts(pool: bool) -> None:
    block = ready(blocks.BottleneckBlock(8, "prelu", Bottleneck(channels=4, depth=3, pool=pool)))
    assert [inner.pooled is not None for inner in block.inner] == [pool, False, False]
    x, mask = torch.randn(2, 8, 19, 19), torch.zeros(2, 1, 19, 19)
    mask[:, :, 3:12, 3:12] = 1
    with torch.no_grad():
        for context in (BoardContext(), BoardContext(mask=mask)):
            y = F.conv2d(block.first(x, context.mask), block.narrow.weight)
            for inner in block.inner:
                y = inner(y, context)
            expected = x + F.conv2d(block.last(y, context.mask), block.widen.weight)
            torch.testing.assert_close(block(x, context), expected, atol=1e-5, rtol=1e-5)


def test_after_crelu_every_convolution_takes_twice_the_channels() -> None:
    shapes = {
        Residual(pool=True): {"first_conv": (8, 16, 3, 3), "second_conv": (8, 16, 3, 3), "pooled": (8, 32)},
        Bottleneck(channels=4): {"narrow": (4, 16, 1, 1), "widen": (8, 8, 1, 1)},
        Ladder(channels=2): {"value_conv": (8, 16, 3, 3), "weight_conv": (8, 16, 3, 3), "last_conv": (8, 16, 1, 1)},
    }
    for config, expected in shapes.items():
        block = ready(blocks.build_block(config, 8, "crelu"))
        assert {name: tuple(getattr(block, name).weight.shape) for name in expected} == expected
    wide = ready(blocks.build_block(Wide(channels=4, length=5), 8, "crelu"))
    assert (wide.narrow.shape, wide.widen.shape) == ((4, 16, 5, 1), (8, 8, 1, 5))


def test_both_signs_of_a_ladder_value_are_averaged_with_the_same_weights() -> None:
    """In the order of CReLU: the positive parts of all four directions, then the negative ones."""
    block = ready(blocks.LadderBlock(8, "crelu", 2))
    x, near = torch.randn(1, 8, 19, 19), (torch.rand(1, 1, 19, 19) < 0.5).float()
    with torch.no_grad():
        y = block.first(x, None)
        a = block.value(block.value_conv(y), None).double().numpy()[0]
        b = (1.5 * block.weight_norm(block.weight_conv(y)).sigmoid() * near + 0.0001).double().numpy()[0]
        assert (a.shape, b.shape) == ((16, 19, 19), (8, 19, 19))
        # [direction, sign, average] in the order that the last convolution reads.
        averages = np.zeros((4, 2, 2, 19, 19))
        for way, sign, channel in np.ndindex(4, 2, 2):
            of_value, of_weight = 8 * sign + 2 * way + channel, 2 * way + channel
            averages[way, sign, channel] = slow_average(a[of_value], b[of_weight], *DIRECTIONS[way])
        flat = torch.from_numpy(averages.reshape(1, 16, 19, 19)).float()
        expected = x + block.last_conv(flat)
        torch.testing.assert_close(block(x, BoardContext(near=near)), expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("kind", ["prelu", "crelu"])
@pytest.mark.parametrize(
    "config",
    [
        Residual(dilation=2),
        Bottleneck(channels=4, pool=True),
        Residual(pool=True),
        Ladder(channels=2),
        Wide(channels=4),
    ],
    ids=str,
)
def test_blocks_pass_a_gradient_to_every_weight(config: Block, kind: Activation) -> None:
    block = blocks.build_block(config, 8, kind)
    initialise(block)
    x = torch.randn(2, 8, 19, 19, requires_grad=True)
    torch.autograd.backward(block(x, BoardContext(near=torch.ones(2, 1, 19, 19))).square().sum())
    for parameter in [x, *block.parameters()]:
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0

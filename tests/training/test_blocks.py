"""Each block against a slow computation of its definition, and the ladder block at its limits."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from shicho.training import blocks
from shicho.training.config import Activation

DIRECTIONS = ((1, -1), (-1, 1), (1, 1), (-1, -1))


def randomise(module: torch.nn.Module) -> None:
    """Give normalisation statistics and PReLU slopes values that a mistake would show in."""
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.3)  # type: ignore[union-attr, operator]
            part.running_var.uniform_(0.5, 2)  # type: ignore[union-attr, operator]
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
            torch.nn.init.normal_(part.bias, 0, 0.3)
        if isinstance(part, blocks.PReLU):
            torch.nn.init.normal_(part.slope, 0, 0.3)


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
    block = blocks.LadderBlock(8, Activation.PRELU, 2).eval()
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
        assert torch.allclose(block(x, None, near), expected, atol=1e-3)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e4, 1e8])
@pytest.mark.parametrize("offset", [-1e4, 0.0, 1e4])
@pytest.mark.parametrize("training", [False, True])
def test_ladder_block_stays_finite_both_ways(scale: float, offset: float, training: bool) -> None:
    """Saturated weights everywhere (a sum of 28.5 along the longest diagonal) or none, and huge values."""
    torch.manual_seed(2)
    block = blocks.LadderBlock(4, Activation.PRELU, 2).train(training)
    with torch.no_grad():
        block.weight_norm.bias.fill_(offset)
        block.weight_norm.weight.fill_(scale)
        block.value.norm.weight.fill_(scale)
        block.weight_conv.weight.mul_(scale)
    x = torch.randn(3, 4, 19, 19, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = block(x, None, torch.ones(3, 1, 19, 19))
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
    block = blocks.WideBlock(6, Activation.PRELU, 4, 9).eval()
    randomise(block)
    x = torch.randn(2, 6, 19, 19)
    with torch.no_grad():
        y = block.first(x, None)
        upright = F.conv2d(block.upright(F.conv2d(y, block.narrow, padding=(4, 0)), None), block.widen, padding=(0, 4))
        turned = F.conv2d(y.transpose(2, 3), block.narrow, padding=(4, 0)).transpose(2, 3)
        level = F.conv2d(block.level(turned, None).transpose(2, 3), block.widen, padding=(0, 4)).transpose(2, 3)
        assert torch.allclose(block(x, None, None), x + (upright + level) / 2, atol=1e-5)


def test_first_convolution_adds_a_centre_of_its_own() -> None:
    torch.manual_seed(4)
    layer = blocks.FirstConvolution(26, 5)
    planes = torch.randn(2, 26, 19, 19)
    expected = F.conv2d(planes, layer.weight, padding=2) + F.conv2d(planes, layer.centre)
    assert torch.allclose(layer(planes), expected, atol=1e-5)


def test_prelu_starts_as_relu_and_follows_its_slopes() -> None:
    layer = blocks.PReLU(3)
    x = torch.randn(2, 3, 19, 19)
    assert torch.equal(layer(x), F.relu(x))
    torch.nn.init.normal_(layer.slope)
    assert torch.allclose(layer(x), F.prelu(x, layer.slope))


def test_pooling_looks_at_the_board_alone() -> None:
    x, mask = torch.randn(2, 3, 19, 19), torch.zeros(2, 1, 19, 19)
    mask[:, :, 5:14, 5:14] = 1
    inside = x[:, :, 5:14, 5:14].flatten(2)
    expected = torch.cat([inside.mean(2), inside.amax(2)], dim=1)
    assert torch.allclose(blocks.pooled_mean_and_max(x * mask, mask), expected, atol=1e-6)
    negative = -x.abs() - 1
    assert (blocks.pooled_mean_and_max(negative * mask, mask) < 0).all()


def test_near_is_within_three_steps_of_a_stone() -> None:
    stones = torch.zeros(1, 1, 19, 19)
    stones[0, 0, 4, 7] = stones[0, 0, 18, 0] = 1
    near = blocks.near_stones(stones)[0, 0]
    for row in range(19):
        for column in range(19):
            distance = min(abs(row - 4) + abs(column - 7), abs(row - 18) + column)
            assert near[row, column] == (distance <= 3)


@pytest.mark.parametrize(
    ("weight", "deviation"),
    [
        (blocks.FirstConvolution(26, 256).weight, math.sqrt(2 / (26 * 25))),
        (blocks.FirstConvolution(26, 256).centre, 0.3 * math.sqrt(2 / 26)),
        (blocks.ResidualBlock(64, Activation.RELU, False).second_conv.weight, math.sqrt(2 / (64 * 9))),
        (blocks.WideBlock(96, Activation.RELU, 64, 9).narrow, math.sqrt(2 / (96 * 9))),
        (blocks.WideBlock(96, Activation.RELU, 64, 9).widen, math.sqrt(2 / (96 * 9))),
        (blocks.PolicyHead(64, Activation.RELU, 48, 32).pooled.weight, math.sqrt(2 / (64 * 4))),
        (blocks.PolicyHead(64, Activation.RELU, 48, 32).last_conv.weight, 0.5 * math.sqrt(2 / (96 * 25))),
    ],
)
def test_initialisation(weight: Tensor, deviation: float) -> None:
    """A normal distribution cut at two deviations has 0.880 of its deviation left."""
    assert float(weight.detach().std()) == pytest.approx(0.880 * deviation, rel=0.05)
    assert float(weight.detach().abs().max()) <= 2 * deviation * (1 + 1e-6)

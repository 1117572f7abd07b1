"""The layers networks are made of. Start at `training.model`, which puts them together.

Features are [N, C, 19, 19]; `mask` is [N, 1, 19, 19], 1 on the board, or None where every board is 19 x 19. With a
mask, no convolution or pool ever sees a point off the board: what a convolution reads has been masked after
normalisation and activation (which would bring the points off the board to life again), so that the edge of a small
board looks as that of a full one does. Convolutions have no bias.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shicho.training.config import Activation

BOARD = 19
SKEWED = 2 * BOARD - 1
NEAR_DISTANCE = 3
LADDER_FLOOR = 0.0001
LADDER_WEIGHT = 1.5
LADDER_EPSILON = 1e-6


def truncated_normal_(weight: Tensor, fan_in: float, factor: float = 1.0) -> None:
    """The sandbox's He initialisation: normal, deviation factor x sqrt(2 / fan_in), cut at two deviations."""
    deviation = factor * math.sqrt(2 / fan_in)
    nn.init.trunc_normal_(weight, std=deviation, a=-2 * deviation, b=2 * deviation)


def convolution(inputs: int, outputs: int, size: int, factor: float = 1.0) -> nn.Conv2d:
    """A `size` x `size` convolution without bias that keeps the board's size."""
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False)
    truncated_normal_(layer.weight, inputs * size * size, factor)
    return layer


def normalisation(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation with the sandbox's constants (0.99 in TensorFlow's sense is 0.01 in PyTorch's)."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class PReLU(nn.Module):
    """max(x, 0) + slope x min(x, 0) with one slope a channel, started at 0. x: [N, C, ...]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape and dtype as x."""
        slope = self.slope.to(x.dtype).view(-1, 1, 1)
        return torch.where(x > 0, x, slope * x)


def activation(kind: Activation, channels: int) -> nn.Module:
    """The nonlinearity a config names."""
    return PReLU(channels) if kind is Activation.PRELU else nn.ReLU()


class Activate(nn.Module):
    """Normalise, activate, mask: what stands before every convolution inside the network."""

    def __init__(self, channels: int, kind: Activation) -> None:
        super().__init__()
        self.norm = normalisation(channels)
        self.activation = activation(kind, channels)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """[N, C, 19, 19] to the same, 0 off the board."""
        y: Tensor = self.activation(self.norm(x))
        return y if mask is None else y * mask


def pooled_mean_and_max(x: Tensor, mask: Tensor | None) -> Tensor:
    """[N, C, 19, 19] to [N, 2C]: the mean over the points on the board, then the maximum. x is 0 off the board."""
    if mask is None:
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1)
    mean = x.sum((2, 3)) / mask.sum((2, 3))
    return torch.cat([mean, x.masked_fill(mask == 0, -math.inf).amax((2, 3))], dim=1)


class FirstConvolution(nn.Module):
    """5x5 from the planes, the centre with a second weight: redundant, and it helps early (docs/background.md)."""

    def __init__(self, planes: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, planes, 5, 5))
        self.centre = nn.Parameter(torch.empty(channels, planes, 1, 1))
        truncated_normal_(self.weight, planes * 25)
        truncated_normal_(self.centre, planes, 0.3)

    def forward(self, planes: Tensor) -> Tensor:
        """[N, planes, 19, 19] (0 off the board) to [N, C, 19, 19]."""
        return F.conv2d(planes, self.weight + F.pad(self.centre, (2, 2, 2, 2)), padding=2)


class ResidualBlock(nn.Module):
    """x + 3x3(activate(3x3(activate(x)))); with `pool`, the input's pooled mean and max are added in the middle."""

    def __init__(self, channels: int, kind: Activation, pool: bool) -> None:
        super().__init__()
        self.first = Activate(channels, kind)
        self.first_conv = convolution(channels, channels, 3)
        self.second = Activate(channels, kind)
        self.second_conv = convolution(channels, channels, 3)
        self.pooled = nn.Linear(2 * channels, channels, bias=False) if pool else None
        if self.pooled is not None:
            truncated_normal_(self.pooled.weight, 4 * 2 * channels)

    def forward(self, x: Tensor, mask: Tensor | None, _near: Tensor | None) -> Tensor:
        """[N, C, 19, 19] to the same."""
        y = self.first(x, mask)
        z = self.first_conv(y)
        if self.pooled is not None:
            z = z + self.pooled(pooled_mean_and_max(y, mask))[:, :, None, None]
        change: Tensor = self.second_conv(self.second(z, mask))
        return x + change


def skew(x: Tensor) -> Tensor:
    """[..., 19, 19] to [..., 19, 37]: row r moves r places right, so that column k holds the diagonal r + c = k."""
    rows = F.pad(x, (0, BOARD)).flatten(-2)[..., : BOARD * SKEWED]
    return rows.reshape(*x.shape[:-2], BOARD, SKEWED)


def unskew(x: Tensor) -> Tensor:
    """The inverse of `skew`."""
    rows = F.pad(x.flatten(-2), (0, BOARD)).reshape(*x.shape[:-2], BOARD, 2 * BOARD)
    return rows[..., :BOARD]


def four_ways(x: Tensor) -> Tensor:
    """Turn each quarter k of [N, 4, C, 19, 19] so that its direction runs down and to the left; its own inverse.

    The directions: down-left, up-right, down-right, up-left.
    """
    quarters = (x[:, 0], x[:, 1].flip(-2, -1), x[:, 2].flip(-1), x[:, 3].flip(-2))
    return torch.stack(quarters, dim=1)


def diagonal_average(values: Tensor, weights: Tensor) -> Tensor:
    """Along each diagonal, downwards and to the left, the exponentially weighted average of `values` so far.

    Both [..., 19, 19] float32, weights 0 off the board and from 0.0001 to 1.5001 on it, so that a diagonal's sum stays
    below 29 and its exponential far inside float32. A cell with weight b after a sum S counts exp(b + S) - exp(S).
    """
    weights, values = skew(weights), skew(values)
    before = weights.cumsum(-2) - weights
    gains = before.exp() * weights.expm1()
    averages = (values * gains).cumsum(-2) / (gains.cumsum(-2) + LADDER_EPSILON)
    return unskew(averages)


class LadderBlock(nn.Module):
    """x + 1x1 of moving averages along the four diagonal directions, each of `averages` channels of its own.

    All of it is computed in float32 whatever autocast says: exp(28) and its sums need the range and the digits.
    """

    def __init__(self, channels: int, kind: Activation, averages: int) -> None:
        super().__init__()
        self.averages = averages
        self.first = Activate(channels, kind)
        self.value_conv = convolution(channels, 4 * averages, 3)
        self.value = Activate(4 * averages, kind)
        self.weight_conv = convolution(channels, 4 * averages, 3)
        self.weight_norm = normalisation(4 * averages)
        self.last_conv = convolution(4 * averages, channels, 1)

    def forward(self, x: Tensor, mask: Tensor | None, near: Tensor | None) -> Tensor:
        """[N, C, 19, 19] to the same; `near` [N, 1, 19, 19] is 1 within three steps of a stone."""
        assert near is not None
        with torch.autocast(x.device.type, enabled=False):
            y = self.first(x.float(), mask)
            values = self.value(self.value_conv(y), mask)
            weights = LADDER_WEIGHT * torch.sigmoid(self.weight_norm(self.weight_conv(y))) * near + LADDER_FLOOR
            if mask is not None:
                weights = weights * mask
            ways = [four_ways(part.unflatten(1, (4, self.averages))) for part in (values, weights)]
            change: Tensor = self.last_conv(four_ways(diagonal_average(*ways)).flatten(1, 2))
        return x + change.to(x.dtype)


class WideBlock(nn.Module):
    """x + half of two paths through a narrow middle: upright then level, and transposed with the same weights."""

    def __init__(self, channels: int, kind: Activation, middle: int, length: int) -> None:
        super().__init__()
        self.padding = length // 2
        self.first = Activate(channels, kind)
        self.narrow = nn.Parameter(torch.empty(middle, channels, length, 1))
        self.widen = nn.Parameter(torch.empty(channels, middle, 1, length))
        self.upright = Activate(middle, kind)
        self.level = Activate(middle, kind)
        truncated_normal_(self.narrow, channels * length)
        truncated_normal_(self.widen, channels * length)

    def forward(self, x: Tensor, mask: Tensor | None, _near: Tensor | None) -> Tensor:
        """[N, C, 19, 19] to the same."""
        along, across = (self.padding, 0), (0, self.padding)
        y = self.first(x, mask)
        upright = self.upright(F.conv2d(y, self.narrow, padding=along), mask)
        level = self.level(F.conv2d(y, self.narrow.transpose(2, 3), padding=across), mask)
        total = F.conv2d(upright, self.widen, padding=across) + F.conv2d(
            level, self.widen.transpose(2, 3), padding=along
        )
        return x + 0.5 * total


class PolicyHead(nn.Module):
    """Where to play: local and pooled features together, and a logit for the pass from the pooled ones alone.

    The logits are computed in float32 whatever autocast says: bfloat16 has steps of 1/16 at the size they reach.
    """

    def __init__(self, channels: int, kind: Activation, policy_channels: int, pool_channels: int) -> None:
        super().__init__()
        self.first = Activate(channels, kind)
        self.policy_conv = convolution(channels, policy_channels, 3)
        self.pool_conv = convolution(channels, pool_channels, 3)
        self.pool = Activate(pool_channels, kind)
        self.pooled = nn.Linear(2 * pool_channels, policy_channels, bias=False)
        self.norm = normalisation(policy_channels)
        self.last_conv = convolution(2 * policy_channels, 1, 5, 0.5)
        self.passing = nn.Linear(2 * pool_channels, 1, bias=False)
        truncated_normal_(self.pooled.weight, 4 * 2 * pool_channels)
        nn.init.zeros_(self.passing.weight)

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """[N, C, 19, 19] to ([N, 361] for the points row by row, [N, 1] for the pass)."""
        y = self.first(x, mask)
        pooled = pooled_mean_and_max(self.pool(self.pool_conv(y), mask), mask)
        z = self.norm(self.policy_conv(y) + self.pooled(pooled)[:, :, None, None])
        both_signs = F.relu(torch.cat([z, -z], dim=1))
        if mask is not None:
            both_signs = both_signs * mask
        with torch.autocast(x.device.type, enabled=False):
            return self.last_conv(both_signs.float()).flatten(1), self.passing(pooled.float())


def near_stones(stones: Tensor) -> Tensor:
    """1 on the points within Manhattan distance 3 of a stone, else 0. stones: [N, 1, 19, 19] of 0 and 1."""
    for _ in range(NEAR_DISTANCE):
        upright = F.max_pool2d(stones, (3, 1), stride=1, padding=(1, 0))
        level = F.max_pool2d(stones, (1, 3), stride=1, padding=(0, 1))
        stones = torch.maximum(upright, level)
    return stones

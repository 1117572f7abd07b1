"""The blocks of a trunk. Each maps features [N, C, 19, 19] and a BoardContext to [N, C, 19, 19]."""

import math
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shicho.training.config import Activation, Block, Bottleneck, ChainPooling, Ladder, Residual, Wide
from shicho.training.network.layers import (
    BOARD,
    BoardContext,
    NormActMask,
    PooledMeanAndMax,
    batch_norm,
    chain_maximum,
    convolution,
)

SKEWED = 2 * BOARD - 1
LADDER_FLOOR = 0.0001
LADDER_WEIGHT = 1.5
LADDER_EPSILON = 1e-6


class TrunkBlock(nn.Module):
    """Base of the blocks. `first` normalises the input of a block; the other norms follow a convolution."""

    uses_near = False
    """Whether `context.near` must be given."""
    uses_chains = False
    """Whether `context.chains` must be given."""
    pooled_norms: tuple[str, ...] = ()
    """Names of the norms whose input is the sum of a convolution and pooled features."""
    added_variance: float = 1.0
    """Initial variance of what the block adds to the features, relative to one convolution (see `norms`)."""
    dropout_in: tuple[str, ...] = ()
    """Names of the NormActMask layers that get the dropout of the config: those before the last convolution."""

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Map [N, C, 19, 19] to the same shape."""
        raise NotImplementedError


def build_block(block: Block, channels: int, kind: Activation) -> TrunkBlock:
    """Return the module for one block of a config."""
    match block:
        case Residual():
            return ResidualBlock(channels, kind, pool=block.pool, dilation=block.dilation)
        case Bottleneck():
            return BottleneckBlock(channels, kind, block)
        case Ladder():
            return LadderBlock(channels, kind, block.channels)
        case Wide():
            return WideBlock(channels, kind, block.channels, block.length)
        case ChainPooling():
            return ChainPoolingBlock(channels, kind, block.channels)


class ResidualBlock(TrunkBlock):
    """x + conv3x3(act(conv3x3(act(x)))); with `pool`, the first activation's mean and max are added in the middle."""

    dropout_in = ("second",)
    init_scales = MappingProxyType({"pooled.weight": 0.5})
    before_activation = ("first_conv.weight",)

    def __init__(self, channels: int, kind: Activation, *, pool: bool = False, dilation: int = 1) -> None:
        super().__init__()
        self.first = NormActMask(channels, kind)
        self.first_conv = convolution(self.first.outputs, channels, 3, dilation)
        self.second = NormActMask(channels, kind)
        self.second_conv = convolution(self.second.outputs, channels, 3)
        self.pooled: nn.Linear | None = None
        if pool:
            self.pooled_mean_and_max = PooledMeanAndMax()
            self.pooled = nn.Linear(2 * self.first.outputs, channels, bias=False)
            self.pooled_norms = ("second",)

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Map [N, C, 19, 19] to the same shape."""
        y = self.first(x, context.mask)
        z = self.first_conv(y)
        if self.pooled is not None:
            z = z + self.pooled(self.pooled_mean_and_max(y, context.mask))[:, :, None, None]
        change: Tensor = self.second_conv(self.second(z, context.mask))
        return x + change


class BottleneckBlock(TrunkBlock):
    """x + conv1x1(act(inner blocks(conv1x1(act(x))))), the inner blocks residual and narrower (KataGo)."""

    def __init__(self, channels: int, kind: Activation, config: Bottleneck) -> None:
        super().__init__()
        self.first = NormActMask(channels, kind)
        self.narrow = convolution(self.first.outputs, config.channels, 1)
        self.inner = nn.ModuleList(
            ResidualBlock(config.channels, kind, pool=config.pool and number == 0) for number in range(config.depth)
        )
        self.last = NormActMask(config.channels, kind)
        self.widen = convolution(self.last.outputs, channels, 1)

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Map [N, C, 19, 19] to the same shape."""
        y: Tensor = self.narrow(self.first(x, context.mask))
        for block in self.inner:
            y = block(y, context)
        change: Tensor = self.widen(self.last(y, context.mask))
        return x + change


def skew(x: Tensor) -> Tensor:
    """Map [..., 19, 19] to [..., 19, 37]: row r moves r places right, so that column k holds the diagonal r + c = k."""
    rows = F.pad(x, (0, BOARD)).flatten(-2)[..., : BOARD * SKEWED]
    return rows.reshape(*x.shape[:-2], BOARD, SKEWED)


def unskew(x: Tensor) -> Tensor:
    """Map [..., 19, 37] to [..., 19, 19], the inverse of `skew`."""
    rows = F.pad(x.flatten(-2), (0, BOARD)).reshape(*x.shape[:-2], BOARD, 2 * BOARD)
    return rows[..., :BOARD]


def four_ways(x: Tensor) -> Tensor:
    """Turn each quarter k of [N, 4, ..., 19, 19] so that its direction runs down and to the left; its own inverse.

    The directions: down-left, up-right, down-right, up-left.
    """
    quarters = (x[:, 0], x[:, 1].flip(-2, -1), x[:, 2].flip(-1), x[:, 3].flip(-2))
    return torch.stack(quarters, dim=1)


def diagonal_average(values: Tensor, weights: Tensor) -> Tensor:
    """Return the exponentially weighted average of `values` along each diagonal, downwards and to the left.

    Both [..., 19, 19] float32, weights 0 off the board and from 0.0001 to 1.5001 on it, so that a diagonal's sum stays
    below 29 and its exponential far inside float32. A cell with weight b after a sum S counts exp(b + S) - exp(S).
    """
    weights, values = skew(weights), skew(values)
    before = weights.cumsum(-2) - weights
    gains = before.exp() * weights.expm1()
    averages = (values * gains).cumsum(-2) / (gains.cumsum(-2) + LADDER_EPSILON)
    return unskew(averages)


class LadderBlock(TrunkBlock):
    """x + conv1x1 of moving averages along the four diagonal directions, each of `averages` channels of its own.

    Computed in float32 even under autocast: exp(28) and its sums need the range and the digits.
    """

    uses_near = True
    dropout_in = ("value",)
    before_activation = ("value_conv.weight",)

    def __init__(self, channels: int, kind: Activation, averages: int) -> None:
        super().__init__()
        self.averages = averages
        self.first = NormActMask(channels, kind)
        self.value_conv = convolution(self.first.outputs, 4 * averages, 3)
        self.value = NormActMask(4 * averages, kind)
        self.weight_conv = convolution(self.first.outputs, 4 * averages, 3)
        self.weight_norm = batch_norm(4 * averages)
        self.last_conv = convolution(self.value.outputs, channels, 1)

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Map [N, C, 19, 19] to the same shape; needs `context.near`."""
        assert context.near is not None
        mask = context.mask
        with torch.autocast(x.device.type, enabled=False):
            y = self.first(x.float(), mask)
            values = self.value(self.value_conv(y), mask)
            weights = LADDER_WEIGHT * torch.sigmoid(self.weight_norm(self.weight_conv(y))) * context.near + LADDER_FLOOR
            if mask is not None:
                weights = weights * mask
            # Both [N, 4, K, averages, 19, 19]: K = 2 for values after CReLU, whose two signs share their weights.
            ways = [four_ways(part.unflatten(1, (-1, 4, self.averages)).transpose(1, 2)) for part in (values, weights)]
            change: Tensor = self.last_conv(four_ways(diagonal_average(*ways)).flatten(1, 3))
        return x + change.to(x.dtype)


class WideBlock(TrunkBlock):
    """x + half the sum of two low-rank paths: vertical then horizontal, and transposed with the same weights."""

    dropout_in = ("vertical", "horizontal")
    before_activation = ("narrow",)

    def __init__(self, channels: int, kind: Activation, middle: int, length: int) -> None:
        super().__init__()
        self.padding = length // 2
        self.first = NormActMask(channels, kind)
        self.narrow = nn.Parameter(torch.empty(middle, self.first.outputs, length, 1))
        self.vertical = NormActMask(middle, kind)
        self.horizontal = NormActMask(middle, kind)
        self.widen = nn.Parameter(torch.empty(channels, self.vertical.outputs, 1, length))
        # The second convolution starts as if its fan-in were the first one's.
        self.init_scales = {"widen": math.sqrt(self.vertical.outputs / self.first.outputs)}
        self.added_variance = middle / channels / 2

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Map [N, C, 19, 19] to the same shape."""
        mask = context.mask
        along, across = (self.padding, 0), (0, self.padding)
        y = self.first(x, mask)
        vertical = self.vertical(F.conv2d(y, self.narrow, padding=along), mask)
        horizontal = self.horizontal(F.conv2d(y, self.narrow.transpose(2, 3), padding=across), mask)
        total = F.conv2d(vertical, self.widen, padding=across) + F.conv2d(
            horizontal, self.widen.transpose(2, 3), padding=along
        )
        return x + 0.5 * total


class ChainPoolingBlock(TrunkBlock):
    """x + conv3x3(the maximum over each chain of act(conv3x3(act(x)))), `pooled` channels between the convolutions.

    All stones of a chain get its maximum, whatever their distance; points without a stone get 0.
    """

    uses_chains = True
    dropout_in = ("second",)
    before_activation = ("first_conv.weight",)

    def __init__(self, channels: int, kind: Activation, pooled: int) -> None:
        super().__init__()
        self.first = NormActMask(channels, kind)
        self.first_conv = convolution(self.first.outputs, pooled, 3)
        self.second = NormActMask(pooled, kind)
        self.last_conv = convolution(self.second.outputs, channels, 3)

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Map [N, C, 19, 19] to the same shape; needs `context.chains`."""
        assert context.chains is not None
        y = self.second(self.first_conv(self.first(x, context.mask)), context.mask)
        change: Tensor = self.last_conv(chain_maximum(y, context.chains))
        return x + change

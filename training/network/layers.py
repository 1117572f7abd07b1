"""The layers that blocks and heads share.

Features are [N, C, 19, 19]. `mask` is [N, 1, 19, 19], 1 on the board and 0 off it, or None if every board is 19 x 19.
With a mask, whatever a convolution or a pool reads is 0 off the board (normalisation and activation would make it
non-zero, so the mask is applied after them), and the edge of a small board looks like the edge of a full one.
Convolutions have no bias. `training.network.init` draws the weights.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shicho.training.config import Activation, Condition

Part = TypeVar("Part", bound=nn.Module)

BOARD: Final = 19
NEAR_DISTANCE: Final = 3


class BoardContext(NamedTuple):
    """The boards of a batch, as far as blocks and heads need to know them besides the features.

    `mask`: [N, 1, 19, 19], see above. `near`: float [N, 1, 19, 19], 1 within Manhattan distance 3 of a stone; None
    unless a block of the network uses it. `chains`: integers [N, 19, 19], the same on all stones of a chain (1 to 361),
    0 where there is no stone; None unless the network was given them.
    """

    mask: Tensor | None = None
    near: Tensor | None = None
    chains: Tensor | None = None


def convolution(inputs: int, outputs: int, size: int, dilation: int = 1) -> nn.Conv2d:
    """Return a `size` x `size` convolution without bias that keeps the board's size."""
    return nn.Conv2d(inputs, outputs, size, padding=dilation * (size // 2), dilation=dilation, bias=False)


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Return a batch norm with the GoNN baseline's constants: its momentum 0.99 (TensorFlow) is 0.01 in PyTorch."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class PReLU(nn.PReLU):
    """PReLU with one slope a channel, started at 0 (so as ReLU); unlike nn.PReLU it accepts bfloat16 under autocast."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, init=0.0)

    def forward(self, input: Tensor) -> Tensor:
        """Map [N, C, ...] to the same shape and dtype."""
        return F.prelu(input, self.weight.to(input.dtype))


class CReLU(nn.Module):
    """Concatenated ReLU (Shang et al. 2016): relu(x), then relu(-x), so twice the channels."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, ...] to [N, 2C, ...]."""
        return F.relu(torch.cat([x, -x], dim=1))


_ACTIVATIONS: Final[Mapping[str, Callable[[int], nn.Module]]] = MappingProxyType(
    {
        "relu": lambda channels: nn.ReLU(),
        "prelu": PReLU,
        "crelu": lambda channels: CReLU(),
        "leaky-relu": lambda channels: nn.LeakyReLU(),
        "elu": lambda channels: nn.ELU(),
        "selu": lambda channels: nn.SELU(),
        "mish": lambda channels: nn.Mish(),
    }
)


def activation(kind: Activation, channels: int) -> nn.Module:
    """Return the activation function that a config names."""
    return _ACTIVATIONS[kind](channels)


def activated_channels(kind: Activation, channels: int) -> int:
    """Return the number of channels after an activation function on `channels` channels."""
    return 2 * channels if kind == "crelu" else channels


class NormActMask(nn.Module):
    """Normalise, activate, mask: what precedes every convolution inside the network. `outputs`: its channels.

    `dropout` comes before the mask, since alpha dropout does not leave 0 as it is; see `training.network.dropout`.
    """

    norm: nn.Module
    dropout: nn.Module | None

    def __init__(self, channels: int, kind: Activation) -> None:
        super().__init__()
        self.norm = batch_norm(channels)
        self.activation = activation(kind, channels)
        self.outputs = activated_channels(kind, channels)
        self.dropout = None

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map [N, C, 19, 19] to [N, outputs, 19, 19], 0 off the board."""
        y: Tensor = self.activation(self.norm(x))
        if self.dropout is not None:
            y = self.dropout(y)
        return y if mask is None else y * mask


def crelu(x: Tensor, mask: Tensor | None) -> Tensor:
    """Apply `CReLU` and the mask: [N, C, 19, 19] to [N, 2C, 19, 19]."""
    y = F.relu(torch.cat([x, -x], dim=1))
    return y if mask is None else y * mask


class PooledMeanAndMax(nn.Module):
    """The mean of each channel over the points on the board, then the maximum of each.

    The maximum is taken by `max`, which hands its gradient to one point, and not by `amax`, which shares it between
    equal points: see `docs/networks.md` on amax and compiled bfloat16.
    """

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map [N, C, 19, 19], 0 off the board, to [N, 2C]."""
        points = x.flatten(2)
        if mask is None:
            return torch.cat([points.mean(2), points.max(2).values], dim=1)
        on_board = mask.flatten(2)
        mean = points.sum(2) / on_board.sum(2)
        return torch.cat([mean, points.masked_fill(on_board == 0, -math.inf).max(2).values], dim=1)


def chain_maximum(x: Tensor, chains: Tensor) -> Tensor:
    """Return the maximum of x [N, C, 19, 19] over the chain of each stone, 0 where there is no stone.

    chains: as in `BoardContext`. Shape and dtype are those of x. The gradient of a maximum goes to one stone, the last
    of those that have it.
    """
    points, labels = x.flatten(2), chains.flatten(1).long()[:, None]
    if torch.is_grad_enabled():
        highest = points.gather(2, highest_points(points.detach(), labels))
    else:
        highest = _maximum_by_label(points, labels)
    return highest.masked_fill(labels == 0, 0).view_as(x)


@torch.library.custom_op("shicho::highest_points", mutates_args=())
def highest_points(points: Tensor, labels: Tensor) -> Tensor:
    """Return for each of `points` [N, C, 361] the index of the highest one with the same label: int64 [N, C, 361].

    labels: int64 [N, 1, 361], 0 to 361. An operation of its own, so that torch.compile cannot merge it with what
    precedes: it compares values with their maximum, and both must be rounded alike (`docs/networks.md`).
    """
    numbers = torch.arange(points.shape[2], device=points.device).expand_as(points)
    return _maximum_by_label(numbers.masked_fill(points < _maximum_by_label(points, labels), -1), labels)


@highest_points.register_fake
def _(points: Tensor, labels: Tensor) -> Tensor:
    return torch.empty_like(points, dtype=torch.int64, memory_format=torch.contiguous_format)


def _maximum_by_label(points: Tensor, labels: Tensor) -> Tensor:
    """Return for each of `points` the maximum of all with the same label; shapes as in `highest_points`."""
    index = labels.expand_as(points)
    lowest = -math.inf if points.is_floating_point() else -1
    maxima = points.new_full((*points.shape[:2], BOARD * BOARD + 1), lowest)
    return maxima.scatter_reduce(2, index, points, "amax").gather(2, index)


def near_stones(stones: Tensor) -> Tensor:
    """Return 1 on the points within Manhattan distance 3 of a stone, else 0. stones: [N, 1, 19, 19] of 0 and 1."""
    for _ in range(NEAR_DISTANCE):
        vertical = F.max_pool2d(stones, (3, 1), stride=1, padding=(1, 0))
        horizontal = F.max_pool2d(stones, (1, 3), stride=1, padding=(0, 1))
        stones = torch.maximum(vertical, horizontal)
    return stones


class ConditionVector(nn.Module):
    """A vector for each source group and rank of a game, to be added to the features; unknown is 0 in both.

    In training mode, `dropout` of the samples count as unknown. All vectors start at 0.
    """

    RANKS = 11
    init_scales = MappingProxyType({"source.weight": 0.0, "rank.weight": 0.0})

    def __init__(self, channels: int, config: Condition) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.source = nn.Embedding(1 + len(config.sources), channels)
        self.rank = nn.Embedding(self.RANKS, channels) if config.rank else None

    def forward(self, condition: Tensor) -> Tensor:
        """Map source (0 unknown, 1 + index in the config) and rank (0 to 10), int64 [N, 2], to [N, C, 1, 1]."""
        if self.training and self.dropout:
            kept = torch.rand(len(condition), 1, device=condition.device) >= self.dropout
            condition = condition * kept
        vector: Tensor = self.source(condition[:, 0])
        if self.rank is not None:
            vector = vector + self.rank(condition[:, 1])
        return vector[:, :, None, None]


class ComputedConvolution(nn.Module):
    """Base of the convolutions whose kernel is computed from parameters."""

    dilation = 1

    def kernel(self) -> Tensor:
        """Return the kernel, [outputs, inputs, size, size]."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, inputs, 19, 19] (0 off the board) to [N, outputs, 19, 19]."""
        kernel = self.kernel()
        return F.conv2d(x, kernel, padding=self.dilation * (kernel.shape[-1] // 2), dilation=self.dilation)

    def folded(self) -> nn.Conv2d:
        """Return a plain convolution with the kernel as it is now."""
        kernel = self.kernel().detach()
        outputs, inputs, size, _ = kernel.shape
        plain = convolution(inputs, outputs, size, self.dilation)
        plain.weight = nn.Parameter(kernel)
        return plain


class InputConvolution(ComputedConvolution):
    """5x5 from the planes, with a second weight for the centre: redundant, but it helps early (docs/background.md)."""

    init_scales = MappingProxyType({"centre": 0.3})

    def __init__(self, planes: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, planes, 5, 5))
        self.centre = nn.Parameter(torch.empty(channels, planes, 1, 1))

    def kernel(self) -> Tensor:
        """Return the weight, with the second one added at its centre."""
        return self.weight + F.pad(self.centre, (2, 2, 2, 2))


class CentreWeightedConvolution(ComputedConvolution):
    """A 3x3 convolution whose centre is `factor` times its weight.

    All weights start alike, so the centre of the kernel starts `factor` times larger. The gradient of its weight and
    the step of the kernel are multiplied by the factor as well: with SGD the centre moves factor^2 times as far, with
    Muon almost so, and with AdamW, whose steps do not depend on the size of a gradient, `factor` times.
    """

    factors: Tensor

    def __init__(self, plain: nn.Conv2d, factor: float) -> None:
        """Take over the weight of `plain`."""
        super().__init__()
        self.dilation = plain.dilation[0]
        self.weight = plain.weight
        factors = torch.ones(1, 1, 3, 3)
        factors[..., 1, 1] = factor
        self.register_buffer("factors", factors, persistent=False)

    def kernel(self) -> Tensor:
        """Return the weight, its centre multiplied."""
        return self.weight * self.factors


def emphasise_centres(trunk: nn.Module, factor: float) -> None:
    """Multiply the centre of every 3x3 kernel by `factor`, see `CentreWeightedConvolution`."""

    def emphasised(plain: nn.Conv2d) -> nn.Module:
        return CentreWeightedConvolution(plain, factor) if plain.kernel_size == (3, 3) else plain

    replace_parts(trunk, nn.Conv2d, emphasised)


def fold_kernels(network: nn.Module) -> None:
    """Make every computed kernel a plain one, for inference: the network can no longer be trained on."""
    replace_parts(network, ComputedConvolution, ComputedConvolution.folded)


def replace_parts(whole: nn.Module, kind: type[Part], replacement: Callable[[Part], nn.Module]) -> None:
    """Put `replacement(part)` in the place of every part of this kind, at any depth."""
    for name, part in whole.named_children():
        if isinstance(part, kind):
            setattr(whole, name, replacement(part))
        else:
            replace_parts(part, kind, replacement)

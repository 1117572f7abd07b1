"""The normalisation before every activation. Blocks and heads are built with batch norm; `apply_norm` replaces it.

- `batch`: batch norm with scale and offset.
- `batch-without-scale`: batch norm with an offset alone.
- `batch-frozen`: statistics, scale and offset stay as they are, in training too. Meant for weights that another run
  with batch norm has learnt (`--from`); in a network of random weights it is the identity.
- `none`: a constant and a learnt offset (fixed-variance initialisation, as KataGo's networks have it since 2023). The
  constant is 1 / sqrt(v), v the variance that its input would have at the start if activations were independent and
  normal; so each layer starts with the variance that batch norm would give it.
- `batch-at-end`: the same in blocks and inside heads, and batch norm at the end of the trunk, where heads begin. KataGo
  trains a second set of heads without it, to play with those; here the heads play with its running statistics.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, cast

import torch
from torch import Tensor, nn

from shicho.training.config import Activation, Initialisation, NetworkConfig
from shicho.training.network.blocks import TrunkBlock
from shicho.training.network.heads import Head
from shicho.training.network.layers import NormActMask, activation, replace_parts
from shicho.training.network.modes import evaluation_mode

PLANES_VARIANCE: Final = 0.1
"""Mean square of the input planes: 0.08 for the positions of real games in `sandbox-26`, 0.20 in `shicho-v2`."""
WEIGHT_VARIANCES: Final[Mapping[Initialisation, float]] = MappingProxyType(
    {"truncated-normal": 2 * 0.7737, "kaiming-normal": 2.0, "kaiming-uniform": 2.0, "lecun-normal": 1.0}
)
"""Variance of a weight times its fan-in. A normal distribution cut at two deviations keeps 0.7737 of its variance."""


class FrozenBatchNorm(nn.BatchNorm2d):
    """Batch norm that training does not change: its scale and offset are buffers, and it stays in evaluation mode.

    Parameters and buffers have the names of nn.BatchNorm2d, so that a checkpoint of one fits the other.
    """

    def __init__(self, replaced: nn.BatchNorm2d) -> None:
        """Make a norm of the same size as `replaced`, whose values are not taken over."""
        super().__init__(replaced.num_features, eps=replaced.eps, momentum=replaced.momentum)
        for name, parameter in [*self.named_parameters()]:
            delattr(self, name)
            self.register_buffer(name, parameter.detach())
        self.train(False)

    def train(self, mode: bool = True) -> "FrozenBatchNorm":
        """Stay in evaluation mode for any `mode`."""
        return super().train(False)


@torch.no_grad()
def estimate_statistics(network: nn.Module, inputs: Iterable[Mapping[str, Tensor]]) -> None:
    """Replace the running statistics of all batch norms, frozen ones apart, by means over these batches.

    `inputs`: arguments of `network.forward`, batch by batch; nothing is dropped. Running statistics lag some hundred
    steps behind the weights; after a short run this makes them those of its last weights, as
    torch.optim.swa_utils.update_bn does for networks of a single input. Raises ValueError if there is no batch.
    """
    norms = [module for module in network.modules() if type(module) is nn.BatchNorm2d]
    momenta = [norm.momentum for norm in norms]
    batches = 0
    with evaluation_mode(network):
        for norm in norms:
            norm.train()
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over all batches
        for batch in inputs:
            network(**batch)
            batches += 1
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    if not batches:
        raise ValueError("no batch to estimate statistics from")


class FixedScale(nn.Module):
    """x times a constant, plus a learnt offset for each channel that starts at 0."""

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, 19, 19] to the same shape and dtype."""
        return x * self.scale + self.bias.to(x.dtype)[:, None, None]


class Variances(NamedTuple):
    """Initial variances: of a convolution's output after an activation, and of what pooled features add to it."""

    convolution: float
    pooled: float


def apply_norm(blocks: Sequence[TrunkBlock], heads: Collection[Head], config: NetworkConfig) -> None:
    """Put the norms of a config in the place of the batch norms that blocks and heads are built with."""
    parts = [*blocks, *heads]
    match config.norm:
        case "batch-without-scale":
            for module in (module for part in parts for module in part.modules()):
                if isinstance(module, nn.BatchNorm2d):
                    module.register_parameter("weight", None)
        case "batch-frozen":
            for part in parts:
                replace_parts(part, nn.BatchNorm2d, FrozenBatchNorm)
        case "batch-at-end" | "none":
            added = starting_variances(config)
            features = _fix_blocks(blocks, PLANES_VARIANCE * WEIGHT_VARIANCES[config.initialisation], added)
            for head in heads:
                _fix_norms(head, None if config.norm == "batch-at-end" else features, added)


def starting_variances(config: NetworkConfig) -> Variances:
    """Return the variances for the activation and the initial weights of a config.

    A mean square of 1 is assumed of pooled features, whose weights start at half the deviation (`init_scales`).
    """
    weight = WEIGHT_VARIANCES[config.initialisation]
    return Variances(convolution=weight * mean_square(config.activation), pooled=weight / 4)


def mean_square(kind: Activation) -> float:
    """Return the mean of activation(x)^2 for a standard normal x, with the activation's initial parameters."""
    x = torch.linspace(-8, 8, 3201, dtype=torch.float64)
    density = torch.exp(-x.square() / 2) / math.sqrt(2 * math.pi)
    with torch.no_grad():
        squares = activation(kind, 1)(x[:, None]).square().mean(1)
    return float((squares * density).sum() * (x[1] - x[0]))


def _fix_blocks(blocks: Iterable[TrunkBlock], variance: float, added: Variances) -> float:
    """Fix the norms of blocks that follow each other; return the variance after them."""
    for block in blocks:
        _fix_norms(block, variance, added)
        variance += block.added_variance * added.convolution
    return variance


def _fix_norms(part: TrunkBlock | Head, features: float | None, added: Variances) -> None:
    """Replace the batch norms in a block or head whose features have this variance; with None, all but the first."""
    inside = added.convolution
    for name, module in [*part.named_children()]:
        if isinstance(module, nn.ModuleList):
            inside = _fix_blocks(cast(Iterable[TrunkBlock], module), inside, added)
        variance = features if name == "first" else inside + added.pooled * (name in part.pooled_norms)
        if variance is not None and isinstance(module, NormActMask):
            _fix_norm(module, "norm", variance)
        elif variance is not None and isinstance(module, nn.BatchNorm2d):
            _fix_norm(part, name, variance)


def _fix_norm(owner: nn.Module, name: str, variance: float) -> None:
    norm = getattr(owner, name)
    assert isinstance(norm, nn.BatchNorm2d)
    setattr(owner, name, FixedScale(norm.num_features, variance**-0.5))

"""The initial weights of a network, all drawn in one pass.

The scheme is the GoNN baseline's: every convolution and matrix is drawn from a normal distribution of deviation
sqrt(2 / fan-in), cut at two deviations. A module may scale that with `init_scales`, a mapping from the name of one of
its parameters (`centre`, `last_conv.weight`) to a factor. Vectors (norms, slopes, biases) keep PyTorch's values.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn


def truncated_normal_(weight: Tensor, deviation: float) -> None:
    """Fill `weight` from a normal distribution of mean 0, cut at two deviations; a deviation of 0 gives zeros."""
    with torch.no_grad():
        if deviation == 0:
            weight.zero_()
        else:
            nn.init.trunc_normal_(weight, std=deviation, a=-2 * deviation, b=2 * deviation)


def initialise(network: nn.Module) -> None:
    """Draw all weights of a network from torch's generator, in the order of `named_parameters`."""
    scales = _scales(network)
    for name, parameter in network.named_parameters():
        if parameter.ndim >= 2:
            truncated_normal_(parameter, scales.get(name, 1.0) * math.sqrt(2 / fan_in(parameter)))


def fan_in(weight: Tensor) -> int:
    """How many inputs each output of a convolution or matrix has: the product of all dimensions but the first."""
    return weight[0].numel()


def _scales(network: nn.Module) -> dict[str, float]:
    found: dict[str, float] = {}
    for path, module in network.named_modules():
        scales: Mapping[str, float] = getattr(module, "init_scales", {})
        for name, scale in scales.items():
            found[f"{path}.{name}" if path else name] = scale
    return found

"""The initial weights of a network, all drawn in one pass.

The default scheme is the GoNN baseline's: every convolution and matrix is drawn from a normal distribution of deviation
sqrt(2 / fan-in), cut at two deviations. The others are those of torch.nn.init:

- `kaiming-normal`, `kaiming-uniform` (He et al. 2015): deviation sqrt(2 / fan-in); with `-fan-out`, the outputs count.
- `lecun-normal`: deviation sqrt(1 / fan-in), as SELU needs.
- `respect-activation`: Kaiming uniform where a rectifier follows, elsewhere PyTorch's default for layers without one
  (uniform within 1 / sqrt(fan-in)); biases before a rectifier start at 0.01.

A module may name the weights that a rectifier follows (`before_activation`), and scale the deviation of any of them
with `init_scales`, a mapping from the name of a parameter (`centre`, `last_conv.weight`) to a factor. Vectors (norms,
slopes, biases) keep PyTorch's values otherwise.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from shicho.training.config import Initialisation

RECTIFIER_BIAS = 0.01


def initialise(network: nn.Module, scheme: Initialisation = "truncated-normal") -> None:
    """Draw all weights of a network from torch's generator, in the order of `named_parameters`."""
    scales, rectified = _scales(network), _before_activation(network)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim >= 2:
                draw(parameter, scheme, rectified=name in rectified)
                parameter.mul_(scales.get(name, 1.0))
            elif scheme == "respect-activation" and name in rectified:
                parameter.fill_(RECTIFIER_BIAS)


def draw(weight: Tensor, scheme: Initialisation, *, rectified: bool = False) -> None:
    """Fill one weight; `rectified`: a rectifier follows it."""
    inputs = fan_in(weight)
    match scheme:
        case "truncated-normal":
            deviation = math.sqrt(2 / inputs)
            nn.init.trunc_normal_(weight, std=deviation, a=-2 * deviation, b=2 * deviation)
        case "kaiming-normal":
            nn.init.normal_(weight, std=math.sqrt(2 / inputs))
        case "kaiming-uniform":
            _uniform(weight, math.sqrt(2 / inputs))
        case "kaiming-normal-fan-out":
            nn.init.normal_(weight, std=math.sqrt(2 / fan_out(weight)))
        case "kaiming-uniform-fan-out":
            _uniform(weight, math.sqrt(2 / fan_out(weight)))
        case "lecun-normal":
            nn.init.normal_(weight, std=math.sqrt(1 / inputs))
        case "respect-activation":
            _uniform(weight, math.sqrt(2 / inputs) if rectified else math.sqrt(1 / (3 * inputs)))


def _uniform(weight: Tensor, deviation: float) -> None:
    """Fill from the uniform distribution around 0 that has this deviation."""
    bound = math.sqrt(3) * deviation
    nn.init.uniform_(weight, -bound, bound)


def fan_in(weight: Tensor) -> int:
    """Return the number of inputs of each output of a weight: the product of all dimensions but the first."""
    return weight[0].numel()


def fan_out(weight: Tensor) -> int:
    """Return the number of outputs of each input: the product of all dimensions but the second."""
    return weight.numel() // weight.shape[1]


def _scales(network: nn.Module) -> dict[str, float]:
    found: dict[str, float] = {}
    for path, module in network.named_modules():
        scales: Mapping[str, float] = getattr(module, "init_scales", {})
        for name, scale in scales.items():
            found[f"{path}.{name}" if path else name] = scale
    return found


def _before_activation(network: nn.Module) -> set[str]:
    """Return the names of the weights, and their biases, that modules list in `before_activation`."""
    return {
        f"{path}.{name}" if path else name
        for path, module in network.named_modules()
        for weight in getattr(module, "before_activation", ())
        for name in (weight, weight.replace("weight", "bias"))
    }

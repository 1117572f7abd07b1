"""Dropout in the trunk, and predictions with it (Monte-Carlo dropout, Gal and Ghahramani 2016).

Whole channels are dropped, since neighbouring points of a channel tell much the same. They are dropped before the last
convolution of a block: the second one of a residual block, both paths of a wide block, the values (not the weights)
whose averages a ladder block computes, and what a chain-pooling block takes the maxima of. In a bottleneck the inner
residual blocks drop theirs. Stem and heads have no dropout.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from shicho.engine.errors import BadConfig
from shicho.training.config import AlphaDropout, Dropout, SpatialDropout
from shicho.training.network.blocks import TrunkBlock
from shicho.training.network.layers import NormActMask
from shicho.training.network.modes import evaluation_mode

MIN_PASSES = 2


def add_dropout(trunk: nn.Module, config: Dropout) -> None:
    """Give the layers that the blocks of a trunk name in `dropout_in` a dropout."""
    for block in [module for module in trunk.modules() if isinstance(module, TrunkBlock)]:
        for name in block.dropout_in:
            layer = block.get_submodule(name)
            assert isinstance(layer, NormActMask)
            layer.dropout = _layer(config)


def _layer(config: Dropout) -> nn.Module:
    match config:
        case SpatialDropout():
            return nn.Dropout2d(config.rate)
        case AlphaDropout():
            return nn.FeatureAlphaDropout(config.rate)


class MonteCarlo(NamedTuple):
    """Mean and standard deviation of every move's probability over forward passes with dropout, float64 [N, 362]."""

    mean: Tensor
    deviation: Tensor


@torch.inference_mode()
def monte_carlo(network: nn.Module, planes: Tensor, passes: int, seed: int, chains: Tensor | None = None) -> MonteCarlo:
    """Return the policy over `passes` (at least 2) forward passes with dropout.

    Each pass drops different channels; all other layers are in evaluation mode. planes, chains: as `Network` takes
    them. The same seed drops the same channels; torch's generators and the mode of the network are left as they were.
    Raises BadConfig if the network has no dropout or there are too few passes.
    """
    layers = [module for module in network.modules() if isinstance(module, nn.Dropout2d | nn.FeatureAlphaDropout)]
    if not layers:
        raise BadConfig("forward passes with dropout need a network that was trained with it (network.dropout)")
    if passes < MIN_PASSES:
        raise BadConfig(f"dropout passes = {passes}: must be at least {MIN_PASSES}")
    devices = [planes.device] if planes.device.type == "cuda" else []
    with evaluation_mode(network), torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        for layer in layers:
            layer.train()
        runs = [network(planes, ["policy"], chains=chains)["policy"].double().softmax(1) for _ in range(passes)]
    probabilities = torch.stack(runs)
    return MonteCarlo(probabilities.mean(0), probabilities.std(0))

"""The inner layers of a network by name, so that an ONNX file can give their values as outputs.

`stem` is the first convolution, `block1`, `block2` ... the output of each block of the trunk. Inside a block or a head,
the names are those of its layers: `block1.first` and `block1.second`, the activations before its convolutions;
`policy.pool`, the channels that the policy head pools, and `policy.pooled_mean_and_max`, the result of pooling.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from shicho.training.network.blocks import TrunkBlock
from shicho.training.network.layers import NormActMask, PooledMeanAndMax
from shicho.training.network.model import Network

_TAPPED = (TrunkBlock, NormActMask, PooledMeanAndMax, nn.Linear)


def tapped_layers(network: Network, heads: Collection[str]) -> dict[str, nn.Module]:
    """Return the layers whose outputs can be recorded, by name, in the order of the network.

    Of the heads, only those in `heads` are included.
    """
    layers = {"stem": network.stem, **{name: part for name, part in _named_parts(network, heads)}}
    return {name: layer for name, layer in layers.items() if name == "stem" or isinstance(layer, _TAPPED)}


def _named_parts(network: Network, heads: Collection[str]) -> Iterator[tuple[str, nn.Module]]:
    for path, module in network.trunk.named_modules():
        yield re.sub(r"^(\d+)|\binner\.(\d+)", _counted_from_1, path), module
    for name in heads:
        yield from network.head(name).named_modules(prefix=name)


def _counted_from_1(found: re.Match[str]) -> str:
    return f"block{int(found[1]) + 1}" if found[1] else f"inner{int(found[2]) + 1}"


@contextmanager
def recording(layers: dict[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """Yield a dictionary into which every forward pass within the `with` block puts these layers' outputs by name."""
    outputs: dict[str, Tensor] = {}
    handles = []
    for name, layer in layers.items():

        def record(_layer: nn.Module, _inputs: object, output: Tensor, name: str = name) -> None:
            outputs[name] = output

        handles.append(layer.register_forward_hook(record))
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()

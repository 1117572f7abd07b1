"""Evaluation mode of a network; `training.run.step` sets training mode before each step."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode within a `with` block: batch norms use running statistics, nothing is dropped.

    Afterwards every layer is in the mode it was in.
    """
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training

"""An exponential moving average of a network's weights and batch-norm statistics."""

import copy

import torch

from shicho.training.network.model import Network


class WeightAverage:
    """A copy of a network (`network`, in evaluation mode) that follows it; `steps` counts the updates so far.

    Weights move by 1 - decay a step. Over the first steps n the decay is (1 + n) / (10 + n) at most, so that the
    average does not hold on to the random weights.
    """

    def __init__(self, network: Network, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, network: Network) -> None:
        """Move towards the weights of `network`, which has the same config."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        ours, theirs = self.network.state_dict(), network.state_dict()
        floats = [name for name, value in ours.items() if value.is_floating_point()]
        torch._foreach_lerp_([ours[name] for name in floats], [theirs[name] for name in floats], 1 - decay)
        for name in ours.keys() - set(floats):
            ours[name].copy_(theirs[name])
        self.steps += 1

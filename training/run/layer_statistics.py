"""Statistics by layer, which the author of the GoNN baseline watched: whether layers die, grow, or stop learning.

Activations are measured on a fixed batch of validation positions, in evaluation mode and float32, with hooks that are
there only while it is measured; weights and their last update come from the parameters.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from shicho.training.data.dataset import Batch
from shicho.training.network.layers import NormActMask
from shicho.training.network.model import Network
from shicho.training.network.modes import evaluation_mode
from shicho.training.run.metrics import LayerFigures

SMALLEST_NORM = 1e-12


class LayerStatistics:
    """The statistics of a network that is trained. Call `before_step` before every step, `measure` after one.

    `before_step` costs a copy of the weights, `measure` a forward pass over the batch.
    """

    def __init__(self, network: Network, batch: Batch) -> None:
        """Watch `network`; a batch of some hundred positions is enough."""
        self._network = network
        self._inputs = network.inputs(batch.packed)
        self._weights = {name: weight for name, weight in network.named_parameters() if weight.ndim >= 2}
        self._before = [torch.empty_like(weight) for weight in self._weights.values()]

    @torch.no_grad()
    def before_step(self) -> None:
        """Remember the weights, so that `measure` can tell how far the step moved them."""
        torch._foreach_copy_(self._before, [*self._weights.values()])

    def measure(self) -> LayerFigures:
        """Return the statistics of every layer by name.

        `activations`: of every normalised layer, over positions, points of the board and channels, the `mean` and
        `deviation` of what the activation function gives, and `active`, the share of its inputs above 0 (with ReLU, of
        outputs that are not 0). `weights`: of every kernel and matrix the `norm` (Frobenius), and `relative_update`,
        the norm of the last step over it. `slopes`: of every PReLU the `mean`, `min` and `max` over the channels.
        """
        return {"activations": self._activations(), "weights": self._updates(), "slopes": self._slopes()}

    def _activations(self) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        on_board = self._inputs["planes"][:, 0] > 0
        with evaluation_mode(self._network), torch.inference_mode(), _watching(self._network, on_board, found):
            self._network(**self._inputs)
        return found

    @torch.no_grad()
    def _updates(self) -> dict[str, dict[str, float]]:
        found = {}
        for (name, weight), before in zip(self._weights.items(), self._before, strict=True):
            norm = weight.norm()
            update = (weight - before).norm() / norm.clamp(min=SMALLEST_NORM)
            found[name.removesuffix(".weight")] = {"norm": norm.item(), "relative_update": update.item()}
        return found

    def _slopes(self) -> dict[str, dict[str, float]]:
        found = {}
        for name, module in self._network.named_modules():
            if isinstance(module, nn.PReLU):
                slopes = module.weight.detach()
                values = {"mean": slopes.mean().item(), "min": slopes.min().item(), "max": slopes.max().item()}
                found[name.removesuffix(".activation")] = values
        return found


@contextmanager
def _watching(network: Network, on_board: Tensor, found: dict[str, dict[str, float]]) -> Iterator[None]:
    """Let forward passes within the `with` block put the statistics of every normalised activation into `found`.

    on_board: bool [N, 19, 19].
    """
    handles: list[RemovableHandle] = []
    for name, module in network.named_modules():
        if isinstance(module, NormActMask):

            def note(_module: nn.Module, inputs: tuple[Any, ...], output: Tensor, name: str = name) -> None:
                values = output.movedim(1, -1)[on_board]
                found[name] = {
                    "mean": values.mean().item(),
                    "deviation": values.std().item(),
                    "active": (inputs[0].movedim(1, -1)[on_board] > 0).float().mean().item(),
                }

            handles.append(module.activation.register_forward_hook(note))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()

"""From a config to PyTorch optimisers, and Muon for stacks of convolution kernels.

`make_optimisers` returns a list: Muon takes the matrices of the network, another optimiser the rest. Every parameter
group keeps its own learning rate in `initial_lr` (PyTorch's name); `set_learning_rates` applies a schedule's factor.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from shicho.training.config import AdamW, Muon, Sgd, TrainingConfig
from shicho.training.network.model import Network

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5


class MuonOptimizer(Optimizer):
    """Muon (Jordan et al. 2024): Nesterov momentum, then the nearest semi-orthogonal matrix as the update.

    Unlike torch.optim.Muon it takes convolution kernels, as matrices [outputs, everything else], and orthogonalises all
    parameters of one shape together. `lr` is the update's spectral norm, times sqrt(rows / columns) for tall matrices;
    `weight_decay` is decoupled.
    """

    def __init__(
        self, params: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient. `closure` is not supported."""
        assert closure is None
        for group in self.param_groups:
            same_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    same_shape[parameter.shape].append(parameter)
            for parameters in same_shape.values():
                self._update(parameters, group["lr"], group["momentum"], group["weight_decay"])

    def _update(self, parameters: list[Tensor], lr: float, momentum: float, weight_decay: float) -> None:
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        buffers = []
        for parameter in parameters:
            state = self.state[parameter]
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = torch.zeros_like(parameter)
            buffers.append(state["momentum_buffer"])
        torch._foreach_lerp_(buffers, gradients, 1 - momentum)
        ahead = torch._foreach_lerp(gradients, buffers, momentum)
        updates = orthogonalise(torch.stack([update.flatten(1) for update in ahead]))
        rows, columns = updates.shape[1:]
        scale = max(1.0, rows / columns) ** 0.5
        if weight_decay:
            torch._foreach_mul_(parameters, 1 - lr * weight_decay)
        for parameter, update in zip(parameters, updates, strict=True):
            parameter.add_(update.view_as(parameter), alpha=-lr * scale)


def orthogonalise(matrices: Tensor) -> Tensor:
    """Return matrices [K, R, C] with singular values brought near 1 (0.7 to 1.2) by five Newton-Schulz iterations.

    Computed in bfloat16 on CUDA and in float32 elsewhere; the result has the type of the input.
    """
    a, b, c = NEWTON_SCHULZ
    x: Tensor = matrices.bfloat16() if matrices.is_cuda else matrices
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    nearest = x.mT if tall else x
    return nearest.to(matrices.dtype)


def make_optimisers(network: Network, config: TrainingConfig, positions: int) -> list[Optimizer]:
    """Return the optimisers of a config for all parameters of a network.

    `positions`: in the training set, for `Sgd.l2`.
    """
    chosen = config.optimiser
    if not isinstance(chosen, Muon):
        return [_make_plain(network, [*network.parameters()], chosen, positions)]
    matrices = muon_parameters(network)
    taken = {id(parameter) for parameter in matrices}
    others = [parameter for parameter in network.parameters() if id(parameter) not in taken]
    muon = MuonOptimizer(matrices, chosen.learning_rate, chosen.momentum, chosen.weight_decay)
    optimisers = [muon, _make_plain(network, others, chosen.others, positions)]
    for group in muon.param_groups:
        group["initial_lr"] = group["lr"]
    return optimisers


def muon_parameters(network: Network) -> list[nn.Parameter]:
    """Return the weights of the stem and the trunk with two or more dimensions, except the stem's second centre.

    Heads are left to the other optimiser, as KataGo does; docs/networks.md tells what was seen of both.
    """
    return [
        parameter
        for name, parameter in network.named_parameters()
        if parameter.ndim >= 2 and name.startswith(("stem.", "trunk.")) and name != "stem.centre"
    ]


def _make_plain(
    network: nn.Module, parameters: Sequence[nn.Parameter], config: Sgd | AdamW, positions: int
) -> Optimizer:
    """Return SGD or AdamW with two groups: weights and PReLU slopes decay, norms and biases do not."""
    free_ids = {
        id(parameter)
        for module in network.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if isinstance(module, nn.BatchNorm2d) or name == "bias"
    }
    decay = config.weight_decay + (config.l2 / positions if isinstance(config, Sgd) else 0.0)
    learning_rate = config.learning_rate
    groups = [
        {"params": [p for p in parameters if id(p) not in free_ids], "weight_decay": decay},
        {"params": [p for p in parameters if id(p) in free_ids], "weight_decay": 0.0},
    ]
    for group in groups:
        group["initial_lr"] = learning_rate
    if isinstance(config, AdamW):
        return torch.optim.AdamW(groups, lr=learning_rate, betas=config.betas, eps=config.eps, fused=True)
    return torch.optim.SGD(groups, lr=learning_rate, momentum=config.momentum, nesterov=config.momentum > 0, fused=True)


def set_learning_rates(optimisers: Iterable[Optimizer], factor: float) -> None:
    """Set every group's learning rate to its own initial one times `factor`."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group["initial_lr"] * factor

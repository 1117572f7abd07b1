"""Batch norm over the samples of all processes that train together.

Each process computes on its part of a batch. With these layers its statistics, and the gradients that pass through
them, are those of the whole batch, so that the parts together train the network as one process would.
"""

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn


class _SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes. Its gradient is the sum of the processes' gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return _sum_over_processes(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _sum_over_processes(gradient)


def _sum_over_processes(x: Tensor) -> Tensor:
    total = x.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total


def _from_all_processes(x: Tensor) -> Tensor:
    """Return [processes, ...] from [...] of each process, in the order of their ranks; gradients flow back to each."""
    rank, count = dist.get_rank(), dist.get_world_size()
    own_row = F.pad(x[None], (0, 0) * x.ndim + (rank, count - 1 - rank))
    rows: Tensor = _SumOverProcesses.apply(own_row)  # type: ignore[no-untyped-call]
    return rows


class SynchronisedBatchNorm(nn.BatchNorm2d):
    """nn.BatchNorm2d whose statistics are those of all processes; parameters and buffers have the same names.

    Every process must give the same number of samples (not checked). Needs torch.distributed's default group; works
    with gloo on a CPU as with nccl, and torch.compile keeps it in its graph. In evaluation mode, and before its group
    is there, it is nn.BatchNorm2d.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape and dtype; computed in float32."""
        if not self.training or not dist.is_initialized():
            return super().forward(input)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.momentum is not None
        values = input.float()
        variance, mean = torch.var_mean(values, dim=(0, 2, 3), correction=0)
        # The mean squared distance from the mean of all is that from the own mean plus that of the means. Sums of
        # squares would be simpler, and wrong where the mean is much larger than the deviation.
        variances, means = _from_all_processes(torch.stack([variance, mean])).unbind(1)
        mean = means.mean(0)
        variance = variances.mean(0) + (means - mean).square().mean(0)
        with torch.no_grad():
            n = values.numel() // values.shape[1] * dist.get_world_size()
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (n / (n - 1)), self.momentum)
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
        scale = torch.rsqrt(variance + self.eps)
        if self.weight is not None:
            scale = scale * self.weight
        output = (values - _by_channel(mean)) * _by_channel(scale)
        if self.bias is not None:
            output = output + _by_channel(self.bias)
        return output.to(input.dtype)


def _by_channel(vector: Tensor) -> Tensor:
    return vector[:, None, None]


def synchronise_norms(network: nn.Module) -> None:
    """Replace every nn.BatchNorm2d in a network by a SynchronisedBatchNorm with the same weights and statistics.

    Call it before optimisers are made: the parameters are new objects.
    """
    for name, module in network.named_children():
        if type(module) is nn.BatchNorm2d:
            norm = SynchronisedBatchNorm(
                module.num_features, eps=module.eps, momentum=module.momentum, affine=module.affine
            )
            if module.weight is None:
                norm.register_parameter("weight", None)
            norm.load_state_dict(module.state_dict())
            place = module.running_mean.device if module.running_mean is not None else "cpu"
            setattr(network, name, norm.to(place).train(module.training))
        else:
            synchronise_norms(module)

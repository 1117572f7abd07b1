"""Several processes that train one network together, started by torchrun: who they are and what they exchange.

Every process has the whole network and computes on its part of each batch. The losses of the parts add up to the loss
of the batch (`Head.loss` divides by the counts of the whole batch), batch norm has the statistics of the whole batch
(`network.synchronised`), and the gradients are summed. So all processes make the same steps, and hold the same weights.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import torch
import torch.distributed as dist
from torch import Tensor, nn

from shicho.engine.errors import BadConfig

PATIENCE: Final = timedelta(hours=1)
"""How long processes wait for each other: in compilation, or while the first one validates."""


@dataclass(frozen=True, kw_only=True)
class Processes:
    """The processes of a run: how many there are, which one this is, and which one of its machine."""

    rank: int
    count: int
    local_rank: int

    @property
    def is_first(self) -> bool:
        """Whether this is rank 0, which writes files, measures and reports."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there is only one; then nothing is exchanged and torch.distributed is not in use."""
        return self.count == 1

    def sum(self, tensor: Tensor) -> None:
        """Replace a contiguous tensor by its sum over all processes."""
        if not self.alone:
            dist.all_reduce(tensor)

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace all gradients by their sums over all processes, in one exchange."""
        if self.alone:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        torch._foreach_copy_(gradients, [part.view_as(old) for part, old in zip(parts, gradients, strict=True)])

    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors by those of the first process."""
        if self.alone:
            return
        for tensor in tensors:
            sent = tensor.detach().contiguous()
            dist.broadcast(sent, 0)
            tensor.detach().copy_(sent)

    def largest(self, numbers: Sequence[int]) -> list[int]:
        """Return the largest of each of these numbers over all processes. Waits for them, but not for a GPU."""
        if self.alone:
            return list(numbers)
        tensor = torch.tensor(numbers, dtype=torch.int64)
        dist.all_reduce(tensor, dist.ReduceOp.MAX)
        return [int(number) for number in tensor.tolist()]

    def of_first(self, number: int) -> int:
        """Return the number, 0 or above, that the first process passed."""
        return self.largest([number if self.is_first else 0])[0]

    def wait(self) -> None:
        """Return when all processes have come here."""
        self.largest([0])


ALONE: Final = Processes(rank=0, count=1, local_rank=0)


def rank_in_environment() -> int:
    """Return the rank that torchrun gave this process; 0 without torchrun."""
    return int(os.environ.get("RANK", "0"))


@contextmanager
def joined() -> Iterator[Processes]:
    """Join the processes that torchrun started, within a `with` block; yield `ALONE` without torchrun.

    Tensors on a CPU travel through gloo and those on GPUs through nccl. Raises BadConfig if the environment names a
    process that cannot be.
    """
    environment = {name: os.environ.get(name) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    if environment["WORLD_SIZE"] in (None, "1"):
        yield ALONE
        return
    try:
        rank, count, local_rank = (int(value or "") for value in environment.values())
    except ValueError:
        raise BadConfig(f"{environment}: not what torchrun sets; start several processes with torchrun") from None
    if not 0 <= rank < count:
        raise BadConfig(f"RANK = {rank}: must be below WORLD_SIZE = {count}")
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
    dist.init_process_group(backend, timeout=PATIENCE)
    try:
        yield Processes(rank=rank, count=count, local_rank=local_rank)
    finally:
        dist.destroy_process_group()

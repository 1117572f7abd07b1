"""One step of training: a batch to the device, the losses of all heads, gradients, optimisers, moving average."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from shicho.training.config import TrainingConfig
from shicho.training.data.dataset import Batch
from shicho.training.network.model import Network
from shicho.training.network.transforms import to_input, transform_targets
from shicho.training.run.device import Precision, autocast
from shicho.training.run.distributed import ALONE, Processes
from shicho.training.run.ema import WeightAverage
from shicho.training.run.optimisers import make_optimisers, set_learning_rates


class TrainingStep:
    """A training step of a network, with its optimisers and moving average (None if the config has none).

    `heads` are the network's by name, `targets` the names of the targets that their losses and the network itself
    need. `positions` is the size of the training set, `groups` are the names of its source groups. Calling the object
    does one step with the network in training mode. Of several `processes`, each computes on its part of a batch, and
    all make the step of the whole batch.
    """

    def __init__(
        self,
        network: Network,
        config: TrainingConfig,
        *,
        device: torch.device,
        precision: Precision,
        compile: bool,
        positions: int,
        groups: Sequence[str] = (),
        processes: Processes = ALONE,
    ) -> None:
        self.network = network
        self.processes = processes
        self.device = device
        self.precision = precision
        self.heads = {name: network.head(name) for name in network.heads}
        targets = [head.target for head in self.heads.values()]
        condition = network.config.condition
        if condition is not None:
            targets += ["source", "rank"]
            known = {name: number for number, name in enumerate(condition.sources, start=1)}
            self._condition_of_group = torch.tensor([known.get(name, 0) for name in groups], device=device)
        if network.uses_chains:
            targets.append("chains")
        self.targets = tuple(dict.fromkeys(targets))
        self.optimisers = make_optimisers(network, config, max(1, positions))
        self.average: WeightAverage | None = None
        if config.ema_samples:
            self.average = WeightAverage(network, max(0.0, 1 - config.batch_size / config.ema_samples))
        self._weights = {name: getattr(network.config.heads, name).loss_weight for name in self.heads}
        self._losses = torch.compile(self.losses, dynamic=False) if compile else self.losses

    def __call__(self, batch: Batch, learning_rate_factor: float) -> Tensor:
        """Train on a batch; return float32 [1 + heads] on the device: the policy's top-1, then each head's loss.

        Of several processes, each returns its share: the sum over all of them is the figure of the whole batch.
        """
        set_learning_rates(self.optimisers, learning_rate_factor)
        transform = self._put(batch.transform.astype(np.int64))
        planes = to_input(self._put(batch.packed), transform)
        targets = {name: self._put(batch.targets[name]) for name in self.targets}
        transformed = transform_targets(targets, transform)
        self.network.train()
        total, report = self._losses(planes, transformed, self._counts(transformed))
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        self.processes.sum_gradients(self.network.parameters())
        for optimiser in self.optimisers:
            optimiser.step()
        if self.average is not None:
            self.average.update(self.network)
        return report

    def losses(
        self, planes: Tensor, targets: Mapping[str, Tensor], counts: Mapping[str, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the weighted sum of the heads' training losses, and [1 + heads]: the policy's top-1, each head's loss.

        `counts`: by head, those of the whole batch, if this is a part of one; see `Head.loss`.
        """
        counts = counts or {}
        with autocast(self.device, self.precision):
            outputs = self.network(planes, condition=self._condition(targets), chains=targets.get("chains"))
        losses = {
            name: head.loss(outputs[name], targets[head.target], counts.get(name)) for name, head in self.heads.items()
        }
        minimised = {
            name: head.training_loss(losses[name], outputs[name], counts.get(name)) for name, head in self.heads.items()
        }
        total = torch.stack([self._weights[name] * loss for name, loss in minimised.items()]).sum()
        hits = (outputs["policy"].argmax(dim=1) == targets["move"]).float()
        top1 = hits.sum() / counts["policy"][0] if counts else hits.mean()
        return total, torch.stack([top1, *losses.values()]).detach()

    def _counts(self, targets: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
        """Return by head how many targets are known in the whole batch; None if this process has all of it."""
        if self.processes.alone:
            return None
        known = {name: head.known(targets[head.target]).float() for name, head in self.heads.items()}
        counts = torch.cat([*known.values()])
        self.processes.sum(counts)
        return dict(zip(known, torch.split(counts, [len(count) for count in known.values()]), strict=True))

    def _condition(self, targets: Mapping[str, Tensor]) -> Tensor | None:
        """Return the condition of each sample, int64 [N, 2]; None if the network takes no condition."""
        if self.network.condition is None:
            return None
        return torch.stack([self._condition_of_group[targets["source"]], targets["rank"]], dim=1)

    def _put(self, array: np.ndarray) -> Tensor:
        """Return an array as a tensor on the device. To CUDA it is copied from pinned memory without waiting."""
        tensor = torch.from_numpy(array)
        return tensor.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else tensor

"""Learning rates as functions of the samples seen (so that a run may stop anywhere), and the optimiser they drive."""

import torch
from torch import nn

from shicho.training.config import ScheduleKind, TrainingConfig

SANDBOX_EPOCHS = 128
SANDBOX_STEP_EPOCHS = 8
SANDBOX_OFFSET = 14
ONE_CYCLE_START = 0.1


def sandbox_factor(progress: float) -> float:
    """The sandbox's staircase, 1 / ((epoch // 8 + 14) / 14)^4 over 128 epochs, stretched to progress 0 to 1."""
    steps = int(progress * SANDBOX_EPOCHS) // SANDBOX_STEP_EPOCHS
    return float((SANDBOX_OFFSET / (steps + SANDBOX_OFFSET)) ** 4)


def one_cycle_factor(progress: float, warmup: float) -> float:
    """From 0.1 up to 1 at `warmup`, then down to 0 at progress 1, both in a straight line."""
    if progress < warmup:
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * progress / warmup
    return max(0.0, (1 - progress) / (1 - warmup))


def learning_rate(config: TrainingConfig, samples: int) -> float:
    """The rate of the step that begins after `samples` samples, for a loss that is the mean over the batch."""
    progress = min(samples / config.samples, 1.0)
    match config.schedule:
        case ScheduleKind.SANDBOX:
            factor = sandbox_factor(progress)
        case ScheduleKind.ONE_CYCLE:
            factor = one_cycle_factor(progress, config.warmup)
    return config.rate_per_sample * config.batch_size * factor


def make_optimiser(network: nn.Module, config: TrainingConfig, positions: int) -> torch.optim.SGD:
    """Nesterov SGD; weights and PReLU slopes decay, normalisation does not. `positions`: the training set's."""
    norms = {id(p) for m in network.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()}
    decaying = [p for p in network.parameters() if id(p) not in norms]
    free = [p for p in network.parameters() if id(p) in norms]
    decay = config.weight_decay + config.l2 / positions
    return torch.optim.SGD(
        [{"params": decaying, "weight_decay": decay}, {"params": free, "weight_decay": 0.0}],
        lr=learning_rate(config, 0),
        momentum=config.momentum,
        nesterov=config.momentum > 0,
        fused=True,
    )

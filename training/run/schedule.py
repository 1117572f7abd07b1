"""The learning rate as a function of the samples seen, so that a run may stop and go on anywhere."""

import math

from shicho.training.config import Constant, Cosine, OneCycle, SandboxSchedule, Schedule, TrainingConfig

SANDBOX_EPOCHS = 128
SANDBOX_STEP_EPOCHS = 8
SANDBOX_OFFSET = 14
ONE_CYCLE_START = 0.1


def learning_rate_factor(config: TrainingConfig, samples: int) -> float:
    """Return the factor, 0 to 1, of the learning rates in the step that begins after `samples` samples."""
    cooldown = config.cooldown
    if cooldown is None or samples < cooldown.start:
        return schedule_factor(config.schedule, samples, config.samples)
    left = max(0.0, 1 - (samples - cooldown.start) / cooldown.samples)
    return schedule_factor(config.schedule, cooldown.start, config.samples) * left


def schedule_factor(schedule: Schedule, samples: int, total: int) -> float:
    """Return the factor of a schedule alone, for a run of `total` samples."""
    progress = min(samples / total, 1.0)
    match schedule:
        case SandboxSchedule():
            return _sandbox(progress)
        case OneCycle(warmup=warmup):
            return _one_cycle(progress, warmup)
        case Cosine(warmup_samples=warmup, final=final):
            if samples < warmup:
                return samples / warmup
            along = min((samples - warmup) / max(1, total - warmup), 1.0)
            return final + (1 - final) * (1 + math.cos(math.pi * along)) / 2
        case Constant(warmup_samples=warmup):
            return min(1.0, samples / warmup) if warmup else 1.0


def _sandbox(progress: float) -> float:
    """Return 1 / ((epoch // 8 + 14) / 14)^4 over 128 epochs."""
    steps = int(progress * SANDBOX_EPOCHS) // SANDBOX_STEP_EPOCHS
    return float((SANDBOX_OFFSET / (steps + SANDBOX_OFFSET)) ** 4)


def _one_cycle(progress: float, warmup: float) -> float:
    if progress < warmup:
        return ONE_CYCLE_START + (1 - ONE_CYCLE_START) * progress / warmup
    return max(0.0, (1 - progress) / (1 - warmup))

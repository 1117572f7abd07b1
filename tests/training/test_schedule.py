"""Learning rates over a run, and which parameters decay."""

from typing import Any

import pytest
import torch

from shicho.training.config import NetworkConfig, Residual, ScheduleKind, TrainingConfig, Wide
from shicho.training.model import Network
from shicho.training.schedule import learning_rate, make_optimiser


def settings(**changes: Any) -> TrainingConfig:
    return TrainingConfig(**{"samples": 64_000_000, "batch_size": 100, "rate_per_sample": 0.00032, **changes})


def test_sandbox_staircase() -> None:
    config = settings(schedule=ScheduleKind.SANDBOX)
    epoch = 500_000
    for samples in (0, epoch, 8 * epoch - 1, 8 * epoch, 9 * epoch, 40 * epoch, 127 * epoch):
        expected = 0.00032 / ((samples // epoch // 8 + 14) / 14) ** 4 * 100
        assert learning_rate(config, samples) == pytest.approx(expected, rel=1e-12)


def test_sandbox_is_stretched_to_the_length_of_the_run() -> None:
    long, short = settings(schedule=ScheduleKind.SANDBOX), settings(schedule=ScheduleKind.SANDBOX, samples=640_000)
    for percent in range(0, 100, 7):
        assert learning_rate(short, 6_400 * percent) == learning_rate(long, 640_000 * percent)


def test_one_cycle_rises_and_falls() -> None:
    config = settings(schedule=ScheduleKind.ONE_CYCLE, samples=1000, warmup=0.2, batch_size=10, rate_per_sample=0.01)
    assert learning_rate(config, 0) == pytest.approx(0.01)
    assert learning_rate(config, 100) == pytest.approx(0.055)
    assert learning_rate(config, 200) == pytest.approx(0.1)
    assert learning_rate(config, 600) == pytest.approx(0.05)
    assert learning_rate(config, 1000) == 0
    assert learning_rate(config, 1010) == 0


def test_one_cycle_without_warmup_starts_at_the_peak() -> None:
    config = settings(schedule=ScheduleKind.ONE_CYCLE, samples=1000, warmup=0.0)
    assert learning_rate(config, 0) == pytest.approx(0.032)


def test_normalisation_does_not_decay_and_all_else_does() -> None:
    network = Network(NetworkConfig(channels=8, blocks=(Residual(pool=True), Wide(channels=4))), masked=False)
    optimiser = make_optimiser(network, settings(schedule=ScheduleKind.SANDBOX, l2=0.3, weight_decay=1e-4), 10_000_000)
    decays = {id(p): group["weight_decay"] for group in optimiser.param_groups for p in group["params"]}
    for name, module in network.named_modules():
        for key, parameter in module.named_parameters(recurse=False):
            expected = 0 if isinstance(module, torch.nn.BatchNorm2d) else 1e-4 + 0.3 / 10_000_000
            assert decays.pop(id(parameter)) == pytest.approx(expected, rel=1e-12), f"{name}.{key}"
    assert not decays
    assert all(group["nesterov"] and group["momentum"] == 0.9 for group in optimiser.param_groups)

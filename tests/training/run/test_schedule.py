"""Factors of the learning rate over a run."""

import math
from typing import Any

import pytest

from shicho.training.config import (
    Constant,
    Cooldown,
    Cosine,
    OneCycle,
    SandboxSchedule,
    Schedule,
    Sgd,
    TrainingConfig,
    load_preset,
)
from shicho.training.run.schedule import learning_rate_factor


def settings(schedule: Schedule, **changes: Any) -> TrainingConfig:
    usual = {"samples": 1000, "batch_size": 10, "optimiser": Sgd(learning_rate=0.032)}
    return TrainingConfig(**{**usual, "schedule": schedule, **changes})


def test_sandbox_staircase() -> None:
    config = settings(SandboxSchedule(), samples=64_000_000)
    epoch = 500_000
    for samples in (0, epoch, 8 * epoch - 1, 8 * epoch, 9 * epoch, 40 * epoch, 127 * epoch):
        expected = 1 / ((samples // epoch // 8 + 14) / 14) ** 4
        assert learning_rate_factor(config, samples) == pytest.approx(expected, rel=1e-12)


def test_sandbox_is_stretched_to_the_length_of_the_run() -> None:
    long, short = (settings(SandboxSchedule(), samples=samples) for samples in (64_000_000, 640_000))
    for percent in range(0, 100, 7):
        assert learning_rate_factor(short, 6_400 * percent) == learning_rate_factor(long, 640_000 * percent)


def test_one_cycle_rises_and_falls() -> None:
    config = settings(OneCycle(warmup=0.2))
    for samples, factor in ((0, 0.1), (100, 0.55), (200, 1), (600, 0.5), (1000, 0), (1010, 0)):
        assert learning_rate_factor(config, samples) == pytest.approx(factor, abs=1e-12)


def test_one_cycle_without_warmup_starts_at_the_peak() -> None:
    assert learning_rate_factor(settings(OneCycle(warmup=0.0)), 0) == pytest.approx(1)


def test_cosine_rises_from_0_and_falls_to_its_end() -> None:
    config = settings(Cosine(warmup_samples=200, final=0.1))
    for samples, factor in ((0, 0), (50, 0.25), (200, 1), (600, 0.55), (1000, 0.1), (2000, 0.1)):
        assert learning_rate_factor(config, samples) == pytest.approx(factor, abs=1e-12)
    quarter = 0.1 + 0.9 * (1 + math.cos(math.pi / 4)) / 2
    assert learning_rate_factor(config, 400) == pytest.approx(quarter, rel=1e-12)


def test_cosine_without_warmup_starts_at_the_peak_and_ends_at_0() -> None:
    config = settings(Cosine())
    assert [learning_rate_factor(config, samples) for samples in (0, 500, 1000)] == pytest.approx([1, 0.5, 0])


def test_a_warmup_longer_than_the_run_does_not_break_cosine() -> None:
    config = settings(Cosine(warmup_samples=2000))
    assert [learning_rate_factor(config, samples) for samples in (0, 1000, 2000)] == pytest.approx([0, 0.5, 1])


def test_constant_stays_after_its_warmup() -> None:
    config = settings(Constant(warmup_samples=100))
    assert [learning_rate_factor(config, samples) for samples in (0, 25, 100, 999, 10**9)] == [0, 0.25, 1, 1, 1]
    assert learning_rate_factor(settings(Constant()), 0) == 1


@pytest.mark.parametrize("schedule", [Constant(), Constant(warmup_samples=800), OneCycle(), Cosine(final=0.2)])
def test_a_cooldown_falls_in_a_line_from_where_the_schedule_was(schedule: Schedule) -> None:
    plain, cooled = settings(schedule), settings(schedule, cooldown=Cooldown(start=400, samples=100))
    assert cooled.end == 500
    peak = learning_rate_factor(plain, 400)
    assert peak > 0
    for samples in (0, 200, 399):
        assert learning_rate_factor(cooled, samples) == learning_rate_factor(plain, samples)
    for samples, left in ((400, 1), (425, 0.75), (490, 0.1), (500, 0), (510, 0)):
        assert learning_rate_factor(cooled, samples) == pytest.approx(peak * left, abs=1e-12)


@pytest.mark.parametrize("name", ["sandbox", "small", "small-v2"])
def test_presets_stay_between_0_and_1(name: str) -> None:
    training = load_preset(name).training
    factors = [learning_rate_factor(training, training.samples * part // 97) for part in range(98)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert max(factors) > 0.95

"""Correlations and AUC of channels against scipy, and their bootstrap by game against games that are repeated."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, pearsonr, pointbiserialr

from shicho.tools.inside.statistics import (
    REPEATS,
    area_under_curve,
    correlation,
    game_weights,
    pearson,
    sums,
)


def random_games(seed: int, games: int = 6) -> list[tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """Games with a channel and a label of yes or no that depends on it; some samples do not count."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(games):
        x = np.round(rng.normal(5, 2, rng.integers(30, 90)), 1).astype(np.float32)
        y = (x + rng.normal(0, 3, len(x)) > 6).astype(np.float64)
        y[rng.random(len(x)) < 0.2] = np.nan
        found.append((x, y))
    return found


def joined(games: list[tuple[NDArray[np.float32], NDArray[np.float64]]], times: list[int]) -> tuple[NDArray, NDArray]:
    """The samples that count, those of each game so many times."""
    x = np.concatenate([np.tile(x[np.isfinite(y)], n) for (x, y), n in zip(games, times, strict=True)])
    y = np.concatenate([np.tile(y[np.isfinite(y)], n) for (x, y), n in zip(games, times, strict=True)])
    return x.astype(np.float64), y


def test_correlations_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(100, 1, (4, 500))
    y = np.stack([x[0] + rng.normal(0, 2, 500), (x[1] > 100).astype(float), rng.normal(size=500)])
    y[0, rng.random(500) < 0.3] = np.nan
    halves = sums(x[:, :200], y[:, :200]) + sums(x[:, 200:], y[:, 200:])
    found = pearson(halves)
    counts = np.isfinite(y[0])
    for channel in range(4):
        assert found[0, channel] == pytest.approx(pearsonr(x[channel, counts], y[0, counts]).statistic, abs=1e-9)
        assert found[1, channel] == pytest.approx(pointbiserialr(y[1], x[channel]).statistic, abs=1e-9)
        assert found[2, channel] == pytest.approx(pearsonr(x[channel], y[2]).statistic, abs=1e-9)


def test_what_is_constant_correlates_with_nothing() -> None:
    x, y = np.stack([np.full(50, 0.1), np.arange(50.0)]), np.stack([np.arange(50.0), np.ones(50), np.full(50, np.nan)])
    found = pearson(sums(x, y))
    assert found[0, 1] == pytest.approx(1)
    assert np.isnan(found[[0, 1, 1, 2, 2], [0, 0, 1, 0, 1]]).all()


def test_a_resample_is_the_games_so_many_times() -> None:
    """For any weights of games, correlation and AUC are scipy's of the samples repeated as often."""
    games = random_games(2)
    by_game = np.stack([sums(x[None], y[None])[0, 0] for x, y in games])
    for times in ([1, 1, 1, 1, 1, 1], [2, 0, 1, 0, 3, 0], [0, 0, 0, 5, 1, 0]):
        x, y = joined(games, times)
        weights = np.array([times], np.float64)
        r = correlation(by_game, weights)
        assert r.interval == pytest.approx([pearsonr(x, y).statistic] * 2)
        area = area_under_curve([x for x, _ in games], [y for _, y in games], weights)
        yes, no = x[y == 1], x[y == 0]
        assert area.interval == pytest.approx([mannwhitneyu(yes, no).statistic / (len(yes) * len(no))] * 2)
        if set(times) == {1}:
            assert (r.value, area.value) == pytest.approx((r.interval[0], area.interval[0]))


def test_intervals_are_those_of_a_bootstrap_by_game() -> None:
    """Quantiles over resamples made one by one; samples that repeat within a game make it wide."""
    rng = np.random.default_rng(3)
    games = []
    for _ in range(20):
        x, y = rng.normal(size=2)
        games.append((np.full(40, x, np.float32), y + rng.normal(0, 0.01, 40)))
    by_game = np.stack([sums(x[None], y[None])[0, 0] for x, y in games])
    weights = game_weights(len(games), 4)
    assert weights.shape == (REPEATS, 20)
    assert (weights.sum(1) == 20).all()
    one_by_one = [pearsonr(*joined(games, row.astype(int).tolist())).statistic for row in weights]
    low, high = correlation(by_game, weights).interval
    assert (low, high) == pytest.approx(np.quantile(one_by_one, [0.025, 0.975]))
    assert high - low > 0.5
    np.testing.assert_array_equal(weights, game_weights(20, 4))
    assert (weights != game_weights(20, 5)).any()


def test_labels_without_a_yes_have_no_area() -> None:
    x = [np.arange(5.0), np.arange(5.0)]
    area = area_under_curve(x, [np.zeros(5), np.full(5, np.nan)], game_weights(2, 0))
    assert np.isnan([area.value, *area.interval]).all()

"""Means, intervals and calibration against hand computations and known distributions."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig
from shicho.training.figures import (
    bootstrap_intervals,
    by_phase,
    by_value,
    calibration_errors,
    mean_figures,
    reliability,
)

NAN = math.nan


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    return calibration_errors({"confidence": confidence, "top1": right})["calibration_error"]


COLUMNS = {
    "top1": np.array([1.0, 0.0, NAN, 1.0]),
    "top4": np.array([1.0, 1.0, NAN, 1.0]),
    "cross_entropy": np.array([0.5, 2.5, NAN, 1.5]),
    "confidence": np.array([0.6, 0.4, NAN, 0.5]),
    "win_accuracy": np.array([NAN, 1.0, 1.0, NAN]),
}


def test_means_are_over_the_positions_that_count() -> None:
    assert mean_figures(COLUMNS) == {
        "top1": 2 / 3,
        "top4": 1.0,
        "cross_entropy": 1.5,
        "n": 3,
        "win_accuracy": 1.0,
        "win_accuracy_n": 2,
    }
    for empty in ({}, {**COLUMNS, "top1": np.full(4, NAN)}):
        with pytest.raises(BadConfig, match="no positions"):
            mean_figures(empty)


def test_a_calibrated_prediction_has_a_small_error_and_a_boast_has_its_excess() -> None:
    rng = np.random.default_rng(1)
    chance = rng.uniform(0.1, 0.9, 200_000)
    right = (rng.random(len(chance)) < chance).astype(float)
    assert calibration_error(chance, right) < 0.006
    assert calibration_error(chance + 0.1, right) == pytest.approx(0.1, abs=0.006)
    chance[:1000] = NAN
    assert calibration_error(chance - 0.05, right) == pytest.approx(0.05, abs=0.006)


def test_calibration_by_hand() -> None:
    """Two predictions fall into bins of their own: |0.6 - 1|, |0.4 - 0| and |0.5 - 1| over three positions."""
    assert calibration_errors(COLUMNS) == {"calibration_error": pytest.approx((0.4 + 0.4 + 0.5) / 3)}


def test_reliability_puts_equally_many_predictions_into_bins() -> None:
    """Those of a confidence below 0.5 never come true, the others always: ten bins of each."""
    confidence = np.concatenate([np.linspace(0.1, 0.4, 500), np.linspace(0.6, 0.9, 500), [NAN]])
    right = np.concatenate([np.zeros(500), np.ones(500), [1.0]])
    order = np.random.default_rng(3).permutation(len(right))
    bins = reliability({"confidence": confidence[order], "top1": right[order]})["policy"]
    assert [n for _, _, n in bins] == [50] * 20
    assert [share for _, share, _ in bins] == [0.0] * 10 + [1.0] * 10
    assert bins[0][0] == pytest.approx(np.linspace(0.1, 0.4, 500)[:50].mean())
    assert [sure for sure, _, _ in bins] == sorted(sure for sure, _, _ in bins)
    assert reliability({"confidence": confidence, "top1": np.full(1001, NAN)}) == {}


def test_intervals_come_from_whole_games() -> None:
    """All positions of a game are alike, so 100 games say as much as 100 positions, however many they hold."""
    rng = np.random.default_rng(2)
    won = rng.integers(0, 2, 100).astype(float)
    games = np.repeat(np.arange(100), 50)
    low, high = bootstrap_intervals({"top1": np.repeat(won, 50)}, games)["top1"]
    width = 2 * 1.96 * math.sqrt(won.mean() * (1 - won.mean()) / 100)
    assert high - low == pytest.approx(width, rel=0.15)
    assert low < won.mean() < high
    alone = bootstrap_intervals({"top1": np.repeat(won, 50)}, np.arange(5000))["top1"]
    assert alone[1] - alone[0] == pytest.approx(width / math.sqrt(50), rel=0.15)
    again = bootstrap_intervals({"top1": np.repeat(won, 50)}, games)["top1"]
    assert again == (low, high)


def test_intervals_leave_out_what_does_not_count() -> None:
    values = np.array([1.0, NAN, 0.0, 1.0, NAN, NAN])
    games = np.array([5, 5, 7, 7, 9, 9])
    low, high = bootstrap_intervals({"top1": values, "none": np.full(6, NAN)}, games)["top1"]
    assert 0 <= low < high <= 1
    assert "none" not in bootstrap_intervals({"none": np.full(6, NAN)}, games)


def test_phases_and_values_split_the_positions() -> None:
    games = np.array([0, 0, 1, 2])
    phases = by_phase(COLUMNS, np.array([0, 59, 60, 500]), games)
    assert set(phases) == {"0-59", "180-"}
    assert (phases["0-59"]["n"], phases["0-59"]["top1"]) == (2, 0.5)
    assert phases["0-59"]["intervals"]["top1"] == [0.5, 0.5]
    assert phases["180-"]["cross_entropy"] == 1.5
    years = by_value(COLUMNS, np.array([2001, 2001, 2002, 2003]), games)
    assert {year: found["n"] for year, found in years.items()} == {"2001": 2, "2003": 1}

"""Differences with intervals against values worked out by hand, and sentences that claim no more."""

import math
from pathlib import Path

import pytest

from shicho.training.experiments.compare import compare, compare_paired, sentence, signed
from tests.support.experiments import made_result, tiny_experiment

T_2 = 4.302652729911275
"""The 97.5 % quantile of Student's t with 2 degrees of freedom: 0.95 √2 / √(1 − 0.95²)."""


def test_three_seeds_by_hand() -> None:
    """Differences −0.02, −0.03, −0.04: mean −0.03, standard deviation 0.01, standard error 0.01 / √3."""
    assert pytest.approx(0.95 * math.sqrt(2 / (1 - 0.95**2))) == T_2
    found = compare_paired("b", "a", "cross_entropy", [2.08, 2.17, 2.26], [2.10, 2.20, 2.30])
    error = 0.01 / math.sqrt(3)
    assert found.mean == pytest.approx(-0.03)
    assert found.low == pytest.approx(-0.03 - T_2 * error)
    assert found.high == pytest.approx(-0.03 + T_2 * error)
    # With 2 degrees of freedom, the two-sided p is 1 − |t| / √(t² + 2).
    t = 0.03 / error
    assert found.paired_p == pytest.approx(1 - t / math.sqrt(t * t + 2))


def test_two_seeds_by_hand() -> None:
    """With 1 degree of freedom Student's t is Cauchy's distribution: quantile tan(0.475 π), p = 1 − 2 atan(t) / π."""
    found = compare_paired("b", "a", "top1", [0.41, 0.44], [0.40, 0.41])
    error = 0.01
    assert found.mean == pytest.approx(0.02)
    assert found.high == pytest.approx(0.02 + math.tan(0.475 * math.pi) * error)
    assert found.paired_p == pytest.approx(1 - 2 * math.atan(2) / math.pi)


def test_welch_by_hand() -> None:
    """Equal variances and sizes: Welch's degrees of freedom are 2n − 2, here 2, and t = difference / √(2 s² / n)."""
    found = compare_paired("b", "a", "cross_entropy", [1.0, 1.2], [2.2, 2.0])
    t = 1.0 / math.sqrt(2 * 0.02 / 2)
    assert found.welch_p == pytest.approx(1 - t / math.sqrt(t * t + 2))


def test_one_seed_and_equal_seeds_give_no_interval() -> None:
    one = compare_paired("b", "a", "cross_entropy", [2.0], [2.1])
    same = compare_paired("b", "a", "cross_entropy", [2.0, 0.1 + 0.2], [2.0, 0.3])
    for found in (one, same):
        assert (found.low, found.high, found.paired_p, found.welch_p) == (None,) * 4
    assert "One seed gives no interval" in sentence(one)
    assert "−0.100 nats" in sentence(one)
    assert "2 seeds give no interval" in sentence(same)
    assert not {"better", "worse"} & set((sentence(one) + sentence(same)).split())


@pytest.mark.parametrize(
    ("figure", "ours", "words"),
    [
        ("cross_entropy", [2.08, 2.17, 2.26], "b is better than a by 0.030 nats (95 % 0.005 to 0.055, 3 seeds)."),
        ("cross_entropy", [2.12, 2.23, 2.34], "b is worse than a by 0.030 nats (95 % 0.005 to 0.055, 3 seeds)."),
        (
            "cross_entropy",
            [2.08, 2.21, 2.30],
            "3 seeds cannot tell b from a: the difference is −0.003 nats (95 % −0.041 to +0.035).",
        ),
        ("top1", [2.12, 2.23, 2.34], "b is better than a in top-1 by 3.00 points (95 % 0.52 to 5.48, 3 seeds)."),
        ("top1", [2.08, 2.17, 2.26], "b is worse than a in top-1 by 3.00 points (95 % 0.52 to 5.48, 3 seeds)."),
    ],
)
def test_sentences(figure: str, ours: list[float], words: str) -> None:
    found = compare_paired("b", "a", figure, ours, [2.10, 2.20, 2.30])  # type: ignore[arg-type]
    assert sentence(found) == words


def test_an_interval_that_touches_zero_claims_nothing() -> None:
    found = compare_paired("b", "a", "cross_entropy", [2.0, 2.1], [2.1, 2.3]).model_copy(update={"high": 0.0})
    assert "cannot tell" in sentence(found)


def test_only_seeds_that_both_finished_are_paired(tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path, arms={"a": [], "b": [], "c": []}, seeds=3)
    made = [("a", 1, 2.0), ("a", 2, 2.1), ("a", 3, None), ("b", 1, 1.9), ("b", 2, 1.8), ("b", 3, 0.1), ("c", 3, 1.0)]
    results = {(arm, seed): made_result(arm, seed, value) for arm, seed, value in made}
    (found,) = compare(experiment, results, "cross_entropy")
    assert (found.arm, found.baseline, found.seeds) == ("b", "a", 2)
    assert found.mean == pytest.approx(-0.2)


def test_signed() -> None:
    assert [signed(value, 2) for value in (0.1, -0.1, -0.001)] == ["+0.10", "−0.10", "0.00"]

"""The sequential test: published ratios, an independent slow reference, error rates in simulated matches, records."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.optimize import minimize

from shicho.engine.errors import BadConfig
from shicho.tools.match.sprt import MISSING, Decision, Model, Sprt, Verdict, log_likelihood_ratio
from tests.support.match_records import game_record, match_records
from tests.support.simulated_matches import Setting, simulate

DRAWN_OUT = Sprt(elo0=0, elo1=20)


@pytest.mark.parametrize(
    ("counts", "elo0", "elo1", "ratio"),
    [
        ((21184, 40708, 21404), 0.5, 2.5, -1.57),
        ((57030, 106593, 57433), 0, 2, -2.59),
        ((223, 9863, 20279 + 1000, 10037, 246), 0.5, 2.5, -3.07),
        ((871, 26175, 55003 + 980, 26678, 821), 0, 2, -4.98),
    ],
)
def test_ratios_that_fastchess_publishes(counts: tuple[int, ...], elo0: float, elo1: float, ratio: float) -> None:
    """Those of fastchess's own tests (app/tests/sprt_test.cpp), "logistic trinomial" and "logistic pentanomial"."""
    assert log_likelihood_ratio(np.array(counts), elo0, elo1) == pytest.approx(ratio, abs=0.006)


def slow_log_likelihood(counts: Sequence[int], elo: float) -> float:
    """The largest log-likelihood of a distribution with that expected score, by a general optimiser over its values."""
    seen = np.array([count or MISSING for count in counts], float)
    scores = np.linspace(0, 1, len(counts))
    score = 1 / (1 + 10 ** (-elo / 400))
    found = minimize(
        lambda logs: -(seen * (logs - np.log(np.exp(logs).sum()))).sum() / seen.sum(),
        np.log(seen / seen.sum()),
        constraints={"type": "eq", "fun": lambda logs: (np.exp(logs) @ scores) / np.exp(logs).sum() - score},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    return float(-found.fun * seen.sum())


@pytest.mark.parametrize(
    ("counts", "elo0", "elo1"),
    [
        ((12, 3, 20), 0, 20),
        ((40, 0, 60), -10, 35),
        ((3, 2, 247), 500, 800),
        ((4, 3, 9, 5, 8), 0, 20),
        ((20, 5, 100, 5, 40), -50, 50),
        ((1, 0, 2, 0, 4), 0, 100),
        ((300, 50, 900, 80, 400), 0, 5),
    ],
)
def test_ratios_against_a_slow_reference(counts: tuple[int, ...], elo0: float, elo1: float) -> None:
    expected = slow_log_likelihood(counts, elo1) - slow_log_likelihood(counts, elo0)
    assert log_likelihood_ratio(np.array(counts), elo0, elo1) == pytest.approx(expected, abs=2e-4)


def test_games_without_draws_are_bernoulli_trials() -> None:
    """Without draws the ratio is that of a binomial distribution, but for the small count of the draws."""
    s0, s1 = (1 / (1 + 10 ** (-elo / 400)) for elo in (10, 60))
    expected = 30 * math.log((1 - s1) / (1 - s0)) + 70 * math.log(s1 / s0)
    assert log_likelihood_ratio(np.array([30, 0, 70]), 10, 60) == pytest.approx(expected, abs=1e-3)


def test_ratios_of_many_counts_at_once() -> None:
    counts = np.random.default_rng(1).integers(0, 40, (4, 6, 5))
    ratios = log_likelihood_ratio(counts, 0, 30)
    assert (ratios.shape, ratios.dtype) == ((4, 6), np.float64)
    for place in np.ndindex(4, 6):
        assert ratios[place] == log_likelihood_ratio(counts[place], 0, 30)
    mirrored = log_likelihood_ratio(counts[..., ::-1], -30, 0)
    assert np.allclose(ratios, -mirrored, atol=1e-9)


def test_no_results_say_nothing() -> None:
    assert log_likelihood_ratio(np.zeros(5, int), 0, 20) == 0
    assert log_likelihood_ratio(np.zeros((2, 3), int), 0, 20).tolist() == [0, 0]
    assert DRAWN_OUT.decide([], "A") == Verdict(
        decision=Decision.CONTINUE,
        llr=0.0,
        lower=DRAWN_OUT.bounds[0],
        upper=DRAWN_OUT.bounds[1],
        counts=(0, 0, 0, 0, 0),
        games=0,
    )


def test_bounds() -> None:
    assert Sprt(elo0=0, elo1=20).bounds == pytest.approx((-math.log(19), math.log(19)))
    lower, upper = Sprt(elo0=0, elo1=20, alpha=0.01, beta=0.1).bounds
    assert (lower, upper) == pytest.approx((math.log(0.1 / 0.99), math.log(90)))


def test_texts_of_tests() -> None:
    assert Sprt.parse("elo0=0,elo1=20") == DRAWN_OUT
    assert Sprt.parse("elo1=5, elo0=-2.5, beta=0.1, alpha=0.01, model=trinomial") == Sprt(
        elo0=-2.5, elo1=5, alpha=0.01, beta=0.1, model=Model.TRINOMIAL
    )


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "''"),
        ("elo0=0", "elo1"),
        ("elo0=0,elo1", "elo1"),
        ("elo0=0,elo1=x", "'x'"),
        ("elo0=0,elo1=nan", "nan"),
        ("elo0=20,elo1=20", "20"),
        ("elo0=0,elo1=1001", "1001"),
        ("elo0=0,elo1=20,gamma=1", "gamma"),
        ("elo0=0,elo1=20,elo0=1", "twice"),
        ("elo0=0,elo1=20,alpha=0", "alpha"),
        ("elo0=0,elo1=20,alpha=0.6,beta=0.4", "0.6"),
        ("elo0=0,elo1=20,alpha=nan", "nan"),
        ("elo0=0,elo1=20,model=binomial", "trinomial or pentanomial"),
    ],
)
def test_other_texts_are_refused_in_one_line(text: str, word: str) -> None:
    with pytest.raises(BadConfig, match=word) as caught:
        Sprt.parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "setting", "alpha", "beta"),
    [
        (Model.TRINOMIAL, Setting(), 0.02, 0.1),
        (Model.TRINOMIAL, Setting(draws=0.3), 0.05, 0.05),
        (Model.PENTANOMIAL, Setting(draws=0.1), 0.05, 0.05),
        (Model.PENTANOMIAL, Setting(bias=200, draws=0.1), 0.05, 0.05),
        (Model.PENTANOMIAL, Setting(bias=200, draws=0.1), 0.02, 0.1),
        (Model.PENTANOMIAL, Setting(bias=400), 0.05, 0.05),
    ],
)
def test_error_rates_in_simulated_matches(model: Model, setting: Setting, alpha: float, beta: float) -> None:
    """10,000 matches each: neither error is more than a point above its nominal rate, and the test is of use."""
    test = Sprt(elo0=0, elo1=100, alpha=alpha, beta=beta, model=model)
    false, true = (simulate(test, setting, elo) for elo in (0, 100))
    assert false.accepted <= alpha + 0.01
    assert 1 - true.accepted <= beta + 0.01
    assert true.mean_games < 100


def test_openings_that_favour_a_colour_cost_fewer_games_in_pairs() -> None:
    test = Sprt(elo0=0, elo1=100)
    even, biased = (simulate(test, Setting(bias=bias), 0, matches=1000).mean_games for bias in (0, 300))
    assert biased < 0.75 * even


def test_a_match_is_decided_at_the_first_bound() -> None:
    test = Sprt(elo0=0, elo1=200)
    verdict = test.decide(match_records([1.0] * 60), "A")
    assert (verdict.decision, verdict.counts[:4]) == (Decision.ACCEPT_H1, (0, 0, 0, 0))
    assert verdict.llr >= verdict.upper
    assert verdict.games == 2 * verdict.counts[4] < 60
    before = test.decide(match_records([1.0] * (verdict.games - 2)), "A")
    assert (before.decision, before.games) == (Decision.CONTINUE, verdict.games - 2)
    later = test.decide(match_records([1.0] * verdict.games + [0.0] * 200), "A")
    assert later == verdict
    assert test.decide(match_records([1.0] * 60), "B").decision is Decision.ACCEPT_H0


@pytest.mark.parametrize("model", Model)
def test_the_ratios_of_a_curve_are_those_of_the_verdicts(model: Model) -> None:
    records = match_records([1.0, 0.0, 1.0, 0.5, 0.5, 1.0])
    test = Sprt(elo0=0, elo1=20, model=model)
    step = 2 if model is Model.PENTANOMIAL else 1
    verdicts = [test.decide(records[:games], "A").llr for games in range(0, len(records) + 1, step)]
    assert test.ratios(records, "A").tolist() == pytest.approx(verdicts)


def test_pairs_and_games_count_differently() -> None:
    records = match_records([1.0, 0.0, 0.5, 1.0, 0.0, 0.0, 0.5, 0.0, 1.0, 1.0, 0.5, 0.5])
    assert DRAWN_OUT.decide(records, "A").counts == (1, 1, 2, 1, 1)
    assert DRAWN_OUT.decide(records, "B").counts == (1, 1, 2, 1, 1)
    trinomial = Sprt(elo0=0, elo1=20, model=Model.TRINOMIAL).decide(records, "A")
    assert (trinomial.counts, trinomial.games) == ((4, 4, 4), 12)


def test_the_order_of_the_records_does_not_matter_and_gaps_stop_the_count() -> None:
    records = match_records([1.0, 0.0, 1.0, 1.0, None, 1.0, 0.5, 1.0])
    whole = DRAWN_OUT.decide(records, "A")
    assert (whole.counts, whole.games) == ((0, 0, 1, 1, 1), 6)
    assert DRAWN_OUT.decide(records[::-1], "A") == whole
    assert DRAWN_OUT.decide(records[:3] + records[4:], "A").counts == (0, 0, 1, 0, 0)
    assert DRAWN_OUT.decide(records[1:], "A").counts == (0, 0, 0, 0, 0)


def test_several_opponents_are_refused() -> None:
    records = [game_record(0, "A", "B"), game_record(1, "C", "A")]
    with pytest.raises(ValueError, match="B, C"):
        DRAWN_OUT.decide(records, "A")

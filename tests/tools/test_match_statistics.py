"""Statistics of a match: tallies, Wilson interval, Elo differences against published values, pairs, duplicates."""

import json
import math
from dataclasses import replace

import pytest

from shicho.engine.colour import Colour
from shicho.tools.match.record import Reason, SideRecord
from shicho.tools.match.statistics import (
    Tally,
    elo_difference,
    elo_of_score,
    pair_counts,
    score_of_elo,
    summarise,
    without_duplicates,
)
from tests.support.match_records import game_record, match_records

Z = 1.959963984540054


@pytest.mark.parametrize(("wins", "games"), [(0, 1), (3, 4), (247, 250), (250, 250)])
def test_wilson_interval(wins: int, games: int) -> None:
    """Wilson 1927: both ends p satisfy |p - wins / games| = z sqrt(p (1 - p) / games)."""
    low, high = Tally(wins=wins, losses=games - wins).wilson_interval()
    assert 0 <= low <= wins / games <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert abs(end - wins / games) == pytest.approx(Z * math.sqrt(end * (1 - end) / games), rel=1e-5)


def test_tallies() -> None:
    records = match_records([1, 1, 0.5, 0, None, 1])
    tally = Tally.of(records, "A")
    assert tally == Tally(wins=3, draws=1, losses=1, broken=1)
    assert Tally.of(records, "B") == Tally(wins=1, draws=1, losses=3, broken=1)
    assert Tally.of(records, "C") == Tally()
    assert (tally.games, tally.finished, tally.win_rate, tally.score) == (6, 5, 0.5, 0.7)


def test_a_tally_without_games() -> None:
    tally = Tally()
    assert (tally.win_rate, tally.score, tally.elo(), tally.wilson_interval()) == (None, None, None, (0.0, 1.0))
    assert (Tally(broken=2).win_rate, Tally(broken=2).score, Tally(broken=2).elo()) == (0.0, None, None)


@pytest.mark.parametrize("elo", [-1000.0, -35.0, 0.0, 1.0, 400.0])
def test_elo_and_score(elo: float) -> None:
    assert elo_of_score(score_of_elo(elo)) == pytest.approx(elo, abs=1e-9)
    assert score_of_elo(elo) + score_of_elo(-elo) == pytest.approx(1)


def test_the_score_of_400_elo_is_10_to_1() -> None:
    assert score_of_elo(400) == pytest.approx(10 / 11)
    assert (elo_of_score(1.0), elo_of_score(0.0), elo_of_score(0.5)) == (math.inf, -math.inf, 0.0)


@pytest.mark.parametrize(
    ("counts", "difference", "error"),
    [
        ((96, 111, 136), 40.70, 30.43),
        ((34, 54, 31 + 32, 64, 75), 55.58, 27.65),
        ((332, 433, 457 + 41, 333, 334), -8.64, 10.33),
        ((7895, 8757, 5485 + 200, 568, 9999), -21.04, 2.95),
    ],
)
def test_elo_differences_that_fastchess_publishes(counts: tuple[int, ...], difference: float, error: float) -> None:
    """Those of fastchess's own tests (app/tests/elo_test.cpp), which take normal intervals: half a percent away."""
    elo = elo_difference(counts)
    assert elo is not None
    assert elo.value == pytest.approx(difference, abs=0.006)
    assert (elo.high - elo.low) / 2 == pytest.approx(error, rel=5e-3)


def test_elo_intervals_without_draws_have_wilsons_ends() -> None:
    for wins, losses in ((3, 7), (247, 3), (10, 10)):
        elo, (low, high) = elo_difference((losses, 0, wins)), Tally(wins=wins, losses=losses).wilson_interval()
        assert elo is not None
        assert (score_of_elo(elo.low), score_of_elo(elo.high)) == pytest.approx((low, high), abs=1e-9)


def test_elo_intervals_solve_wilsons_equation_for_any_counts() -> None:
    """Both ends s satisfy |s - mean| = z sqrt(variance of the mean * s (1 - s) / (mean (1 - mean)))."""
    for counts in ((5, 20, 9), (10, 3, 20, 3, 12), (1, 0, 0, 0, 30)):
        elo, total = elo_difference(counts), sum(counts)
        points = [index / (len(counts) - 1) for index, count in enumerate(counts) for _ in range(count)]
        mean = sum(points) / total
        variance = sum((point - mean) ** 2 for point in points) / total**2
        assert elo is not None
        for end in (score_of_elo(elo.low), score_of_elo(elo.high)):
            distance = Z * math.sqrt(variance * end * (1 - end) / (mean * (1 - mean)))
            assert abs(end - mean) == pytest.approx(distance, rel=1e-9)


def test_elo_differences_without_bounds() -> None:
    all_won, all_lost = elo_difference((0, 0, 40)), elo_difference((40, 0, 0))
    assert all_won is not None
    assert all_lost is not None
    assert (all_won.value, all_won.high) == (math.inf, math.inf)
    assert all_won.low == pytest.approx(elo_of_score(40 / (40 + Z**2)))
    assert (all_lost.value, all_lost.low, all_lost.high) == (-math.inf, -math.inf, pytest.approx(-all_won.low))
    assert json.dumps(all_won.as_json(), allow_nan=False)
    assert all_won.as_json()["high"] is None
    assert str(all_won).startswith("+inf (+407 to +inf")


def test_equal_results_do_not_make_an_interval_of_width_0() -> None:
    for counts in ((0, 0, 10, 0, 0), (0, 20, 0)):
        elo = elo_difference(counts)
        assert elo is not None
        assert (elo.value, elo.low) == (0, pytest.approx(-elo.high))
        assert elo == elo_difference((10, 0, 10))


def test_elo_difference_of_nothing() -> None:
    assert elo_difference((0, 0, 0)) is None
    assert elo_difference((0, 0, 0, 0, 0)) is None


def test_pairs() -> None:
    records = match_records([1, 1, 1, 0, 0.5, 0, None, 1, 0.5, 0.5, 1])
    assert pair_counts(records, "A") == (0, 1, 2, 0, 1)
    assert pair_counts(records, "B") == (1, 0, 2, 1, 0)
    assert pair_counts(records[::-1], "A") == (0, 1, 2, 0, 1)
    assert pair_counts(records, "C") == (0, 0, 0, 0, 0)


def test_games_that_repeat_an_earlier_one() -> None:
    records = [
        game_record(0, moves_digest="x"),
        game_record(1, "B", "A", moves_digest="x"),
        game_record(2, moves_digest="x"),
        game_record(3, "A", "C", moves_digest="x"),
        game_record(4, result="Void", moves_digest="x"),
        game_record(5, result="Void", moves_digest="y"),
        game_record(6, result="W+R", moves_digest="y"),
    ]
    assert [record.index for record in without_duplicates(records)] == [0, 1, 3, 4, 5, 6]
    summary = summarise(records, "A")
    assert summary.duplicates == 1
    assert summary.total == Tally(wins=3, losses=2, broken=2)
    assert summary.distinct == Tally(wins=2, losses=2, broken=2)


def test_a_summary() -> None:
    by_score = {"reason": Reason.SCORE, "referee_score": "B+3.5"}
    records = [
        game_record(0, opening="star"),
        game_record(1, "B", "A", "B+R", opening="star", plies=200),
        game_record(2, "A", "C", "Void", reason=Reason.CRASH, at_fault=Colour.WHITE, plies=7, opening="san-san"),
        game_record(3, "C", "A", "Void", reason=Reason.MOVE_LIMIT, plies=900, opening="san-san"),
        game_record(4, "A", "C", "B+3.5", **by_score, area_score="W+2.5"),
        game_record(5, "A", "C", "B+3.5", **by_score, area_score="B+2.5"),
        game_record(6, "C", "A", "B+3.5", **by_score, area_score="B+3.5"),
        game_record(7, "C", "A", "B+3.5", **by_score),
        game_record(8, "B", "C"),
    ]
    records[4] = replace(records[4], black=SideRecord(engine="A", seed=1, moves=0, seconds=0.0))
    summary = summarise(records, "A")
    assert summary.engine == "A"
    assert summary.total == Tally(wins=3, losses=3, broken=2)
    assert summary.by_colour == {"black": Tally(wins=3, broken=1), "white": Tally(losses=3, broken=1)}
    assert summary.by_opening == {
        "star": Tally(wins=1, losses=1),
        "san-san": Tally(broken=2),
        "": Tally(wins=2, losses=2),
    }
    assert summary.by_opponent == {"B": Tally(wins=1, losses=1), "C": Tally(wins=2, losses=2, broken=2)}
    assert (summary.pairs, summary.elo) == ((1, 0, 1, 0, 1), elo_difference((3, 0, 3)))
    assert summary.pair_elo == elo_difference((1, 0, 1, 0, 1))
    assert summary.reasons == {"crash": 1, "move limit": 1, "resignation": 2, "score": 4}
    assert summary.faults == {"C": 1}
    assert summary.mean_plies == (5 * 100 + 200) / 6
    assert summary.seconds_a_move == {
        "A": (3 * 5 + 4 * 25) / (7 * 50),
        "B": (25 + 5) / 100,
        "C": (3 * 25 + 3 * 5) / 300,
    }
    assert (summary.games_scored, summary.winners_disputed, summary.scores_disputed) == (3, 1, 2)


def test_a_summary_of_nothing() -> None:
    summary = summarise([], "A")
    assert (summary.total, summary.elo, summary.pair_elo, summary.mean_plies) == (Tally(), None, None, None)
    assert summary.by_colour == {"black": Tally(), "white": Tally()}
    assert (summary.by_opening, summary.by_opponent, summary.seconds_a_move) == ({}, {}, {})

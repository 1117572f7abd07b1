"""Time controls and clocks, against a slow reference that counts the time in 64ths of a second."""

import numpy as np
import pytest

from shicho.engine.errors import BadConfig
from shicho.tools.match.time_control import Clock, TimeControl


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("10m", (600, 0, 0)),
        ("10m+30s/5", (600, 30, 5)),
        ("30s/1", (0, 30, 1)),
        ("1h30m+1m30s/25", (5400, 90, 25)),
        ("45s", (45, 0, 0)),
    ],
)
def test_texts_of_time_controls(text: str, settings: tuple[int, int, int]) -> None:
    control = TimeControl.parse(text)
    assert control.time_settings() == settings
    assert str(control) == text
    assert TimeControl.parse(str(control)) == control


def test_texts_are_written_in_the_largest_units() -> None:
    assert str(TimeControl.parse("5400s+90s/3")) == "1h30m+1m30s/3"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "m",
        "10m+",
        "10m+30s",
        "+30s/1",
        "10m/",
        "/5",
        "10m30s/",
        "1.5m",
        "-10m",
        "10m 30s",
        "10m+30s/5/5",
        "٣s",
    ],
)
def test_other_texts_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadConfig, match="not a time control") as caught:
        TimeControl.parse(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["0s", "30s/0", "10m+0s/1", "999999h", "1000s/0"])
def test_times_out_of_range(text: str) -> None:
    with pytest.raises(BadConfig):
        TimeControl.parse(text)


def test_absolute_time() -> None:
    clock = Clock(TimeControl.parse("10s"))
    assert clock.time_left() == (10, 0)
    assert not clock.spend(3.5)
    assert (clock.time_left(), clock.seconds_to_flag) == ((6, 0), 6.5)
    assert not clock.spend(6.5)
    assert clock.time_left() == (0, 0)
    assert clock.spend(0.01)
    assert (clock.flag_fell, clock.time_left(), clock.seconds_to_flag) == (True, (0, 0), 0)
    with pytest.raises(ValueError, match="flag"):
        clock.spend(0)


def test_canadian_byo_yomi() -> None:
    clock = Clock(TimeControl.parse("10s+5s/3"))
    steps = [(4, (6, 0)), (8, (3, 2)), (1.5, (1, 1)), (1.5, (5, 3)), (5, (0, 2)), (0, (0, 1)), (0, (5, 3))]
    for seconds, left in steps:
        assert not clock.spend(seconds)
        assert clock.time_left() == left
    assert clock.seconds_to_flag == 5
    assert clock.spend(5.001)


def test_byo_yomi_from_the_first_move() -> None:
    clock = Clock(TimeControl.parse("2s/1"))
    assert clock.time_left() == (2, 1)
    for _ in range(3):
        assert not clock.spend(2)
        assert clock.time_left() == (2, 1)
    assert clock.spend(2.5)


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_times_that_no_move_takes(seconds: float) -> None:
    with pytest.raises(ValueError, match="a move of"):
        Clock(TimeControl.parse("2s")).spend(seconds)


def ticks_of_moves(control: TimeControl, moves: list[int]) -> list[tuple[bool, int, int]]:
    """Whether the flag fell, the ticks left and the stones after each move: one tick after the other is taken off."""
    main, period, full = (64 * value for value in control.time_settings())
    full //= 64
    left, stones = (main, 0) if main else (period, full)
    after = []
    for ticks in moves:
        fell = False
        for _ in range(ticks):
            if left == 0 and stones == 0 and full:
                left, stones = period, full
            if left == 0:
                fell = True
                break
            left -= 1
        if stones and not fell:
            stones -= 1
            if stones == 0:
                left, stones = period, full
        after.append((fell, left, stones))
        if fell:
            break
    return after


@pytest.mark.parametrize("text", ["3s", "3s+2s/4", "2s/3", "1s+1s/1"])
def test_clocks_against_a_clock_that_ticks(text: str) -> None:
    control, rng = TimeControl.parse(text), np.random.default_rng(1)
    for most in (13, 38, 96):
        for _ in range(30):
            moves = rng.integers(0, most, 40).tolist()
            clock = Clock(control)
            for ticks, (fell, left, stones) in zip(moves, ticks_of_moves(control, moves), strict=False):
                assert clock.spend(ticks / 64) == fell
                if not fell:
                    assert clock.seconds_to_flag - (control.byo_yomi_seconds if not stones else 0) == pytest.approx(
                        left / 64, abs=1e-9
                    )
                    assert clock.time_left()[1] == stones

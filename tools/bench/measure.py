"""What every benchmark shares: timing by repetition, and figures rounded to what they are worth."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any


def cpu_seconds(work: Callable[[], object], at_least: float = 0.0) -> float:
    """CPU seconds of this thread for one call of `work`, a mean over as many calls as last `at_least` seconds."""
    return _seconds(time.thread_time, work, at_least)


def wall_seconds(work: Callable[[], object], at_least: float = 0.0) -> float:
    """The same by the wall clock, for work on several threads."""
    return _seconds(time.perf_counter, work, at_least)


def _seconds(clock: Callable[[], float], work: Callable[[], object], at_least: float) -> float:
    calls = 0
    started = clock()
    while True:
        work()
        calls += 1
        elapsed = clock() - started
        if elapsed >= at_least:
            return elapsed / calls


def spread(values: Sequence[float], digits: int = 4) -> dict[str, Any]:
    """Median, extremes and number of the values, rounded to so many significant digits."""
    return {
        "median": significant(statistics.median(values), digits),
        "min": significant(min(values), digits),
        "max": significant(max(values), digits),
        "repeats": len(values),
    }


def significant(value: float, digits: int = 4) -> float:
    """The value rounded to so many significant digits."""
    return float(f"{value:.{digits}g}")

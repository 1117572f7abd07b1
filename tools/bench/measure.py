"""What every benchmark shares: timing by repetition, and figures rounded to what they are worth."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any


def cpu_seconds(work: Callable[[], object], at_least: float = 0.0) -> float:
    """CPU seconds of this thread for one call of `work`, a mean over as many calls as last `at_least` seconds."""
    calls = 0
    started = time.thread_time()
    while True:
        work()
        calls += 1
        elapsed = time.thread_time() - started
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

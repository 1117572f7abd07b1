"""Timing, memory and rounding for all benchmarks."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def cpu_seconds(work: Callable[[], object], min_seconds: float = 0.0) -> float:
    """Return the mean CPU seconds of this thread per call of `work`, repeated for at least `min_seconds`."""
    return _seconds(time.thread_time, work, min_seconds)


def wall_seconds(work: Callable[[], object], min_seconds: float = 0.0) -> float:
    """Return the mean wall-clock seconds per call of `work`, repeated for at least `min_seconds`."""
    return _seconds(time.perf_counter, work, min_seconds)


def _seconds(clock: Callable[[], float], work: Callable[[], object], min_seconds: float) -> float:
    calls = 0
    started = clock()
    while True:
        work()
        calls += 1
        elapsed = clock() - started
        if elapsed >= min_seconds:
            return elapsed / calls


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB, 0 where there is no /proc."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def spread(values: Sequence[float], digits: int = 4) -> dict[str, Any]:
    """Return median, minimum and maximum, rounded to `digits` significant digits, and the number of values."""
    return {
        "median": significant(statistics.median(values), digits),
        "min": significant(min(values), digits),
        "max": significant(max(values), digits),
        "repeats": len(values),
    }


def significant(value: float, digits: int = 4) -> float:
    """Return the value rounded to `digits` significant digits."""
    return float(f"{value:.{digits}g}")

"""What every benchmark shares: timing by repetition, and a note of where and with what it ran."""

import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from shicho.engine.version import shicho_version

PACKAGES = ("numpy", "onnxruntime-gpu", "onnxruntime", "sgfmill", "h5py")


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


def environment() -> dict[str, Any]:
    """Hardware, versions and the commit of the checkout that is the working directory (None where it is none)."""
    return {
        "hardware": {"processor": _processor(), "machine": platform.machine(), "system": platform.platform()},
        "versions": {"shicho": shicho_version(), "python": platform.python_version(), **_versions()},
        "commit": _commit(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} logical cores" if names else platform.processor()


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _commit() -> str | None:
    """The commit, with "+" where the tree holds changes."""
    command = ("git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None

"""Hardware, versions and commit, which are stored with every benchmark and match result."""

import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from shicho.engine.version import shicho_commit, shicho_version

PACKAGES = ("numpy", "onnxruntime-gpu", "onnxruntime", "sgfmill", "h5py")


def environment() -> dict[str, Any]:
    """Return hardware, package versions, and the commit of the checkout (None outside a checkout), ready for JSON."""
    return {
        "hardware": {"processor": _processor(), "machine": platform.machine(), "system": platform.platform()},
        "versions": {"shicho": shicho_version(), "python": platform.python_version(), **_versions()},
        "commit": shicho_commit(),
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

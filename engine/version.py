"""Which Shicho this is."""

import subprocess
from importlib import metadata
from pathlib import Path


def shicho_version() -> str:
    """The installed version, "unknown" where Shicho is not installed but run from its sources."""
    try:
        return metadata.version("shicho")
    except metadata.PackageNotFoundError:
        return "unknown"


def shicho_commit() -> str | None:
    """The commit of the checkout this file lies in, with "+" where that holds changes; None outside a checkout."""
    command = ("git", "-C", str(Path(__file__).resolve().parent), "describe", "--always", "--abbrev=40", "--dirty=+")
    try:
        done = subprocess.run((*command, "--exclude=*"), capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

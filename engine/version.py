"""The version and the commit of this copy of Shicho."""

import subprocess
from importlib import metadata
from pathlib import Path


def shicho_version() -> str:
    """Return the installed version, or "unknown" if Shicho is run from its sources without being installed."""
    try:
        return metadata.version("shicho")
    except metadata.PackageNotFoundError:
        return "unknown"


def shicho_commit() -> str | None:
    """Return the commit of the git checkout of this file, with "+" if there are changes; None outside a checkout."""
    command = ("git", "-C", str(Path(__file__).resolve().parent), "describe", "--always", "--abbrev=40", "--dirty=+")
    try:
        done = subprocess.run((*command, "--exclude=*"), capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

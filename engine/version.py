"""Which Shicho this is."""

from importlib import metadata


def shicho_version() -> str:
    """The installed version, "unknown" where Shicho is not installed but run from its sources."""
    try:
        return metadata.version("shicho")
    except metadata.PackageNotFoundError:
        return "unknown"

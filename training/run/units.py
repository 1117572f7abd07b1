"""Durations, numbers of samples and shares as one writes them on a command line."""

import re

from shicho.engine.errors import BadConfig

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
MULTIPLES = {"": 1, "k": 1000, "M": 1_000_000}


def parse_duration(text: str) -> float:
    """Return the seconds of `90s`, `9m` or `1.5h`; a bare number is seconds. Raises BadConfig."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if not match or float(match[1]) == 0:
        raise BadConfig(f"{text!r} is not a duration: write 90s, 9m or 2h")
    return float(match[1]) * UNITS[match[2] or "s"]


def parse_count(text: str) -> int:
    """Return a whole number above 0, such as `64000`, `300k` or `2.5M`. Raises BadConfig."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kM]?)", text.strip().replace("_", ""))
    value = float(match[1]) * MULTIPLES[match[2]] if match else 0.0
    if value < 1 or value != int(value):
        raise BadConfig(f"{text!r} is not a number of samples: write 64000, 300k or 2.5M")
    return int(value)


def parse_mix(text: str) -> dict[str, float]:
    """Return the shares of source groups in `pro=3,kgs-6d=2`, numbers above 0. Raises BadConfig."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.strip().rpartition("=")
        if not name or name in shares or not re.fullmatch(r"\d+(?:\.\d+)?", share) or float(share) == 0:
            raise BadConfig(f"{text!r} is not a mix of sources: write pro=3,kgs-6d=2")
        shares[name] = float(share)
    return shares

"""The moves that clients are shown, and the visits reported for them, in GTP and in KataGo's protocol alike."""

from typing import Final

MOST: Final = 8
LEAST_PRIOR: Final = 0.02
"""Candidates are up to `MOST` moves with at least the probability `LEAST_PRIOR`, and always the most probable one."""

VISITS: Final = 1000
"""Reported as the visits of a position. There is no search, but clients rank and colour moves by their visits."""


def visits(prior: float) -> int:
    """Return the visits to report for a move, its share of `VISITS` and at least 1."""
    return max(1, round(VISITS * prior))

"""Whole numbers and truth values from whatever a caller has."""

from operator import index
from typing import SupportsIndex

import numpy as np

from shicho.engine.errors import BadConfig, brief


def whole_number(value: SupportsIndex) -> int:
    """An int from Python's or numpy's integers; TypeError for all else, True, 1.0 and "1" among it."""
    if isinstance(value, bool):
        raise TypeError(f"not a whole number: {brief(value)}")
    return index(value)


def number_in_range(name: str, value: SupportsIndex, low: int, high: int) -> int:
    """The same from `low` to `high`; raises BadConfig that names the value."""
    try:
        number = whole_number(value)
    except TypeError:
        number = low - 1
    if not low <= number <= high:
        raise BadConfig(f"{name} is not {low} to {high}: {brief(value)}")
    return number


def truth(name: str, value: bool) -> bool:
    """True or False, Python's or numpy's; raises BadConfig that names any other value."""
    if not isinstance(value, bool | np.bool_):
        raise BadConfig(f"{name} is neither True nor False: {brief(value)}")
    return bool(value)

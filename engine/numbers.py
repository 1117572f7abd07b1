"""Checked integers and bools from a caller's values."""

from operator import index
from typing import SupportsIndex

import numpy as np

from shicho.engine.errors import BadConfig, brief


def whole_number(value: SupportsIndex) -> int:
    """Return a Python or numpy integer as an int; raises TypeError for anything else, such as True, 1.0 and "1"."""
    if isinstance(value, bool):
        raise TypeError(f"not a whole number: {brief(value)}")
    return index(value)


def number_in_range(name: str, value: SupportsIndex, low: int, high: int) -> int:
    """Return an integer from `low` to `high` as an int; raises BadConfig with `name` and the value."""
    try:
        number = whole_number(value)
    except TypeError:
        number = low - 1
    if not low <= number <= high:
        raise BadConfig(f"{name} is not {low} to {high}: {brief(value)}")
    return number


def as_bool(name: str, value: bool) -> bool:
    """Return a Python or numpy bool as a bool; raises BadConfig with `name` and the value for anything else."""
    if not isinstance(value, bool | np.bool_):
        raise BadConfig(f"{name} is neither True nor False: {brief(value)}")
    return bool(value)

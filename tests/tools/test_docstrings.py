"""The examples in docstrings."""

import doctest
from importlib import import_module

import pytest

MODULES = (
    "console",
    "match.openings",
    "match.rating",
    "match.referee",
    "match.report.figures",
    "match.report.moves",
    "match.sprt",
    "match.statistics",
    "match.time_control",
)


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    result = doctest.testmod(import_module(f"shicho.tools.{module}"))
    assert result.attempted > 0
    assert result.failed == 0

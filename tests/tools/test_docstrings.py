"""The examples in docstrings."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "module", ["openings", "rating", "report.figures", "report.moves", "sprt", "statistics", "time_control"]
)
def test_examples(module: str) -> None:
    result = doctest.testmod(import_module(f"shicho.tools.match.{module}"))
    assert result.attempted > 0
    assert result.failed == 0

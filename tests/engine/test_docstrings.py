"""The examples in the docstrings of the engine give the output that they show."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("module", ["board", "game", "moves", "symmetry"])
def test_examples_in_docstrings(module: str) -> None:
    result = doctest.testmod(import_module(f"shicho.engine.{module}"))
    assert result.failed == 0
    assert result.attempted > 0

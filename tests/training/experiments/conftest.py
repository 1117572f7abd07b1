"""The store that small experiments train on."""

from pathlib import Path

import pytest

from tests.support.experiments import write_games


@pytest.fixture(scope="module")
def games(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`small_store` in a file."""
    return write_games(tmp_path_factory.mktemp("games"))

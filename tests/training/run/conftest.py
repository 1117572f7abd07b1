"""The games that runs are trained on."""

import pytest

from shicho.training.data.store import GameStore
from tests.support.stores import small_store


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()

"""Setup of all tests: the repository root on sys.path, a short deterministic hypothesis profile, goldens, Chromium."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

pytest_plugins = ["tests.support.browser"]

settings.register_profile("shicho", deadline=None, derandomize=True, max_examples=50, print_blob=True)
settings.load_profile("shicho")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`, which writes golden files instead of comparing with them, and how long to fuzz GTP."""
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")
    parser.addoption("--fuzz-lines", type=int, default=1500, help="random lines for the GTP server (default: 1500)")
    parser.addoption("--fuzz-seed", type=int, default=1, help="seed of the random lines (default: 1)")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return `golden(name, text)`, which compares the text with tests/data/name or, with --update-golden, writes it."""

    def compare(name: str, text: str) -> None:
        path = ROOT / "tests" / "data" / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: pytest --update-golden writes it"
        assert text == path.read_text(encoding="utf-8")

    return compare

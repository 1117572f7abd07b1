"""docs/board.md shows what happens."""

from pathlib import Path

import pytest

from tests.support.examples import run_examples

ROOT = Path(__file__).resolve().parents[1]


def test_every_block_prints_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    tried = run_examples(ROOT / "docs" / "board.md")
    assert tried.attempted >= 50
    assert tried.failed == 0


def test_a_block_that_is_wrong_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\n>>> one = 1\n\n```\ntext\n```python\n>>> one + 1\n3\n```\n", encoding="utf-8")
    tried = run_examples(page)
    assert (tried.attempted, tried.failed) == (2, 1)
    page.write_text("```python\none = 1\n```\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no example"):
        run_examples(page)

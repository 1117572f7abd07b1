"""The examples in docs/board.md."""

from pathlib import Path

import pytest

from tests.support.examples import run_examples

ROOT = Path(__file__).resolve().parents[1]


def test_examples_print_the_shown_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    tried = run_examples(ROOT / "docs" / "board.md")
    assert tried.attempted >= 50
    assert tried.failed == 0


def test_a_wrong_example_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\n>>> one = 1\n\n```\ntext\n```python\n>>> one + 1\n3\n```\n", encoding="utf-8")
    tried = run_examples(page)
    assert (tried.attempted, tried.failed) == (2, 1)
    page.write_text("```python\none = 1\n```\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no example"):
        run_examples(page)

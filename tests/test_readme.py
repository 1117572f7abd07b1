"""The examples, commands and paths in README.md."""

import doctest
import re
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def test_python_examples_print_the_shown_output() -> None:
    tried = doctest.testfile(str(README), module_relative=False)
    assert tried.attempted >= 5
    assert tried.failed == 0


def test_make_targets_and_paths_exist() -> None:
    """Every make target and every path of the module table exists."""
    text = README.read_text(encoding="utf-8")
    makefile = README.with_name("Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`?make ([a-z]+)", text))
    assert {"match", "test", "lint"} <= targets
    assert targets <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    places = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    named = [place for row in places for place in re.findall(r"`([a-z_/.]+)`", row)]
    assert len(named) >= 8
    for place in named:
        assert (README.parent / place).exists(), place

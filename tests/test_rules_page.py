"""docs/rules.md agrees with the code: every cell of its table, and its examples."""

from pathlib import Path

import pytest

from shicho.engine import Game, HandicapCompensation, KoRule, Rules, Scoring
from shicho.engine.rules import RULE_SETS
from shicho.engine.sgf import read_game, write_game
from tests.support.examples import run_examples

PAGE = Path(__file__).resolve().parents[1] / "docs" / "rules.md"
COLUMNS = [
    "set",
    "ko",
    "suicide",
    "scoring",
    "dead stones",
    "for n handicap stones white gets",
    "komi",
    "`kgs-rules`",
    "SGF `RU`",
]
KO = {
    KoRule.SIMPLE: "simple ko",
    KoRule.POSITIONAL: "positional superko",
    KoRule.SITUATIONAL: "situational superko",
}
SCORING = {Scoring.AREA: "area", Scoring.TERRITORY: "territory"}
COMPENSATION = {
    HandicapCompensation.NONE: "nothing",
    HandicapCompensation.STONES: "n points",
    HandicapCompensation.STONES_LESS_ONE: "n − 1 points",
}


def first_table() -> list[list[str]]:
    """Return the rows of the first table as cells: the header, then the body."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    end = next(number for number in range(start, len(lines)) if not lines[number].startswith("|"))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end]]
    return [rows[0], *rows[2:]]


def test_the_table_has_every_set() -> None:
    header, *rows = first_table()
    assert header == COLUMNS
    assert [row[0] for row in rows] == [f"`{name}`" for name in RULE_SETS]


@pytest.mark.parametrize("name", RULE_SETS)
def test_the_table_matches_the_rule_sets(name: str) -> None:
    rules = RULE_SETS[name]
    row = next(row for row in first_table() if row[0] == f"`{name}`")
    assert row[1:7] == [
        KO[rules.ko],
        "yes" if rules.suicide else "no",
        SCORING[rules.scoring],
        "taken off" if rules.removes_dead else "count as alive",
        COMPENSATION[rules.handicap_compensation],
        f"{rules.komi:g}",
    ]


@pytest.mark.parametrize("name", RULE_SETS)
def test_the_names_in_the_table_are_read_and_written(name: str) -> None:
    *_, kgs, ru = next(row for row in first_table() if row[0] == f"`{name}`")
    assert Rules.named(kgs.strip("`")) is Rules.named(ru.strip("`")) is RULE_SETS[name]
    record = write_game(Game(9, RULE_SETS[name]))
    assert f"RU[{ru.strip('`')}]".encode() in record
    assert read_game(record).rules == RULE_SETS[name]


def test_examples_print_the_shown_output() -> None:
    tried = run_examples(PAGE)
    assert tried.attempted >= 10
    assert tried.failed == 0

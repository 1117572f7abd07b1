"""Rules are frozen and checked when made; sets of them have names."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from shicho.engine import Game, HandicapCompensation, KoRule, Rules, Scoring
from shicho.engine.errors import BadConfig
from shicho.engine.rules import RECORD_RULES, RULE_SETS


def test_the_defaults_are_those_of_the_matches() -> None:
    rules = Rules()
    assert (rules.ko, rules.suicide, rules.komi) == (KoRule.POSITIONAL, False, 7.5)


def test_rules_cannot_be_changed_or_given_by_position() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Rules().komi = 6.5  # type: ignore[misc]
    with pytest.raises(TypeError):
        Rules(KoRule.SIMPLE)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("komi", float("nan")),
        ("komi", float("inf")),
        ("komi", float("-inf")),
        ("komi", "7.5"),
        ("komi", None),
        ("komi", True),
        ("komi", 10**400),
        ("komi", 7.5 + 0j),
        ("ko", "simple"),
        ("ko", None),
        ("ko", Scoring.AREA),
        ("suicide", 1),
        ("suicide", None),
        ("suicide", np.bool_(True)),
        ("removes_dead", 0),
        ("scoring", "area"),
        ("scoring", KoRule.SIMPLE),
        ("handicap_compensation", 0),
        ("handicap_compensation", "stones"),
    ],
)
def test_values_of_the_wrong_kind_are_named(name: str, value: Any) -> None:
    with pytest.raises(BadConfig, match=f"^{name}\\b") as error:
        Rules(**{name: value})
    assert len(str(error.value)) < 120
    assert "\n" not in str(error.value)


def test_any_number_can_be_komi() -> None:
    assert [Rules(komi=komi).komi for komi in (0, -7.5, 361, np.float64(6.5))] == [0, -7.5, 361, 6.5]


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("chinese", ["Chinese", "CHINESE", " chinese "]),
        ("japanese", ["Japanese"]),
        ("aga", ["AGA", "Aga"]),
        ("new-zealand", ["NZ", "nz", "New Zealand", "new_zealand", "NEW-ZEALAND", "new  zealand"]),
        ("tromp-taylor", ["Tromp-Taylor", "tromp taylor", "tromp_taylor"]),
        ("cgos", ["CGOS"]),
    ],
)
def test_a_set_has_one_name_and_several_spellings(name: str, spellings: list[str]) -> None:
    rules = Rules.named(name)
    assert rules is RULE_SETS[name]
    assert rules.name == name
    for spelling in spellings:
        assert Rules.named(spelling) is rules


@pytest.mark.parametrize(
    "name", ["ing", "", "chinese rules", "newzealand", "trompé", "x" * 500, None, 5, b"NZ", ["aga"]]
)
def test_unknown_names_are_named(name: Any) -> None:
    with pytest.raises(BadConfig, match="rule set") as error:
        Rules.named(name)
    assert repr(name)[:50] in str(error.value)
    assert len(str(error.value)) < 200
    assert all(known in str(error.value) for known in RULE_SETS)


def test_the_name_does_not_depend_on_komi() -> None:
    for name, rules in RULE_SETS.items():
        assert dataclasses.replace(rules, komi=0.5).name == name
        others = [
            dataclasses.replace(rules, suicide=not rules.suicide, ko=KoRule.SIMPLE, scoring=Scoring.AREA),
            dataclasses.replace(rules, handicap_compensation=HandicapCompensation.STONES, scoring=Scoring.TERRITORY),
        ]
        assert {other.name for other in others} == {None}, name
    assert RECORD_RULES.name is None


def test_the_named_sets_differ() -> None:
    assert len({dataclasses.replace(rules, komi=0) for rules in RULE_SETS.values()}) == len(RULE_SETS)


@pytest.mark.parametrize("rules", ["chinese", Rules, {"komi": 7.5}, 0, False])
def test_a_game_takes_rules_and_nothing_else(rules: Any) -> None:
    with pytest.raises(BadConfig, match="rules"):
        Game(9, rules)
    game = Game(9)
    with pytest.raises(BadConfig, match="rules"):
        game.rules = rules
    assert game.rules == Rules()

"""Rules are frozen and checked when made."""

import dataclasses

import pytest

from shicho.engine import KoRule, Rules
from shicho.engine.errors import BadConfig


def test_the_defaults_are_those_of_the_matches() -> None:
    rules = Rules()
    assert (rules.ko, rules.suicide, rules.komi) == (KoRule.POSITIONAL, False, 7.5)


def test_rules_cannot_be_changed_or_given_by_position() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Rules().komi = 6.5  # type: ignore[misc]
    with pytest.raises(TypeError):
        Rules(KoRule.SIMPLE)  # type: ignore[misc]


@pytest.mark.parametrize("komi", [float("nan"), float("inf"), float("-inf")])
def test_komi_is_a_number(komi: float) -> None:
    with pytest.raises(BadConfig, match="komi"):
        Rules(komi=komi)

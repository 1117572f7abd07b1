"""The rules of a game and the named rule sets (docs/rules.md)."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from shicho.engine.errors import BadConfig, brief


class KoRule(StrEnum):
    """Which repetitions are forbidden.

    SIMPLE: recapturing the single stone that just captured a single stone, which repeats the position two moves back.
    POSITIONAL: any earlier position (positional superko).
    SITUATIONAL: any earlier position with the same side to play (situational superko).
    """

    SIMPLE = "simple"
    POSITIONAL = "positional"
    SITUATIONAL = "situational"


class Scoring(StrEnum):
    """What counts: stones and surrounded points (area), or surrounded points and prisoners (territory)."""

    AREA = "area"
    TERRITORY = "territory"


class HandicapCompensation(StrEnum):
    """The points that white gets for black's handicap stones."""

    NONE = "none"
    STONES = "stones"
    STONES_LESS_ONE = "stones less one"

    def points(self, stones: int) -> int:
        """Return white's points for that many handicap stones; 0 or 1 stones are no handicap and give 0 points."""
        if self is HandicapCompensation.NONE or stones < 2:
            return 0
        return stones if self is HandicapCompensation.STONES else stones - 1


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a game is played and counted. The defaults are Chinese rules, as used in Shicho's matches.

    `suicide`: whether suicide is legal.
    `removes_dead`: whether dead stones are removed before counting; otherwise all stones count as alive.

    Raises BadConfig for a value of the wrong type and for a komi that is not finite.
    """

    ko: KoRule = KoRule.POSITIONAL
    suicide: bool = False
    scoring: Scoring = Scoring.AREA
    removes_dead: bool = True
    handicap_compensation: HandicapCompensation = HandicapCompensation.STONES
    komi: float = 7.5

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            if not isinstance(getattr(self, name), kind):
                raise BadConfig(f"{name} is not of kind {kind.__name__}: {brief(getattr(self, name))}")
        if not _is_finite(self.komi):
            raise BadConfig(f"komi is not a finite number: {brief(self.komi)}")

    @classmethod
    def named(cls, name: str) -> "Rules":
        """Return the rule set of that name ("Chinese", "New Zealand", "tromp-taylor"), with its usual komi.

        Case is ignored, and SGF's short names ("NZ") are known too. Raises BadConfig for any other name.
        """
        key = "-".join(name.lower().replace("_", " ").replace("-", " ").split()) if isinstance(name, str) else ""
        try:
            return RULE_SETS[_SHORT.get(key, key)]
        except KeyError:
            raise BadConfig(f"no rule set {brief(name)}: there are {', '.join(RULE_SETS)}") from None

    @property
    def name(self) -> str | None:
        """The name of the rule set that these rules equal (komi aside), or None."""
        return next((name for name, rules in RULE_SETS.items() if replace(rules, komi=self.komi) == self), None)


def _is_finite(number: float) -> bool:
    try:
        return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
    except OverflowError:  # an int that no float can hold
        return False


_KINDS: Final[dict[str, type]] = {
    "ko": KoRule,
    "suicide": bool,
    "scoring": Scoring,
    "removes_dead": bool,
    "handicap_compensation": HandicapCompensation,
}

RULE_SETS: Final = {
    "chinese": Rules(),
    "japanese": Rules(
        ko=KoRule.SIMPLE, scoring=Scoring.TERRITORY, handicap_compensation=HandicapCompensation.NONE, komi=6.5
    ),
    "aga": Rules(ko=KoRule.SITUATIONAL, handicap_compensation=HandicapCompensation.STONES_LESS_ONE),
    "new-zealand": Rules(ko=KoRule.SITUATIONAL, suicide=True, handicap_compensation=HandicapCompensation.NONE, komi=7),
    "tromp-taylor": Rules(suicide=True, removes_dead=False, handicap_compensation=HandicapCompensation.NONE),
    "cgos": Rules(removes_dead=False, handicap_compensation=HandicapCompensation.NONE),
}
"""The sets by name, each with its usual komi."""

_SHORT: Final = {"nz": "new-zealand"}

RECORD_RULES: Final = Rules(ko=KoRule.SIMPLE, suicide=True, komi=0)
"""The rules of game records that do not name any: lenient enough for games played under any rules, without komi."""

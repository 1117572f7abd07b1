"""The rules of a game, frozen, and the rule sets that people know by name (docs/rules.md)."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from shicho.engine.errors import BadConfig, brief


class KoRule(StrEnum):
    """What may not be repeated.

    Simple: the position before the opponent's last move, by taking back a single stone. Positional superko: any earlier
    position. Situational superko: any earlier position with the same side to play.
    """

    SIMPLE = "simple"
    POSITIONAL = "positional"
    SITUATIONAL = "situational"


class Scoring(StrEnum):
    """What counts: stones and the points they surround, or the points alone and the prisoners."""

    AREA = "area"
    TERRITORY = "territory"


class HandicapCompensation(StrEnum):
    """Points that white gets because black's handicap stones lie on the board."""

    NONE = "none"
    STONES = "stones"
    STONES_LESS_ONE = "stones less one"

    def points(self, stones: int) -> int:
        """For so many handicap stones; a single one is no handicap, only the first move."""
        if self is HandicapCompensation.NONE or stones < 2:
            return 0
        return stones if self is HandicapCompensation.STONES else stones - 1


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a game is played and counted; the defaults, Chinese rules, are those of Shicho's matches.

    `removes_dead`: whether dead stones are taken off before counting, or all that stand there count as alive.

    Raises BadConfig for a value that is none of its kind, and where komi is not finite.
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
        """A rule set by its name in either case ("Chinese", "New Zealand", "tromp-taylor"), with its usual komi.

        The short names that SGF files use ("NZ") will do. Raises BadConfig for others.
        """
        key = "-".join(name.lower().replace("_", " ").replace("-", " ").split()) if isinstance(name, str) else ""
        try:
            return RULE_SETS[_SHORT.get(key, key)]
        except KeyError:
            raise BadConfig(f"no rule set {brief(name)}: there are {', '.join(RULE_SETS)}") from None

    @property
    def name(self) -> str | None:
        """The name of the set that these are, whatever the komi; None where they are none of them."""
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
}
"""The sets by name, each with its usual komi."""

_SHORT: Final = {"nz": "new-zealand"}

RECORD_RULES: Final = Rules(ko=KoRule.SIMPLE, suicide=True)
"""How records of games are replayed: whatever was played under whichever rules shall be readable."""

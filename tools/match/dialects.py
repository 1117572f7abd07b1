"""How engines are told the rules of a match: by options of their command line, or by commands of KataGo or KGS."""

import json
from collections.abc import Collection
from enum import StrEnum
from typing import Final

from shicho.engine.errors import BadConfig
from shicho.engine.rules import HandicapCompensation, KoRule, Rules, Scoring

_GNUGO_KO: Final = {
    KoRule.SIMPLE: "--simple-ko",
    KoRule.POSITIONAL: "--positional-superko",
    KoRule.SITUATIONAL: "--situational-superko",
}
_KATA_BONUS: Final = {
    HandicapCompensation.NONE: "0",
    HandicapCompensation.STONES_LESS_ONE: "N-1",
    HandicapCompensation.STONES: "N",
}
_KGS_NAMES: Final = {
    "chinese": "chinese",
    "japanese": "japanese",
    "aga": "aga",
    "new-zealand": "new_zealand",
}


class Dialect(StrEnum):
    """How an engine is told the rules. Komi is sent to every engine by GTP's `komi`.

    AUTO: in the way that the engine is seen to know, see `known_to`.
    NONE: not at all; its command line or its start-up commands must see to it.
    GNUGO: by GNU Go's options, which are added to the command line.
    KATA: by `kata-set-rules` with every rule by itself.
    KGS: by `kgs-rules` with the name of a rule set.
    """

    AUTO = "auto"
    NONE = "none"
    GNUGO = "gnugo"
    KATA = "kata"
    KGS = "kgs"

    @classmethod
    def known_to(cls, name: str, commands: Collection[str]) -> "Dialect":
        """Return how an engine is told rules that reports this name and these GTP commands."""
        if name == "GNU Go":
            return cls.GNUGO
        if "kata-set-rules" in commands:
            return cls.KATA
        return cls.KGS if "kgs-rules" in commands else cls.NONE

    def options(self, rules: Rules) -> tuple[str, ...]:
        """Return what is added to the command line."""
        if self is not Dialect.GNUGO:
            return ()
        scoring = "--chinese-rules" if rules.scoring is Scoring.AREA else "--japanese-rules"
        return scoring, _GNUGO_KO[rules.ko], *(["--allow-suicide"] if rules.suicide else [])

    def commands(self, rules: Rules) -> tuple[str, ...]:
        """Return the GTP commands to send before komi; raises BadConfig if KGS has no name for the rules."""
        if self is Dialect.KATA:
            return (f"kata-set-rules {json.dumps(_kata(rules), separators=(',', ':'))}",)
        if self is Dialect.KGS:
            if rules.name not in _KGS_NAMES:
                raise BadConfig(f"kgs-rules has no name for the rules {rules.name or 'of this match'}")
            return (f"kgs-rules {_KGS_NAMES[rules.name]}",)
        return ()


def _kata(rules: Rules) -> dict[str, str | bool]:
    return {
        "ko": rules.ko.name,
        "scoring": rules.scoring.name,
        "tax": "NONE" if rules.scoring is Scoring.AREA else "SEKI",
        "suicide": rules.suicide,
        "hasButton": False,
        "whiteHandicapBonus": _KATA_BONUS[rules.handicap_compensation],
        "friendlyPassOk": rules.removes_dead,
    }

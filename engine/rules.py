"""The rules of a game, frozen."""

import math
from dataclasses import dataclass
from enum import StrEnum

from shicho.engine.errors import BadConfig


class KoRule(StrEnum):
    """What may not be repeated: the position before the last move, or (positional superko) any earlier one."""

    SIMPLE = "simple"
    POSITIONAL = "positional"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Area scoring always; the defaults are those of Shicho's matches. Raises BadConfig where komi is not finite."""

    ko: KoRule = KoRule.POSITIONAL
    suicide: bool = False
    komi: float = 7.5

    def __post_init__(self) -> None:
        if not math.isfinite(self.komi):
            raise BadConfig(f"komi is not a finite number: {self.komi}")


RECORD_RULES = Rules(ko=KoRule.SIMPLE, suicide=True)
"""How records of games are replayed: whatever was played under whichever rules shall be readable."""

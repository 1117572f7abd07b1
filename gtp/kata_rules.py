"""Rules as KataGo writes them: JSON objects and names of rule sets (its page *GTP Extensions*, `kata-set-rules`)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from shicho.engine import HandicapCompensation, KoRule, Rules, Scoring
from shicho.engine.errors import BadConfig, brief
from shicho.engine.rules import RULE_SETS

_Value = TypeVar("_Value")
_KO: Final = {ko.name: ko for ko in KoRule}
_SCORING: Final = {scoring.name: scoring for scoring in Scoring}
_TAX: Final = {Scoring.AREA: "NONE", Scoring.TERRITORY: "SEKI"}
_BONUS: Final = {
    "0": HandicapCompensation.NONE,
    "N-1": HandicapCompensation.STONES_LESS_ONE,
    "N": HandicapCompensation.STONES,
}
_NAMED: Final = {
    "tromp-taylor": RULE_SETS["tromp-taylor"],
    "chinese": replace(RULE_SETS["chinese"], ko=KoRule.SIMPLE),
    "chinese-ogs": RULE_SETS["chinese"],
    "chinese-kgs": RULE_SETS["chinese"],
    "japanese": RULE_SETS["japanese"],
    "korean": RULE_SETS["japanese"],
    "aga": RULE_SETS["aga"],
    "bga": RULE_SETS["aga"],
    "new-zealand": RULE_SETS["new-zealand"],
}


def rules_named(name: str) -> Rules:
    """Return the rules of that name, with their usual komi; raises BadConfig. Case, `_` and spaces do not matter."""
    try:
        return _NAMED["-".join(name.lower().replace("_", " ").replace("-", " ").split())]
    except KeyError:
        raise BadConfig(f"no rule set {brief(name)}: there are {', '.join(_NAMED)}") from None


def rules_as_json(rules: Rules) -> dict[str, Any]:
    """Return the rules, without komi, as KataGo's JSON object."""
    return {
        "friendlyPassOk": rules.removes_dead,
        "hasButton": False,
        "ko": rules.ko.name,
        "scoring": rules.scoring.name,
        "suicide": rules.suicide,
        "tax": _TAX[rules.scoring],
        "whiteHandicapBonus": next(text for text, bonus in _BONUS.items() if bonus is rules.handicap_compensation),
    }


def rules_from_json(given: Mapping[str, Any], current: Rules) -> Rules:
    """Return `current` with the changes of KataGo's JSON object, and the usual komi; raises BadConfig.

    There is no button, no group tax, and no tax that differs from what the scoring implies.
    """
    values = {**rules_as_json(current), **given}
    for key in given:
        if key not in rules_as_json(current):
            raise BadConfig(f"no rule {brief(key)}: there are {', '.join(rules_as_json(current))}")
    if "scoring" in given and "tax" not in given:
        values["tax"] = _TAX.get(_SCORING.get(str(given["scoring"]), current.scoring))
    scoring = _choice("scoring", values, _SCORING)
    if values["hasButton"] is not False:
        raise BadConfig(f"hasButton can only be false: {brief(values['hasButton'])}")
    if values["tax"] != _TAX[scoring]:
        raise BadConfig(f"tax can only be {_TAX[scoring]} with {scoring.name} scoring: {brief(values['tax'])}")
    return Rules(
        ko=_choice("ko", values, _KO),
        suicide=values["suicide"],
        scoring=scoring,
        removes_dead=values["friendlyPassOk"],
        handicap_compensation=handicap_bonus(values["whiteHandicapBonus"]),
    )


def handicap_bonus(value: Any) -> HandicapCompensation:
    """Return white's compensation for handicap stones that KataGo writes "0", "N-1" or "N"; raises BadConfig."""
    return _choice("whiteHandicapBonus", {"whiteHandicapBonus": value}, _BONUS)


def _choice(key: str, values: Mapping[str, Any], choices: Mapping[str, _Value]) -> _Value:
    try:
        return choices[values[key]]
    except (KeyError, TypeError):
        raise BadConfig(f"{key} is not {', '.join(choices)}: {brief(values[key])}") from None

"""Commands of KataGo, as its page *GTP Extensions* describes them."""

import json
from dataclasses import replace
from typing import Any, Final, TypeVar

from shicho.engine import Game, HandicapCompensation, KoRule, Rules, Scoring
from shicho.engine.errors import BadConfig, BadPosition, BadVertex, GtpError, brief
from shicho.engine.rules import RULE_SETS
from shicho.gtp.clock import Clock, TimeSystem
from shicho.gtp.commands.arguments import SYNTAX_ERROR, colour, expect, pairs, vertex
from shicho.gtp.commands.play import NOT_A_POSITION
from shicho.gtp.commands.registry import Command, Family
from shicho.gtp.commands.timing import read_settings
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

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


def set_position(session: Session, args: Arguments) -> str:
    """Replace the position by these stones, without history and with black to play; without arguments, clear the board.

    No vertex may be named twice, and every chain needs a liberty.

    > set_position b C3 w D3 b Q16
    =
    """
    game = Game(session.game.size, session.game.rules)
    try:
        game.set_up([(colour(side), vertex(point, game)) for side, point in pairs(args)])
    except BadVertex:
        raise GtpError(SYNTAX_ERROR) from None
    except BadPosition as error:
        raise GtpError(NOT_A_POSITION) from error
    session.game = game
    return ""


def get_rules(session: Session, args: Arguments) -> str:
    """Return the rules, without komi, as JSON.

    `friendlyPassOk` tells whether dead stones are removed before counting; `tax` is SEKI under territory scoring.

    > kata-get-rules
    = {"friendlyPassOk":true,"hasButton":false,"ko":"POSITIONAL","scoring":"AREA",\
"suicide":false,"tax":"NONE","whiteHandicapBonus":"N"}
    """
    expect(args, 0)
    return json.dumps(_as_json(session.game.rules), separators=(",", ":"))


def set_rules(session: Session, args: Arguments) -> str:
    """Set the rules; komi stays. The argument is JSON as from `kata-get-rules`, or the name of a rule set.

    Keys that are missing keep their values. The names are KataGo's: chinese has simple ko, chinese-ogs and chinese-kgs
    have positional superko; korean is japanese, and bga is aga. There is no button, no group tax, and no tax that
    differs from what the scoring implies.

    > kata-set-rules {"ko":"SIMPLE","scoring":"TERRITORY","tax":"SEKI"}
    =
    > kata-set-rules {"ko":"NONE"}
    ? ko is not SIMPLE, POSITIONAL, SITUATIONAL: 'NONE'
    """
    text = args.text.strip(" ")
    if not text:
        raise GtpError(SYNTAX_ERROR)
    current = session.game.rules
    try:
        rules = _from_json(text, current) if text.startswith("{") else _named(text)
    except BadConfig as error:
        raise GtpError(str(error)) from None
    session.game.rules = replace(rules, komi=current.komi)
    return ""


def time_settings(session: Session, args: Arguments) -> str:
    """Set how time is measured: a system of `kata-list_time_settings`, then its times in seconds and its counts.

    `none`, `absolute MAIN`, `byoyomi MAIN PERIOD PERIODS`, `canadian MAIN PERIOD STONES`, `fischer MAIN INCREMENT`,
    `fischer-capped MAIN INCREMENT MOST_MAIN MOST_PER_MOVE`, where a negative limit is none.

    > kata-time_settings fischer 300 5.5
    =
    """
    session.clock = Clock(read_settings(args, tuple(TimeSystem)))
    return ""


def list_time_settings(session: Session, args: Arguments) -> str:
    """Return the time systems that `kata-time_settings` knows.

    > kata-list_time_settings
    = none absolute byoyomi canadian fischer fischer-capped
    """
    expect(args, 0)
    return " ".join(TimeSystem)


def _as_json(rules: Rules) -> dict[str, Any]:
    return {
        "friendlyPassOk": rules.removes_dead,
        "hasButton": False,
        "ko": rules.ko.name,
        "scoring": rules.scoring.name,
        "suicide": rules.suicide,
        "tax": _TAX[rules.scoring],
        "whiteHandicapBonus": next(text for text, bonus in _BONUS.items() if bonus is rules.handicap_compensation),
    }


def _from_json(text: str, current: Rules) -> Rules:
    """Return the current rules with the changes of a JSON object; raises BadConfig."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadConfig(f"not JSON: {brief(text)}") from error
    values = _as_json(current) | given
    for key in given:
        if key not in _as_json(current):
            raise BadConfig(f"no rule {brief(key)}: there are {', '.join(_as_json(current))}")
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
        handicap_compensation=_choice("whiteHandicapBonus", values, _BONUS),
    )


def _choice(key: str, values: dict[str, Any], choices: dict[str, _Value]) -> _Value:
    try:
        return choices[values[key]]
    except (KeyError, TypeError):
        raise BadConfig(f"{key} is not {', '.join(choices)}: {brief(values[key])}") from None


def _named(name: str) -> Rules:
    try:
        return _NAMED[name.lower().replace("_", "-")]
    except KeyError:
        raise BadConfig(f"no rule set {brief(name)}: there are {', '.join(_NAMED)}") from None


FAMILY = Family(
    "KataGo",
    __doc__,
    (
        Command("set_position", set_position, "[COLOUR VERTEX COLOUR VERTEX ...]"),
        Command("kata-get-rules", get_rules),
        Command("kata-set-rules", set_rules, "RULES"),
        Command("kata-time_settings", time_settings, "SYSTEM TIME ..."),
        Command("kata-list_time_settings", list_time_settings),
    ),
)

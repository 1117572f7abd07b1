"""Commands of KataGo, as its page *GTP Extensions* describes them."""

import json
from dataclasses import replace
from typing import Any

from shicho.engine import Game
from shicho.engine.errors import BadConfig, BadPosition, BadVertex, GtpError, brief
from shicho.gtp.clock import Clock, TimeSystem
from shicho.gtp.commands.arguments import SYNTAX_ERROR, colour, expect, pairs, vertex
from shicho.gtp.commands.play import NOT_A_POSITION
from shicho.gtp.commands.registry import Command, Family
from shicho.gtp.commands.timing import read_settings
from shicho.gtp.kata_rules import rules_as_json, rules_from_json, rules_named
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session


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
    return json.dumps(rules_as_json(session.game.rules), separators=(",", ":"))


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
        rules = rules_from_json(_parse(text), current) if text.startswith("{") else rules_named(text)
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


def _parse(text: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(text)  # a text that begins with { and can be parsed is an object
    except (ValueError, RecursionError) as error:
        raise BadConfig(f"not JSON: {brief(text)}") from error
    return parsed


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

"""Queries that ask for an analysis: a JSON object becomes a game, the turns to analyse, and what to report."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from shicho.engine import Colour, Game, Move, Rules
from shicho.engine.analysis import Avoided
from shicho.engine.coords import MAX_SIZE, point_to_vertex
from shicho.engine.errors import BadConfig, BadPosition, IllegalMove, brief
from shicho.gtp.analysis_engine.fields import BadField, Fields
from shicho.gtp.kata_rules import handicap_bonus, rules_from_json, rules_named

VARIATION: Final = 4
"""The most moves of a variation."""

PERSPECTIVE: Final = "reportAnalysisWinratesAs"
"""The only one of KataGo's settings that has an effect, in a query and in a config file."""

_MOST_KOMI: Final = 400
_MOST_PRIORITY: Final = 1 << 62
_MOST_VISITS: Final = 1 << 50
_FLAGS_WITHOUT_EFFECT: Final = (
    "includeOwnershipStdev", "includeMovesOwnership", "includeMovesOwnershipStdev", "includePVVisits",
    "includeNoResultValue",
)  # fmt: skip
_SECONDS_WITHOUT_EFFECT: Final = ("reportDuringSearchEvery", "firstReportDuringSearchAfter")
FIELDS: Final = frozenset((
    "id", "moves", "initialStones", "initialPlayer", "rules", "komi", "whiteHandicapBonus", "boardXSize", "boardYSize",
    "analyzeTurns", "maxVisits", "rootPolicyTemperature", "rootFpuReductionMax", "analysisPVLen", "includeOwnership",
    "includePolicy", "avoidMoves", "allowMoves", "overrideSettings", "priority", "priorities",
    *_FLAGS_WITHOUT_EFFECT, *_SECONDS_WITHOUT_EFFECT,
))  # fmt: skip
"""The fields of a query; others are warned about."""
_AVOID: Final = "Must be a list of dicts with subfields 'player', 'moves', 'untilDepth'"
_RULES: Final = "Must be the name of a rule set, such as chinese or tromp-taylor, or a JSON object"
_KOMI: Final = f"Must be an integer or half-integer from -{_MOST_KOMI} to {_MOST_KOMI}"


class Perspective(StrEnum):
    """The side from whose point of view win rates, scores and owners are reported, in KataGo's words."""

    BLACK = "BLACK"
    WHITE = "WHITE"
    SIDE_TO_MOVE = "SIDETOMOVE"

    @classmethod
    def parse(cls, text: str) -> "Perspective":
        """Return the perspective of that name, also if written in lower case; raises BadConfig."""
        try:
            return cls(text.upper())
        except ValueError:
            raise BadConfig(f"{PERSPECTIVE} is not {', '.join(cls)}: {brief(text)}") from None

    def side(self, to_play: Colour) -> Colour:
        """Return the side in a position with `to_play` to move."""
        return to_play if self is Perspective.SIDE_TO_MOVE else Colour.parse(self.value)


@dataclass(frozen=True, kw_only=True)
class Query:
    """A checked query.

    `start`: the game before the first move; `moves`: the moves after it, which can be played. `priorities`: the
    priority of each turn to analyse, by the number of the turn; turn 0 is before the first move. `length`: the most
    moves of a variation. `ignored`: names of settings that have no effect, and `unknown` of fields that mean nothing.
    """

    id: str
    start: Game
    moves: tuple[Move, ...]
    priorities: Mapping[int, int]
    perspective: Perspective
    avoid: tuple[Avoided, ...]
    length: int
    policy: bool
    ownership: bool
    ignored: tuple[str, ...]
    unknown: tuple[str, ...]

    def position(self, turn: int) -> Game:
        """Return the game after its first `turn` moves."""
        game = copy.copy(self.start)
        for move in self.moves[:turn]:
            _play(game, move)
        return game


def read_query(given: Mapping[str, Any], perspective: Perspective) -> Query:
    """Read a JSON object with a text as `id`; raises BadField. `perspective` is the default.

    The fields that control a search are checked and have no effect.
    """
    fields = Fields(given)
    size = _size(fields)
    moves = tuple(fields.moves("moves", size))
    start = _start(fields, size, moves)
    _check(start, moves)
    fields.integer("maxVisits", 1, _MOST_VISITS, 1)
    fields.number("rootPolicyTemperature", 0.01, 100, 1)
    fields.number("rootFpuReductionMax", 0, 2, 0)
    for name in _SECONDS_WITHOUT_EFFECT:
        fields.number(name, 0.001, 1_000_000, 1)
    for name in _FLAGS_WITHOUT_EFFECT:
        fields.boolean(name)
    wanted, ignored = _settings(fields, perspective)
    return Query(
        id=fields.text("id"),
        start=start,
        moves=moves,
        priorities=_priorities(fields, len(moves)),
        perspective=wanted,
        avoid=_avoided(fields, size),
        length=min(VARIATION, 1 + fields.integer("analysisPVLen", 1, 1000, VARIATION)),
        policy=fields.boolean("includePolicy"),
        ownership=fields.boolean("includeOwnership"),
        ignored=ignored,
        unknown=tuple(name for name in given if name not in FIELDS),
    )


def _size(fields: Fields) -> int:
    width, height = (fields.integer(name, 2, MAX_SIZE) for name in ("boardXSize", "boardYSize"))
    if width != height:
        raise BadField("boardYSize", f"Only square boards: {height} rows and {width} columns")
    return width


def _start(fields: Fields, size: int, moves: Sequence[Move]) -> Game:
    """Return the game before the first of its moves."""
    stones = {move.point: move.colour for move in fields.moves("initialStones", size, [])}
    if size * size in stones:
        raise BadField("initialStones", "Could not parse board location: 'pass'")
    is_handicap = 2 <= len(stones) < size * size and set(stones.values()) == {Colour.BLACK}
    first = moves[0].colour if moves else Colour.WHITE if is_handicap else Colour.BLACK
    if "initialPlayer" in fields:
        first = fields.player("initialPlayer")
    game = Game(size, _rules(fields))
    try:
        game.set_up([Move(colour, point) for point, colour in stones.items()], to_play=first)
    except BadPosition as error:
        raise BadField("initialStones", str(error)) from None
    if is_handicap:
        game.handicap = len(stones)
    return game


def _check(start: Game, moves: Sequence[Move]) -> None:
    game = copy.copy(start)
    for number, move in enumerate(moves):
        try:
            _play(game, move)
        except IllegalMove as error:
            vertex = point_to_vertex(move.point, game.size)
            raise BadField("moves", f"Illegal move {number}: {vertex} ({error.reason})") from None


def _play(game: Game, move: Move) -> None:
    """Play a move, also after two passes, and also where superko forbids it."""
    game.resume()
    game.play(move.colour, move.point, may_repeat=True)


def _rules(fields: Fields) -> Rules:
    given = fields.given.get("rules")
    try:
        if isinstance(given, str):
            rules = rules_named(given)
        elif isinstance(given, dict):
            rules = rules_from_json(given, rules_named("tromp-taylor"))
        else:
            raise BadField("rules", _RULES)
    except BadConfig as error:
        raise BadField("rules", f"Could not parse rules: {error}") from None
    if "whiteHandicapBonus" in fields:
        try:
            rules = replace(rules, handicap_compensation=handicap_bonus(fields.given["whiteHandicapBonus"]))
        except BadConfig as error:
            raise BadField("whiteHandicapBonus", str(error)) from None
    komi = fields.given.get("komi", rules.komi)
    if isinstance(komi, bool) or not isinstance(komi, int | float) or not abs(komi) <= _MOST_KOMI or 2 * komi % 1:
        raise BadField("komi", _KOMI)
    return replace(rules, komi=float(komi))


def _priorities(fields: Fields, last: int) -> dict[int, int]:
    turns = fields.integers("analyzeTurns", [last])
    if not turns:
        raise BadField("analyzeTurns", "Must name a turn")
    for turn in turns:
        if not 0 <= turn <= last:
            raise BadField("analyzeTurns", f"Invalid turn number: {brief(turn)}")
    if "priorities" not in fields:
        return dict.fromkeys(sorted(turns), fields.integer("priority", -_MOST_PRIORITY, _MOST_PRIORITY, 0))
    if "priority" in fields:
        raise BadField("priority", "Cannot specify both priority and priorities")
    if "analyzeTurns" not in fields:
        raise BadField("priorities", "Can only specify when also specifying analyzeTurns")
    priorities = fields.integers("priorities")
    if len(priorities) != len(turns):
        raise BadField("priorities", "Must be of matching length to analyzeTurns")
    for priority in priorities:
        if abs(priority) > _MOST_PRIORITY:
            raise BadField("priorities", f"Invalid priority: {brief(priority)}")
    return dict(sorted(zip(turns, priorities, strict=True)))


def _settings(fields: Fields, perspective: Perspective) -> tuple[Perspective, tuple[str, ...]]:
    """Return the perspective that `overrideSettings` ask for, and the names of their other settings."""
    settings = fields.given.get("overrideSettings", {})
    if not isinstance(settings, dict):
        raise BadField("overrideSettings", "Must be an object")
    others = tuple(name for name in settings if name != PERSPECTIVE)
    if PERSPECTIVE not in settings:
        return perspective, others
    try:
        return Perspective.parse(str(settings[PERSPECTIVE])), others
    except BadConfig as error:
        raise BadField("overrideSettings", f"Could not set settings: {error}") from None


def _avoided(fields: Fields, size: int) -> tuple[Avoided, ...]:
    """Return the moves to avoid, those that `allowMoves` does not name among them."""
    allow = "allowMoves" in fields
    if allow and "avoidMoves" in fields:
        raise BadField("allowMoves", "Cannot specify both allowMoves and avoidMoves")
    name = "allowMoves" if allow else "avoidMoves"
    avoided: list[Avoided] = []
    for entry in fields.objects(name) if name in fields else ():
        if not {"player", "moves", "untilDepth"} <= entry.given.keys():
            raise BadField(name, _AVOID)
        side, points = entry.player("player"), set(entry.vertices("moves", size))
        if allow and side in [one.colour for one in avoided]:
            raise BadField(name, "Cannot specify allowMoves more than once for the same player")
        plies = entry.integer("untilDepth", 1, 1_000_000_000)
        avoided.append(Avoided(side, set(range(size * size + 1)) - points if allow else points, plies))
    return tuple(avoided)

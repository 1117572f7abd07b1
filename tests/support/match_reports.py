"""A match with real games, as `report.html` shows it."""

from collections.abc import Sequence
from typing import Any

from shicho.engine.game import Game
from shicho.engine.rules import Rules
from shicho.tools.match.engines import EngineSpec
from shicho.tools.match.record import GameRecord
from shicho.tools.match.report.html import MatchReport
from tests.support.match_records import game_record


def engine(name: str) -> EngineSpec:
    return EngineSpec(command=(name.lower(), "--mode", "gtp"), name=name, version="1.0", detail=f"detail of {name}")


def report(records: Sequence[GameRecord], games: Sequence[Game], *names: str, **changes: Any) -> MatchReport:
    """The report of a match of these engines (default: A and B); `games` are taken in turn."""
    values: dict[str, Any] = {
        "engines": [engine(name) for name in names or ("A", "B")],
        "records": records,
        "games": {record.index: games[number % len(games)] for number, record in enumerate(records)},
        "settings": {"board": "9×9, komi 7.5", "seed": "1"},
        "environment": {"processor": "a processor"},
    }
    return MatchReport(**values | changes)


def record_of(index: int, game: Game, black: str = "A", white: str = "B", **changes: Any) -> GameRecord:
    """The record of a game with its own number of moves."""
    return game_record(index, black, white, **{"plies": len(game.moves)} | changes)


def suicide_game() -> Game:
    """White captures a stone, then black takes four stones of its own off the board by suicide."""
    game = Game(5, Rules.named("new-zealand"))
    for vertex in ["A5", "A4", "E1", "B5", "B2", "pass", "B1", "C1", "A2", "C2", "pass", "B3", "pass", "A3", "A1"]:
        game.play(game.to_play, vertex)
    return game

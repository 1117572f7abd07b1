"""Fake engines and match settings for the tests of the match runner."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shicho.engine.game import Game
from shicho.engine.rules import Rules
from shicho.tools.match.engines import EngineSpec
from shicho.tools.match.game import play_game
from shicho.tools.match.openings import Opening, empty_board
from shicho.tools.match.pairing import GameJob
from shicho.tools.match.processes import Processes
from shicho.tools.match.record import GameRecord
from shicho.tools.match.settings import MatchSettings

FAKE = str(Path(__file__).parents[1] / "support" / "fake_engine.py")
BLACK_MOVES = "E5 E4 D5 D4"
WHITE_MOVES = "C3 C4 G7 G6"


def fake(*options: str, moves: str = "", name: str = "Fake", **changes: Any) -> EngineSpec:
    """A fake engine that plays `moves` and then passes."""
    command = (sys.executable, FAKE, "--name", name, "--moves", moves, "--seed", "{seed}", *options)
    return EngineSpec(command=command, name=name, version="1.0", **changes)


def fake_command(*options: str, moves: str = "", name: str = "Fake") -> str:
    """The command line of a fake engine."""
    return shlex.join(fake(*options, moves=moves, name=name).command)


def match(*engines: EngineSpec, referee: EngineSpec | None = None, **changes: Any) -> MatchSettings:
    """Settings of a match on 9x9, by default with a referee and Shicho's count."""
    values: dict[str, Any] = {
        "referee": referee or fake(name="Referee"),
        "seed": 7,
        "size": 9,
        "rules": Rules(komi=7.5),
        "move_timeout": 20,
    }
    return MatchSettings(engines=engines, **values | changes)


def first_is_black(index: int = 0, opening: Opening | None = None) -> GameJob:
    """A game in which the first engine is black."""
    return GameJob(
        index=index, pair=0, black=0, white=1, black_seed=11, white_seed=12, opening=opening or empty_board()
    )


def play_one(
    settings: MatchSettings, job: GameJob | None = None, on_ply: Callable[[int, int], None] = lambda index, ply: None
) -> tuple[GameRecord, Game]:
    """Play one game of a match, by default with the first engine as black."""
    with Processes(settings.rules, timeout=settings.move_timeout) as processes:
        return play_game(settings, job or first_is_black(), processes, on_ply=on_ply)

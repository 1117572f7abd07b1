"""Fake engines and match settings for the tests of the match runner."""

import sys
from pathlib import Path

from shicho.engine.colour import Colour
from shicho.tools.match.engines import EngineSpec
from shicho.tools.match.schedule import GameJob, MatchSettings

FAKE = str(Path(__file__).parents[1] / "support" / "fake_engine.py")
BLACK_MOVES = "E5 E4 D5 D4"
WHITE_MOVES = "C3 C4 G7 G6"


def fake(*options: str, moves: str = "", name: str = "Fake") -> EngineSpec:
    """A fake engine that plays `moves` and then passes."""
    command = (sys.executable, FAKE, "--name", name, "--moves", moves, "--seed", "{seed}", *options)
    return EngineSpec(command=command, name=name, version="1.0")


def match(ours: EngineSpec, opponent: EngineSpec, referee: EngineSpec | None = None) -> MatchSettings:
    """Settings of a match on 9x9."""
    referee = referee or fake(name="Referee")
    return MatchSettings(ours=ours, opponent=opponent, referee=referee, seed=7, size=9, move_timeout=20)


def as_black(index: int = 0) -> GameJob:
    """A game in which our engine is black."""
    return GameJob(index=index, our_colour=Colour.BLACK, our_seed=11, opponent_seed=12)

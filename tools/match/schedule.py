"""Which games a match consists of: colours and seeds follow from the match's seed and the game's number alone."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from shicho.engine.colour import Colour
from shicho.engine.rules import Rules
from shicho.tools.match.engines import EngineSpec


@dataclass(frozen=True, kw_only=True)
class MatchSettings:
    """What decides how games go. A move may take `move_timeout` seconds. Raises BadConfig for an impossible komi."""

    ours: EngineSpec
    opponent: EngineSpec
    referee: EngineSpec
    seed: int
    size: int = 19
    komi: float = 7.5
    move_timeout: float = 120.0

    def __post_init__(self) -> None:
        _ = self.rules

    @property
    def rules(self) -> Rules:
        """Area scoring, positional superko, no suicide, the komi."""
        return Rules(komi=self.komi)

    @property
    def max_plies(self) -> int:
        """How long a game may get: 722 plies on 19x19."""
        return 2 * self.size * self.size


@dataclass(frozen=True, kw_only=True)
class GameJob:
    """One game to play; games count from 0."""

    index: int
    our_colour: Colour
    our_seed: int
    opponent_seed: int


def game_job(match_seed: int, index: int) -> GameJob:
    """The game of that number: we are black in games of even number, seeds are from 1 to 2 ** 31 - 1."""
    words = np.random.SeedSequence([match_seed, index]).generate_state(2, np.uint32)
    ours, opponent = (max(1, int(word) >> 1) for word in words)
    return GameJob(
        index=index,
        our_colour=Colour.WHITE if index % 2 else Colour.BLACK,
        our_seed=ours,
        opponent_seed=opponent,
    )


def schedule(match_seed: int, games: int, done: Collection[int] = ()) -> list[GameJob]:
    """The games numbered below `games` that are not done yet, in order."""
    return [game_job(match_seed, index) for index in range(games) if index not in done]

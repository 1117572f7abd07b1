"""The games of a match. Colours and seeds depend only on the seed of the match and the index of the game."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from shicho.engine.colour import Colour
from shicho.engine.rules import Rules
from shicho.tools.match.engines import EngineSpec


@dataclass(frozen=True, kw_only=True)
class MatchSettings:
    """The settings of a match; `move_timeout` is in seconds per response. Raises BadConfig for an invalid komi."""

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
        """The rules: area scoring, positional superko, no suicide, and the komi of the match."""
        return Rules(komi=self.komi)

    @property
    def max_plies(self) -> int:
        """The maximum number of plies of a game: 722 on 19x19."""
        return 2 * self.size * self.size


@dataclass(frozen=True, kw_only=True)
class GameJob:
    """One game to play; `index` counts from 0."""

    index: int
    our_colour: Colour
    our_seed: int
    opponent_seed: int


def game_job(match_seed: int, index: int) -> GameJob:
    """Return game number `index`: our engine is black if it is even, and the seeds are 1 to 2^31 - 1."""
    words = np.random.SeedSequence([match_seed, index]).generate_state(2, np.uint32)
    ours, opponent = (max(1, int(word) >> 1) for word in words)
    return GameJob(
        index=index,
        our_colour=Colour.WHITE if index % 2 else Colour.BLACK,
        our_seed=ours,
        opponent_seed=opponent,
    )


def schedule(match_seed: int, games: int, done: Collection[int] = ()) -> list[GameJob]:
    """Return the games with indices 0 to `games` - 1 that are not in `done`, in order."""
    return [game_job(match_seed, index) for index in range(games) if index not in done]

"""The games of a match. Engines, colours, opening and seeds depend only on the settings and the index of the game."""

import itertools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from shicho.engine.colour import Colour
from shicho.tools.match.openings import Opening
from shicho.tools.match.settings import MatchSettings, Pairing


@dataclass(frozen=True, kw_only=True)
class GameJob:
    """One game to play.

    `index` counts from 0; `pair`: games of the same pair have the same engines and opening and exchanged colours.
    `black`, `white`: numbers of the engines in the match. The seeds are 1 to 2^31 - 1.
    """

    index: int
    pair: int
    black: int
    white: int
    black_seed: int
    white_seed: int
    opening: Opening

    def player(self, colour: Colour) -> tuple[int, int]:
        """Return the number and the seed of the engine that plays a colour."""
        return (self.black, self.black_seed) if colour is Colour.BLACK else (self.white, self.white_seed)


def meetings(settings: MatchSettings) -> list[tuple[int, int]]:
    """Return the pairs of engines that meet, by their numbers.

    In a gauntlet the first one meets each other one, in a round robin each meets each.
    """
    numbers = range(len(settings.engines))
    if settings.pairing is Pairing.GAUNTLET:
        return [(0, other) for other in numbers[1:]]
    return list(itertools.combinations(numbers, 2))


def games_in_a_round(settings: MatchSettings) -> int:
    """Return in how many games all engines that meet have played every opening with both colours."""
    return 2 * len(meetings(settings)) * len(settings.openings)


def game_job(settings: MatchSettings, index: int) -> GameJob:
    """Return game number `index`.

    Games 2 n and 2 n + 1 are a pair, and the first engine of a meeting is black in the first of them. All meetings have
    one opening before the next one comes; after the last opening they begin again, with other seeds.
    """
    pairs = meetings(settings)
    pair, second = divmod(index, 2)
    first, other = pairs[pair % len(pairs)]
    words = np.random.SeedSequence([settings.seed, index]).generate_state(2, np.uint32)
    first_seed, other_seed = (max(1, int(word) >> 1) for word in words)
    return GameJob(
        index=index,
        pair=pair,
        black=other if second else first,
        white=first if second else other,
        black_seed=other_seed if second else first_seed,
        white_seed=first_seed if second else other_seed,
        opening=settings.openings[pair // len(pairs) % len(settings.openings)],
    )


def game_jobs(settings: MatchSettings, games: int, done: Collection[int] = ()) -> list[GameJob]:
    """Return the games with indices 0 to `games` - 1 that are not in `done`, in order."""
    return [game_job(settings, index) for index in range(games) if index not in done]

"""The positions of a store to train or evaluate on: (game, ply) pairs, listed only where a filter needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig
from shicho.engine.moves import PASS, move_is_white, move_points
from shicho.training.data.store import SPLITS, Games, GameStore

ANY_RANK: Final = -128
LISTED_GAMES: Final = 4096


class NothingToEvaluate(BadConfig):
    """A source or split without a single even 19x19 game move that counts."""


@dataclass(frozen=True, kw_only=True)
class Positions:
    """(game, ply) pairs of a selection of games, numbered from 0.

    `games` are indices into the store. The positions of `games[i]` have the numbers `starts[i]` to `starts[i + 1] - 1`.
    Their plies are consecutive from `first_ply`, or those in `plies` (one for each number) if that is not None.
    """

    games: NDArray[np.int64]
    starts: NDArray[np.int64]
    first_ply: int = 0
    plies: NDArray[np.uint16] | None = None

    @classmethod
    def of_games(
        cls,
        store: Games,
        chosen: NDArray[np.bool_],
        *,
        min_rank: int | None = None,
        max_rank: int | None = None,
        plies: tuple[int, int] | None = None,
    ) -> Self:
        """Return the positions of the games marked in `chosen` (bool [games]), filtered as `of_split` says."""
        first, last = (0, None) if plies is None else _checked_range("plies", plies)
        lengths = store.lengths if last is None else np.minimum(store.lengths, last + 1)
        games = np.flatnonzero(chosen & (lengths > first))
        if min_rank is None and max_rank is None:
            return cls(games=games, starts=_starts(lengths[games] - first), first_ply=first)
        lowest, highest = _checked_ranks(min_rank, max_rank)

        def counts(game: NDArray[np.int64], ply: NDArray[np.int64], codes: NDArray[np.uint16]) -> NDArray[np.bool_]:
            ranks = _player_ranks(store, game, codes)
            wanted: NDArray[np.bool_] = (ply >= first) & (ranks != 0) & (ranks >= lowest) & (ranks <= highest)
            return wanted

        return cls.where(store, games, counts, last)

    @classmethod
    def of_split(
        cls,
        store: Games,
        split: str,
        *,
        years: tuple[int, int] | None = None,
        min_rank: int | None = None,
        max_rank: int | None = None,
        plies: tuple[int, int] | None = None,
    ) -> Self:
        """Return the positions of a split: `train`, `validation` or `test`.

        `years` keeps the games of these years, first and last included; games of unknown year are left out. `min_rank`
        and `max_rank` keep the positions in which a player of at least and at most that rank moves (the store's
        numbers: -5 is 5 kyu, 6 is 6 dan, 21 a professional 1 dan); with either, players without a rank are left out.
        `plies` keeps the positions with that many moves played before, first and last included. Raises BadConfig for
        another split and for a range that is empty.
        """
        chosen = store.split == split_number(split)
        if years is not None:
            first, last = _checked_range("years", years)
            chosen &= (store.year >= max(1, first)) & (store.year <= last)
        return cls.of_games(store, chosen, min_rank=min_rank, max_rank=max_rank, plies=plies)

    @classmethod
    def where(
        cls,
        store: Games,
        games: NDArray[np.int64],
        counts: Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint16]], NDArray[np.bool_]],
        last_ply: int | None = None,
    ) -> Self:
        """Return the positions of `games` up to `last_ply` for which `counts(games, plies, stored moves)` is true.

        `counts` gets arrays with one entry for each position and returns bool of their length.
        """
        per_game, listed = [np.empty(0, np.int64)], [np.empty(0, np.uint16)]
        all_lengths = store.lengths if last_ply is None else np.minimum(store.lengths, last_ply + 1)
        for start in range(0, len(games), LISTED_GAMES):
            block = games[start : start + LISTED_GAMES]
            lengths = all_lengths[block]
            entry = np.repeat(np.arange(len(block)), lengths)
            ply = np.arange(len(entry)) - np.repeat(_starts(lengths)[:-1], lengths)
            game = block[entry]
            chosen = counts(game, ply, store.moves[store.game_start[game] + ply])
            per_game.append(np.bincount(entry[chosen], minlength=len(block)))
            listed.append(ply[chosen].astype(np.uint16))
        return cls(games=games, starts=_starts(np.concatenate(per_game)), plies=np.concatenate(listed))

    def __len__(self) -> int:
        return int(self.starts[-1])

    def locate(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the games and plies of position numbers, each int64 of the same length. Numbers are not checked."""
        entry = self._entries(numbers)
        if self.plies is None:
            return self.games[entry], numbers - self.starts[entry] + self.first_ply
        return self.games[entry], self.plies[numbers].astype(np.int64)

    def pick(self, numbers: NDArray[np.int64]) -> "Positions":
        """Return these positions alone; `numbers` must rise."""
        per_game = np.bincount(self._entries(numbers), minlength=len(self.games))
        plies = self.locate(numbers)[1].astype(np.uint16)
        return Positions(games=self.games, starts=_starts(per_game), plies=plies)

    def _entries(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.searchsorted(self.starts, numbers, side="right") - 1


def split_number(split: str) -> int:
    """Return the store's number of a split; raise BadConfig for a name that is none."""
    if split not in SPLITS:
        raise BadConfig(f"split {split!r}: known are {', '.join(SPLITS)}")
    return SPLITS.index(split)


def evaluation_positions(
    store: GameStore,
    *,
    source: str | None = None,
    split: str | None = None,
    positions: int | None = None,
    seed: int = 0,
) -> Positions:
    """Return the positions that test figures are about: 19x19, no handicap (2 or more, or set-up stones), no passes.

    Give either a source (by its name) or a split (`train`, `validation`, `test`). In a source with a minimum rank, only
    moves of players of that rank or above count. `positions` of them are drawn by `seed` without replacement, or all
    are returned where there are fewer. Raises BadConfig for a name that the store does not hold, and NothingToEvaluate
    (a BadConfig) where nothing is left.
    """
    if (source is None) == (split is None):
        raise BadConfig("evaluate either a source or a split")
    if source is not None:
        if source not in store.source_names:
            raise BadConfig(f"source {source!r}: the store holds {', '.join(store.source_names)}")
        chosen = store.source == store.source_names.index(source)
    else:
        chosen = store.split == split_number(str(split))
    even = (store.size == 19) & (store.handicap < 2) & (np.diff(store.setup_start) == 0)
    games = np.flatnonzero(chosen & even & (store.lengths > 0))
    ranks = [ANY_RANK if source.min_rank is None else source.min_rank for source in store.sources]
    needed = np.array(ranks, np.int16)[store.source]
    found = Positions.where(
        store,
        games,
        lambda game, ply, codes: (move_points(codes) != PASS) & _rank_counts(store, game, codes, needed),
    )
    if not len(found):
        raise NothingToEvaluate(f"nothing to evaluate in {source or split}")
    if positions is None or positions >= len(found):
        return found
    rng = np.random.Generator(np.random.Philox(key=seed))
    return found.pick(np.sort(rng.choice(len(found), positions, replace=False, shuffle=False)))


def _rank_counts(
    store: Games, games: NDArray[np.int64], codes: NDArray[np.uint16], needed: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Return for each move whether its player has the rank `needed[game]`; a missing rank (0) only meets ANY_RANK."""
    ranks, least = _player_ranks(store, games, codes), needed[games]
    counts: NDArray[np.bool_] = (least == ANY_RANK) | ((ranks != 0) & (ranks >= least))
    return counts


def _player_ranks(store: Games, games: NDArray[np.int64], codes: NDArray[np.uint16]) -> NDArray[np.int8]:
    """Return the rank of the player of each move, 0 where it is missing."""
    return np.where(move_is_white(codes), store.white_rank[games], store.black_rank[games])


def _checked_ranks(min_rank: int | None, max_rank: int | None) -> tuple[int, int]:
    lowest = np.iinfo(np.int8).min if min_rank is None else min_rank
    highest = np.iinfo(np.int8).max if max_rank is None else max_rank
    if lowest > highest:
        raise BadConfig(f"ranks {lowest} to {highest}: min_rank is above max_rank")
    return lowest, highest


def _checked_range(name: str, limits: tuple[int, int]) -> tuple[int, int]:
    first, last = limits
    if not 0 <= first <= last:
        raise BadConfig(f"{name} {first} to {last}: not a range of numbers from 0 up")
    return first, last


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts

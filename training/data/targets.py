"""Named targets: what a network is trained to predict, and by what its figures are grouped.

A new target is one more function in `_FUNCTIONS`. "move", "ladder" and "chains" have none there, because they come with
the planes from the replay. "source", "rank" and "chains" are no targets of heads, but further inputs of some networks.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import BadConfig, brief
from shicho.engine.features import FeatureSet
from shicho.engine.moves import PASS, move_is_white, move_points
from shicho.training.data.store import (
    BLACK_WON,
    DRAW,
    OWNER_BYTES,
    PROFESSIONAL,
    UNKNOWN,
    GameStore,
    unpack_owner,
)

Target = Callable[[GameStore, NDArray[np.int64], NDArray[np.int64]], NDArray[Any]]
"""From a store and the games and plies of N positions, int64 [N] each, to the N values."""

MOVE: Final = "move"
"""The move played: int64 [N], 0 to 360 on the 19x19 grid, pass 361."""

NEXT_MOVES: Final = "next_moves"
"""The one and the two moves after the move played: int64 [N, 2], as MOVE; -1 where the game ends before."""

WIN: Final = "win"
"""Whether the side to move won: float32 [N], 1 won, 0 lost, 0.5 draw, NaN unknown."""

OWNERSHIP: Final = "ownership"
"""Who owns each point at the end of the game: int8 [N, 361], 1 the side to move, -1 the opponent, 0 not known."""

LADDER: Final = "ladder"
"""Stones that a ladder captures, now or if the attacker moves first: bits, uint8 [N, 48] as in the packed planes."""

CHAINS: Final = "chains"
"""Which stones form chains: int16 [N, 19, 19], see `FeatureSet.chain_labels`."""

RANK: Final = "rank"
"""The rank of the side to move: int64 [N], 0 unknown or kyu, 1 to 9 amateur dan, 10 professional."""

SOURCE: Final = "source"
"""The group of the game's source: int64 [N], index into `GameStore.group_names`."""

GAME: Final = "game"
"""The game: int64 [N], index into the store."""

PLY: Final = "ply"
"""How many moves were played before: int64 [N]."""

NO_MOVE: Final = -1
RANKS: Final = 11
"""How many values RANK has."""


def next_moves(store: GameStore, games: NDArray[np.int64], plies: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the target NEXT_MOVES."""
    wanted = store.game_start[games][:, None] + plies[:, None] + np.array([1, 2])
    played = wanted < store.game_start[games + 1][:, None]
    codes = store.moves[np.where(played, wanted, 0)]
    return np.where(played, grid_moves(codes, store.size[games][:, None]), NO_MOVE)


def grid_moves(codes: NDArray[np.uint16], sizes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return stored moves as moves of the 19x19 grid, where a board of size n is offset by (19 - n) // 2 both ways."""
    points = move_points(codes).astype(np.int64)
    size = sizes.astype(np.int64)
    offset = (MAX_SIZE - size) // 2
    row, column = np.divmod(points, size)
    return np.where(points == PASS, PASS, (row + offset) * MAX_SIZE + column + offset)


def win(store: GameStore, games: NDArray[np.int64], plies: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the target WIN."""
    result = store.result[games]
    white = move_is_white(store.moves[store.game_start[games] + plies])
    values: NDArray[np.float32] = ((result == BLACK_WON) != white).astype(np.float32)
    values[result == DRAW] = 0.5
    values[result == UNKNOWN] = np.nan
    return values


def ownership(store: GameStore, games: NDArray[np.int64], plies: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return the target OWNERSHIP. Boards other than 19x19 are not known."""
    known = (store.owner_start[games + 1] > store.owner_start[games]) & (store.size[games] == MAX_SIZE)
    owner = np.zeros((len(games), PASS), np.int8)
    rows = store.owner_start[games[known]][:, None] + np.arange(OWNER_BYTES)
    owner[known] = unpack_owner(store.owner[rows])
    white = move_is_white(store.moves[store.game_start[games] + plies])
    return np.where(white[:, None], -owner, owner)


def rank(store: GameStore, games: NDArray[np.int64], plies: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the target RANK."""
    white = move_is_white(store.moves[store.game_start[games] + plies])
    ranks = np.where(white, store.white_rank[games], store.black_rank[games]).astype(np.int64)
    return np.where(ranks > PROFESSIONAL, RANKS - 1, np.clip(ranks, 0, RANKS - 2))


def ladder(features: FeatureSet, packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the target LADDER from packed planes uint8 [N, C, 48]."""
    first, second = (features.index(name) for name in ("ladder_captured", "ladder_capturable"))
    return packed[:, first] | packed[:, second]


def source_group(store: GameStore, games: NDArray[np.int64], plies: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the target SOURCE."""
    return store.source_groups[store.source[games]]


_FUNCTIONS: Final[Mapping[str, Target]] = MappingProxyType(
    {
        NEXT_MOVES: next_moves,
        WIN: win,
        OWNERSHIP: ownership,
        RANK: rank,
        SOURCE: source_group,
        GAME: lambda store, games, plies: games,
        PLY: lambda store, games, plies: plies,
    }
)

TARGETS: Final = (MOVE, LADDER, CHAINS, *_FUNCTIONS)
"""The names of all targets."""


def check_targets(names: Sequence[str]) -> None:
    """Raise BadConfig for a name that is no target."""
    for name in names:
        if name not in TARGETS:
            raise BadConfig(f"target {brief(name)}: known are {', '.join(TARGETS)}")


def compute_targets(
    names: Sequence[str],
    store: GameStore,
    games: NDArray[np.int64],
    plies: NDArray[np.int64],
    replayed: Mapping[str, NDArray[Any]],
) -> dict[str, NDArray[Any]]:
    """Return the named targets of N positions by name. Names are not checked.

    `replayed` holds the values of the targets that come with the planes.
    """
    return {name: replayed[name] if name in replayed else _FUNCTIONS[name](store, games, plies) for name in names}

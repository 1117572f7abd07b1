"""Replaying stored games in C: legality, planes of chosen positions, and whole-game counts.

Every function replays with simple ko, suicide legal and no superko. The C core releases the GIL for all of them except
`legal_length`, so no other thread may write to the arrays of `columns` during a call.
"""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.board import ILLEGAL_REASONS
from shicho.engine.errors import IllegalReason
from shicho.engine.features import FeatureSet

HISTORY_LENGTH: Final = _core.HISTORY
"""The largest number of past moves that the planes can show."""

PACKED_BYTES: Final = _core.PACKED_BYTES
"""Bytes of one packed plane: 361 bits, padded."""

ALL_RULES: Final = _core.ALL_RULES
"""The rule bits with every rule set: `rules` values are 0 to ALL_RULES (see `features.rule_bits`)."""


class GameColumns(Protocol):
    """Stored games, joined column by column; every array is C-contiguous.

    Game g has the moves `moves[game_start[g]:game_start[g + 1]]` and the set-up stones
    `setup[setup_start[g]:setup_start[g + 1]]`, both in the code of `shicho.engine.moves`, on a board of `size[g]`.
    """

    @property
    def moves(self) -> NDArray[np.uint16]:
        """The moves of all games, uint16."""

    @property
    def game_start(self) -> NDArray[np.int64]:
        """Where the moves of each game start, and the end of the last; int64 [games + 1]."""

    @property
    def setup(self) -> NDArray[np.uint16]:
        """The set-up stones of all games, uint16."""

    @property
    def setup_start(self) -> NDArray[np.int64]:
        """Where the set-up stones of each game start, and the end of the last; int64 [games + 1]."""

    @property
    def size(self) -> NDArray[np.uint8]:
        """The board size of each game, uint8 [games]."""


def legal_length(size: int, setup: NDArray[np.uint16], moves: NDArray[np.uint16]) -> tuple[int, IllegalReason | None]:
    """Return how many moves from the start are legal, and why the next move is illegal (None if all are legal).

    `setup` and `moves` are in the code of `shicho.engine.moves`. A point off the board counts as occupied. If a set-up
    stone cannot be placed, the result is (-1, the reason). Raises ValueError or TypeError for arguments of another
    size, shape or dtype.
    """
    length, reason = _core.legal_length(size, setup, moves)
    return length, ILLEGAL_REASONS.get(reason)


def replay_positions(
    columns: GameColumns,
    features: FeatureSet,
    games: NDArray[np.int64],
    plies: NDArray[np.int64],
    *,
    history_length: NDArray[np.uint8],
    komi: NDArray[np.float32],
    rules: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the packed planes of N positions, uint8 [N, C, 48], and the move played in each, int64 [N].

    Position i is the one before move `plies[i]` of game `games[i]`, seen by the side that plays this move. Its planes
    show at most `history_length[i]` past moves (0 to HISTORY_LENGTH) and the settings `komi[i]` (NaN: unknown) and
    `rules[i]` (0 to ALL_RULES); feature sets without komi or rules planes ignore these. Planes and moves are on the
    19x19 grid, where a board of size n sits at offset (19 - n) // 2 both ways; a pass is 361. The arrays `games` to
    `rules` are all [N] and C-contiguous.

    Neighbouring positions of one game with rising plies share one replay, so sorted requests are fastest.

    Raises ValueError for an illegal move before a wanted ply (naming row, game and ply), for a game or ply that does
    not exist, and for arrays of another shape or dtype. The move at the ply itself is only checked to be on the board.

    Example::

        packed, moves = replay_positions(
            games,
            SHICHO_V2,
            np.array([0, 0]),  # two positions of game 0:
            np.array([0, 9]),  # before its first move and before its tenth
            history_length=np.full(2, HISTORY_LENGTH, np.uint8),
            komi=np.full(2, 7.5, np.float32),
            rules=np.zeros(2, np.uint8),
        )
    """
    packed = np.empty((len(games), len(features), PACKED_BYTES), np.uint8)
    moves = np.empty(len(games), np.int64)
    arrays = _arrays(columns)
    _core.replay_rows(features.number, *arrays, games, plies, history_length, komi, rules, packed, moves)
    return packed, moves


def replay_games(columns: GameColumns) -> int:
    """Check and play every move of every game, and return how many were played.

    Raises ValueError that names game and ply for an illegal move.
    """
    return _core.replay_games(*_arrays(columns))


def replay_ladders(columns: GameColumns) -> tuple[int, int]:
    """Read the ladder of every chain with one or two liberties in the position before every move.

    Returns (positions, chains captured). Raises ValueError that names game and ply for an illegal move.
    """
    return _core.replay_ladders(*_arrays(columns))


def playout_games(columns: GameColumns, per_game: int, seed: int) -> int:
    """Play `per_game` random playouts from the start position of every game, black first; return the stones played.

    Passes are not counted, and the moves of the games are not read. `seed` is 0 to 2^64 - 1; the same seed plays the
    same playouts. Raises ValueError for set-up stones that cannot be placed and for numbers out of range.
    """
    return _core.playout_games(*_arrays(columns), per_game, seed)


def _arrays(
    columns: GameColumns,
) -> tuple[NDArray[np.uint16], NDArray[np.int64], NDArray[np.uint16], NDArray[np.int64], NDArray[np.uint8]]:
    return columns.moves, columns.game_start, columns.setup, columns.setup_start, columns.size

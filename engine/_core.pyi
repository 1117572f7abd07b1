"""Type stubs of the C core.

Points are ints, row * size + column from the top left; a pass is size * size. Colours are ints: 0 empty, 1 black, 2
white. Stored moves are uint16 in the code of `shicho.engine.moves`. Every function checks its arguments and raises a
ValueError or TypeError that names a wrong one.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

LEGAL: Final = 0
OCCUPIED: Final = 1
KO: Final = 2
SUICIDE: Final = 3

ALIVE: Final = 1
DEAD: Final = 2
IN_SEKI: Final = 3
MAX_PLAYOUTS: Final = 1_000_000

MAX_SIZE: Final = 19
LADDER_NODES: Final = 25_000
PACKED_BYTES: Final = 48
HISTORY: Final = 5

SANDBOX_26: Final = 0
SHICHO_V2: Final = 1

RULE_SUPERKO: Final = 1
RULE_SUICIDE: Final = 2
RULE_TERRITORY: Final = 4
ALL_RULES: Final = 7

class Board:
    """A position: stones, chains with exact liberties, the simple-ko point, and the moves that led to it (for undo)."""

    def __init__(self, size: int) -> None: ...
    @classmethod
    def from_position(
        cls, stones: NDArray[np.uint8], ko: tuple[int, int] | None, black_captures: int, white_captures: int
    ) -> Board:
        """Return a board with these stones, C-contiguous uint8 [size, size] (0, 1, 2), ko ban and captures.

        Its undo history is empty. Raises ValueError if a chain has no liberty or the ko point holds a stone.
        """
    @property
    def size(self) -> int: ...
    @property
    def hash(self) -> int:
        """64-bit Zobrist hash of the stones alone; it does not depend on history, ko or side to move."""
    @property
    def ko(self) -> tuple[int, int] | None:
        """The simple-ko ban as (colour that may not play, point), or None."""
    @property
    def captures(self) -> tuple[int, int]:
        """(stones black has captured, stones white has captured), suicides counted for the other side."""
    @property
    def move_count(self) -> int:
        """How many moves, passes and set-up stones can be undone."""
    def legality(self, colour: int, point: int, suicide: bool) -> int:
        """Return LEGAL, OCCUPIED, KO, or SUICIDE if `suicide` is False. Only simple ko is checked; a pass is LEGAL."""
    def try_play(self, colour: int, point: int, suicide: bool) -> int:
        """Play the move if it is legal, and return its `legality`. An illegal move changes nothing."""
    def place(self, colour: int, point: int) -> int:
        """Put a set-up stone and return LEGAL, OCCUPIED or SUICIDE. Ko bans are ignored, and none is left."""
    def undo(self) -> None:
        """Take back the last move; the board is restored byte for byte. Raises IndexError if there is none."""
    def copy(self) -> Board:
        """Return a new board with the same position and an empty undo history."""
    def legal_points(self, colour: int, suicide: bool) -> NDArray[np.bool_]:
        """Return the legal moves, bool [size * size + 1], pass last. Only simple ko is checked."""
    def own_eyes(self, colour: int) -> NDArray[np.bool_]:
        """Return the simple eyes of `colour`, bool [size * size].

        A simple eye is an empty point whose neighbours are all stones of `colour` and whose diagonals hold at most one
        stone of the opponent (none at the edge and in the corner).
        """
    @property
    def stones(self) -> NDArray[np.uint8]:
        """The stones, uint8 [size, size] of 0, 1 or 2: a read-only view that changes with the position."""
    def liberties(self) -> NDArray[np.uint16]:
        """Return the number of liberties of the chain on each point, uint16 [size, size], 0 on empty points."""
    def chains(self) -> NDArray[np.int16]:
        """Return a number for the chain on each point (one of its points), int16 [size, size], -1 on empty points."""
    def chain(self, point: int) -> tuple[list[int], list[int]]:
        """Return (stones, liberties) of the chain at `point`, both sorted. Raises ValueError for an empty point."""
    def ladder(self, point: int, nodes: int = LADDER_NODES) -> tuple[bool, list[int], int, bool]:
        """Return (captured, the attacker's first moves that capture, nodes read, whether a budget ran out).

        A chain with two liberties is read once for each of the attacker's first moves, each time with a budget of
        `nodes`; one reading may run out while the other captures. Raises ValueError for an empty point.
        """
    def ladder_line(self, point: int, nodes: int) -> tuple[bool, list[tuple[int, int]], int, bool]:
        """Return (captured, the line as (colour, point), nodes read for the verdict, whether the budget ran out).

        The attacker moves first if the chain has two liberties, the defender if it is in atari. A defender without a
        legal move passes. Finding the line takes more readings, each with a budget of `nodes`. Raises ValueError for an
        empty point.
        """
    def area(self) -> NDArray[np.uint8]:
        """Return the Tromp-Taylor owner of every point, uint8 [size, size], 0 for neutral points."""
    def pass_alive(self) -> NDArray[np.uint8]:
        """Return the owner of pass-alive chains and of the territory they enclose (Benson 1976).

        uint8 [size, size], 0 on all other points. Territory is a region that only pass-alive chains surround and whose
        empty points are all liberties of one of them.
        """
    def check_consistency(self) -> None:
        """Recompute chains, liberties and hash from the stones; raises AssertionError naming the first difference."""

def legal_length(size: int, setup: NDArray[np.uint16], moves: NDArray[np.uint16]) -> tuple[int, int]:
    """Return (how many moves are legal from the start, why the next is illegal, or LEGAL if there is none).

    The record is replayed with simple ko and suicide legal. A point off the board counts as OCCUPIED. If a set-up stone
    cannot be placed, the result is (-1, reason).
    """

def planes(
    feature_set: int,
    board: Board,
    to_play: int,
    recent: NDArray[np.uint16],
    komi: float,
    rules: int,
    out: NDArray[np.float32],
) -> None:
    """Write the planes of a feature set to `out` [C, 19, 19] (SANDBOX_26: C = 26; SHICHO_V2: C = 38).

    `recent` holds the game's stored moves so far, the latest last; only the last HISTORY are read. Planes about earlier
    positions undo as many moves on a copy of the board. `komi` is white's, NaN if unknown, and `rules` is a sum of
    RULE_ bits; feature sets without planes for these ignore them.
    """

def packed_planes(
    feature_set: int,
    board: Board,
    to_play: int,
    recent: NDArray[np.uint16],
    komi: float,
    rules: int,
    out: NDArray[np.uint8],
) -> None:
    """Write the same planes packed to `out` [C, 48]: point p is bit p % 8 (least significant first) of byte p // 8."""

def label_chains(own: NDArray[np.uint8], opponent: NDArray[np.uint8], labels: NDArray[np.int16]) -> None:
    """Write the labels of the chains of N positions to `labels` [N, 361], with the GIL released.

    `own` and `opponent` are the packed planes of the stones, [N, 48]. A label is 0 on points without a stone, else 1 +
    the lowest grid point of the chain. Raises ValueError that names a position with a point in both planes; its labels
    and those after it are not valid then.
    """

def replay_rows(
    feature_set: int,
    moves: NDArray[np.uint16],
    game_start: NDArray[np.int64],
    setup: NDArray[np.uint16],
    setup_start: NDArray[np.int64],
    sizes: NDArray[np.uint8],
    games: NDArray[np.int64],
    plies: NDArray[np.int64],
    history: NDArray[np.uint8],
    komi: NDArray[np.float32],
    rules: NDArray[np.uint8],
    packed: NDArray[np.uint8],
    targets: NDArray[np.int64],
) -> None:
    """Write the planes and the moves of N positions to `packed` [N, C, 48] and `targets` [N].

    The GIL is released, so no other thread may write to the arrays during the call. All arrays are C-contiguous; the
    five after `feature_set` are columns of a game store.

    Row i is the position of game `games[i]` before its move `plies[i]`, seen by the side that plays this move. At most
    `history[i]` (0 to HISTORY) past moves are read; `komi[i]` and `rules[i]` are as in `planes`. Its target is the move
    on the 19x19 grid, 0 to 360, or 361 for a pass. Neighbouring rows of one game with rising plies share one replay.
    Raises ValueError naming row, game and ply of an illegal move.
    """

def replay_games(
    moves: NDArray[np.uint16],
    game_start: NDArray[np.int64],
    setup: NDArray[np.uint16],
    setup_start: NDArray[np.int64],
    sizes: NDArray[np.uint8],
) -> int:
    """Check and play every move of every game with the GIL released; return how many were played."""

def replay_ladders(
    moves: NDArray[np.uint16],
    game_start: NDArray[np.int64],
    setup: NDArray[np.uint16],
    setup_start: NDArray[np.int64],
    sizes: NDArray[np.uint8],
) -> tuple[int, int]:
    """Read the ladders of all chains with one or two liberties in the position before every move.

    The GIL is released. Returns (positions, chains captured).
    """

def playout_games(
    moves: NDArray[np.uint16],
    game_start: NDArray[np.int64],
    setup: NDArray[np.uint16],
    setup_start: NDArray[np.int64],
    sizes: NDArray[np.uint8],
    per_game: int,
    seed: int,
) -> int:
    """Play `per_game` random playouts from the start position of every game, black first, with the GIL released.

    Returns how many stones were played, without passes. The moves of the games are not read. `seed` is 0 to 2^64 - 1;
    the same seed plays the same playouts.
    """

def playout(board: Board, to_play: int, seed: int) -> NDArray[np.uint16]:
    """Return the stored moves of one random playout, uint16 [plies], without changing the board.

    Every move is drawn uniformly from the legal ones (simple ko, no suicide) that do not fill an own simple eye; a side
    without such a move passes. The playout ends with two passes in a row or after 1083 plies.
    """

def final_status(board: Board, playouts: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Judge all chains with `playouts` (1 to MAX_PLAYOUTS) random playouts, with the GIL released.

    Returns (status uint8 [size, size], owner float32 [size, size]). A status is ALIVE, DEAD or IN_SEKI, 0 on empty
    points; an owner is -1 (white in every playout) to 1 (black in every playout).
    """

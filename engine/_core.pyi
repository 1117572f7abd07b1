"""The typed face of the C core. Points are ints, row * size + column from the top left; pass is size * size.

Colours are ints: 0 empty, 1 black, 2 white. Arguments are checked at the border: a wrong value raises a ValueError or
TypeError that names it, and nothing reachable from Python aborts.
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
        """A board with the stones of a C-contiguous uint8 [size, size] (0, 1, 2), a ban and captures, and no history.

        ValueError where a chain has no liberty or the banned point holds a stone.
        """
    @property
    def size(self) -> int: ...
    @property
    def hash(self) -> int:
        """Zobrist hash of the stones alone, 64 bits: it knows nothing of history, ko or side to move."""
    @property
    def ko(self) -> tuple[int, int] | None:
        """(colour that may not play there, point), or None."""
    @property
    def captures(self) -> tuple[int, int]:
        """(stones black has captured, stones white has captured), suicides counted for the other side."""
    @property
    def move_count(self) -> int:
        """How many plays, passes and placed stones can be undone."""
    def legality(self, colour: int, point: int, suicide: bool) -> int:
        """LEGAL, OCCUPIED, KO, or SUICIDE where `suicide` is False; simple ko only. Pass is LEGAL."""
    def try_play(self, colour: int, point: int, suicide: bool) -> int:
        """Play if legal; returns what `legality` would have said. A refused move changes nothing."""
    def place(self, colour: int, point: int) -> int:
        """Put a set-up stone: like try_play without ko and with suicide refused; leaves no ko ban."""
    def undo(self) -> None:
        """Take the last move back; the board is byte for byte as before. IndexError when there is none."""
    def copy(self) -> Board:
        """A board of its own with the same position and an empty undo history."""
    def legal_points(self, colour: int, suicide: bool) -> NDArray[np.bool_]:
        """bool [size * size + 1], pass last; simple ko only."""
    def own_eyes(self, colour: int) -> NDArray[np.bool_]:
        """bool [size * size]: simple eyes of `colour`.

        An empty point whose neighbours are all own stones and of whose diagonals the opponent holds at most one (none
        at edge and corner).
        """
    @property
    def stones(self) -> NDArray[np.uint8]:
        """uint8 [size, size] read-only view of the live position (no copy): 0, 1 or 2."""
    def liberties(self) -> NDArray[np.uint16]:
        """uint16 [size, size]: liberties of the chain on each point, 0 on empty points."""
    def chains(self) -> NDArray[np.int16]:
        """int16 [size, size]: a number for each chain (one of its points), -1 on empty points."""
    def chain(self, point: int) -> tuple[list[int], list[int]]:
        """(stones, liberties) of the chain at `point`, both sorted. ValueError on an empty point."""
    def ladder(self, point: int, nodes: int = LADDER_NODES) -> tuple[bool, list[int], int, bool]:
        """(captured, the attacker's working first moves, nodes read, budget ran out). ValueError on an empty point.

        A chain of two liberties is read once for each of the attacker's first moves, each with a budget of `nodes`; it
        may run out for one of them while the other works.
        """
    def ladder_line(self, point: int, nodes: int) -> tuple[bool, list[tuple[int, int]], int, bool]:
        """(captured, the line as (colour, point), nodes read for the verdict, budget ran out). Errors as in `ladder`.

        The attacker begins against two liberties, the defender in atari; it passes where it has no legal move. The line
        takes readings of its own, each with a budget of `nodes`.
        """
    def area(self) -> NDArray[np.uint8]:
        """uint8 [size, size]: Tromp-Taylor owner of every point, 0 where neither."""
    def pass_alive(self) -> NDArray[np.uint8]:
        """uint8 [size, size]: owner of the pass-alive chains and of the territory they enclose (Benson), 0 elsewhere.

        Territory is a region with none but pass-alive chains around it, each of whose empty points is a liberty of one.
        """
    def check_consistency(self) -> None:
        """Recompute chains, liberties and hash the slow way; AssertionError names the first difference."""

def legal_length(size: int, setup: NDArray[np.uint16], moves: NDArray[np.uint16]) -> tuple[int, int]:
    """Replay a record with simple ko, suicide legal: (how many moves are legal, why the next is not; LEGAL at the end).

    `setup` and `moves` are in store format: the point (pass 361) in the low 15 bits, the top bit set for white. A point
    that is not on the board is called OCCUPIED. A set-up stone that cannot be placed gives (-1, reason).
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
    """Fill out [C, 19, 19] with the planes of a feature set (SANDBOX_26: C = 26; SHICHO_V2: C = 38).

    `recent` holds the game's moves so far in store format, the latest last (the last HISTORY are looked at); where
    planes tell of earlier positions, the board goes back by as many of its own moves. `komi` is white's, NaN where
    unknown, `rules` RULE_ bits added up; sets without planes for them do not read them.
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
    """The same into uint8 [C, 48]: bit p % 8, least significant first, of byte p // 8 is point p of the 19x19 grid."""

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
    """Rows of a batch, without the GIL, so that no other thread may write to the arrays meanwhile.

    All arrays are C-contiguous; the five after `feature_set` are a store's datasets.

    Row i: the position of game `games[i]` before its move `plies[i]`, seen by that move's colour, with at most
    `history[i]` (0 to 5) past moves shown, `komi[i]` and `rules[i]` as `planes` takes them, into packed [N, C, 48]; the
    move (0 to 360 on the 19x19 grid, pass 361) into targets [N]. Neighbouring rows of one game with rising plies share
    one replay. ValueError names row, game and ply of a move that is not legal.
    """

def replay_games(
    moves: NDArray[np.uint16],
    game_start: NDArray[np.int64],
    setup: NDArray[np.uint16],
    setup_start: NDArray[np.int64],
    sizes: NDArray[np.uint8],
) -> int:
    """Check and play every move of every game, without the GIL; returns how many were played."""

def replay_ladders(
    moves: NDArray[np.uint16],
    game_start: NDArray[np.int64],
    setup: NDArray[np.uint16],
    setup_start: NDArray[np.int64],
    sizes: NDArray[np.uint8],
) -> tuple[int, int]:
    """The same, reading the ladders of all 1- and 2-liberty chains in each position: (positions, chains captured)."""

def playout_games(
    moves: NDArray[np.uint16],
    game_start: NDArray[np.int64],
    setup: NDArray[np.uint16],
    setup_start: NDArray[np.int64],
    sizes: NDArray[np.uint8],
    per_game: int,
    seed: int,
) -> int:
    """`per_game` random playouts from the start position of every game, black first, without the GIL.

    Returns how many stones were played, passes not counted. The moves of the games are not looked at. `seed` is 0 to
    2^64 - 1; the same seed plays the same games.
    """

def playout(board: Board, to_play: int, seed: int) -> NDArray[np.uint16]:
    """uint16 [plies]: one random playout in store format; the board stays as it is.

    Every move is drawn uniformly out of the legal ones (simple ko, no suicide) that fill no own simple eye; a side
    without one passes. Ends with two passes in a row, or after 1083 plies.
    """

def final_status(board: Board, playouts: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """(status uint8, owner float32), both [size, size]: what `playouts` (1 to MAX_PLAYOUTS) say; without the GIL.

    A status is ALIVE, DEAD or IN_SEKI, 0 where no stone stands; an owner is -1 (white in every playout) to 1 (black).
    """

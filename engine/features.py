"""The input planes of a network: what they mean, and the planes of a game, by the C code that training uses."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE
from shicho.engine.game import Game

FEATURE_SET: Final = "sandbox-26"
FEATURE_VERSION: Final = 1
POINTS: Final = MAX_SIZE * MAX_SIZE


@dataclass(frozen=True)
class Plane:
    """One binary plane: its index, a short name, and where it is 1 (own and opponent's seen by the side to move)."""

    index: int
    name: str
    meaning: str


def _table() -> tuple[Plane, ...]:
    rows = [
        ("on_board", "the point is on the board"),
        ("own_stone", "own stone"),
        ("opponent_stone", "opponent's stone"),
        *((f"own_liberties_{n}", f"own chain with exactly {n} liberties") for n in (1, 2, 3, 4)),
        *((f"opponent_liberties_{n}", f"opponent's chain with exactly {n} liberties") for n in (1, 2, 3, 4)),
        *((f"own_after_{n}", f"empty point where an own move leaves its chain {n} liberties") for n in (1, 2, 3)),
        *((f"opponent_after_{n}", f"the same for an opponent's move and {n} liberties") for n in (1, 2, 3)),
        ("ko", "the side to move may not play here because of simple ko"),
        ("last_move", "the point of the last move"),
        *((f"move_{n}_back", f"the point of the move {n} before the last") for n in (1, 2, 3, 4)),
        ("ladder_captured", "stone of a chain in atari that a ladder captures, either colour"),
        ("ladder_capturable", "stone of a chain of two liberties that a ladder captures if the attacker moves first"),
        ("ladder_working_move", "the attacker's first move that works against such a chain"),
    ]
    return tuple(Plane(index, name, meaning) for index, (name, meaning) in enumerate(rows))


PLANES: Final = _table()


def planes(game: Game, to_play: Colour | None = None) -> NDArray[np.float32]:
    """float32 [26, 19, 19]: the planes of the position, seen by `to_play` (by default whose turn it is).

    A board of size n sits at offset (19 - n) // 2 both ways.
    """
    out = np.zeros((len(PLANES), MAX_SIZE, MAX_SIZE), dtype=np.float32)
    _core.planes(game.board.core, to_play or game.to_play, game.store_moves(), out)
    return out


def packed_planes(game: Game, to_play: Colour | None = None) -> NDArray[np.uint8]:
    """uint8 [26, 48]: the same, one bit a point (bit p % 8, least significant first, of byte p // 8)."""
    out = np.zeros((len(PLANES), _core.PACKED_BYTES), dtype=np.uint8)
    _core.packed_planes(game.board.core, to_play or game.to_play, game.store_moves(), out)
    return out


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 [..., 26, 19, 19] from uint8 [..., 26, 48]."""
    bits = np.unpackbits(packed, axis=-1, count=POINTS, bitorder="little")
    return bits.reshape(*packed.shape[:-1], MAX_SIZE, MAX_SIZE).astype(np.float32)

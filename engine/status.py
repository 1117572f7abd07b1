"""The final status of stones (alive, dead or in seki), estimated with random playouts in C.

engine/csrc/status.h describes the playouts and how they become a status; docs/status.md reports how often the status
agrees with GNU Go and with the players.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.numbers import number_in_range

PLAYOUTS: Final = 500
"""Default number of playouts: the owner values vary by about 0.04, and 19x19 takes less than 60 ms."""


class Status(StrEnum):
    """The final status of a chain, in GTP's words."""

    ALIVE = "alive"
    DEAD = "dead"
    SEKI = "seki"


_STATUS = {_core.ALIVE: Status.ALIVE, _core.DEAD: Status.DEAD, _core.IN_SEKI: Status.SEKI}


@dataclass(frozen=True)
class JudgedChain:
    """A chain, its stones in rising order, and its final status."""

    colour: Colour
    stones: tuple[int, ...]
    status: Status


@dataclass(frozen=True)
class FinalStatus:
    """The final status of every chain of a position and the expected owner of every point.

    `chains`: sorted by lowest stone. `owner`: float32 [size, size], read-only, -1 (white in every playout) to 1 (black
    in every playout): the share of the playouts that end with black owning the point minus white's share. Points in
    pass-alive area are exactly -1 or 1.
    """

    chains: tuple[JudgedChain, ...]
    owner: NDArray[np.float32]

    def stones(self, status: Status) -> tuple[int, ...]:
        """Return the points of all stones with that status, in rising order."""
        return tuple(sorted(stone for chain in self.chains if chain.status == status for stone in chain.stones))


def final_status(board: Board, *, playouts: int = PLAYOUTS, seed: int = 0) -> FinalStatus:
    """Judge all chains of a position without changing it; the same `playouts` and `seed` give the same result.

    The result is meant for positions in which both sides would pass. If the next move still decides a fight, playouts
    judge it as even. Whose turn it is does not matter, because each side begins half of the playouts. The GIL is
    released during the playouts. Raises BadConfig if `playouts` is not 1 to 1,000,000 or `seed` not 0 to 2^64 - 1.
    """
    wanted = number_in_range("playouts", playouts, 1, _core.MAX_PLAYOUTS)
    checked_seed = number_in_range("seed", seed, 0, 2**64 - 1)
    status, owner = _core.final_status(board.core, wanted, checked_seed)
    owner.flags.writeable = False
    stones: dict[int, list[int]] = {}
    for point, chain in enumerate(board.chains().ravel().tolist()):
        if chain >= 0:
            stones.setdefault(chain, []).append(point)
    colours, statuses = board.stones.ravel().tolist(), status.ravel().tolist()
    chains = (JudgedChain(Colour(colours[s[0]]), tuple(s), _STATUS[statuses[s[0]]]) for s in stones.values())
    return FinalStatus(tuple(chains), owner)

"""What becomes of the stones when a game is over: alive, dead or in seki, judged by random playouts in C.

The playouts and the rule that turns them into a verdict are told in engine/csrc/status.h; docs/status.md says how well
it agrees with GNU Go and with what players agreed on.
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
"""Enough that chance moves an owner by about 0.04, and done within 60 ms on 19x19."""


class Status(StrEnum):
    """What becomes of a chain, in GTP's words."""

    ALIVE = "alive"
    DEAD = "dead"
    SEKI = "seki"


_STATUS = {_core.ALIVE: Status.ALIVE, _core.DEAD: Status.DEAD, _core.IN_SEKI: Status.SEKI}


@dataclass(frozen=True)
class JudgedChain:
    """A chain, its stones in rising order, and what becomes of it."""

    colour: Colour
    stones: tuple[int, ...]
    status: Status


@dataclass(frozen=True)
class FinalStatus:
    """The fate of every chain of a position, by lowest stone, and who will own the points.

    `owner`: float32 [size, size], read-only: in how many playouts black owned the point in the end less in how many
    white did, as a share of them all: -1 (white's) to 1 (black's). Pass-alive area is its owner's for certain.
    """

    chains: tuple[JudgedChain, ...]
    owner: NDArray[np.float32]

    def stones(self, status: Status) -> tuple[int, ...]:
        """The points of all stones of a status, in rising order."""
        return tuple(sorted(stone for chain in self.chains if chain.status == status for stone in chain.stones))


def final_status(board: Board, *, playouts: int = PLAYOUTS, seed: int = 0) -> FinalStatus:
    """Judge all chains of a position, which stays as it is; the same seed and playouts give the same answer.

    Meant for positions in which both sides would pass: where the next move still decides, playouts see an even fight.
    Whose turn it is does not matter: either side begins half the playouts. The GIL is released. Raises BadConfig where
    `playouts` is not 1 to 1,000,000 or `seed` not 0 to 2^64 - 1.
    """
    wanted = number_in_range("playouts", playouts, 1, _core.MAX_PLAYOUTS)
    chance = number_in_range("seed", seed, 0, 2**64 - 1)
    status, owner = _core.final_status(board.core, wanted, chance)
    owner.flags.writeable = False
    stones: dict[int, list[int]] = {}
    for point, chain in enumerate(board.chains().ravel().tolist()):
        if chain >= 0:
            stones.setdefault(chain, []).append(point)
    colours, statuses = board.stones.ravel().tolist(), status.ravel().tolist()
    chains = (JudgedChain(Colour(colours[s[0]]), tuple(s), _STATUS[statuses[s[0]]]) for s in stones.values())
    return FinalStatus(tuple(chains), owner)

"""The planes of `shicho-v2`, each from its definition in the plane table, on `SlowBoard`s."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.features import SANDBOX_26, SHICHO_V2
from tests.support.slow_board import BLACK, WHITE, SlowBoard
from tests.support.slow_features import GRID, HISTORY, Move, grid_place, slow_planes
from tests.support.slow_ladder import read_ladder


def slow_shicho_v2(
    boards: Sequence[SlowBoard],
    to_play: int,
    recent: Sequence[Move],
    *,
    history: int = HISTORY,
    komi: float = float("nan"),
    rules: int = 0,
) -> NDArray[np.float32]:
    """Return the planes, float32 [38, 19, 19]; `boards` holds the position and the two positions before it.

    It is shorter at the start of a game. Raises LadderUnread if a ladder is too long to read.
    """
    now = boards[0]
    shared = slow_planes(now, to_play, recent, history)
    planes = {plane.name: shared[plane.index] for plane in SANDBOX_26.planes}
    depth = alternating(to_play, recent[-history:] if history else ())
    for back in (1, 2):
        reached = min(back, depth, len(boards) - 1)
        planes[f"ladder_{back}_back"] = grid(now.size, laddered(boards[reached]))
    alive = now.pass_alive()
    for name, colour in (("own", to_play), ("opponent", BLACK + WHITE - to_play)):
        planes[f"{name}_pass_alive"] = grid(now.size, {point for point, owner in alive.items() if owner == colour})
    for plane in SHICHO_V2.planes:
        if plane.name not in planes:
            planes[plane.name] = planes["on_board"] * holds(plane.name, komi if to_play == WHITE else -komi, rules)
    return np.stack([planes[plane.name] for plane in SHICHO_V2.planes])


def grid(size: int, points: set[int]) -> NDArray[np.float32]:
    """Return a plane, float32 [19, 19], with 1 on these points of a board in the middle."""
    plane = np.zeros((GRID, GRID), np.float32)
    for point in points:
        plane[grid_place(point, size)] = 1
    return plane


def alternating(to_play: int, recent: Sequence[Move]) -> int:
    """Return how many of the latest moves alternate in colour, ending with the opponent of `to_play`."""
    expected = BLACK + WHITE - to_play
    for number, (colour, _) in enumerate(reversed(recent)):
        if colour != expected:
            return number
        expected = BLACK + WHITE - expected
    return len(recent)


def laddered(board: SlowBoard) -> set[int]:
    """Return the stones of all chains that a ladder captures; the ko ban does not matter."""
    return set(_laddered(board.size, frozenset(board.stones.items())))


@lru_cache(maxsize=64)
def _laddered(size: int, stones: frozenset[tuple[int, int]]) -> frozenset[int]:
    board = SlowBoard(size, dict(stones))
    few = [chain for chain in board.chains() if len(chain.liberties) <= 2]
    return frozenset(stone for chain in few if read_ladder(board, min(chain.stones))[0] for stone in chain.stones)


def holds(name: str, self_komi: float, rules: int) -> bool:
    """Return whether a plane about komi or rules is on."""
    if name.startswith("self_komi_"):
        return self_komi >= int(name.removeprefix("self_komi_"))
    return {
        "komi_known": self_komi == self_komi,
        "superko": bool(rules & _core.RULE_SUPERKO),
        "suicide": bool(rules & _core.RULE_SUICIDE),
        "territory": bool(rules & _core.RULE_TERRITORY),
    }[name]

"""Counting a finished board: area or territory, dead stones taken off."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.errors import BadVertex, brief
from shicho.engine.numbers import number_in_range
from shicho.engine.rules import Rules, Scoring

Stones = Iterable[SupportsIndex | str] | NDArray[np.bool_]
"""Stones of a board: points or vertices, or a bool mask [size, size] or [size * size]. One stands for its chain."""


@dataclass(frozen=True)
class Score:
    """The points of both sides and what they are made of.

    `black_points` and `white_points`: area, or territory. Prisoners count under territory scoring alone: stones taken
    in the game and dead ones. `compensation`: komi and what white gets for handicap stones.
    """

    black_points: int
    white_points: int
    black_prisoners: int
    white_prisoners: int
    compensation: float

    @property
    def black(self) -> float:
        """All that counts for black."""
        return float(self.black_points + self.black_prisoners)

    @property
    def white(self) -> float:
        """All that counts for white."""
        return self.white_points + self.white_prisoners + self.compensation

    @property
    def black_minus_white(self) -> float:
        """Positive where black has won."""
        return self.black - self.white

    @property
    def winner(self) -> Colour | None:
        """Who has more, None where nobody has."""
        margin = self.black_minus_white
        return None if margin == 0 else Colour.BLACK if margin > 0 else Colour.WHITE

    def __str__(self) -> str:
        """As GTP and SGF write it: "B+3.5", "W+0.5", "0"."""
        winner = self.winner
        return f"{winner.letter.upper()}+{abs(self.black_minus_white):g}" if winner else "0"


def count(board: Board, rules: Rules, *, handicap: int = 0, dead: Stones = (), seki: Stones = ()) -> Score:
    """Count a board on which play has stopped, all stones alive but the `dead` ones where the rules take these off.

    Area: a side's stones and the empty points that only these reach. Territory: those empty points alone, none of them
    in a region that a stone in `seki` touches, and the prisoners. A stone in both is dead.

    Raises BadVertex where `dead` or `seki` names no stone, BadConfig for a handicap that the board does not hold.
    """
    compensation = rules.handicap_compensation.points(number_in_range("handicap", handicap, 0, board.size**2))
    stones = board.stones
    gone = _chains(board, dead) & rules.removes_dead
    in_seki = _chains(board, seki) & ~gone
    settled = Board.from_stones(np.where(gone, 0, stones))
    owner = settled.area()
    prisoners = {Colour.BLACK: 0, Colour.WHITE: 0}
    if rules.scoring is Scoring.TERRITORY:
        empty = settled.stones == 0
        owner[~empty | _reached(_beside(in_seki), empty)] = 0
        for colour, captured in board.captures.items():
            prisoners[colour] = captured + int((gone & (stones == colour.opponent)).sum())
    return Score(
        int((owner == Colour.BLACK).sum()),
        int((owner == Colour.WHITE).sum()),
        prisoners[Colour.BLACK],
        prisoners[Colour.WHITE],
        rules.komi + compensation,
    )


def _chains(board: Board, stones: Stones) -> NDArray[np.bool_]:
    """bool [size, size]: the chains that the given stones belong to."""
    if isinstance(stones, np.ndarray) and stones.dtype == np.bool_:
        if stones.shape not in (board.stones.shape, (board.size**2,)):
            raise BadVertex(f"a mask of stones is not {board.stones.shape}: {stones.shape}")
        stones = np.flatnonzero(stones)
    elif isinstance(stones, str) or not np.iterable(stones):
        raise BadVertex(f"neither points nor a mask of stones: {brief(stones)}")
    points = [board.stone(point) for point in stones]
    chains = board.chains()
    return np.isin(chains, chains.flat[points]) if points else np.zeros_like(chains, dtype=np.bool_)


def _beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The points next to those of `mask`."""
    wide = np.pad(mask, 1)
    return wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]


def _reached(start: NDArray[np.bool_], within: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The regions of `within` that hold a point of `start`."""
    reached = start & within
    while True:
        grown = reached | (_beside(reached) & within)
        if (grown == reached).all():
            return reached
        reached = grown

"""Counting a finished board, by area or by territory, with dead stones removed."""

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
"""Stones of a board: points or vertices, or a bool mask [size, size] or [size * size]. One stone names its chain."""


@dataclass(frozen=True)
class Score:
    """The score of both sides and its parts.

    `black_points` and `white_points`: area or territory. `black_prisoners` and `white_prisoners`: the stones that the
    side captured and the opponent's dead stones; 0 under area scoring. `compensation`: komi and white's points for
    handicap stones.
    """

    black_points: int
    white_points: int
    black_prisoners: int
    white_prisoners: int
    compensation: float

    @property
    def black(self) -> float:
        """Black's total."""
        return float(self.black_points + self.black_prisoners)

    @property
    def white(self) -> float:
        """White's total, compensation included."""
        return self.white_points + self.white_prisoners + self.compensation

    @property
    def black_minus_white(self) -> float:
        """Black's total minus white's: positive if black wins."""
        return self.black - self.white

    @property
    def winner(self) -> Colour | None:
        """The side with the higher total, None for a draw."""
        margin = self.black_minus_white
        return None if margin == 0 else Colour.BLACK if margin > 0 else Colour.WHITE

    def __str__(self) -> str:
        """Return the score as GTP and SGF write it: "B+3.5", "W+0.5", "0"."""
        winner = self.winner
        return f"{winner.letter.upper()}+{abs(self.black_minus_white):g}" if winner else "0"


def count(board: Board, rules: Rules, *, handicap: int = 0, dead: Stones = (), seki: Stones = ()) -> Score:
    """Count a board on which play has stopped.

    All stones count as alive except the `dead` ones, which are removed first if `rules.removes_dead`. Area: a side's
    stones and the empty points that only its stones reach. Territory: those empty points, without the regions that a
    stone in `seki` touches, and the prisoners. A stone named in both `dead` and `seki` is dead.

    Raises BadVertex if `dead` or `seki` names an empty point, and BadConfig if `handicap` is negative or larger than
    the board.
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
    """Return the stones of all chains that the given stones belong to, bool [size, size]."""
    if isinstance(stones, np.ndarray) and stones.dtype == np.bool_:
        if stones.shape not in (board.stones.shape, (board.size**2,)):
            raise BadVertex(f"a mask of stones is not {board.stones.shape}: {stones.shape}")
        stones = np.flatnonzero(stones)
    elif isinstance(stones, str) or not np.iterable(stones):
        raise BadVertex(f"stones are neither points nor a mask: {brief(stones)}")
    points = [board.stone(point) for point in stones]
    chains = board.chains()
    return np.isin(chains, chains.flat[points]) if points else np.zeros_like(chains, dtype=np.bool_)


def _beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the points adjacent to a point of `mask`."""
    wide = np.pad(mask, 1)
    return wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]


def _reached(start: NDArray[np.bool_], within: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the connected regions of `within` that contain a point of `start`."""
    reached = start & within
    while True:
        grown = reached | (_beside(reached) & within)
        if (grown == reached).all():
            return reached
        reached = grown

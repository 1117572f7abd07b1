"""The end of a game: which moves are worth choosing from, and when to pass.

Under area scoring a superfluous move costs nothing and a pass too early may cost the game, so the rules are careful:

1. Own simple eyes are never filled, and nothing is played where a side is pass-alive. Where nothing else is left: pass.
2. Nothing more is asked before the opponent passes or few moves are left. From then on playouts judge the position.
3. After an opponent's pass: pass where the game is won even if all points that are not clearly own go to the opponent.
4. Won with the dead stones off, but not that clearly: no move that gives a seki up; pass where no move is left at a
   point whose owner is open.
5. Not won: play on while rule 1 leaves a move.

Where the rules take no dead stones off, nothing is certain but the count of the board as it stands: after an opponent's
pass that decides, and while it is not won dead stones in the own pass-alive area are there to be taken.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.game import Game, Move
from shicho.engine.scoring import Score
from shicho.engine.status import FinalStatus, Status, final_status

CLEAR: Final = 0.4
"""A point is clearly a side's from this share of the playouts on (won less lost): see docs/status.md."""


def candidates(game: Game, colour: Colour) -> NDArray[np.bool_]:
    """bool [size * size + 1]: the moves to choose from, never none; the pass alone where it is time to pass."""
    end = game.board.pass_point
    dead_count = not game.rules.removes_dead
    won_as_it_stands = game.score().winner is colour
    settled = game.board.pass_alive().ravel()
    moves = game.legal_mask(colour)
    moves[:end] &= ~game.board.own_eyes(colour)
    moves[:end] &= settled != colour.opponent if dead_count and not won_as_it_stands else settled == 0
    moves[end] = False
    passed = bool(game.moves) and game.moves[-1] == Move(colour.opponent, end)
    if moves.any() and (passed or np.count_nonzero(moves) <= game.size):
        judged = final_status(game.board)
        if passed and (won_as_it_stands if dead_count else is_surely_won(game, colour, judged)):
            moves[:] = False
        elif score_as_judged(game, judged).winner is colour:
            moves[:end] &= ~seki_liberties(game, colour, judged)
            if not (moves[:end] & (np.abs(judged.owner.ravel()) < CLEAR)).any():
                moves[:] = False
    moves[end] = not moves.any()
    return moves


def score_as_judged(game: Game, judged: FinalStatus) -> Score:
    """The score by the game's rules, the stones that were judged dead taken off where the rules do that."""
    return game.score(dead=judged.stones(Status.DEAD), seki=judged.stones(Status.SEKI))


def is_surely_won(game: Game, colour: Colour, judged: FinalStatus) -> bool:
    """Whether `colour` wins even if every point goes to the opponent that is not clearly its own."""
    owner = judged.owner if colour is Colour.BLACK else -judged.owner
    margin = 2 * int((owner >= CLEAR).sum()) - game.board.pass_point
    compensation = game.score().compensation
    return margin > compensation if colour is Colour.BLACK else margin > -compensation


def seki_liberties(game: Game, colour: Colour, judged: FinalStatus) -> NDArray[np.bool_]:
    """bool [size * size]: the liberties of the chains of `colour` that are in seki."""
    mask = np.zeros(game.board.pass_point, np.bool_)
    for chain in judged.chains:
        if chain.status is Status.SEKI and chain.colour is colour:
            mask[list(game.board.chain(chain.stones[0]).liberties)] = True
    return mask

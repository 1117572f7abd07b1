"""The end of a game: which moves the player may choose from, and when it passes.

Under area scoring an unnecessary move costs nothing and an early pass may lose the game, so the rules are careful:

1. Never fill an own simple eye, and never play in pass-alive area. Never bring a position about for the third time with
   the same side to move, so that every game ends, also under simple ko. Pass if no other move is left.
2. Check nothing else until the opponent has passed or few moves are left. From then on, judge the position by playouts.
3. After the opponent's pass, pass if the game is won even when the opponent gets every point that is not clearly own.
4. If the game is won after removing dead stones, but not that clearly, do not fill liberties of own chains in seki, and
   pass if no move is left on a point whose owner is unclear.
5. If the game is not won, play on as long as rule 1 leaves a move.

If the rules do not remove dead stones, only the count of the current board is certain. It then decides rule 3, and
until it is a win, rule 1 allows moves in the own pass-alive area to capture dead stones there.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.game import Game, Move
from shicho.engine.scoring import Score
from shicho.engine.status import FinalStatus, Status, final_status

CLEAR: Final = 0.4
"""The absolute `FinalStatus.owner` value from which a point clearly belongs to a side; see docs/status.md."""


def candidates(game: Game, colour: Colour) -> NDArray[np.bool_]:
    """Return the moves to choose from, bool [size * size + 1], pass last.

    At least one move is set. The pass is set only if it is the only move.
    """
    end = game.board.pass_point
    dead_count = not game.rules.removes_dead
    won_as_it_stands = game.score().winner is colour
    settled = game.board.pass_alive().ravel()
    moves = game.legal_mask(colour) & ~game.repetitions(colour)
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


def cleanup_candidates(game: Game, colour: Colour) -> NDArray[np.bool_]:
    """Return the moves that remove the opponent's dead stones, bool [size * size + 1], pass last.

    While the opponent has stones that are judged dead, these are the legal moves on their liberties that do not fill an
    own simple eye and leave the own chain two liberties or capture; without such a move those that leave it one, and
    without these any other legal move outside own eyes. When no dead stone of the opponent is left, these are the
    `candidates`. At least one move is set.
    """
    judged = final_status(game.board)
    dead = [chain for chain in judged.chains if chain.status is Status.DEAD and chain.colour is colour.opponent]
    legal = game.legal_mask(colour) & ~game.repetitions(colour)
    legal[:-1] &= ~game.board.own_eyes(colour)
    legal[-1] = False
    beside = np.zeros_like(legal)
    for chain in dead:
        beside[list(game.board.chain(chain.stones[0]).liberties)] = True
    removing = legal & beside
    safe = removing.copy()
    for point in np.flatnonzero(removing).tolist():
        safe[point] = _is_safe(game, colour, point)
    for moves in (safe, removing, legal) if dead else ():
        if moves.any():
            return moves
    return candidates(game, colour)


def _is_safe(game: Game, colour: Colour, point: int) -> bool:
    """Return whether a legal move captures or leaves its own chain at least two liberties."""
    board = game.board.copy()
    captured = board.captures[colour]
    board.play(colour, point, suicide=True)
    if board.colour_at(point) is None:
        return False
    return board.captures[colour] > captured or len(board.chain(point).liberties) >= 2


def score_as_judged(game: Game, judged: FinalStatus) -> Score:
    """Return the score under the game's rules, with the stones judged dead removed if the rules remove dead stones."""
    return game.score(dead=judged.stones(Status.DEAD), seki=judged.stones(Status.SEKI))


def is_surely_won(game: Game, colour: Colour, judged: FinalStatus) -> bool:
    """Return whether `colour` wins even if the opponent gets every point that is not clearly its own."""
    owner = judged.owner if colour is Colour.BLACK else -judged.owner
    margin = 2 * int((owner >= CLEAR).sum()) - game.board.pass_point
    compensation = game.score().compensation
    return margin > compensation if colour is Colour.BLACK else margin > -compensation


def seki_liberties(game: Game, colour: Colour, judged: FinalStatus) -> NDArray[np.bool_]:
    """Return the liberties of the chains of `colour` that are in seki, bool [size * size]."""
    mask = np.zeros(game.board.pass_point, np.bool_)
    for chain in judged.chains:
        if chain.status is Status.SEKI and chain.colour is colour:
            mask[list(game.board.chain(chain.stones[0]).liberties)] = True
    return mask

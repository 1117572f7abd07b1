"""The end of a game: which moves the player may choose from, and when it passes.

1. Never fill an own simple eye, and never play in pass-alive area. Never bring a position about for the third time with
   the same side to move, so that every game ends, also under simple ko. Pass if no other move is left.
2. Check nothing else until the opponent has passed or few moves are left; under territory scoring, where territory
   stays empty, until a third of the board is filled. From then on, judge the position by playouts. A point is contested
   if it has no clear owner or is a liberty of a chain without a clear owner.
3. After the opponent's pass, pass if the game is surely won or surely lost: if the winner wins even when the loser gets
   every point that is not clearly the winner's.
4. Do not fill liberties of own chains in seki, except while a fight is going on under territory scoring and neither the
   opponent has passed nor few moves are left. Pass if no move is left on a contested point.
5. After the opponent's pass, play on contested points only.
6. Under territory scoring, do not play in sure territory, own or the opponent's. As soon as every stone has a clear
   owner and few points are contested, play on contested points only, and there only if the move costs nothing, or gains
   something after the opponent's pass. Cost and gain are the change of the margin on clear points if the opponent
   passes: filling a dame changes nothing, a stone in settled territory costs a point.

If the rules do not remove dead stones, only the count of the current board is certain. A win by that count replaces the
sure win in rule 3. Until it is a win, rules 4 to 6 do not apply, and rule 1 allows moves in the own pass-alive area to
capture dead stones.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.game import Game, Move
from shicho.engine.rules import Scoring
from shicho.engine.scoring import Score, count
from shicho.engine.status import FinalStatus, Status, final_status

CLEAR: Final = 0.4
"""The absolute `FinalStatus.owner` value from which a point clearly belongs to a side; see docs/status.md."""

SURE: Final = 0.9
"""The absolute `FinalStatus.owner` value from which nothing is played on a point under territory scoring."""

FILLED: Final = 1 / 3
"""The share of occupied points from which a game under territory scoring may be late."""


def candidates(game: Game, colour: Colour) -> NDArray[np.bool_]:
    """Return the moves to choose from, bool [size * size + 1], pass last.

    At least one move is set. The pass is set only if it is the only move.
    """
    end = game.board.pass_point
    moves = game.legal_mask(colour) & ~game.repetitions(colour)
    moves[:end] &= ~game.board.own_eyes(colour)
    pass_alive = game.board.pass_alive().ravel()
    takes_dead_stones = not game.rules.removes_dead and game.score().winner is not colour
    moves[:end] &= pass_alive != colour.opponent if takes_dead_stones else pass_alive == 0
    moves[end] = False
    passed = bool(game.moves) and game.moves[-1] == Move(colour.opponent, end)
    if moves.any() and (passed or _may_be_late(game, moves)):
        moves[:end] = _worth_playing(game, colour, moves[:end], passed=passed)
    moves[end] = not moves.any()
    return moves


def _may_be_late(game: Game, moves: NDArray[np.bool_]) -> bool:
    """Return whether the position has to be judged, which takes longer than the network."""
    if np.count_nonzero(moves) <= game.size:
        return True
    filled = np.count_nonzero(game.board.stones) / game.board.pass_point
    return game.rules.scoring is Scoring.TERRITORY and bool(filled >= FILLED)


def _worth_playing(game: Game, colour: Colour, moves: NDArray[np.bool_], *, passed: bool) -> NDArray[np.bool_]:
    """Return the `moves`, bool [size * size], that rules 2 to 6 leave; `passed`: the opponent has just passed."""
    judged = final_status(game.board)
    won_as_it_stands = game.score().winner is colour
    won = is_surely_won(game, colour, judged) if game.rules.removes_dead else won_as_it_stands
    if passed and (won or is_surely_won(game, colour.opponent, judged)):
        return np.zeros_like(moves)
    if not game.rules.removes_dead and not won_as_it_stands:
        return moves
    territory, few_moves = game.rules.scoring is Scoring.TERRITORY, np.count_nonzero(moves) <= game.size
    quiet = moves & ~seki_liberties(game, colour, judged)
    contested = quiet & contested_points(game, judged)
    stones_clear = not unclear_points(judged)[game.board.stones.ravel() != 0].any()
    if territory and stones_clear and np.count_nonzero(contested) <= game.size:
        return _without_loss(game, colour, contested, judged, passed=passed)
    if passed or not contested.any():
        return contested
    if territory:
        moves = moves & (contested | (np.abs(judged.owner.ravel()) < SURE))
    return quiet & moves if few_moves else moves


def _without_loss(
    game: Game, colour: Colour, moves: NDArray[np.bool_], judged: FinalStatus, *, passed: bool
) -> NDArray[np.bool_]:
    """Return the `moves`, bool [size * size], that rule 6 leaves: each is played and the position is judged again."""
    before = margin(game, colour, judged)
    kept = moves.copy()
    for point in np.flatnonzero(moves).tolist():
        game.board.play(colour, point, suicide=game.rules.suicide)
        after = margin(game, colour, final_status(game.board))
        game.board.undo()
        kept[point] = after > before if passed else after >= before
    return kept


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
    """Return whether `colour` wins as judged, and even if the opponent gets every point that is not clearly its own."""
    return score_as_judged(game, judged).winner is colour and margin(game, colour, judged, unclear=-1) > 0


def margin(game: Game, colour: Colour, judged: FinalStatus, *, unclear: int = 0) -> float:
    """Return the points by which `colour` leads when clear points count for their owners.

    `unclear`: 1, 0 or -1 for every point without a clear owner. Komi, handicap compensation and, under territory
    scoring, the difference between territory and area are included.
    """
    sign = 1 if colour is Colour.BLACK else -1
    own, opponent = ((side * judged.owner >= CLEAR).sum() for side in (sign, -sign))
    dead, seki = judged.stones(Status.DEAD), judged.stones(Status.SEKI)
    area = count(game.board, replace(game.rules, scoring=Scoring.AREA), dead=dead, seki=seki)
    besides_area = score_as_judged(game, judged).black_minus_white - (area.black_points - area.white_points)
    return float(own - opponent + unclear * (judged.owner.size - own - opponent) + sign * besides_area)


def unclear_points(judged: FinalStatus) -> NDArray[np.bool_]:
    """Return the points that have no clear owner, bool [size * size]."""
    return np.abs(judged.owner.ravel()) < CLEAR


def contested_points(game: Game, judged: FinalStatus) -> NDArray[np.bool_]:
    """Return the points without a clear owner and the liberties of the chains on them, bool [size * size]."""
    unclear = unclear_points(judged)
    points = unclear.copy()
    for chain in judged.chains:
        if unclear[list(chain.stones)].any():
            points[list(game.board.chain(chain.stones[0]).liberties)] = True
    return points


def seki_liberties(game: Game, colour: Colour, judged: FinalStatus) -> NDArray[np.bool_]:
    """Return the liberties of the chains of `colour` that are in seki, bool [size * size]."""
    mask = np.zeros(game.board.pass_point, np.bool_)
    for chain in judged.chains:
        if chain.status is Status.SEKI and chain.colour is colour:
            mask[list(game.board.chain(chain.stones[0]).liberties)] = True
    return mask

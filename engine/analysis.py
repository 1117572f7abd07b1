"""What the network thinks of a position: the likely moves, the chances after each of them, and how play may go on."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from shicho.engine.colour import Colour
from shicho.engine.game import Game
from shicho.engine.policy import Evaluation, Evaluator, Position
from shicho.engine.sampling import top_moves
from shicho.engine.search import positions_after


@dataclass(frozen=True)
class Candidate:
    """A legal move.

    `point`: size * size for a pass.
    `prior`: the network's probability of the move, 0 to 1.
    `win_probability`: after the move, for the side that makes it, 0 to 1; None if the network does not estimate it.
    `variation`: the points of this move and of the most probable legal moves after it, in turn by both sides.
    """

    point: int
    prior: float
    win_probability: float | None
    variation: tuple[int, ...]


@dataclass(frozen=True)
class Analysis:
    """An evaluated position with `to_play` to move, and its candidates by falling prior."""

    to_play: Colour
    evaluation: Evaluation
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Avoided:
    """Points, size * size for a pass, that `colour` does not play in the first `plies` moves of a variation."""

    colour: Colour
    points: AbstractSet[int]
    plies: int


def analyse(
    evaluator: Evaluator,
    game: Game,
    to_play: Colour | str | None = None,
    *,
    moves: int = 8,
    minimum: float = 0.0,
    length: int = 4,
    symmetries: int = 1,
    avoid: Sequence[Avoided] = (),
) -> Analysis:
    """Analyse a position with `to_play` to move (default: the side whose turn it is), also after the end of the game.

    The candidates are up to `moves` legal moves, superko included, that have at least the probability `minimum`, and
    always the most probable one. `length` is the most moves of a variation; it costs a batch of one position for each
    candidate and move. A variation ends early where the game ends. `symmetries` (1 or 8) are averaged in the position
    itself; those after it are evaluated once. Moves to `avoid` are neither candidates nor in variations; there are no
    candidates if no other move is legal. Raises BadColour, BadConfig for `symmetries`, and BadNetwork if the network's
    outputs are not finite.
    """
    side = game.to_play if to_play is None else Colour.parse(to_play)
    root = evaluator.evaluate(game, side, symmetries)
    mask = game.legal_mask(side)
    mask[list(_forbidden(avoid, side, 0))] = False
    points = top_moves(root.probabilities, mask, moves, minimum) if mask.any() else []
    positions = positions_after(game, side, points)
    after = evaluator.evaluate_all(positions)
    replies = _follow(evaluator, positions, after, length - 1, avoid)
    return Analysis(
        side,
        root,
        tuple(
            Candidate(point, float(root.probabilities[point]), evaluation.opponent_win_probability, (point, *line))
            for point, evaluation, line in zip(points, after, replies, strict=True)
        ),
    )


def _follow(
    evaluator: Evaluator,
    positions: Sequence[Position],
    evaluations: Sequence[Evaluation],
    length: int,
    avoid: Sequence[Avoided],
) -> list[list[int]]:
    """Play the most probable legal moves in each position, up to `length`, and return them; one batch for each ply."""
    lines: list[list[int]] = [[] for _ in positions]
    going = [(*position, line) for position, line in zip(positions, lines, strict=True)]
    for ply in range(length):
        if ply:
            evaluations = evaluator.evaluate_all([(game, side) for game, side, _ in going])
        after = []
        for (game, side, line), evaluation in zip(going, evaluations, strict=True):
            if game.is_over:
                continue
            point = _most_probable(game, side, evaluation, _forbidden(avoid, side, ply + 1))
            if point is None:
                continue
            line.append(point)
            game.play(side, point)
            after.append((game, side.opponent, line))
        going = after
    return lines


def _forbidden(avoid: Iterable[Avoided], side: Colour, ply: int) -> set[int]:
    return {point for one in avoid if one.colour is side and ply < one.plies for point in one.points}


def _most_probable(game: Game, side: Colour, evaluation: Evaluation, forbidden: AbstractSet[int]) -> int | None:
    """Return the most probable legal move that is not forbidden, None if there is none."""
    order = np.argsort(-evaluation.probabilities, kind="stable").tolist()
    return next((point for point in order if point not in forbidden and game.why_illegal(side, point) is None), None)

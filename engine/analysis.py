"""Analysis of a position: the most probable moves, the win probability after each, and a variation for each."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from shicho.engine.colour import Colour
from shicho.engine.game import Game
from shicho.engine.policy import Evaluation, Evaluator
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


@dataclass(frozen=True, kw_only=True)
class Question:
    """A position with `to_play` to move, which may be after the end of the game, and what to find out about it.

    The candidates are up to `moves` legal moves, superko included, that have at least the probability `minimum`, and
    always the most probable one. `length` is the most moves of a variation; it costs a batch of one position for each
    candidate and move. A variation ends early where the game ends. Moves to `avoid` are neither candidates nor in
    variations; there are no candidates if no other move is legal.
    """

    game: Game
    to_play: Colour
    moves: int = 8
    minimum: float = 0.0
    length: int = 4
    avoid: Sequence[Avoided] = ()


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
    """Analyse one position with `to_play` to move (default: the side whose turn it is).

    See `Question` for the arguments and `analyse_all` for the errors; raises BadColour as well.
    """
    side = game.to_play if to_play is None else Colour.parse(to_play)
    question = Question(game=game, to_play=side, moves=moves, minimum=minimum, length=length, avoid=avoid)
    return analyse_all(evaluator, [question], symmetries)[0]


def analyse_all(evaluator: Evaluator, questions: Sequence[Question], symmetries: int = 1) -> list[Analysis]:
    """Analyse several positions at once; boards may differ in size.

    One batch evaluates the positions, one all their candidates, and one each ply of all variations. `symmetries` (1 or
    8) are averaged in the positions themselves; those after them are evaluated once. The games are not changed. Raises
    BadConfig for `symmetries`, and BadNetwork if the network's outputs are not finite.
    """
    roots = evaluator.evaluate_all([(question.game, question.to_play) for question in questions], symmetries)
    lines = [_lines(question, root) for question, root in zip(questions, roots, strict=True)]
    after = [line for of_one in lines for line in of_one]
    evaluations = evaluator.evaluate_all([(line.game, line.to_play) for line in after])
    for line, evaluation in zip(after, evaluations, strict=True):
        line.win_probability = evaluation.opponent_win_probability
    _follow(evaluator, after, evaluations)
    return [
        Analysis(
            question.to_play,
            root,
            tuple(
                Candidate(
                    line.points[0],
                    float(root.probabilities[line.points[0]]),
                    line.win_probability,
                    tuple(line.points),
                )
                for line in of_one
            ),
        )
        for question, root, of_one in zip(questions, roots, lines, strict=True)
    ]


@dataclass
class _Line:
    """A variation under construction: its moves, the position after them, and the win probability after the first."""

    question: Question
    game: Game
    to_play: Colour
    points: list[int]
    win_probability: float | None = None

    @property
    def goes_on(self) -> bool:
        return len(self.points) < self.question.length and not self.game.is_over

    def play_most_probable(self, evaluation: Evaluation) -> bool:
        """Play the most probable legal move that is not to be avoided; returns False if there is none."""
        forbidden = _forbidden(self.question.avoid, self.to_play, len(self.points))
        for point in np.argsort(-evaluation.probabilities, kind="stable").tolist():
            if point not in forbidden and self.game.why_illegal(self.to_play, point) is None:
                self.game.play(self.to_play, point)
                self.points.append(point)
                self.to_play = self.to_play.opponent
                return True
        return False


def _lines(question: Question, root: Evaluation) -> list[_Line]:
    """Return a line for each candidate, after its first move."""
    game, side = question.game, question.to_play
    mask = game.legal_mask(side)
    mask[list(_forbidden(question.avoid, side, 0))] = False
    points = top_moves(root.probabilities, mask, question.moves, question.minimum) if mask.any() else []
    return [
        _Line(question, after, to_play, [point])
        for point, (after, to_play) in zip(points, positions_after(game, side, points), strict=True)
    ]


def _follow(evaluator: Evaluator, lines: Iterable[_Line], evaluations: Iterable[Evaluation]) -> None:
    """Play the most probable legal moves in each line, given the evaluations of its position; one batch each ply."""
    going = [
        line
        for line, evaluation in zip(lines, evaluations, strict=True)
        if line.goes_on and line.play_most_probable(evaluation)
    ]
    while going := [line for line in going if line.goes_on]:
        batch = evaluator.evaluate_all([(line.game, line.to_play) for line in going])
        going = [line for line, one in zip(going, batch, strict=True) if line.play_most_probable(one)]


def _forbidden(avoid: Iterable[Avoided], side: Colour, ply: int) -> set[int]:
    return {point for one in avoid if one.colour is side and ply < one.plies for point in one.points}

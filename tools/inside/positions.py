"""The positions that the pictures show: moments of one game, and pairs of positions that differ in one thing."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from shicho.engine import Board, Colour, Game
from shicho.engine.coords import MAX_SIZE, vertex_to_point
from shicho.engine.errors import BadRecord
from shicho.engine.features import FeatureSet, rule_bits
from shicho.engine.moves import encode_move
from shicho.engine.replay import replay_positions
from shicho.engine.taps import Taps
from shicho.tools.bench.games import GameArrays

LADDER: Final = """
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . + X . . . . + . . . . . + . . .
. . . X . . . . . . . . . . . . X . .
. . . X . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . + . . . . . + . . . . . + . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . O . . . . . + . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
"""
"""White cuts at E15, and Black can start a ladder at F15; it runs towards the lower right corner."""

LADDER_STONE: Final = vertex_to_point("E15", MAX_SIZE)
LADDER_MOVE: Final = vertex_to_point("F15", MAX_SIZE)
OFF_THE_PATH: Final = "R6"
ON_THE_PATH: Final = "P5"

FAR_EYE: Final = """
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . X . . . . . X . . . . . X . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . X . . . . . + . . . . . X . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . . . . . . . . . . . . .
. . . O . . . O . . . O . . . O . . .
. . . . . . . . . . . . . . . . . . .
. . . . . . . O O O O O . . . . . . .
O O O O O O O O . . . O O O O O O O O
X X X X X X X X X X X X X X X X X X .
. X X X X X X X X X X X X X X X X . .
"""
"""A black chain with an eye at A1 and three outside liberties; what stands at S1, T1 and T2 is added."""

NEAR_EYE: Final = vertex_to_point("A1", MAX_SIZE)
WITH_FAR_EYE: Final = (("b", "T1"), ("b", "T2"))
"""S1 becomes an eye."""

WITHOUT_FAR_EYE: Final = (("b", "S1"), ("w", "T2"))
"""T1 becomes an outside liberty, so the chain has as many liberties as with the eye."""


@dataclass(frozen=True)
class Diagram:
    """A position as the network sees it, packed planes uint8 [C, 48], its stones uint8 [19, 19], and a caption."""

    packed: NDArray[np.uint8]
    stones: NDArray[np.uint8]
    caption: str

    @classmethod
    def of(cls, game: Game, features: FeatureSet, caption: str, to_play: Colour | None = None) -> Self:
        """Return the position of a game, `to_play` by default the side whose turn it is."""
        return cls(features.compute_packed(game, to_play), game.board.stones.copy(), caption)


def channel_values(taps: Taps, shown: Diagram, row: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return a channel (its `layer` and `number`) in a position, float32 [19, 19]."""
    layer = taps.layer(row["layer"]).name
    values: NDArray[np.float32] = taps.policy.outputs(shown.packed[None], [layer])[layer][0, row["number"]]
    return values


def probability(taps: Taps, shown: Diagram, point: int) -> float:
    """Return the network's probability of a move in a position."""
    logits = taps.policy.outputs(shown.packed[None], ["policy"])["policy"][0].astype(np.float64)
    return float(softmax(logits)[point])


def ladder_pair(features: FeatureSet) -> tuple[Diagram, Diagram]:
    """Return a ladder that captures, and one that does not: a white stone is off its path or on it."""
    games = [_drawn(LADDER, [("w", breaker)], Colour.WHITE) for breaker in (OFF_THE_PATH, ON_THE_PATH)]
    for game in games:
        game.play(Colour.WHITE, LADDER_STONE)
    return Diagram.of(games[0], features, "if it captures"), Diagram.of(games[1], features, "if it fails")


def far_eye_pair(features: FeatureSet) -> tuple[Diagram, Diagram]:
    """Return a chain with eyes at both ends, and one with a liberty in the place of the eye at the right."""
    games = [_drawn(FAR_EYE, stones, Colour.BLACK) for stones in (WITH_FAR_EYE, WITHOUT_FAR_EYE)]
    return Diagram.of(games[0], features, "with the far eye"), Diagram.of(games[1], features, "without it")


def ko_pair(game: Game, features: FeatureSet) -> tuple[Diagram, Diagram, int]:
    """Return a position with a ko ban, the same position without the ban, and the forbidden point.

    It is the first position of the game in which a ko forbids a move. Neither shows the moves before, so that the ban
    is all that differs. Raises BadRecord if there is none.
    """
    banned, ban = None, None
    earlier = copy.copy(game)
    while earlier.ply > 1:
        earlier.undo()
        if earlier.board.ko is not None and earlier.board.ko[0] is earlier.to_play:
            banned, ban = copy.copy(earlier), earlier.board.ko[1]
    if banned is None or ban is None:
        raise BadRecord("no ko forbids a move in this game")
    packed, _ = replay_positions(
        _arrays(game),
        features,
        np.zeros(1, np.int64),
        np.array([banned.ply]),
        history_length=np.zeros(1, np.uint8),
        komi=np.full(1, game.komi, np.float32),
        rules=np.full(1, rule_bits(game.rules), np.uint8),
    )
    stones = banned.board.stones.copy()
    banned.edit([])
    return Diagram(packed[0], stones, "with the ban"), Diagram.of(banned, features, "without it"), ban


def _drawn(diagram: str, stones: Iterable[tuple[str, str]], to_play: Colour) -> Game:
    """Return a diagram with some more stones."""
    board, game = Board.from_text(diagram), Game()
    drawn = [(Colour(stone), point) for point, stone in enumerate(board.stones.ravel().tolist()) if stone]
    game.set_up([*drawn, *((Colour.parse(colour), board.point(vertex)) for colour, vertex in stones)], to_play=to_play)
    return game


def _arrays(game: Game) -> GameArrays:
    """Return one game as a store holds it."""
    moves = game.store_moves()
    setup = np.array([encode_move(*stone) for stone in game.setup], np.uint16)
    return GameArrays(
        moves, np.array([0, len(moves)]), setup, np.array([0, len(setup)]), np.array([game.size], np.uint8)
    )

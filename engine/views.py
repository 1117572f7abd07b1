"""What can be shown on a board: policy, planes, channels, ladders, liberties, life and death, as colours and texts.

GoGui's analyze commands and the page of `shicho look` draw these views.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_vertex
from shicho.engine.features import PLANES, SANDBOX_26, plane_on_board
from shicho.engine.game import Game, Move
from shicho.engine.ladder import describe, read
from shicho.engine.palette import hex_colour, probability_colours, signed_colours
from shicho.engine.policy import Evaluation
from shicho.engine.sampling import top_moves
from shicho.engine.status import Status, final_status
from shicho.engine.symmetry import board_part
from shicho.engine.taps import Taps

_RED: Final = "#D62728"
_ORANGE, _GREEN, _YELLOW, _BLACK, _WHITE = "#FF9C0F", "#2CA02C", "#FFD81F", "#000000", "#FFFFFF"
_STATUS_COLOURS: Final = {Status.ALIVE: _GREEN, Status.DEAD: _RED, Status.SEKI: _YELLOW}
_SIDE_COLOURS: Final = {Colour.BLACK: _BLACK, Colour.WHITE: _WHITE}
_LISTED: Final = 10
_LEAST_PROBABILITY: Final = 0.001
_LEAST_LABEL: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class View:
    """What to draw on the points of a board; a point is row * size + column from the top left, pass is size * size.

    `caption`: what is seen, in one line, or "". `colours`: "#RRGGBB" by point. `labels`: short texts by point.
    `squares`: marked points. `moves`: a line of play, to be drawn as numbered stones. `largest`: the ten points or
    moves with the largest numbers, each with its number as text. `values`: the number of every point, float32
    [size, size], None if the view has none.
    """

    caption: str = ""
    colours: Mapping[int, str] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    squares: tuple[int, ...] = ()
    moves: tuple[Move, ...] = ()
    largest: tuple[tuple[int, str], ...] = ()
    values: NDArray[np.float32] | None = None

    def text(self, size: int) -> str:
        """Return the caption and the largest numbers in one line."""
        listed = ", ".join(f"{point_to_vertex(point, size)} {number}" for point, number in self.largest)
        return ": ".join(filter(None, [self.caption, listed]))


def policy_view(game: Game, side: Colour, evaluation: Evaluation) -> View:
    """Show the evaluated probabilities of a side's legal moves: colours from 0.1 %, labels in percent from 1 %."""
    probabilities, legal = evaluation.probabilities, game.legal_mask(side)
    points = np.flatnonzero(legal[:-1] & (probabilities[:-1] >= _LEAST_PROBABILITY)).tolist()
    best = top_moves(probabilities, legal, _LISTED, _LEAST_PROBABILITY)
    return View(
        colours=_coloured(points, probability_colours(probabilities[points])),
        labels={point: f"{100 * probabilities[point]:.0f}" for point in points if probabilities[point] >= _LEAST_LABEL},
        largest=tuple((move, f"{probabilities[move]:.1%}") for move in best),
    )


def plane_view(game: Game, name: str) -> View:
    """Show where an input plane of any feature set is 1, for the side to play; raises BadConfig for another name."""
    points = np.flatnonzero(plane_on_board(name, game)).tolist()
    count = "1 point" if len(points) == 1 else f"{len(points)} points"
    return View(caption=f"{name}: {PLANES[name][1].meaning}; {count}", colours=dict.fromkeys(points, _RED))


def channel_view(game: Game, taps: Taps, layer_name: str, number: int, scale: float | None = None) -> View:
    """Show a channel of an inner layer for the side to play.

    `scale`, 0 or more, is the value of the strongest colours, by default the largest absolute value on the board. A
    channel that has one number instead of a board is only a caption. Raises BadConfig if there is no such channel, and
    the errors of `Taps.channels`.
    """
    layer = taps.layer(layer_name)
    values = taps.channels(game, layer.name)[layer.channel(number)]
    if not layer.by_point:
        return View(caption=f"{layer.name}, channel {number}: {values:.3g}")
    flat = values.ravel()
    strongest = float(np.abs(values).max()) if scale is None else scale
    largest = np.argsort(-np.abs(flat), kind="stable")[:_LISTED].tolist()
    return View(
        caption=f"{layer.name}, channel {number}, scale {strongest:.3g}",
        colours=_coloured(range(values.size), signed_colours(flat, strongest)),
        largest=tuple((point, f"{flat[point]:.3g}") for point in largest),
        values=values,
    )


def ladder_view(board: Board, point: int) -> View:
    """Show the ladder of the chain at a point: its stones, the moves of both sides, the verdict.

    Raises BadVertex for an empty point.
    """
    reading = read(board, point)
    return View(
        caption=describe(board, point, reading), squares=tuple(board.chain(point).stones), moves=tuple(reading.moves)
    )


def ladders_view(game: Game) -> View:
    """Show all ladders: red stones that cannot escape, orange ones that fall if the attacker moves first.

    Squares mark the attacker's working first moves.
    """
    planes = SANDBOX_26.compute(game)[board_part(game.size)] == 1
    captured, capturable, working = (
        np.flatnonzero(planes[SANDBOX_26.index(name)]).tolist()
        for name in ("ladder_captured", "ladder_capturable", "ladder_working_move")
    )
    chains = game.board.chains().ravel()
    counts = [len(np.unique(chains[points])) for points in (captured, capturable)]
    return View(
        caption=f"captured as it is: {counts[0]}, if the attacker moves first: {counts[1]}",
        colours=dict.fromkeys(captured, _RED) | dict.fromkeys(capturable, _ORANGE),
        squares=tuple(working),
    )


def liberties_view(board: Board) -> View:
    """Label each stone with the number of liberties of its chain."""
    counts = board.liberties().ravel().tolist()
    return View(labels={point: str(count) for point, count in enumerate(counts) if count})


def pass_alive_view(board: Board) -> View:
    """Show in black or white which stones and territory are safe even if their side always passes (Benson)."""
    owners = board.pass_alive().ravel().tolist()
    return View(colours={point: _SIDE_COLOURS[Colour(owner)] for point, owner in enumerate(owners) if owner})


def status_view(board: Board) -> View:
    """Show the final status of each stone: alive green, dead red, in seki yellow."""
    judged = final_status(board)
    return View(
        colours={stone: _STATUS_COLOURS[chain.status] for chain in judged.chains for stone in chain.stones},
    )


def owner_view(board: Board) -> View:
    """Show who is expected to own each point: values from -1 (white) to 1 (black), as greys."""
    values = final_status(board).owner
    greys = np.rint(127.5 * (1 - values.ravel())).astype(np.uint8)
    return View(colours=_coloured(range(values.size), greys[:, None].repeat(3, axis=1)), values=values)


def _coloured(points: Iterable[int], colours: NDArray[np.uint8]) -> dict[int, str]:
    return {point: hex_colour(colour) for point, colour in zip(points, colours, strict=True)}

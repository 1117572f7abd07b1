"""What GoGui can draw on its board: the network and what it is made of, ladders, liberties, life and death.

The formats are those of the chapter *Analyze Commands* of GoGui's manual; colours are written `#RRGGBB`.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine import Colour, Game
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadVertex, GtpError
from shicho.engine.features import PLANES, plane_on_board
from shicho.engine.ladder import describe, read
from shicho.engine.palette import hex_colour, probability_colours, signed_colours
from shicho.engine.policy import Policy
from shicho.engine.sampling import top_moves
from shicho.engine.status import Status, final_status
from shicho.engine.taps import Taps
from shicho.gtp.commands.arguments import SYNTAX_ERROR, colour, expect, integer, number, vertex, vertices
from shicho.gtp.commands.registry import AnalyzeCommand, Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_NOTHING: Final = '""'
_SHOWN: Final = 10
_RED, _ORANGE, _GREEN, _YELLOW, _BLACK, _WHITE = "#D62728", "#FF9C0F", "#2CA02C", "#FFD81F", "#000000", "#FFFFFF"
_STATUS_COLOURS: Final = {Status.ALIVE: _GREEN, Status.DEAD: _RED, Status.SEKI: _YELLOW}
_LEAST_PROBABILITY: Final = 0.001
_LEAST_LABEL: Final = 0.01


def policy(session: Session, args: Arguments) -> str:
    """Draw the probabilities of the moves of a colour, the side to play unless given.

    Legal moves from 0.1 % are coloured, those from 1 % labelled in percent; the text names the ten most probable ones.
    Without colours, `policy` returns the same.
    """
    expect(args, 0, 1)
    game = session.game
    side = colour(args[0]) if args else game.to_play
    probabilities = session.player.policy.evaluate(game, side).probabilities
    legal = game.legal_mask(side)
    points = np.flatnonzero(legal[:-1] & (probabilities[:-1] >= _LEAST_PROBABILITY))
    labelled = [point for point in points.tolist() if probabilities[point] >= _LEAST_LABEL]
    labels = [f"{point_to_vertex(point, game.size)} {100 * probabilities[point]:.0f}" for point in labelled]
    best = top_moves(probabilities, legal, _SHOWN, _LEAST_PROBABILITY)
    text = ", ".join(f"{point_to_vertex(move, game.size)} {probabilities[move]:.1%}" for move in best)
    return _gfx(
        *_coloured(game, points, probability_colours(probabilities[points])),
        f"LABEL {' '.join(labels)}" if labels else "",
        f"TEXT {text}",
    )


def win(session: Session, args: Arguments) -> str:
    """Return the network's estimate of the probability that each side wins.

    > shicho-win
    ? the network does not estimate who wins
    """
    expect(args, 0)
    game = session.game
    probability = session.player.policy.evaluate(game).to_play_win_probability
    if probability is None:
        raise GtpError("the network does not estimate who wins")
    return f"{game.to_play} {probability:.1%}, {game.to_play.opponent} {1 - probability:.1%}"


def plane(session: Session, args: Arguments) -> str:
    """Draw an input plane, of any feature set (docs/features), for the side to play: red where it is 1.

    > boardsize 3
    =
    > play b B2
    =
    > shicho-plane opponent_liberties_4
    = COLOR #D62728 B2
    TEXT opponent_liberties_4: stone of an opponent's chain with exactly 4 liberties; 1 point
    """
    name = expect(args, 1)[0]
    game = session.game
    points = np.flatnonzero(plane_on_board(name, game))
    count = "1 point" if len(points) == 1 else f"{len(points)} points"
    return _gfx(_command(f"COLOR {_RED}", game, points), f"TEXT {name}: {PLANES[name][1].meaning}; {count}")


def layers(session: Session, args: Arguments) -> str:
    """Return the inner layers of the network, one a line: name, number of channels, and whether they are boards.

    Only a network that was exported with `shicho export --taps` shows them. A board is a value for each point; other
    channels are single numbers.

    > shicho-layers
    ? the network has no taps
    """
    expect(args, 0)
    return "\n".join(
        f"{layer.name} {layer.channels} {'boards' if layer.by_point else 'numbers'}"
        for layer in _taps(session).layers.values()
    )


def channel(session: Session, args: Arguments) -> str:
    """Draw a channel of an inner layer for the side to play, with channels counted from 0.

    0 is grey; positive values run from red to green, negative ones from cyan to magenta. The scale is the largest
    absolute value on the board unless it is given. The text names the ten largest absolute values.
    """
    expect(args, 2, 3)
    game, taps = session.game, _taps(session)
    layer = taps.layer(args[0])
    chosen = layer.channel(integer(args[1]))
    values = taps.channels(game, layer.name)[chosen]
    if not layer.by_point:
        return _gfx(f"TEXT {layer.name}, channel {chosen}: {values:.3g}")
    scale = number(args[2]) if len(args) > 2 else float(np.abs(values).max())
    if scale < 0:
        raise GtpError(SYNTAX_ERROR)
    points = np.arange(values.size)
    largest = np.argsort(-np.abs(values.ravel()), kind="stable")[:_SHOWN]
    named = ", ".join(f"{point_to_vertex(int(point), game.size)} {values.ravel()[point]:.3g}" for point in largest)
    return _gfx(
        *_coloured(game, points, signed_colours(values.ravel(), scale)),
        f"TEXT {layer.name}, channel {chosen}, scale {scale:.3g}: {named}",
    )


def ladder(session: Session, args: Arguments) -> str:
    """Draw the ladder of the chain at a vertex: its stones, the moves of both sides, and the verdict as text.

    > boardsize 7
    =
    > gogui-setup b C6 b B5 b B4 w C5 b F2
    =
    > shicho-ladder C5
    = SQUARE C5
    VAR b D5 w C4 b C3 w D4 b E4 w D3 b D2 w E3 b F3 w E2 b E1
    TEXT white C5: captured in 11 moves
    > shicho-ladder A1
    ? no stone there
    """
    game = session.game
    point = vertex(expect(args, 1)[0], game)
    try:
        reading = read(game.board, point)
    except BadVertex:
        raise GtpError("no stone there") from None
    moves = " ".join(f"{move.colour.letter} {point_to_vertex(move.point, game.size)}" for move in reading.moves)
    return _gfx(
        _command("SQUARE", game, game.board.chain(point).stones),
        f"VAR {moves}" if moves else "",
        f"TEXT {describe(game.board, point, reading)}",
    )


def ladders(session: Session, args: Arguments) -> str:
    """Draw all ladders: red stones of chains in atari that cannot escape, orange ones that fall if the attacker moves.

    Squares mark the attacker's working first moves. The text counts the chains.
    """
    expect(args, 0)
    game = session.game
    captured, capturable, working = (
        np.flatnonzero(plane_on_board(name, game))
        for name in ("ladder_captured", "ladder_capturable", "ladder_working_move")
    )
    chains = game.board.chains().ravel()
    counts = [len(np.unique(chains[points])) for points in (captured, capturable)]
    return _gfx(
        _command(f"COLOR {_RED}", game, captured),
        _command(f"COLOR {_ORANGE}", game, capturable),
        _command("SQUARE", game, working),
        f"TEXT captured as it is: {counts[0]}, if the attacker moves first: {counts[1]}",
    )


def liberties(session: Session, args: Arguments) -> str:
    """Return the number of liberties of each stone's chain as a board.

    > boardsize 2
    =
    > play b A1
    =
    > shicho-liberties
    = "" ""
    2 ""
    """
    expect(args, 0)
    return _board([str(count) if count else _NOTHING for count in row] for row in session.game.board.liberties())


def pass_alive(session: Session, args: Arguments) -> str:
    """Return a board of colours: black or white where a side's stones and territory are safe even if it always passes.

    This is Benson's algorithm.
    """
    expect(args, 0)
    names = {0: _NOTHING, Colour.BLACK: _BLACK, Colour.WHITE: _WHITE}
    return _board([names[owner] for owner in row] for row in session.game.board.pass_alive().tolist())


def status(session: Session, args: Arguments) -> str:
    """Return a board of colours: stones that are alive are green, dead ones red, those in seki yellow.

    Random playouts judge this ([status.md](status.md)).
    """
    expect(args, 0)
    size = session.game.size
    shown = [_NOTHING] * size**2
    for chain in final_status(session.game.board).chains:
        for stone in chain.stones:
            shown[stone] = _STATUS_COLOURS[chain.status]
    return _board(shown[row * size : (row + 1) * size] for row in range(size))


def owner(session: Session, args: Arguments) -> str:
    """Return who is expected to own each point as a board of numbers, from -1 (white) to 1 (black).

    It is what random playouts end with ([status.md](status.md)).
    """
    expect(args, 0)
    return _board([f"{value:.2f}" for value in row] for row in final_status(session.game.board).owner)


def _taps(session: Session) -> Taps:
    if not isinstance(session.player.policy, Policy):
        raise GtpError("the network has no taps")
    return Taps(session.player.policy)


def _board(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(" ".join(row) for row in rows)


def _gfx(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _command(name: str, game: Game, points: Iterable[int]) -> str:
    """A gfx command for points, empty if there are none."""
    listed = vertices(points, game)
    return f"{name} {listed}" if listed else ""


def _coloured(game: Game, points: NDArray[np.integer], colours: NDArray[np.uint8]) -> list[str]:
    """A COLOR command for each of the colours uint8 [P, 3] of points [P], with all its points."""
    by_colour: dict[str, list[int]] = {}
    for point, shown in zip(points.tolist(), colours, strict=True):
        by_colour.setdefault(hex_colour(shown), []).append(point)
    return [_command(f"COLOR {name}", game, same) for name, same in by_colour.items()]


def _win_entry(session: Session) -> tuple[AnalyzeCommand, ...]:
    return (AnalyzeCommand("string", "Win probability"),) if session.player.policy.predicts_win else ()


def _channel_entries(session: Session) -> tuple[AnalyzeCommand, ...]:
    return tuple(AnalyzeCommand("gfx", f"Channel of {name}", f"{name} %s") for name in _layer_names(session))


def _layers_entry(session: Session) -> tuple[AnalyzeCommand, ...]:
    return (AnalyzeCommand("string", "Layers"),) if _layer_names(session) else ()


def _layer_names(session: Session) -> list[str]:
    network = session.player.policy
    return list(Taps(network).layers) if isinstance(network, Policy) and "taps" in network.metadata else []


FAMILY = Family(
    "Views for GoGui",
    __doc__,
    (
        Command("shicho-policy", policy, "[COLOUR]", (AnalyzeCommand("gfx", "Policy", "%m"),)),
        Command("shicho-win", win, analyze=_win_entry),
        Command("shicho-ladders", ladders, analyze=(AnalyzeCommand("gfx", "Ladders"),)),
        Command("shicho-ladder", ladder, "VERTEX", (AnalyzeCommand("gfx", "Ladder of a chain", "%p"),)),
        Command("shicho-liberties", liberties, analyze=(AnalyzeCommand("sboard", "Liberties"),)),
        Command("shicho-pass_alive", pass_alive, analyze=(AnalyzeCommand("cboard", "Pass-alive"),)),
        Command("shicho-status", status, analyze=(AnalyzeCommand("cboard", "Status of stones"),)),
        Command("shicho-owner", owner, analyze=(AnalyzeCommand("dboard", "Expected owner"),)),
        Command("shicho-plane", plane, "NAME", tuple(AnalyzeCommand("gfx", f"Plane {name}", name) for name in PLANES)),
        Command("shicho-layers", layers, analyze=_layers_entry),
        Command("shicho-channel", channel, "LAYER CHANNEL [SCALE]", _channel_entries),
    ),
)

"""What GoGui can draw on its board: policy, planes and inner layers, ladders, liberties, life and death.

The formats are those of the chapter *Analyze Commands* of GoGui's manual; colours are written `#RRGGBB`.
"""

from collections.abc import Mapping
from typing import Final

from shicho.engine import Game, views
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadVertex, GtpError
from shicho.engine.features import PLANES
from shicho.engine.policy import Policy
from shicho.engine.status import final_status
from shicho.engine.taps import Taps
from shicho.engine.views import View
from shicho.gtp.commands.arguments import SYNTAX_ERROR, colour, expect, integer, number, vertex, vertices
from shicho.gtp.commands.registry import AnalyzeCommand, Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_NOTHING: Final = '""'


def policy(session: Session, args: Arguments) -> str:
    """Draw the probabilities of the moves of a colour, the side to play unless given.

    Legal moves from 0.1 % are coloured, those from 1 % labelled in percent; the text names the ten most probable ones.
    Without colours, `policy` returns the same.
    """
    expect(args, 0, 1)
    game = session.game
    side = colour(args[0]) if args else game.to_play
    return _gfx(views.policy_view(game, side, session.player.policy.evaluate(game, side)), game)


def win(session: Session, args: Arguments) -> str:
    """Return the network's estimate of the probability that each side wins.

    The included network has one; the example is of a network that has none.

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
    return _gfx(views.plane_view(session.game, expect(args, 1)[0]), session.game)


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
    scale = number(args[2]) if len(args) > 2 else None
    if scale is not None and scale < 0:
        raise GtpError(SYNTAX_ERROR)
    return _gfx(views.channel_view(session.game, _taps(session), args[0], integer(args[1]), scale), session.game)


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
        return _gfx(views.ladder_view(game.board, point), game)
    except BadVertex:
        raise GtpError("no stone there") from None


def ladders(session: Session, args: Arguments) -> str:
    """Draw all ladders: red stones of chains in atari that cannot escape, orange ones that fall if the attacker moves.

    Squares mark the attacker's working first moves. The text counts the chains.
    """
    expect(args, 0)
    return _gfx(views.ladders_view(session.game), session.game)


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
    return _board(views.liberties_view(session.game.board).labels, session.game)


def pass_alive(session: Session, args: Arguments) -> str:
    """Return a board of colours: black or white where a side's stones and territory are safe even if it always passes.

    This is Benson's algorithm.
    """
    expect(args, 0)
    return _board(views.pass_alive_view(session.game.board).colours, session.game)


def status(session: Session, args: Arguments) -> str:
    """Return a board of colours: stones that are alive are green, dead ones red, those in seki yellow.

    Random playouts judge this ([status.md](status.md)).
    """
    expect(args, 0)
    return _board(views.status_view(session.game.board).colours, session.game)


def owner(session: Session, args: Arguments) -> str:
    """Return who is expected to own each point as a board of numbers, from -1 (white) to 1 (black).

    It is the average over the ends of random playouts ([status.md](status.md)).
    """
    expect(args, 0)
    values = final_status(session.game.board).owner.ravel()
    return _board({point: f"{value:.2f}" for point, value in enumerate(values)}, session.game)


def _taps(session: Session) -> Taps:
    if not isinstance(session.player.policy, Policy):
        raise GtpError("the network has no taps")
    return Taps(session.player.policy)


def _board(texts: Mapping[int, str], game: Game) -> str:
    """Return a board of texts by point, one row a line."""
    rows = range(0, game.size**2, game.size)
    return "\n".join(" ".join(texts.get(row + column, _NOTHING) for column in range(game.size)) for row in rows)


def _gfx(view: View, game: Game) -> str:
    """Return a view in GoGui's gfx format."""
    by_colour: dict[str, list[int]] = {}
    for point, shown in view.colours.items():
        by_colour.setdefault(shown, []).append(point)
    labels = " ".join(f"{point_to_vertex(point, game.size)} {label}" for point, label in view.labels.items())
    moves = " ".join(f"{move.colour.letter} {point_to_vertex(move.point, game.size)}" for move in view.moves)
    lines = [
        *(f"COLOR {shown} {vertices(points, game)}" for shown, points in by_colour.items()),
        f"LABEL {labels}" if labels else "",
        f"SQUARE {vertices(view.squares, game)}" if view.squares else "",
        f"VAR {moves}" if moves else "",
        f"TEXT {view.text(game.size)}",
    ]
    return "\n".join(filter(None, lines))


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

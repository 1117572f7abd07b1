"""What the network and the ladder solver see; these commands are Shicho's own."""

from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadVertex, GtpError
from shicho.engine.ladder import read
from shicho.engine.sampling import top_moves
from shicho.gtp.commands.arguments import colour, expect, integer, vertex
from shicho.gtp.commands.registry import AnalyzeCommand, Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_MOVES = 10


def policy(session: Session, args: Arguments) -> str:
    """Return the most probable legal moves of a colour, one a line, most probable first: `Q16 0.3036`.

    The colour is the side to play and the number of moves 10 unless given. The network's probabilities sum to 1 over
    all moves, illegal ones included.
    """
    expect(args, 0, 2)
    game = session.game
    side = colour(args[0]) if args else game.to_play
    count = integer(args[1]) if len(args) > 1 else _MOVES
    probabilities = session.player.policy.evaluate(game, side).probabilities
    moves = top_moves(probabilities, game.legal_mask(side), count, 0.0)
    return "\n".join(f"{point_to_vertex(move, game.size)} {probabilities[move]:.4f}" for move in moves)


def ladder(session: Session, args: Arguments) -> str:
    """Read the ladder of the chain at a vertex and return the verdict and the moves of both sides.

    The verdict is "captured", "escapes", or "exhausted" if the solver reached its move limit. If the chain has two
    liberties, the attacker moves first; if it is in atari, its owner does. A chain with more liberties escapes.

    > boardsize 7
    =
    > gogui-setup b C6 b B5 b B4 w C5 b F2
    =
    > ladder C5
    = captured b D5 w C4 b C3 w D4 b E4 w D3 b D2 w E3 b F3 w E2 b E1
    """
    board = session.game.board
    point = vertex(expect(args, 1)[0], session.game)
    try:
        reading = read(board, point)
    except BadVertex:
        raise GtpError("no stone there") from None
    verdict = "captured" if reading.captured else "exhausted" if reading.exhausted else "escapes"
    moves = [f"{move.colour.letter} {point_to_vertex(move.point, board.size)}" for move in reading.moves]
    return " ".join([verdict, *moves])


FAMILY = Family(
    "The network and ladders",
    __doc__,
    (
        Command("policy", policy, "[COLOUR [MOVES]]", (AnalyzeCommand("hpstring", "Most probable moves", "%m"),)),
        Command("ladder", ladder, "VERTEX", (AnalyzeCommand("varpo", "Ladder", "%p"),)),
    ),
)

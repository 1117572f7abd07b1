"""Commands of Gomill, whose tournaments write the answers into game records and reports."""

import copy

import numpy as np

from shicho.engine.coords import point_to_vertex
from shicho.gtp.commands.arguments import expect
from shicho.gtp.commands.registry import Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Generated, Session


def describe_engine(session: Session, args: Arguments) -> str:
    """Return name, version, and the settings that decide how the engine plays, with the seed, on several lines."""
    expect(args, 0)
    rules = session.game.rules
    return "\n".join(
        [
            f"Shicho {session.version}",
            "settings: " + ", ".join(f"{name} {text}" for name, text in session.player.settings.as_texts().items()),
            f"seed: {'unknown' if session.seed is None else session.seed}",
            f"rules: {rules.name or 'custom'}, komi {rules.komi:g}",
        ]
    )


def explain_last_move(session: Session, args: Arguments) -> str:
    """Return what the network thought of the move that the engine played last, nothing if the last move is not its own.

    It is the probability of the move, its rank among the legal moves, and the probability of winning before the move
    if the network estimates it: `Q16 0.3036, rank 1 of 362, win probability 0.512`.
    """
    expect(args, 0)
    game, last = session.game, session.generated
    if last is None or not game.moves or last != Generated(game, game.ply, game.moves[-1]):
        return ""
    before = copy.deepcopy(game)
    before.undo()
    evaluation = session.player.policy.evaluate(before, last.move.colour)
    legal = evaluation.probabilities[np.flatnonzero(before.legal_mask(last.move.colour))]
    probability = evaluation.probabilities[last.move.point]
    rank = 1 + int((legal > probability).sum())
    text = f"{point_to_vertex(last.move.point, game.size)} {probability:.4f}, rank {rank} of {len(legal)}"
    win = evaluation.to_play_win_probability
    return text if win is None else f"{text}, win probability {win:.3f}"


def cpu_time(session: Session, args: Arguments) -> str:
    """Return the processor time that the engine has used to choose its moves, in seconds, by all threads together."""
    expect(args, 0)
    return f"{session.genmove_seconds:.3f}"


FAMILY = Family(
    "Gomill",
    __doc__,
    (
        Command("gomill-describe_engine", describe_engine),
        Command("gomill-explain_last_move", explain_last_move),
        Command("gomill-cpu_time", cpu_time),
    ),
)

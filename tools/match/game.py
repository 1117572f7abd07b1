"""One game between two engine processes. Legality and the end of the game are decided here, not by the engines."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum

from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_vertex
from shicho.engine.ending import score_as_judged
from shicho.engine.errors import BadVertex, EngineCrashed, EngineTimeout, IllegalMove, ShichoError
from shicho.engine.game import Game
from shicho.engine.status import final_status
from shicho.gtp.client import GtpClient
from shicho.tools.match.engines import EngineSpec, set_up
from shicho.tools.match.referee import judge
from shicho.tools.match.schedule import GameJob, MatchSettings


class Outcome(StrEnum):
    """The result of a game for our engine; OTHER: nobody won."""

    WIN = "win"
    LOSS = "loss"
    OTHER = "other"


class Reason(StrEnum):
    """How a game ended. Only RESIGNATION and SCORE have a winner."""

    RESIGNATION = "resignation"
    SCORE = "score"
    DRAW = "draw"
    CRASH = "crash"
    TIMEOUT = "timeout"
    ILLEGAL_MOVE = "illegal move"
    REFUSAL = "refused command"
    MOVE_LIMIT = "move limit"
    NO_SCORE = "no score"


@dataclass(frozen=True, kw_only=True)
class GameRecord:
    """The record of a finished game.

    `index`: the number of the game in the match, from 0.
    `result`: in SGF's format: "B+R", "W+3.5", "0" for a draw, or "Void" if there is no result.
    `detail`: one line about a failure, else "".
    `plies`: moves played, passes included.
    `our_moves`, `opponent_moves`: calls of genmove; `our_seconds`, `opponent_seconds`: the wall-clock time in them.
    `referee_score`, `area_score`: the score by the referee and by Shicho, which removes the stones that its playouts
    judge dead. Both are None unless the game ended with two passes. `referee_score` is also None if the referee failed.
    """

    index: int
    our_colour: str
    our_seed: int
    opponent_seed: int
    outcome: Outcome
    result: str
    reason: Reason
    detail: str
    plies: int
    our_moves: int
    our_seconds: float
    opponent_moves: int
    opponent_seconds: float
    referee_score: str | None = None
    area_score: str | None = None

    @property
    def winner_disputed(self) -> bool:
        """Whether the winner differs between `referee_score` and `area_score`."""
        return self.referee_score is not None and self.referee_score[:1] != (self.area_score or "")[:1]

    @property
    def score_disputed(self) -> bool:
        """Whether `referee_score` and `area_score` differ."""
        return self.referee_score is not None and self.referee_score != self.area_score


@dataclass(frozen=True)
class Ending:
    """How a game ended, by colour."""

    reason: Reason
    result: str = "Void"
    winner: Colour | None = None
    detail: str = ""
    referee_score: str | None = None
    area_score: str | None = None


class Side:
    """An engine process that plays one colour, with its number of moves and the seconds it used."""

    def __init__(self, spec: EngineSpec, colour: Colour, client: GtpClient) -> None:
        self.spec = spec
        self.colour = colour
        self.client = client
        self.moves = 0
        self.seconds = 0.0

    def genmove(self) -> str:
        """Send genmove and return the response; a failed attempt counts as a move and its time is added too."""
        started = time.perf_counter()
        try:
            return self.client.send("genmove", self.colour).strip()
        finally:
            self.seconds += time.perf_counter() - started
            self.moves += 1


def play_game(
    settings: MatchSettings,
    job: GameJob,
    *,
    cancel: threading.Event | None = None,
    on_ply: Callable[[int, int], None] = lambda index, ply: None,
) -> tuple[GameRecord, Game]:
    """Play a game to its end and return its record and the game with its moves.

    `on_ply(index, ply)` is called after every move. Failures of the engines do not raise; they end the game and are in
    the record. Raises CancelledError soon after `cancel` is set.
    """
    game = Game(settings.size, settings.rules)
    specs = {
        job.our_colour: (settings.ours, job.our_seed),
        job.our_colour.opponent: (settings.opponent, job.opponent_seed),
    }
    sides: dict[Colour, Side] = {}
    with ExitStack() as stack:
        try:
            for colour, (spec, seed) in specs.items():
                client = spec.start(seed, label=str(colour), timeout=settings.move_timeout, cancel=cancel)
                sides[colour] = Side(spec, colour, stack.enter_context(client))
                set_up(client, settings.size, settings.komi)
            ending = _play_moves(game, sides, settings.max_plies, lambda ply: on_ply(job.index, ply))
        except ShichoError as error:
            ending = Ending(_reason(error), detail=str(error))
    if ending.reason is Reason.SCORE:
        ending = _score(game, settings, cancel)
    if cancel and cancel.is_set():
        raise CancelledError
    return _record(job, game, ending, sides), game


def _play_moves(game: Game, sides: dict[Colour, Side], max_plies: int, on_ply: Callable[[int], None]) -> Ending:
    while game.ply < max_plies:
        mover = sides[game.to_play]
        answer = mover.genmove()
        if answer.lower() == "resign":
            game.resign(mover.colour)
            return Ending(Reason.RESIGNATION, game.result_text(), mover.colour.opponent)
        try:
            game.play(mover.colour, answer)
        except (BadVertex, IllegalMove) as error:
            return Ending(Reason.ILLEGAL_MOVE, detail=f"{mover.client.name}: {error}")
        on_ply(game.ply)
        if game.is_over:
            return Ending(Reason.SCORE)
        sides[mover.colour.opponent].client.send("play", mover.colour, answer)
    return Ending(Reason.MOVE_LIMIT, detail=f"not over after {max_plies} plies")


def _score(game: Game, settings: MatchSettings, cancel: threading.Event | None) -> Ending:
    moves = [(move.colour, point_to_vertex(move.point, game.size)) for move in game.moves]
    area = str(score_as_judged(game, final_status(game.board)))
    try:
        verdict = judge(
            settings.referee, moves, size=game.size, komi=game.komi, timeout=settings.move_timeout, cancel=cancel
        )
    except ShichoError as error:
        return Ending(Reason.NO_SCORE, detail=str(error), area_score=area)
    reason = Reason.SCORE if verdict.winner else Reason.DRAW
    return Ending(reason, verdict.text, verdict.winner, referee_score=verdict.text, area_score=area)


def _reason(error: ShichoError) -> Reason:
    if isinstance(error, EngineTimeout):
        return Reason.TIMEOUT
    return Reason.CRASH if isinstance(error, EngineCrashed) else Reason.REFUSAL


def _record(job: GameJob, game: Game, ending: Ending, sides: dict[Colour, Side]) -> GameRecord:
    if ending.winner is None:
        outcome = Outcome.OTHER
    else:
        outcome = Outcome.WIN if ending.winner is job.our_colour else Outcome.LOSS
    ours, opponent = sides.get(job.our_colour), sides.get(job.our_colour.opponent)
    return GameRecord(
        index=job.index,
        our_colour=str(job.our_colour),
        our_seed=job.our_seed,
        opponent_seed=job.opponent_seed,
        outcome=outcome,
        result=ending.result,
        reason=ending.reason,
        detail=ending.detail,
        plies=game.ply,
        our_moves=ours.moves if ours else 0,
        our_seconds=round(ours.seconds, 6) if ours else 0.0,
        opponent_moves=opponent.moves if opponent else 0,
        opponent_seconds=round(opponent.seconds, 6) if opponent else 0.0,
        referee_score=ending.referee_score,
        area_score=ending.area_score,
    )

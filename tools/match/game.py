"""One game between two engine processes. Legality and the end of the game are decided here, not by the engines."""

import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import ExitStack
from dataclasses import dataclass

from shicho.engine.colour import Colour
from shicho.engine.errors import BadVertex, EngineCrashed, EngineTimeout, IllegalMove, ShichoError
from shicho.engine.game import Game
from shicho.tools.match.engines import CannotPlay, EngineSpec, prepare
from shicho.tools.match.openings import moves_digest
from shicho.tools.match.pairing import GameJob
from shicho.tools.match.processes import Processes, RunningEngine
from shicho.tools.match.record import DRAW, VOID, GameRecord, Reason, SideRecord
from shicho.tools.match.referee import Count, count
from shicho.tools.match.settings import MatchSettings
from shicho.tools.match.time_control import Clock
from shicho.tools.match.usage import Usage

_SECONDS_AFTER_THE_FLAG = 0.05
_NOT_COUNTED = Count()


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a game ended; the fields are those of `GameRecord`."""

    reason: Reason
    result: str = VOID
    at_fault: Colour | None = None
    detail: str = ""
    count: Count = _NOT_COUNTED


class SideFailed(ShichoError):
    """An engine broke the game."""

    def __init__(self, colour: Colour, reason: Reason, detail: str) -> None:
        super().__init__(colour, reason, detail)
        self.ending = Ending(reason=reason, at_fault=colour, detail=detail)


class Side:
    """An engine that plays one colour, with its clock, its number of moves and the seconds it used."""

    def __init__(self, spec: EngineSpec, colour: Colour, seed: int, clock: Clock | None) -> None:
        self.spec = spec
        self.colour = colour
        self.seed = seed
        self.clock = clock
        self.running: RunningEngine | None = None
        self.moves = 0
        self.seconds = 0.0
        self.usage: Usage | None = None

    @property
    def has_lost_on_time(self) -> bool:
        """Whether a move took longer than the time left."""
        return self.clock is not None and self.clock.flag_fell

    def start(self, processes: Processes, stack: ExitStack) -> None:
        """Start the engine, or take it over from the game before; raises SideFailed."""
        try:
            self.running = stack.enter_context(processes.running(self.spec, self.seed, str(self.colour)))
        except ShichoError as error:
            raise self._failed(error) from None
        self.seed = self.running.seed

    def prepare(self, settings: MatchSettings, job: GameJob) -> None:
        """Send rules, size, komi, time and opening; raises CannotPlay if the engine refuses, SideFailed if it fails."""
        assert self.running
        try:
            prepare(
                self.running.client,
                self.spec,
                size=settings.size,
                rules=settings.rules,
                opening=job.opening,
                time_control=settings.time_control,
            )
        except CannotPlay:
            raise
        except ShichoError as error:
            raise self._failed(error) from None

    def genmove(self) -> str:
        """Send genmove and return the response. A failed attempt counts as a move, and its time is added as well.

        With a clock, the engine is told its time, and is not waited for longer than that. Raises SideFailed.
        """
        timeout = None
        if self.clock:
            self.send("time_left", self.colour, *self.clock.time_left())
            timeout = self.clock.seconds_to_flag + _SECONDS_AFTER_THE_FLAG
        started = time.perf_counter()
        try:
            return self.send("genmove", self.colour, timeout=timeout).strip()
        finally:
            seconds = time.perf_counter() - started
            self.seconds += seconds
            self.moves += 1
            if self.clock:
                self.clock.spend(seconds)

    def send(self, command: str, *args: object, timeout: float | None = None) -> str:
        """Send a command and return the response; raises SideFailed."""
        assert self.running
        try:
            return self.running.client.send(command, *args, timeout=timeout)
        except ShichoError as error:
            raise self._failed(error) from None

    def illegal(self, error: ShichoError) -> SideFailed:
        """Return the error for an answer that is no legal move."""
        assert self.running
        return SideFailed(self.colour, Reason.ILLEGAL_MOVE, f"{self.running.client.name}: {error}")

    def record(self) -> SideRecord:
        """Return the record of this side."""
        return SideRecord(
            engine=self.spec.name,
            seed=self.seed,
            moves=self.moves,
            seconds=round(self.seconds, 6),
            cpu_seconds=round(self.usage.cpu_seconds, 2) if self.usage else None,
            peak_mib=round(self.usage.peak_mib, 1) if self.usage else None,
        )

    def _failed(self, error: ShichoError) -> SideFailed:
        if isinstance(error, EngineTimeout):
            reason = Reason.TIMEOUT
        else:
            reason = Reason.CRASH if isinstance(error, EngineCrashed) else Reason.REFUSAL
        return SideFailed(self.colour, reason, str(error))


def play_game(
    settings: MatchSettings,
    job: GameJob,
    processes: Processes,
    *,
    on_ply: Callable[[int, int], None] = lambda index, ply: None,
) -> tuple[GameRecord, Game]:
    """Play a game to its end and return its record and the game with its moves.

    `on_ply(index, ply)` is called after every move. Failures of the engines do not raise; they end the game and are in
    the record. Raises CannotPlay if an engine refuses what all games of the match have in common, and CancelledError
    soon after the `cancel` of `processes` is set.
    """
    game = job.opening.game(settings.size, settings.rules)
    sides = {}
    for colour in Colour:
        number, seed = job.player(colour)
        clock = Clock(settings.time_control) if settings.time_control else None
        sides[colour] = Side(settings.engines[number], colour, seed, clock)
    try:
        with ExitStack() as stack:
            for side in sides.values():
                side.start(processes, stack)
            for side in sides.values():
                side.prepare(settings, job)
            try:
                ending = _play_moves(game, sides, settings.max_plies, lambda ply: on_ply(job.index, ply))
            finally:
                for side in sides.values():
                    side.usage = side.running.usage() if side.running else None
    except SideFailed as failure:
        ending = failure.ending
    if ending.reason is Reason.SCORE:
        ending = _counted(count(game, job.opening, settings, processes))
    if processes.cancel and processes.cancel.is_set():
        raise CancelledError
    return _record(job, game, ending, sides), game


def _play_moves(game: Game, sides: dict[Colour, Side], max_plies: int, on_ply: Callable[[int], None]) -> Ending:
    while game.ply < max_plies:
        mover = sides[game.to_play]
        opponent = sides[mover.colour.opponent]
        try:
            answer = mover.genmove()
        except SideFailed:
            if not mover.has_lost_on_time:
                raise
        if mover.has_lost_on_time:
            return Ending(reason=Reason.TIME, result=f"{opponent.colour.letter.upper()}+T")
        if answer.lower() == "resign":
            game.resign(mover.colour)
            return Ending(reason=Reason.RESIGNATION, result=game.result_text())
        try:
            game.play(mover.colour, answer)
        except (BadVertex, IllegalMove) as error:
            raise mover.illegal(error) from None
        on_ply(game.ply)
        if game.is_over:
            return Ending(reason=Reason.SCORE)
        opponent.send("play", mover.colour, answer)
    return Ending(reason=Reason.MOVE_LIMIT, detail=f"not over after {max_plies} plies")


def _counted(scores: Count) -> Ending:
    if scores.verdict is None:
        return Ending(reason=Reason.NO_SCORE, detail=scores.failure, count=scores)
    if scores.verdict.winner is None:
        return Ending(reason=Reason.DRAW, result=DRAW, count=scores)
    return Ending(reason=Reason.SCORE, result=scores.verdict.text, count=scores)


def _record(job: GameJob, game: Game, ending: Ending, sides: dict[Colour, Side]) -> GameRecord:
    return GameRecord(
        index=job.index,
        pair=job.pair,
        opening=job.opening.name,
        black=sides[Colour.BLACK].record(),
        white=sides[Colour.WHITE].record(),
        result=ending.result,
        reason=ending.reason,
        at_fault=ending.at_fault,
        detail=ending.detail,
        plies=len(game.moves) - len(job.opening.moves),
        moves_digest=moves_digest(game.moves, game.size, setup=game.setup),
        referee_score=ending.count.referee_score,
        area_score=ending.count.area_score,
        sgf=f"games/{job.index + 1:04d}.sgf",
    )

"""Running a match from its settings to its report; every command that plays a match uses this module."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from shicho.engine.errors import BadConfig, ShichoError, one_line
from shicho.engine.game import Game
from shicho.tools.console import INTERRUPTED, cores
from shicho.tools.match.engines import CannotPlay
from shicho.tools.match.executors import (
    DaskExecutor,
    Executor,
    LocalExecutor,
    WorkersDied,
    played,
    shares_of_cores,
)
from shicho.tools.match.game import play_game
from shicho.tools.match.pairing import GameJob, game_job, game_jobs
from shicho.tools.match.processes import Processes
from shicho.tools.match.record import GameRecord, Reason
from shicho.tools.match.report.terminal import Display, duel_table, standings_table
from shicho.tools.match.results import MatchFolder
from shicho.tools.match.settings import MatchSettings
from shicho.tools.match.sprt import Decision, Sprt
from shicho.tools.match.statistics import score_disputed

FAULTS_IN_A_ROW = 3


class EngineKeepsFailing(ShichoError):
    """An engine has broken several games in a row in the same way, or the referee could not count several."""


@dataclass(frozen=True, kw_only=True)
class MatchOptions:
    """How a match is run; none of these options changes its games.

    `games`: how many games are played in all; `jobs`: how many at a time, None for one per core.
    `affinity`: whether each game that is being played has cores of its own. `scheduler`: the address of a Dask cluster.
    `sprt`: a sequential test of the first engine against the second, which ends the match when it is decided.
    `anchor`: an engine and its fixed rating.
    """

    games: int
    jobs: int | None = None
    affinity: bool = False
    scheduler: str | None = None
    sprt: Sprt | None = None
    anchor: tuple[str, float] | None = None


def run_match(path: Path, settings: MatchSettings, options: MatchOptions) -> None:
    """Play the games that are missing in a folder and print and write the results of all.

    SIGTERM interrupts it like Ctrl-C. After an interruption, or a failure that ends the match early, it prints the
    results so far and one line on stderr, and raises typer.Exit. Raises the errors of `MatchFolder` as well.
    """
    if options.sprt and len(settings.engines) > 2:
        raise BadConfig("--sprt is for two engines")
    if options.anchor and options.anchor[0] not in settings.names:
        raise BadConfig(
            f"--anchor: no engine {options.anchor[0]!r} in the match: there are {', '.join(settings.names)}"
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    go_on = f"the same command with --out {path} goes on"
    with MatchFolder(path, settings) as folder:
        try:
            _play_missing(folder, options)
        except KeyboardInterrupt:
            _conclude(folder, options)
            left = options.games - len(folder.records)
            print(f"\ninterrupted with {left} games to play; {go_on}", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        except (CannotPlay, EngineKeepsFailing, WorkersDied, OSError) as error:
            if not isinstance(error, OSError):
                _conclude(folder, options)
            print(f"{one_line(error)}; {len(folder.records)} games are kept, and {go_on}", file=sys.stderr)
            raise typer.Exit(1) from None
        _conclude(folder, options)


def play_again(path: Path, settings: MatchSettings, number: int) -> None:
    """Play game `number`, counted from 1, again, write it into `replays/` and say whether its moves are the same.

    Raises BadConfig if the match in the folder has no such game.
    """
    with MatchFolder(path, settings) as folder:
        old = next((record for record in folder.records if record.index == number - 1), None)
        if old is None:
            raise BadConfig(f"--only {number}: {path} has no game of that number")
        with Processes(settings.rules, timeout=settings.move_timeout) as processes:
            record, game = play_game(settings, game_job(settings, number - 1), processes)
        again = folder.replay(record, game)
    print(f"game {number}: {record.result} by {record.reason}, {record.plies} moves: {again}")
    same = old.moves_digest == record.moves_digest
    print(f"the match has {old.result} by {old.reason}, {'the same' if same else 'other'} moves: {path / old.sgf}")


def _conclude(folder: MatchFolder, options: MatchOptions) -> None:
    """Write all files and print the final table."""
    folder.report(anchor=options.anchor, sprt=options.sprt)
    console = Console()
    console.print(table(folder.settings, folder.records, options))
    for record in filter(score_disputed, folder.records):
        counts = f"{record.referee_score} by the referee, {record.area_score} by Shicho"
        console.print(f"counted differently: {folder.path / record.sgf}: {counts}", highlight=False, soft_wrap=True)
    files = f"{folder.results}, {folder.path / 'report.html'} and {folder.path / 'games'}"
    console.print(files, highlight=False, soft_wrap=True)


def table(settings: MatchSettings, records: Sequence[GameRecord], options: MatchOptions) -> Table:
    """Return the table that is printed at the end of a match."""
    what = f"on {settings.size}x{settings.size}, komi {settings.rules.komi:g}, seed {settings.seed}"
    if len(settings.engines) > 2:
        return standings_table(f"{len(records)} games {what}", records, settings.names, anchor=options.anchor)
    first, second = settings.engines
    return duel_table(
        (first.title, second.title),
        records,
        (first.name, second.name),
        settings=what,
        referee=settings.referee.title if settings.referee else "Shicho",
        sprt=options.sprt,
    )


class Faults:
    """Ends a match when an engine breaks three games in a row in the same way, or the referee cannot count three."""

    def __init__(self) -> None:
        self._faults: dict[str, list[Reason]] = {}
        self._not_counted = 0

    def add(self, record: GameRecord) -> None:
        """Take a finished game; raises EngineKeepsFailing."""
        for side in (record.black, record.white):
            faults = self._faults.setdefault(side.engine, [])
            if not record.at_fault or record.side(record.at_fault) is not side or record.reason not in faults:
                faults.clear()
            if record.at_fault and record.side(record.at_fault) is side:
                faults.append(record.reason)
            if len(faults) == FAULTS_IN_A_ROW:
                raise EngineKeepsFailing(f"{side.engine} broke {len(faults)} games in a row: {record.detail}")
        if record.reason is Reason.NO_SCORE:
            self._not_counted += 1
        elif record.reason in (Reason.SCORE, Reason.DRAW):
            self._not_counted = 0
        if self._not_counted == FAULTS_IN_A_ROW:
            raise EngineKeepsFailing(f"the referee failed {FAULTS_IN_A_ROW} times in a row: {record.detail}")


def _play_missing(folder: MatchFolder, options: MatchOptions) -> None:
    settings, done = folder.settings, folder.records
    jobs = game_jobs(settings, options.games, {record.index for record in done})
    folder.save()
    faults = Faults()
    display = Display(Console(stderr=True), settings.names, max(options.games, len(done)), done)
    with display, _executor(settings, options, len(jobs), display.ply) as executor:
        for record, game in _undecided(folder, options, executor, jobs):
            folder.add(record, game)
            display.finished(record)
            faults.add(record)


def _undecided(
    folder: MatchFolder, options: MatchOptions, executor: Executor, jobs: Sequence[GameJob]
) -> Iterator[tuple[GameRecord, Game]]:
    """Yield finished games until all have been played or the sequential test is decided."""
    sprt, first = options.sprt, folder.settings.names[0]
    if not jobs or (sprt and sprt.decide(folder.records, first).decision is not Decision.CONTINUE):
        return
    for finished in played(executor, jobs):
        yield finished
        if sprt and sprt.decide(folder.records, first).decision is not Decision.CONTINUE:
            return


def _executor(
    settings: MatchSettings, options: MatchOptions, jobs: int, on_ply: Callable[[int, int], None]
) -> DaskExecutor | LocalExecutor:
    if options.scheduler:
        if options.jobs or options.affinity:
            raise BadConfig("--scheduler excludes --jobs and --affinity: the cluster decides")
        return DaskExecutor(settings, options.scheduler)
    at_once = min(options.jobs or cores(), max(1, jobs))
    return LocalExecutor(settings, at_once, cores=shares_of_cores(at_once) if options.affinity else (), on_ply=on_ply)

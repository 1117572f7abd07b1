"""The output of a match on the terminal: progress while it runs, and the final table."""

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from shicho.tools.match.game import GameRecord
from shicho.tools.match.schedule import MatchSettings
from shicho.tools.match.statistics import Summary, Tally, summarise


class Display:
    """Prints one line per finished game and, on a terminal, progress bars for the match and the running games.

    A context manager. `games` is the number of games of the match, `done` the games that are already finished.
    """

    def __init__(self, console: Console, settings: MatchSettings, games: int, done: Iterable[GameRecord]) -> None:
        self._console = console
        self._settings = settings
        self._games = games
        self._records = list(done)
        self._running: dict[int, TaskID] = {}
        self._lock = threading.Lock()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._all = self._progress.add_task("", total=games, completed=len(self._records))
        self._show_score()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def ply(self, index: int, ply: int) -> None:
        """Show the ply of a running game; may be called from any thread."""
        with self._lock:
            if index not in self._running:
                self._running[index] = self._progress.add_task(f"  game {index + 1}, moves", total=None)
            self._progress.update(self._running[index], completed=ply)

    def finished(self, record: GameRecord) -> None:
        """Print the line of a finished game and update the score."""
        self._records.append(record)
        with self._lock:
            if record.index in self._running:
                self._progress.remove_task(self._running.pop(record.index))
        self._progress.update(self._all, completed=len(self._records))
        self._show_score()
        self._console.print(self._line(record), highlight=False, soft_wrap=True, markup=False)

    def _show_score(self) -> None:
        tally = Tally.of(self._records)
        score = f"won {tally.wins}, lost {tally.losses}, other {tally.other}"
        self._progress.update(self._all, description=f"{escape(self._settings.ours.name)} {score}")

    def _line(self, record: GameRecord) -> str:
        parts = [
            f"game {record.index + 1} ({len(self._records)} of {self._games} done)",
            f"{self._settings.ours.name} {record.our_colour}",
            f"{record.outcome}: {record.result} by {record.reason}" + (f" ({record.detail})" if record.detail else ""),
            f"{record.plies} moves",
        ]
        if record.score_disputed:
            parts.append(f"Shicho counts {record.area_score}")
        return ", ".join(parts)


def result_table(settings: MatchSettings, records: list[GameRecord]) -> Table:
    """Return the table that is printed at the end of a match."""
    summary = summarise(records)
    table = Table(
        title=escape(f"{settings.ours.title} against {settings.opponent.title}"),
        show_header=False,
        title_justify="left",
    )
    table.add_column()
    table.add_column()
    for name, value in _rows(settings, summary):
        table.add_row(name, escape(value))
    return table


def _rows(settings: MatchSettings, summary: Summary) -> Iterable[tuple[str, str]]:
    total = summary.total
    yield "games", f"{total.games} on {settings.size}x{settings.size}, komi {settings.komi:g}, seed {settings.seed}"
    yield "won", _tally(total)
    for colour, tally in summary.by_colour.items():
        yield f"  as {colour}", _tally(tally)
    low, high = total.wilson_interval()
    rate = "-" if total.win_rate is None else f"{100 * total.win_rate:.1f} %"
    yield "games won", f"{rate}, Wilson 95 % interval {100 * low:.1f} to {100 * high:.1f} % (other: not won)"
    yield "endings", ", ".join(f"{count} {reason}" for reason, count in summary.reasons.items()) or "-"
    yield "mean length", "-" if summary.mean_plies is None else f"{summary.mean_plies:.1f} moves"
    yield (
        "seconds a move",
        ", ".join(
            f"{spec.name} {'-' if seconds is None else f'{seconds:.3f}'}"
            for spec, seconds in (
                (settings.ours, summary.our_seconds_a_move),
                (settings.opponent, summary.opponent_seconds_a_move),
            )
        ),
    )
    disputes = f"{summary.winners_disputed} other winners, {summary.scores_disputed} other scores"
    yield "referee", f"{settings.referee.title}; counted by Shicho: {disputes} in {summary.games_scored} games"


def _tally(tally: Tally) -> str:
    return f"{tally.wins} won, {tally.losses} lost, {tally.other} other, of {tally.games}"

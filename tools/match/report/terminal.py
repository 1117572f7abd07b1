"""The output of a match on the terminal: progress while it runs, and the final table."""

import threading
from collections.abc import Iterable, Iterator, Sequence
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

from shicho.engine.colour import Colour
from shicho.tools.match.rating import ratings
from shicho.tools.match.record import GameRecord
from shicho.tools.match.sprt import Sprt
from shicho.tools.match.statistics import Summary, Tally, colour_of, score_disputed, summarise


class Display:
    """Prints one line per finished game and, on a terminal, progress bars for the match and the running games.

    A context manager. `engines`: the names of all engines; of two, the first is the one whose wins and losses are
    shown. `games`: the number of games of the match. `done`: the games that are already finished.
    """

    def __init__(self, console: Console, engines: Sequence[str], games: int, done: Iterable[GameRecord]) -> None:
        self._console = console
        self._engines = engines
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
        tallies = {engine: Tally.of(self._records, engine) for engine in self._engines}
        if len(tallies) == 2:
            first, tally = next(iter(tallies.items()))
            score = f"{first} won {tally.wins}, lost {tally.losses}, other {_other(tally)}"
        else:
            score = ", ".join(f"{engine} {_points(tally)} of {tally.finished}" for engine, tally in tallies.items())
        self._progress.update(self._all, description=escape(score))

    def _line(self, record: GameRecord) -> str:
        first = self._engines[0]
        ending = f"{record.result} by {record.reason}" + (f" ({record.detail})" if record.detail else "")
        if len(self._engines) == 2:
            what = [f"{first} {colour_of(record, first)}", f"{_outcome(record, first)}: {ending}"]
        else:
            what = [f"{record.black.engine} (black) against {record.white.engine} (white)", ending]
        parts = [
            f"game {record.index + 1} ({len(self._records)} of {self._games} done)",
            *what,
            f"{record.plies} moves",
        ]
        if score_disputed(record):
            parts.append(f"Shicho counts {record.area_score}")
        return ", ".join(parts)


def duel_table(
    titles: tuple[str, str],
    records: Sequence[GameRecord],
    engines: tuple[str, str],
    *,
    settings: str,
    referee: str,
    sprt: Sprt | None = None,
) -> Table:
    """Return the final table of a match of two engines, from the side of the first.

    `titles`: the engines' names with version and detail. `settings`: what follows the number of games, such as "on 9x9,
    komi 7.5, seed 1". `referee`: its title.
    """
    table = Table(title=escape(f"{titles[0]} against {titles[1]}"), show_header=False, title_justify="left")
    table.add_column()
    table.add_column()
    for name, value in _rows(summarise(records, engines[0]), engines, settings, referee):
        table.add_row(name, escape(value))
    if sprt:
        table.add_row("sequential test", f"{sprt.elo0:g} or {sprt.elo1:g} Elo: {sprt.decide(records, engines[0])}")
    return table


def standings_table(
    title: str, records: Sequence[GameRecord], engines: Sequence[str], *, anchor: tuple[str, float] | None = None
) -> Table:
    """Return the final table of a match of more than two engines, the best first; engines without games come last.

    `anchor`: an engine and its fixed rating. Without links between all engines there are no ratings.
    """
    table = Table(title=escape(title), title_justify="left")
    table.add_column("engine")
    for heading in ("games", "points", "score", "broken", "Elo", "95 % interval"):
        table.add_column(heading, justify="right")
    sign = "" if anchor else "+"
    elos = {rating.engine: rating.elo for rating in ratings(records, anchor=anchor) or ()}
    tallies = {engine: Tally.of(records, engine) for engine in engines}
    for engine in sorted(engines, key=lambda name: -(elos[name].value if name in elos else tallies[name].score or -1)):
        tally, elo = tallies[engine], elos.get(engine)
        table.add_row(
            escape(engine),
            str(tally.games),
            _points(tally),
            "-" if tally.score is None else f"{100 * tally.score:.1f} %",
            str(tally.broken),
            f"{elo.value:{sign}.0f}" if elo else "-",
            f"{elo.low:{sign}.0f} to {elo.high:{sign}.0f}" if elo else "-",
        )
    return table


def _rows(summary: Summary, engines: tuple[str, str], settings: str, referee: str) -> Iterator[tuple[str, str]]:
    total = summary.total
    yield "games", f"{total.games} {settings}"
    yield "won", _tally(total)
    for colour in Colour:
        yield f"  as {colour}", _tally(summary.by_colour[str(colour)])
    low, high = total.wilson_interval()
    rate = "-" if total.win_rate is None else f"{100 * total.win_rate:.1f} %"
    yield "games won", f"{rate}, Wilson 95 % interval {100 * low:.1f} to {100 * high:.1f} % (other: not won)"
    yield "Elo difference", str(summary.elo or "-")
    if summary.duplicates:
        yield "repeated games", f"{summary.duplicates}; without them {_tally(summary.distinct)}"
    yield "endings", ", ".join(f"{count} {reason}" for reason, count in summary.reasons.items()) or "-"
    yield "mean length", "-" if summary.mean_plies is None else f"{summary.mean_plies:.1f} moves"
    seconds = {engine: summary.seconds_a_move.get(engine) for engine in engines}
    yield (
        "seconds a move",
        ", ".join(f"{engine} {'-' if mean is None else f'{mean:.3f}'}" for engine, mean in seconds.items()),
    )
    disputes = f"{summary.winners_disputed} other winners, {summary.scores_disputed} other scores"
    counted = f"; counted by Shicho: {disputes} in {summary.games_scored} games" if summary.games_scored else ""
    yield "referee", referee + counted


def _outcome(record: GameRecord, engine: str) -> str:
    """Return what the game was for an engine: a win, a loss, or other if nobody won."""
    if record.winner is None:
        return "other"
    return "win" if record.side(record.winner).engine == engine else "loss"


def _other(tally: Tally) -> int:
    """Return how many games nobody won."""
    return tally.draws + tally.broken


def _tally(tally: Tally) -> str:
    return f"{tally.wins} won, {tally.losses} lost, {_other(tally)} other, of {tally.games}"


def _points(tally: Tally) -> str:
    return f"{tally.wins + tally.draws / 2:g}"

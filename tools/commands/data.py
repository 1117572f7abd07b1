"""`shicho data`: build a game store from SGF, and show what a store holds."""

import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from shicho.tools.console import cores

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from shicho.training.data.build import Reporter
    from shicho.training.data.sources import GameSource
    from shicho.training.data.store import Source

app = typer.Typer(no_args_is_help=True, help="Game records: build a store from SGF, show what a store holds.")


class _BuildCommand(TyperCommand):
    """Accept `--as-test NAME PATH` several times: typer has no option type for this, so it is parsed as NAME=PATH."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        joined: list[str] = []
        rest = iter(args)
        for argument in rest:
            if argument == "--as-test":
                argument = f"--as-test={next(rest, '')}={next(rest, '')}"
            joined.append(argument)
        return super().parse_args(ctx, joined)


@app.command(cls=_BuildCommand)
def build(
    sources: Annotated[list[Path], typer.Argument(help="Folders, .sgf, .gz/.xz of it, .tar.*, .zip.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The HDF5 file to write.")],
    take: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=COUNT", help="Use only COUNT records of this folder or archive, drawn by seed."),
    ] = None,
    as_test: Annotated[
        list[str] | None,
        typer.Option("--as-test", metavar="NAME PATH", help="Make the games at PATH the test source NAME."),
    ] = None,
    min_rank: Annotated[
        str | None,
        typer.Option(metavar="RANK", help="In --as-test sources evaluate only moves of players from this rank (6d)."),
    ] = None,
    ownership: Annotated[
        bool, typer.Option("--ownership", help="Estimate who owns each point at the end of games that were counted.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes that parse (default: one a core).")] = None,
    seed: Annotated[int, typer.Option(min=0, help="For --take.")] = 0,
) -> None:
    """Read games, leave out duplicates and unusable records, split by game, write one HDF5 file, print the counts."""
    from rich.console import Console

    from shicho.engine.errors import BadConfig, BadRecord
    from shicho.training.data.build import Take, build_games
    from shicho.training.data.sources import find_sources
    from shicho.training.data.store import write_store

    if problem := _unwritable(output):
        raise BadConfig(f"cannot write {output}: {problem}")
    if min_rank is not None and not as_test:
        raise BadConfig("--min-rank is for --as-test sources, and there are none")
    rank = None if min_rank is None else _parse_rank(min_rank)
    found = find_sources(sources, [_parse_test(text) for text in as_test or ()], test_min_rank=rank)
    takes = [Take.parse(text) for text in take or ()]
    with build_progress(found) as report:
        games, account = build_games(
            found, takes=takes, ownership=ownership, jobs=jobs or cores(), seed=seed, report=report
        )
        if not len(games):
            raise BadRecord("no game is usable", ", ".join(str(source) for source in sources))
        write_store(output, games, account, shlex.join(["shicho", *sys.argv[1:]]))
    print_account(Console(), account)
    typer.echo(f"{output}: {output.stat().st_size / 1e6:.1f} MB, {_splits(games.split, games.lengths)}")


@app.command()
def show(
    store: Annotated[Path, typer.Argument(help="An HDF5 file made by `shicho data build`.")],
    every: Annotated[bool, typer.Option("--every", help="A line for each archive instead of each folder.")] = False,
) -> None:
    """Print where the games of a store came from and what was left out."""
    from rich.console import Console

    from shicho.training.data.store import GameStore

    games = GameStore.open(store)
    print_account(Console(), games.sources, every=every)
    typer.echo(f"{store}: {store.stat().st_size / 1e6:.1f} MB, {_splits(games.split, games.lengths)}")
    typer.echo(f"made by: {games.command}")


def _parse_test(text: str) -> tuple[str, Path]:
    from shicho.engine.errors import BadConfig

    name, _, path = text.partition("=")
    if not name or not path:
        raise BadConfig("--as-test takes a name and a path")
    return name, Path(path)


def _parse_rank(text: str) -> int:
    from shicho.engine.errors import BadConfig, brief
    from shicho.training.data.records import read_rank

    rank = read_rank(text.encode(errors="replace"))
    if not rank:
        raise BadConfig(f"--min-rank {brief(text)}: not a rank such as 5k, 6d or 1p")
    return rank


def _unwritable(output: Path) -> str:
    """Return why no file can be written there, "" if one can; called before the long work."""
    if output.is_dir():
        return "it is a folder"
    if not output.parent.is_dir():
        return "no such folder"
    return "" if os.access(output.parent, os.W_OK) else "no permission to write in that folder"


@contextmanager
def build_progress(sources: Sequence["GameSource"]) -> Iterator["Reporter"]:
    """Show a progress bar on a terminal; print lines about bad records to stderr in any case."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from shicho.training.data.build import Reporter

    console = Console(stderr=True)
    size = sum(file.path.stat().st_size for source in sources for file in source.files)
    columns = (TextColumn("reading games"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("read", total=size)

        def message(line: str) -> None:
            if console.is_terminal:
                console.print(line, markup=False, highlight=False, soft_wrap=True)
            else:
                sys.stderr.write(f"{line}\n")

        yield Reporter(message=message, advance=lambda count: progress.advance(task, count))


def _splits(split: Any, lengths: Any) -> str:
    from shicho.training.data.store import SPLITS

    parts = [
        f"{name} {int((split == number).sum()):,} games {int(lengths[split == number].sum()):,} moves"
        for number, name in enumerate(SPLITS)
    ]
    return "; ".join(parts)


def print_account(console: "Console", sources: Sequence["Source"], every: bool = False) -> None:
    """Print how many games and moves of each source were read, kept, and left out for which reason."""
    lines = _grouped(sources, every)
    games = {name: (sum(s.games_read for s in of), sum(s.kept_games for s in of)) for name, of in lines.items()}
    moves = {name: (sum(s.moves_read for s in of), sum(s.kept_moves for s in of)) for name, of in lines.items()}
    games_out = {name: _summed(source.left_out for source in of) for name, of in lines.items()}
    moves_out = {name: _summed(source.moves_left_out for source in of) for name, of in lines.items()}
    if not console.is_terminal:
        console.width = max(console.width, 200)
    console.print(_table("Games", games, games_out))
    console.print(_table("Moves", moves, moves_out))
    for reason, count in _summed(source.cut for source in sources).items():
        console.print(f"kept games cut short: {reason} {count:,}")
    damaged = sum(source.damaged for source in sources)
    if damaged:
        console.print(f"archives or files that broke off, what they still held unknown: {damaged}")


def _grouped(sources: Sequence["Source"], every: bool) -> dict[str, list["Source"]]:
    lines: dict[str, list[Source]] = {}
    for source in sources:
        name = source.name if every else source.group
        lines.setdefault(f"{name} (test)" if source.test else name, []).append(source)
    return {**lines, "total": list(sources)} if len(lines) > 1 else lines


def _summed(counts: Any) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return +total


def _table(title: str, kept: dict[str, tuple[int, int]], left_out: dict[str, Counter[str]]) -> "Table":
    from rich.table import Table

    reasons = list(dict.fromkeys(reason for counts in left_out.values() for reason in counts))
    table = Table(title=title, title_justify="left")
    table.add_column("source")
    for heading in ("read", "kept", *reasons):
        table.add_column(heading, justify="right")
    for name, (read, stay) in kept.items():
        if name == "total":
            table.add_section()
        counts = [left_out[name][reason] for reason in reasons]
        table.add_row(name, f"{read:,}", f"{stay:,}", *(f"{count:,}" for count in counts))
    return table

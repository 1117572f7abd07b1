"""`shicho evaluate`: how well a network predicts moves it has not seen."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

if TYPE_CHECKING:
    from shicho.training.data.dataset import Batch
    from shicho.training.data.store import GameStore
    from shicho.training.evaluate import OpenNetwork

Track = Callable[[str, Iterable["Batch"]], Iterable["Batch"]]

NetworkPlace = Annotated[Path, typer.Argument(help="An ONNX file, a checkpoint folder or a run folder.", exists=True)]
StoreFile = Annotated[Path, typer.Argument(metavar="GAMES.h5", help="A store made by `shicho data build`.")]
Sources = Annotated[
    list[str] | None, typer.Option("--source", help="This one (may be repeated), not all test sources.")
]
Split = Annotated[str | None, typer.Option(help="train, validation or test, instead of a source.")]
Groupings = Annotated[list[str] | None, typer.Option(help="Also by phase, year or source; repeatable.")]
Chart = Annotated[
    Path | None, typer.Option(metavar="PICTURE", help="Draw reliability, and what --by asks for, into a picture.")
]
Symmetries = Annotated[int, typer.Option(help="1, or 8 to average over all transforms of the board.", metavar="1|8")]
DropoutPasses = Annotated[
    int | None, typer.Option(min=2, help="Mean and deviation of the policy over so many forward passes with dropout.")
]
ConditionText = Annotated[
    str | None, typer.Option(metavar="SOURCE[:RANK]", help="Predict as for games like these, e.g. pro:10.")
]


def evaluate(
    network: NetworkPlace,
    store: StoreFile,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    positions: Annotated[int, typer.Option(min=1, help="How many of each source, drawn by seed.")] = 50_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    sources: Sources = None,
    split: Split = None,
    batch: Annotated[int, typer.Option(min=1, help="Positions at once.")] = 256,
    device: Annotated[str, typer.Option(help="For checkpoints: auto, cpu or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="Threads that compute on the CPU.")] = None,
    symmetries: Symmetries = 1,
    by: Groupings = None,
    dropout_passes: DropoutPasses = None,
    condition: ConditionText = None,
    chart: Chart = None,
) -> None:
    """Measure top-1, top-4 and cross-entropy (nats), each with n, on held-out games; passes are left out."""
    if sources and split:
        raise typer.BadParameter("--source and --split exclude each other")
    if symmetries not in (1, 8):
        raise typer.BadParameter(f"--symmetries {symmetries}: must be 1 or 8")
    if symmetries == 8 and dropout_passes:
        raise typer.BadParameter("--symmetries 8 and --dropout-passes exclude each other")
    condition_choice = parse_condition(condition)
    import torch

    from shicho.training.data.store import GameStore
    from shicho.training.evaluate import averaged_over_transforms, open_network, test_sources
    from shicho.training.evaluation_chart import draw_chart
    from shicho.training.pictures import check_picture
    from shicho.training.run.device import pick_device

    if chart:
        check_picture(chart)
    if threads:
        torch.set_num_threads(threads)
    opened = open_network(
        network, pick_device(device), threads, condition_choice, dropout_passes=dropout_passes, seed=seed
    )
    if symmetries == 8:
        opened = opened._replace(predict=averaged_over_transforms(opened.predict))
    games = GameStore.open(store)
    choices = [Choice(split=split)] if split else [Choice(source=name) for name in sources or test_sources(games)]
    figures = _measure(opened, games, choices, by or [], positions=positions, seed=seed, batch=batch)
    if as_json:
        print(json.dumps(figures))
    else:
        _print_table(network, figures)
    if chart:
        draw_chart(chart, str(network), figures)
        print(chart, file=sys.stderr)


class Choice(NamedTuple):
    """The games to evaluate on: those of a source, or those of a split."""

    source: str | None = None
    split: str | None = None


def _measure(
    opened: "OpenNetwork",
    games: "GameStore",
    choices: list[Choice],
    by: list[str],
    *,
    positions: int,
    seed: int,
    batch: int,
) -> dict[str, dict[str, Any]]:
    """Return the figures of a network by the name of the source or split."""
    from shicho.training.data.dataset import evaluation_batches
    from shicho.training.data.targets import GAME, PLY
    from shicho.training.evaluate import full_figures, sample_columns

    figures = {}
    with _tracking(positions) as track:
        for choice in choices:
            name = str(choice.source or choice.split)
            batches = evaluation_batches(
                games,
                opened.features,
                source=choice.source,
                split=choice.split,
                positions=positions,
                seed=seed,
                batch=batch,
                targets=(*opened.targets, GAME, PLY),
            )
            figures[name] = full_figures(sample_columns(opened.predict, track(name, batches)), games, by)
    return figures


def parse_condition(text: str | None) -> tuple[str | None, int] | None:
    """Parse `pro:10`, `kgs-6d` or `:9` as (source, rank); rank 0 is unknown. Raises typer.BadParameter."""
    if text is None:
        return None
    source, _, rank = text.partition(":")
    if rank and not rank.isdecimal():
        raise typer.BadParameter(f"{text!r} is not a condition: write SOURCE or SOURCE:RANK, the rank from 0 to 10")
    return source or None, int(rank or 0)


@contextmanager
def _tracking(positions: int) -> Iterator[Track]:
    """Provide a function that shows batches as a progress bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda name, batches: batches
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:

        def track(name: str, batches: Iterable["Batch"]) -> Iterator["Batch"]:
            task = bar.add_task(name, total=positions)
            for batch in batches:
                yield batch
                bar.advance(task, len(batch))
            bar.update(task, total=bar.tasks[task].completed)

        yield track


COLUMNS: Final = {
    "top1": ("top-1", ".2%"),
    "top4": ("top-4", ".2%"),
    "cross_entropy": ("nats", ".4f"),
    "calibration_error": ("error", ".2%"),
    "win_accuracy": ("winner", ".2%"),
    "win_cross_entropy": ("nats", ".4f"),
    "win_calibration_error": ("error", ".2%"),
    "deviation_played": ("± played", ".4f"),
    "deviation_best": ("± best", ".4f"),
    "n": ("n", ","),
}
"""The heading and format of each figure in the table, those of `winner` after those of the policy."""


def _print_table(network: Path, figures: dict[str, dict[str, Any]]) -> None:
    """Print a row for every source, and below it one for each of its groups, with the figures that it has."""
    from rich.console import Console
    from rich.table import Table

    rows = [row for source, found in figures.items() for row in _rows(source, found)]
    names = [name for name in COLUMNS if any(name in found for _, found in rows)]
    caption = "nats: cross-entropy; error: calibration error. Passes and games with handicap are left out."
    if "deviation_played" in names:
        caption += " ±: deviation of a move's probability between forward passes with dropout."
    table = Table(title=str(network), caption=caption, box=None, pad_edge=False)
    table.add_column("source", no_wrap=True)
    for name in names:
        table.add_column(COLUMNS[name][0], justify="right")
    for heading, found in rows:
        table.add_row(heading, *(format(found[name], COLUMNS[name][1]) if name in found else "-" for name in names))
    Console().print(table)


def _rows(source: str, found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a source and its figures, then `phase 0-59` and the like with theirs."""
    yield source, found
    for key, groups in found.items():
        if key.startswith("by_"):
            for group, part in groups.items():
                yield f"  {key.removeprefix('by_')} {group}", part

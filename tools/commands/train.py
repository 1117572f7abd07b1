"""`shicho train`: from a preset and a game store to a run folder with checkpoints and metrics, and pictures of runs."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from shicho.engine.errors import BadConfig
from shicho.tools.commands.group import OWN_COMMAND, CommandGroup
from shicho.training.run import units

if TYPE_CHECKING:
    from shicho.training.run.metrics import Progress

Parsed = TypeVar("Parsed")


app = typer.Typer(cls=CommandGroup, help="Train a network, or go on training it; `train plot` and `layers` draw runs.")


def parse_duration(text: str) -> float:
    """Do the same as `training.run.units.parse_duration`, but raise typer.BadParameter."""
    return _checked(units.parse_duration, text)


def parse_count(text: str) -> int:
    """Do the same as `training.run.units.parse_count`, but raise typer.BadParameter."""
    return _checked(units.parse_count, text)


def parse_mix(text: str) -> dict[str, float]:
    """Do the same as `training.run.units.parse_mix`, but raise typer.BadParameter."""
    return _checked(units.parse_mix, text)


def _checked(parse: Callable[[str], Parsed], text: str) -> Parsed:
    try:
        return parse(text)
    except BadConfig as error:
        raise typer.BadParameter(str(error)) from None


Store = Annotated[Path, typer.Argument(metavar="GAMES.h5", help="A game store made by `shicho data build`.")]
PresetName = Annotated[str, typer.Option(help="Name of a preset, or a TOML file of the same form.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Override a setting; repeatable.")
]
Mix = Annotated[str | None, typer.Option(metavar="NAME=SHARE,...", help="Shares of the sources, as pro=3,kgs-6d=2.")]
RunFolder = Annotated[
    Path | None, typer.Option(help="Run folder [default: runs/PRESET]; a run that is there is continued.")
]
Samples = Annotated[
    int | None, typer.Option(parser=parse_count, metavar="N", help="Length of the run and of its schedule.")
]
Seed = Annotated[int | None, typer.Option(help="Seed of the weights and of the order of samples.")]
TimeBudget = Annotated[str | None, typer.Option(metavar="90s|9m|2h", help="Stop after this time, with a checkpoint.")]
StartFrom = Annotated[Path | None, typer.Option("--from", help="Start from this checkpoint; heads may be new.")]
StartAt = Annotated[
    int | None, typer.Option("--at", min=0, help="With --from: the place in the schedule to start at, in samples.")
]
CooldownSamples = Annotated[
    int | None,
    typer.Option(
        parser=parse_count, metavar="N", help="With --from: end the run with a linear cool-down of N samples."
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
PrecisionName = Annotated[str, typer.Option(help="auto (the faster one), float32 or bfloat16.")]
Compile = Annotated[
    bool | None,
    typer.Option("--compile/--no-compile", help="Use torch.compile [default: if there is a compiler]."),
]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads that compute on the CPU.")]
LoaderThreads = Annotated[int | None, typer.Option(min=1, help="Threads that replay games.")]
KeepAt = Annotated[
    list[int] | None,
    typer.Option(parser=parse_count, metavar="N", help="Keep the first checkpoint from N samples on; repeatable."),
]
Every = Annotated[str, typer.Option(metavar="TIME")]
ValidationPositions = Annotated[int, typer.Option(min=0, help="How many; 0 for no validation.")]
TensorBoard = Annotated[bool, typer.Option("--tensorboard", help="Write events for TensorBoard into the run folder.")]
LayerStatistics = Annotated[
    bool, typer.Option("--layer-statistics", help="Write layers.jsonl with each line of metrics (costs time).")
]


@app.command(OWN_COMMAND)
def train(
    store: Store,
    preset: PresetName,
    settings: Settings = None,
    mix: Mix = None,
    out: RunFolder = None,
    samples: Samples = None,
    seed: Seed = None,
    time_budget: TimeBudget = None,
    start_from: StartFrom = None,
    start_at: StartAt = None,
    cooldown: CooldownSamples = None,
    device: Device = "auto",
    precision: PrecisionName = "auto",
    compile: Compile = None,
    threads: Threads = None,
    loader_threads: LoaderThreads = None,
    checkpoint_every: Every = "10m",
    keep_at: KeepAt = None,
    validate_every: Every = "20m",
    validation_positions: ValidationPositions = 4096,
    tensorboard: TensorBoard = False,
    layer_statistics: LayerStatistics = False,
) -> None:
    """Train a network; run the same command again to continue where it stopped.

    `shicho train plot RUN... -o curves.png` draws learning curves, `shicho train layers RUN -o layers.png` what
    `--layer-statistics` found.
    """
    # Before PyTorch is loaded: threads that wait for each other sleep instead of spinning. That costs nothing on an
    # idle machine, and two threads no longer stall beside another busy process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from shicho.training.run.command import Arguments, run_command

    arguments = Arguments(
        store=store,
        preset=preset,
        settings=settings,
        mix=None if mix is None else parse_mix(mix),
        out=out,
        samples=samples,
        seed=seed,
        time_budget=None if time_budget is None else parse_duration(time_budget),
        start_from=start_from,
        start_at=start_at,
        cooldown=cooldown,
        device=device,
        precision=precision,
        compile=compile,
        threads=threads,
        loader_threads=loader_threads,
        checkpoint_every=parse_duration(checkpoint_every),
        keep_at=keep_at,
        validate_every=parse_duration(validate_every),
        validation_positions=validation_positions,
        log_every=5.0 if sys.stderr.isatty() else 30.0,
        tensorboard=tensorboard,
        layer_statistics=layer_statistics,
    )
    with training_progress() as report:
        print(run_command(arguments, report))


Picture = Annotated[Path, typer.Option("--out", "-o", help="A picture; its suffix decides on the format.")]


@app.command()
def plot(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.", exists=True, file_okay=False)],
    out: Picture,
) -> None:
    """Draw loss and top-1 of several runs, in training and in validation, into one picture."""
    from shicho.training.run.curves import draw_curves, read_panels

    draw_curves(out, "Learning curves", read_panels(runs))
    print(out)


@app.command()
def layers(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", exists=True, file_okay=False)],
    out: Picture,
) -> None:
    """Draw the statistics by layer that `shicho train --layer-statistics` wrote."""
    from shicho.training.run.layer_picture import draw_layers, read_layers

    draw_layers(out, str(run), read_layers(run))
    print(out)


@contextmanager
def training_progress() -> Iterator[Callable[["Progress"], None]]:
    """Show progress and log on stderr: a bar on a terminal, else a line for each report."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if not sys.stderr.isatty():
        yield lambda progress: print(progress, file=sys.stderr, flush=True)
        return
    from rich import progress as bars
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with bars.Progress(bars.BarColumn(20), bars.TextColumn("{task.description}"), console=console) as bar:
        task = bar.add_task("first steps", total=None)

        def report(progress: "Progress") -> None:
            left = (progress.of - progress.samples) / progress.samples_per_s / 3600
            text = f"{progress.samples / progress.of:.1%}, loss {progress.loss:.3f}, {progress.samples_per_s:,.0f}/s"
            bar.update(task, completed=progress.samples, total=progress.of, description=f"{text}, {left:.1f} h left")
            if progress.validation:
                console.print(str(progress), soft_wrap=True)

        yield report

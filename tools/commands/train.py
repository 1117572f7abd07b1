"""`shicho train`: from a preset and a game store to a run folder with checkpoints and metrics."""

import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shicho.training.config import Preset
    from shicho.training.run.metrics import Progress

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
MULTIPLES = {"": 1, "k": 1000, "M": 1_000_000}


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `9m`, `1.5h`; a bare number is seconds. Raise typer.BadParameter."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if not match or float(match[1]) == 0:
        raise typer.BadParameter(f"{text!r} is not a duration: write 90s, 9m or 2h")
    return float(match[1]) * UNITS[match[2] or "s"]


def parse_count(text: str) -> int:
    """A whole number above 0, such as `64000`, `300k` or `2.5M`. Raise typer.BadParameter."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kM]?)", text.strip().replace("_", ""))
    value = float(match[1]) * MULTIPLES[match[2]] if match else 0.0
    if value < 1 or value != int(value):
        raise typer.BadParameter(f"{text!r} is not a number of samples: write 64000, 300k or 2.5M")
    return int(value)


def train(
    store: Annotated[Path, typer.Argument(metavar="GAMES.h5", help="A game store made by `shicho data build`.")],
    preset: Annotated[str, typer.Option(help="Name of a preset, or a TOML file of the same form.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Override a setting; repeatable.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run folder [default: runs/PRESET]; a run that is there is continued.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(parser=parse_count, metavar="N", help="Length of the run and of its schedule.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the weights and of the order of samples.")] = None,
    time_budget: Annotated[
        str | None, typer.Option(metavar="90s|9m|2h", help="Stop after this time, with a checkpoint.")
    ] = None,
    start_from: Annotated[
        Path | None, typer.Option("--from", help="Start from this checkpoint; heads may be new.")
    ] = None,
    start_at: Annotated[
        int | None, typer.Option("--at", min=0, help="With --from: the place in the schedule to start at, in samples.")
    ] = None,
    cooldown: Annotated[
        int | None,
        typer.Option(
            parser=parse_count, metavar="N", help="With --from: end the run with a linear cool-down of N samples."
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto (the faster one), float32 or bfloat16.")] = "auto",
    compile: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="Use torch.compile [default: if there is a compiler]."),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads that compute on the CPU.")] = None,
    loader_threads: Annotated[int | None, typer.Option(min=1, help="Threads that replay games.")] = None,
    checkpoint_every: Annotated[str, typer.Option(metavar="TIME")] = "10m",
    keep_at: Annotated[
        list[int] | None,
        typer.Option(parser=parse_count, metavar="N", help="Keep the first checkpoint from N samples on; repeatable."),
    ] = None,
    validate_every: Annotated[str, typer.Option(metavar="TIME")] = "20m",
    validation_positions: Annotated[int, typer.Option(min=0, help="How many; 0 for no validation.")] = 4096,
) -> None:
    """Train a network; run the same command again to continue where it stopped."""
    # Before PyTorch is loaded: threads that wait for each other sleep instead of spinning. That costs nothing on an
    # idle machine, and two threads no longer stall beside another busy process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from shicho.training.config import load_preset
    from shicho.training.data.store import GameStore
    from shicho.training.run.device import parse_precision
    from shicho.training.run.loop import RunOptions
    from shicho.training.run.loop import train as run_training

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    chosen = load_preset(preset, settings or []).changed(samples=samples, seed=seed)
    if cooldown is not None:
        chosen = _with_cooldown(chosen, cooldown, start_from, start_at)
    options = RunOptions(
        out=out or Path("runs") / chosen.name,
        device=device,
        precision=parse_precision(precision),
        compile=compile,
        threads=threads,
        loader_threads=loader_threads,
        time_budget=None if time_budget is None else parse_duration(time_budget),
        checkpoint_every=parse_duration(checkpoint_every),
        validate_every=parse_duration(validate_every),
        validation_positions=validation_positions,
        keep_at=tuple(keep_at or ()),
        start_from=start_from,
        start_at=start_at,
        log_every=5.0 if sys.stderr.isatty() else 30.0,
    )
    with _interruptible() as stopped, _progress() as report:
        outcome = run_training(chosen, GameStore.open(store), options, report=report, stopped=stopped)
    state = outcome.state
    print(
        f"{outcome.checkpoint}: {state.samples:,} of {state.preset.training.end:,} samples, "
        f"{state.total_seconds / 60:.1f} minutes{'' if outcome.finished else '; the same command continues'}"
    )


def _with_cooldown(preset: "Preset", samples: int, start_from: Path | None, start_at: int | None) -> "Preset":
    from shicho.training.run.checkpoint import load_checkpoint

    if start_from is None:
        raise typer.BadParameter("--cooldown needs --from: the checkpoint to cool down")
    start = load_checkpoint(start_from).state.samples if start_at is None else start_at
    return preset.changed(cooldown={"start": start, "samples": samples})


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C and SIGTERM ask for a stop after the step; a second one stops at once."""
    asked = threading.Event()

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, signal.default_int_handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress() -> Iterator[Callable[["Progress"], None]]:
    """Progress on stderr: a bar on a terminal, else a line for each report."""
    if not sys.stderr.isatty():
        yield lambda progress: print(_line(progress), file=sys.stderr, flush=True)
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
                console.print(_line(progress), soft_wrap=True)

        yield report


def _line(progress: "Progress") -> str:
    text = (
        f"{progress.samples:,} of {progress.of:,} samples, loss {progress.loss:.3f}, top-1 {progress.top1:.1%}, "
        f"learning rate {progress.learning_rate:.4g}, {progress.samples_per_s:,.0f}/s"
    )
    if progress.validation:
        figures = progress.validation
        text += f"; validation {figures['cross_entropy']:.3f}, top-1 {figures['top1']:.1%}"
        if "win_accuracy" in figures:
            text += f", winner {figures['win_accuracy']:.1%}"
    return text

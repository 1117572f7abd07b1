"""`shicho train`: a preset and a game store to a run folder with checkpoints and metrics."""

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
    from shicho.training.metrics import Progress

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `9m`, `1.5h`; a bare number is seconds. Raises typer.BadParameter."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if not match or float(match[1]) == 0:
        raise typer.BadParameter(f"{text!r} is no duration: write it as 90s, 9m or 2h")
    return float(match[1]) * UNITS[match[2] or "s"]


def train(
    store: Annotated[Path, typer.Argument(metavar="GAMES.h5", help="A store made by `shicho data build`.")],
    preset: Annotated[str, typer.Option(help="Name of a preset, or a TOML file like one.")],
    out: Annotated[
        Path | None, typer.Option(help="Run folder (runs/PRESET if not given); what it holds is continued.")
    ] = None,
    samples: Annotated[int | None, typer.Option(help="Length of the run, and so of its schedule.")] = None,
    batch: Annotated[int | None, typer.Option(help="Samples a step; the rate of a step scales with it.")] = None,
    rate: Annotated[
        float | None, typer.Option(help="Peak learning rate a sample (a step's is batch times as much).")
    ] = None,
    schedule: Annotated[str | None, typer.Option(help="sandbox or one-cycle.")] = None,
    precision: Annotated[str | None, typer.Option(help="auto, float32 or bfloat16.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the first weights and of the order of samples.")] = None,
    time_budget: Annotated[
        str | None, typer.Option(metavar="90s|9m|2h", help="Stop after this time, with a checkpoint.")
    ] = None,
    start_from: Annotated[
        Path | None, typer.Option("--from", help="Start from a checkpoint's weights, with a fresh optimiser.")
    ] = None,
    start_at: Annotated[
        int | None, typer.Option("--at", min=0, help="With --from: samples into the schedule, if not as there.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    compile: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="Faster after a minute; if not given: where there is a compiler."),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads that compute on the CPU.")] = None,
    loader_threads: Annotated[int | None, typer.Option(min=1, help="Threads that replay games.")] = None,
    checkpoint_every: Annotated[str, typer.Option(metavar="TIME")] = "10m",
    validate_every: Annotated[str, typer.Option(metavar="TIME")] = "20m",
    validation_positions: Annotated[int, typer.Option(min=0, help="How many; 0 for no validation.")] = 4096,
) -> None:
    """Train a network; run the same command again to go on where it stopped."""
    # Before PyTorch is loaded: threads that wait for each other sleep instead of spinning. That costs nothing on an
    # idle machine and keeps two threads from standing still beside another busy process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from shicho.training.config import load_preset
    from shicho.training.store import GameStore
    from shicho.training.train import RunOptions
    from shicho.training.train import train as run_training

    chosen = load_preset(preset).with_training(
        samples=samples, batch_size=batch, rate_per_sample=rate, schedule=schedule, precision=precision, seed=seed
    )
    options = RunOptions(
        out=out or Path("runs") / chosen.name,
        device=device,
        compile=compile,
        threads=threads,
        loader_threads=loader_threads,
        time_budget=None if time_budget is None else parse_duration(time_budget),
        checkpoint_every=parse_duration(checkpoint_every),
        validate_every=parse_duration(validate_every),
        validation_positions=validation_positions,
        start_from=start_from,
        start_at=start_at,
        log_every=5.0 if sys.stderr.isatty() else 30.0,
    )
    with _interruptible() as stopped, _progress() as report:
        outcome = run_training(chosen, GameStore.open(store), options, report=report, stopped=stopped)
    state = outcome.state
    print(
        f"{outcome.checkpoint}: {state.samples:,} of {state.preset.training.samples:,} samples, "
        f"{state.total_seconds / 60:.1f} minutes{'' if outcome.finished else '; the same command goes on'}"
    )


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """While this holds, Ctrl-C and SIGTERM ask for a stop after the step; a second one stops at once."""
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
    """Reports on stderr: a progress bar on a terminal, else a line for each."""
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
        f"rate {progress.rate:.4f}, {progress.samples_per_s:,.0f}/s"
    )
    if progress.validation:
        figures = progress.validation
        text += f"; validation {figures['cross_entropy']:.3f}, top-1 {figures['top1']:.1%}"
    return text

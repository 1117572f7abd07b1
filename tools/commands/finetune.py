"""`shicho finetune`: train a network further on one's own games, and say what it gained on those held out."""

import logging
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shicho.tools.commands.data import build_progress, print_account
from shicho.tools.commands.train import parse_duration, training_progress
from shicho.tools.console import cores

if TYPE_CHECKING:
    from shicho.training.data.store import GameStore
    from shicho.training.finetune import Gain
    from shicho.training.run.checkpoint import State

SHOWN = {
    "top1": ("top-1", "{:.2%}", 100.0, "{:+.2f}"),
    "top4": ("top-4", "{:.2%}", 100.0, "{:+.2f}"),
    "cross_entropy": ("cross-entropy", "{:.4f}", 1.0, "{:+.4f}"),
    "win_accuracy": ("winner", "{:.2%}", 100.0, "{:+.2f}"),
    "win_cross_entropy": ("winner's cross-entropy", "{:.4f}", 1.0, "{:+.4f}"),
}
"""For each figure its heading and format, and the scale and format of differences."""


# Long because every option is a parameter with its help.
def finetune(
    games: Annotated[Path, typer.Argument(metavar="FOLDER", help="Games: a folder, or what `data build` reads.")],
    start_from: Annotated[
        Path, typer.Option("--from", metavar="NETWORK", help="A checkpoint or run folder; training/checkpoints/small.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The ONNX file; the run folder beside it has the same name without .onnx."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="GAMES.h5", help="Mix in as many positions of this store, to forget less."),
    ] = None,
    epochs: Annotated[float, typer.Option(min=0.01, help="How often each position is seen.")] = 3,
    learning_rate: Annotated[
        float, typer.Option(min=1e-6, help="The highest, as a share of the one that the network was trained with.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the order of samples.")] = 1,
    time_budget: Annotated[
        str | None, typer.Option(metavar="90s|9m|2h", help="Stop training after this time, with a checkpoint.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto (the faster one), float32 or bfloat16.")] = "auto",
    compile: Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="Use torch.compile [default: if there is a compiler]."),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads that compute on the CPU.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes that read games (default: one a core).")] = None,
) -> None:
    """Fine-tune a network on games of one's own: a tenth is held out, and measured before and after.

    Run the same command again to continue where it stopped.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in `shicho train`
    import torch

    from shicho.engine.errors import BadConfig
    from shicho.training import finetune as tuning
    from shicho.training.data.store import GameStore, write_store
    from shicho.training.run.checkpoint import load_checkpoint
    from shicho.training.run.command import interruptible, summary
    from shicho.training.run.device import parse_precision, pick_device
    from shicho.training.run.loop import train
    from shicho.training.run.options import RunOptions

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if threads:
        torch.set_num_threads(threads)
    network = output or Path("runs") / f"finetune-{games.resolve().stem}.onnx"
    if network.suffix != ".onnx":
        raise BadConfig(f"{network}: the name of the network must end in .onnx")
    run = network.with_suffix("")
    options = RunOptions(
        out=run,
        device=device,
        precision=parse_precision(precision),
        compile=compile,
        threads=threads,
        time_budget=None if time_budget is None else parse_duration(time_budget),
        start_from=run / tuning.START,
        start_at=0,
        log_every=5.0 if sys.stderr.isatty() else 30.0,
    )
    given = load_checkpoint(start_from)
    start = given.state
    store = _read_games(games, start, jobs or cores())
    if keep is not None:
        store = tuning.with_kept(store, GameStore.open(keep), epochs, seed)
    tuning.begin(run, given)
    write_store(run / "games.h5", store, store.sources, store.command)
    preset = tuning.preset_for(start, store, epochs=epochs, learning_rate=learning_rate, seed=seed)
    with training_progress() as report, interruptible() as stopped:
        outcome = train(preset, store, options, report=report, stopped=stopped)
    print(summary(outcome))
    if outcome.finished:
        before, after = run / tuning.START, outcome.checkpoint
        tests = [source.name for source in store.sources if source.test]
        gains = [tuning.measure(before, after, store, name, pick_device(device)) for name in tests]
        _print_gains(gains)
        _export(after, network, gains, store, tuning.origin(start, store, games))


def _read_games(place: Path, start: "State", jobs: int) -> "GameStore":
    """Return the games at `place`, a part of them held out.

    Prints what was left out, and a warning if there are few games.
    """
    from rich.console import Console

    from shicho.training import finetune as tuning
    from shicho.training.data.build import build_games

    network = start.preset.network
    found = tuning.find_own_games(place)
    with build_progress(found) as report:
        games, account = build_games(
            found, ownership=network.heads.ownership is not None, jobs=jobs, seed=0, report=report
        )
    print_account(Console(), account)
    if len(games) < tuning.FEW_GAMES:
        print(f"only {len(games)} games: those held out are too few to show a small gain", file=sys.stderr)
    return tuning.split_games(games, account, ranks=network.condition is None, place=place)


def _print_gains(gains: Sequence["Gain"]) -> None:
    from rich.console import Console
    from rich.table import Table

    from shicho.training.figures import mean_figures
    from shicho.training.finetune import sentence

    for gain in gains:
        table = Table(title=gain.source, title_justify="left")
        for heading in ("", "before", "after", "difference", "95 %"):
            table.add_column(heading, justify="right" if heading else "left")
        before, after, differences = mean_figures(gain.before), mean_figures(gain.after), gain.differences()
        for name, (heading, form, scale, signed) in SHOWN.items():
            if name in differences:
                mean, *ends = (signed.format(scale * value) for value in differences[name])
                table.add_row(heading, form.format(before[name]), form.format(after[name]), mean, " to ".join(ends))
        Console().print(table)
    for gain in gains:
        print(sentence(gain))


def _export(checkpoint: Path, network: Path, gains: Sequence["Gain"], store: "GameStore", fine_tuned: str) -> None:
    from shicho.training.evaluate import full_figures
    from shicho.training.export import export_network

    figures = {}
    for gain in gains:
        figures[f"{gain.source}, before"] = full_figures(gain.before, store)
        figures[gain.source] = full_figures(gain.after, store)
    done = export_network(checkpoint, network, figures, fine_tuned=fine_tuned)
    print(f"{done.path} and {done.card}; to play: shicho-gtp --network {shlex.quote(str(done.path))}")

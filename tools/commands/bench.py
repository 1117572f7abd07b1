"""The command `shicho bench`: measure the speed of the parts."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from shicho.engine.settings import PlaySettings, Style

app = typer.Typer(help="Measure the speed of the board, the engine, the loader and training.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print all figures as one JSON object.")]
Games = Annotated[
    Path | None,
    typer.Argument(help="Games to replay: .sgf, a folder of .sgf, or .h5; default: the test games.", metavar="FILE"),
]
Repeats = Annotated[int, typer.Option(help="Number of measurements.", min=1)]


@app.command()
def core(
    file: Games = None,
    games: Annotated[int, typer.Option(help="Maximum number of games to replay.", min=1)] = 100,
    repeats: Repeats = 7,
    as_json: Json = False,
) -> None:
    """Compare the C core with sgfmill: moves, playouts, ladders and features per second."""
    from shicho.tools.bench.core import bench_core

    _show(bench_core(file, games=games, repeats=repeats), as_json=as_json)


@app.command()
def genmove(
    file: Games = None,
    network: Annotated[Path | None, typer.Option(help="ONNX file; default: the included network.")] = None,
    style: Annotated[Style, typer.Option(help="How moves are chosen.")] = Style.BETA,
    symmetries: Annotated[int, typer.Option(help="Symmetries of a position that are averaged: 1 or 8.")] = 1,
    moves: Annotated[int, typer.Option(help="Number of moves to measure.", min=1)] = 100,
    starts: Annotated[int, typer.Option(help="Number of starts of shicho-gtp to measure.", min=1)] = 5,
    as_json: Json = False,
) -> None:
    """Measure the time of a move and of an analysis, the start time of shicho-gtp, and its resident memory."""
    from shicho.tools.bench.genmove import bench_genmove

    settings = PlaySettings(style=style, symmetries=symmetries)
    _show(bench_genmove(file, network=network, settings=settings, moves=moves, starts=starts), as_json=as_json)


@app.command()
def analysis(
    file: Games = None,
    network: Annotated[Path | None, typer.Option(help="ONNX file; default: the included network.")] = None,
    turns: Annotated[int, typer.Option(help="Number of positions to analyse.", min=1)] = 48,
    symmetries: Annotated[int, typer.Option(help="Symmetries of a position that are averaged: 1 or 8.")] = 8,
    as_json: Json = False,
) -> None:
    """Measure the positions per second that shicho analysis analyses, one at a time and in batches."""
    from shicho.tools.bench.analysis import bench_analysis

    _show(bench_analysis(file, network=network, turns=turns, symmetries=symmetries), as_json=as_json)


@app.command()
def match(
    games: Annotated[int, typer.Option(help="Games with one job, and again with two.", min=1)] = 8,
    level: Annotated[int, typer.Option(help="Level of GNU Go.", min=0)] = 1,
    size: Annotated[int, typer.Option(help="Board size.", min=2, max=19)] = 19,
    as_json: Json = False,
) -> None:
    """Measure the match runner's share of processor time, and games per second with one and two jobs."""
    from shicho.tools.bench.match import bench_match

    _show(bench_match(games=games, level=level, size=size), as_json=as_json)


@app.command()
def soak(
    network: Annotated[Path | None, typer.Option(help="ONNX file; default: the included network.")] = None,
    games: Annotated[int, typer.Option(help="Number of games.", min=1)] = 50,
    sizes: Annotated[str, typer.Option(help="Board sizes that take turns.")] = "9,9,9,9,19",
    as_json: Json = False,
) -> None:
    """Play many games in one process of shicho-gtp: its memory, and the time per move at the start and at the end."""
    from shicho.tools.bench.soak import bench_soak

    try:
        chosen = [int(size) for size in sizes.split(",")]
    except ValueError:
        raise typer.BadParameter(f"--sizes is not a list of numbers such as 9,19: {sizes!r}") from None
    _show(bench_soak(network, games=games, sizes=chosen), as_json=as_json)


@app.command()
def loader(
    file: Annotated[Path, typer.Argument(help="A game store (.h5).", metavar="GAMES.h5")],
    batch_size: Annotated[int, typer.Option(help="Samples per batch.", min=1)] = 256,
    batches: Annotated[int, typer.Option(help="Batches per measurement.", min=1)] = 40,
    threads: Annotated[int, typer.Option(help="Number of loader threads.", min=1)] = 1,
    features: Annotated[str, typer.Option(help="Feature set.")] = "sandbox-26",
    repeats: Repeats = 5,
    as_json: Json = False,
) -> None:
    """Measure the samples per second of the training loader, including features."""
    from shicho.engine.features import feature_set
    from shicho.tools.bench.loader import bench_loader

    chosen = feature_set(features)
    figures = bench_loader(file, chosen, batch_size=batch_size, batches=batches, threads=threads, repeats=repeats)
    _show(figures, as_json=as_json)


@app.command()
def train(
    preset: Annotated[str, typer.Option(help="Name of a preset, or a TOML file.")] = "small",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Override a setting; may be repeated."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    compile: Annotated[bool | None, typer.Option("--compile/--no-compile", help="Use torch.compile.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads per process [default: 1].", min=1)] = None,
    processes: Annotated[
        int | None, typer.Option(help="Processes that share every batch, as with torchrun [default: 1].", min=1)
    ] = None,
    cores: Annotated[
        int | None, typer.Option(help="Instead: compare this many threads with this many processes.", min=2)
    ] = None,
    steps: Annotated[int, typer.Option(help="Training steps per measurement.", min=1)] = 10,
    repeats: Repeats = 5,
    as_json: Json = False,
) -> None:
    """Measure training steps: samples and GFLOP per second, and the share of the peak of matrix products."""
    # Before PyTorch is loaded, as `shicho train` does.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from shicho.tools.bench.train import TrainBench, bench_cores, bench_train
    from shicho.training.config import load_preset
    from shicho.training.run.device import parse_precision

    if cores and (threads or processes):
        raise typer.BadParameter("--cores excludes --threads and --processes")
    bench = TrainBench(
        preset=load_preset(preset, settings or []),
        device=device,
        precision=parse_precision(precision),
        compile=compile,
        threads=threads or 1,
        processes=processes or 1,
        steps=steps,
        repeats=repeats,
    )
    _show(bench_cores(bench, cores) if cores else bench_train(bench), as_json=as_json)


def _show(figures: dict[str, Any], *, as_json: bool) -> None:
    """Print the figures as JSON, or one per line without the nested ones."""
    if as_json:
        typer.echo(json.dumps(figures, indent=1))
        return
    for name, value in figures.items():
        if not isinstance(value, dict):
            typer.echo(f"{name:24} {value}")

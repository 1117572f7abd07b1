"""`shicho bench`: how fast the parts are."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Measure how fast the parts are.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")]
Games = Annotated[
    Path | None,
    typer.Argument(
        help="Games to replay: .sgf, a folder of .sgf, or .h5; by default those of the tests.", metavar="FILE"
    ),
]
Repeats = Annotated[int, typer.Option(help="How often to measure.", min=1)]


@app.command()
def core(
    file: Games = None,
    games: Annotated[int, typer.Option(help="Games to replay at most.", min=1)] = 100,
    repeats: Repeats = 7,
    as_json: Json = False,
) -> None:
    """Replay games in the C core and with sgfmill: moves, ladders, features."""
    from shicho.tools.bench.core import bench_core

    _show(bench_core(file, games=games, repeats=repeats), as_json=as_json)


@app.command()
def genmove(
    file: Games = None,
    network: Annotated[Path | None, typer.Option(help="ONNX file; by default the one that ships.")] = None,
    moves: Annotated[int, typer.Option(help="Moves to measure.", min=1)] = 100,
    starts: Annotated[int, typer.Option(help="Starts of shicho-gtp to measure.", min=1)] = 5,
    as_json: Json = False,
) -> None:
    """Time a move, the start of shicho-gtp, and see how much memory it takes."""
    from shicho.tools.bench.genmove import bench_genmove

    _show(bench_genmove(file, network=network, moves=moves, starts=starts), as_json=as_json)


@app.command()
def loader(
    file: Annotated[Path, typer.Argument(help="A store of games (.h5).", metavar="GAMES.h5")],
    batch_size: Annotated[int, typer.Option(help="Samples a batch.", min=1)] = 256,
    batches: Annotated[int, typer.Option(help="Batches a repeat.", min=1)] = 40,
    threads: Annotated[int, typer.Option(help="Threads of the loader.", min=1)] = 1,
    features: Annotated[str, typer.Option(help="The feature set.")] = "sandbox-26",
    repeats: Repeats = 5,
    as_json: Json = False,
) -> None:
    """Time the training loader, features included."""
    from shicho.engine.features import feature_set
    from shicho.tools.bench.loader import bench_loader

    chosen = feature_set(features)
    figures = bench_loader(file, chosen, batch_size=batch_size, batches=batches, threads=threads, repeats=repeats)
    _show(figures, as_json=as_json)


def _show(figures: dict[str, Any], *, as_json: bool) -> None:
    """All of it as JSON, or the plain figures a line each."""
    if as_json:
        typer.echo(json.dumps(figures, indent=1))
        return
    for name, value in figures.items():
        if not isinstance(value, dict):
            typer.echo(f"{name:24} {value}")

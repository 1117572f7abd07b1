"""The command `play-vs-gnugo`: a match of Shicho, or of any other GTP engine, against GNU Go."""

import time
from pathlib import Path
from typing import Annotated

import typer

from shicho.engine.errors import BadConfig
from shicho.engine.rules import Rules
from shicho.engine.settings import PlaySettings, Style
from shicho.tools.console import run
from shicho.tools.match.engines import (
    REFEREE_LEVEL,
    EngineSpec,
    engine_of_command,
    find_gnugo,
    gnugo,
    identify,
    shicho,
    with_different_names,
)
from shicho.tools.match.runner import MatchOptions, run_match
from shicho.tools.match.settings import MatchSettings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def play(
    games: Annotated[int, typer.Option(help="Number of games; colours alternate.", min=1)] = 10,
    level: Annotated[int, typer.Option(help="Level of GNU Go.", min=0)] = 10,
    jobs: Annotated[int | None, typer.Option(help="Games played in parallel; default: one per core.", min=1)] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of the match; the seeds of its games are derived from it.", min=0)
    ] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for results and games; a match in it is continued.", file_okay=False),
    ] = None,
    network: Annotated[Path | None, typer.Option(help="ONNX file for Shicho; default: the included network.")] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="Command line of an engine to play instead of Shicho; {seed}: the game's seed."),
    ] = None,
    style: Annotated[
        Style | None, typer.Option(help="How Shicho chooses its moves; default: beta.", show_default=False)
    ] = None,
    symmetries: Annotated[
        int | None,
        typer.Option(help="Symmetries that Shicho averages over, 1 or 8; default: 1.", show_default=False),
    ] = None,
    komi: Annotated[float, typer.Option(help="Komi.")] = 7.5,
    size: Annotated[int, typer.Option(help="Board size.", min=2, max=19)] = 19,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for each response; before the first move 60.", min=0.1)
    ] = 120.0,
) -> None:
    """Play a match against GNU Go and print the result. Ctrl-C interrupts it; the same --out continues it."""
    program = find_gnugo()
    rules = Rules(komi=komi)
    challenger = identify(_challenger(engine, network, style, symmetries))
    settings = MatchSettings(
        engines=tuple(with_different_names([challenger, identify(gnugo(program, level))])),
        referee=identify(gnugo(program, REFEREE_LEVEL)),
        seed=seed,
        size=size,
        rules=rules,
        move_timeout=timeout,
    )
    folder = out or Path("matches") / time.strftime(f"%Y-%m-%d-%H%M%S-level{level}-seed{seed}")
    run_match(folder, settings, MatchOptions(games=games, jobs=jobs))


def _challenger(command: str | None, network: Path | None, style: Style | None, symmetries: int | None) -> EngineSpec:
    """Return the opponent of GNU Go: the engine of `command`, or Shicho; raises BadConfig and BadNetwork."""
    if command is not None:
        if (network, style, symmetries) != (None, None, None):
            raise BadConfig(
                "--network, --style and --symmetries do not apply to --engine: put its options into its command line"
            )
        return engine_of_command(command)
    return shicho(network, PlaySettings(style=style or Style.BETA, symmetries=1 if symmetries is None else symmetries))


def main() -> None:
    """Run the console script `play-vs-gnugo`."""
    run(app)


if __name__ == "__main__":
    main()

"""The command `play-vs-gnugo`: a match of Shicho, or of any other GTP engine, against GNU Go."""

import hashlib
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from shicho.engine.errors import BadConfig
from shicho.engine.game import Game
from shicho.engine.player import Player
from shicho.engine.policy import Policy, default_network
from shicho.engine.settings import PlaySettings, Style
from shicho.tools.console import INTERRUPTED, cores, run, shicho_gtp
from shicho.tools.match.engines import EngineSpec, find_gnugo, gnugo, identify
from shicho.tools.match.game import GameRecord
from shicho.tools.match.report import Display, result_table
from shicho.tools.match.results import MatchFolder
from shicho.tools.match.schedule import MatchSettings, schedule
from shicho.tools.match.workers import play_games

REFEREE_LEVEL = 10

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
        float, typer.Option(help="Seconds to wait for each response; the first one of an engine may take 60.", min=0.1)
    ] = 120.0,
) -> None:
    """Play a match against GNU Go and print the result. Ctrl-C interrupts it; the same --out continues it."""
    program = find_gnugo()
    settings = MatchSettings(
        ours=identify(_our_engine(engine, network, style, symmetries)),
        opponent=identify(gnugo(program, level)),
        referee=identify(gnugo(program, REFEREE_LEVEL)),
        seed=seed,
        komi=komi,
        size=size,
        move_timeout=timeout,
    )
    folder = MatchFolder(out or Path("matches") / time.strftime(f"%Y-%m-%d-%H%M%S-level{level}-seed{seed}"), settings)
    try:
        _play_missing(folder, games, jobs or cores())
    except KeyboardInterrupt:
        left = games - len(folder.records)
        print(
            f"\ninterrupted with {left} games to play; the same command with --out {folder.path} goes on",
            file=sys.stderr,
        )
        raise typer.Exit(INTERRUPTED) from None
    Console().print(result_table(settings, folder.records))
    Console().print(f"{folder.results} and {folder.path / 'games'}", highlight=False, soft_wrap=True)


def _play_missing(folder: MatchFolder, games: int, jobs: int) -> None:
    done = folder.records
    to_play = schedule(folder.settings.seed, games, {record.index for record in done})
    folder.save()
    with Display(Console(stderr=True), folder.settings, max(games, len(done)), done) as display:

        def keep(record: GameRecord, game: Game) -> None:
            folder.add(record, game)
            display.finished(record)

        play_games(folder.settings, to_play, workers=min(jobs, max(1, len(to_play))), keep=keep, on_ply=display.ply)


def _our_engine(command: str | None, network: Path | None, style: Style | None, symmetries: int | None) -> EngineSpec:
    """Return the engine for our side: the given command line, or Shicho with style, symmetries and network as detail.

    Raises BadConfig for options that do not fit each other and BadNetwork for a network that cannot be used.
    """
    if command is not None:
        if (network, style, symmetries) != (None, None, None):
            raise BadConfig(
                "--network, --style and --symmetries do not apply to --engine: put its options into its command line"
            )
        try:
            return EngineSpec(command=tuple(shlex.split(command)))
        except ValueError as error:
            raise BadConfig(f"--engine {command!r}: {error}") from None
    settings = PlaySettings(style=style or Style.BETA, symmetries=1 if symmetries is None else symmetries)
    path = (network or default_network()).resolve()
    Player(Policy(path), np.random.default_rng(), settings)  # raises here what the engine would only log
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    options = ("--style", str(settings.style), "--symmetries", str(settings.symmetries))
    command_line = shicho_gtp("--seed", "{seed}", "--network", str(path), *options)
    detail = f"style {settings.style}, symmetries {settings.symmetries}, sha256 {digest[:12]}"
    return EngineSpec(command=command_line, name="Shicho", detail=detail)


def main() -> None:
    """Run the console script `play-vs-gnugo`; SIGTERM interrupts the match like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run(app)


if __name__ == "__main__":
    main()

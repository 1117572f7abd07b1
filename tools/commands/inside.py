"""`shicho inside`: which channels of a network detect what, as a page with tables and pictures."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shicho.tools.inside.detectors import Track
    from shicho.tools.inside.sample import Observation


def inside(
    store: Annotated[Path, typer.Argument(metavar="GAMES.h5", help="A store of `shicho data build --ownership`.")],
    network: Annotated[Path, typer.Option(help="ONNX file that `shicho export --taps` has written.")],
    game: Annotated[Path, typer.Option(metavar="GAME.sgf", help="The game of the pictures; a ko is fought in it.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PAGE.md", help="The page; a folder PAGE beside it.")
    ],
    games: Annotated[int, typer.Option(min=2, help="Games: half to choose channels, half to measure them.")] = 400,
    positions: Annotated[int, typer.Option(min=1, help="Positions of each game.")] = 12,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    seed: Annotated[int, typer.Option(min=0, help="Of games and positions, and of the bootstrap.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads that run the network.")] = None,
) -> None:
    """Correlate every channel of a network with ko, phase, last move, territory, urgency and more, on held-out games.

    Writes a page with tables and pictures, and the figures as JSON.
    """
    from shicho.engine.policy import Policy
    from shicho.engine.sgf import read_game
    from shicho.engine.taps import Taps
    from shicho.tools.inside.report import write_report
    from shicho.training.data.store import GameStore

    taps, shown, opened = Taps(Policy(network, threads)), read_game(game), GameStore.open(store)
    with _tracking() as track:
        written = write_report(
            output,
            taps,
            opened,
            shown,
            game.as_posix(),
            split=split,
            games=games,
            positions=positions,
            seed=seed,
            track=track,
        )
    print("\n".join(map(str, written)))


@contextmanager
def _tracking() -> Iterator["Track"]:
    """Provide a function that shows observations as a progress bar on stderr if that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:

        def track(observations: Iterable["Observation"], name: str, total: int) -> Iterator["Observation"]:
            yield from bar.track(observations, total, description=name)

        yield track

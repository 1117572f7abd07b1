"""`shicho picture`: pictures of positions and of what a network sees there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shicho.engine.game import Game

GameFile = Annotated[Path, typer.Argument(metavar="GAME.sgf", help="The game; its main line.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="The picture: .png, .svg or .pdf.")]
AfterMove = Annotated[int | None, typer.Option("--move", min=0, help="After this many moves. [default: the end]")]

app = typer.Typer(help="Draw positions and what is seen in them.", no_args_is_help=True)


@app.callback()
def _sub_commands() -> None:
    """Draw positions and what is seen in them."""


@app.command()
def policy(
    file: GameFile,
    output: Output,
    move: AfterMove = None,
    network: Annotated[Path | None, typer.Option(help="ONNX file; by default the one that ships.")] = None,
) -> None:
    """Draw a position and the probabilities of the next move, in percent."""
    from shicho.engine.policy import Policy

    with _drawing(output):
        from shicho.tools.picture.policy import save_policy

        game = _position(file, move)
        save_policy(output, game, Policy(network).evaluate(game), f"{_title(file, game)}, {game.to_play} to play")


@app.command()
def ladder(
    file: GameFile,
    output: Output,
    at: Annotated[str, typer.Option(metavar="VERTEX", help="A stone of the chain to read, as Q16.")],
    move: AfterMove = None,
) -> None:
    """Draw the ladder of a chain: the moves by which it is captured, or escapes."""
    from shicho.engine.ladder import read

    with _drawing(output):
        from shicho.tools.picture.ladder import ladder_title, save_ladder

        game = _position(file, move)
        reading, point = read(game.board, at), game.board.point(at)
        title = f"{_title(file, game)}, {ladder_title(game.board, point, reading)}"
        save_ladder(output, game.board, point, reading, title)


@app.command()
def planes(
    file: GameFile,
    output: Output,
    move: AfterMove = None,
    features: Annotated[str, typer.Option(help="The feature set.")] = "sandbox-26",
) -> None:
    """Draw every input plane of a position, as the side to move sees it."""
    from shicho.engine.features import feature_set

    with _drawing(output):
        from shicho.tools.picture.planes import save_planes

        game, chosen = _position(file, move), feature_set(features)
        save_planes(output, game, chosen, f"{chosen} on {_title(file, game)}, {game.to_play} to play")


@app.command()
def pages(
    file: GameFile,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder: NAME.md and NAME.png for each set.")],
    move: AfterMove = None,
) -> None:
    """Write the documentation pages of all feature sets, with every plane of a position drawn."""
    with _drawing(output):
        from shicho.tools.picture.pages import save_pages

        game = _position(file, move)
        save_pages(output, game, f"{_title(file, game)}, {game.to_play} to play")


@contextmanager
def _drawing(output: Path) -> Iterator[None]:
    """Say in one line why something cannot be drawn; name the picture when it is."""
    from shicho.engine.errors import BadConfig, ShichoError

    try:
        yield
    except ModuleNotFoundError:
        raise BadConfig("pictures need matplotlib: pip install 'shicho[picture]'") from None
    except ShichoError:
        raise
    except ValueError as error:
        raise BadConfig(f"{output}: {error}") from None
    print(output)


def _position(file: Path, move: int | None) -> "Game":
    from shicho.engine.errors import BadRecord
    from shicho.engine.sgf import read_game

    game = read_game(file, plies=move)
    if move is not None and game.ply < move:
        raise BadRecord(f"the game has {game.ply} moves, not {move}", str(file))
    return game


def _title(file: Path, game: "Game") -> str:
    return f"{file.stem}, after move {game.ply}"

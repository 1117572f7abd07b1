"""The command `shicho picture`: draw positions, move probabilities, ladders and input planes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shicho.engine.game import Game

GameFile = Annotated[Path, typer.Argument(metavar="GAME.sgf", help="SGF file; its main line is used.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="Image file to write: .png, .svg or .pdf.")]
AfterMove = Annotated[int | None, typer.Option("--move", min=0, help="Number of moves to play. [default: all]")]

app = typer.Typer(help="Draw positions, move probabilities, ladders and input planes.", no_args_is_help=True)


@app.callback()
def _sub_commands() -> None:
    """Draw positions, move probabilities, ladders and input planes."""


@app.command()
def policy(
    file: GameFile,
    output: Output,
    move: AfterMove = None,
    network: Annotated[Path | None, typer.Option(help="ONNX file; default: the included network.")] = None,
) -> None:
    """Draw a position and the network's probabilities of the next move, in percent."""
    from shicho.engine.policy import Policy

    with _drawing(output):
        from shicho.tools.picture.policy import save_policy

        game = _position(file, move)
        save_policy(output, game, Policy(network).evaluate(game), f"{_title(file, game)}, {game.to_play} to play")


@app.command()
def ladder(
    file: GameFile,
    output: Output,
    at: Annotated[str, typer.Option(metavar="VERTEX", help="A stone of the chain to read, such as Q16.")],
    move: AfterMove = None,
) -> None:
    """Draw the ladder of a chain: the moves by which it is captured or escapes."""
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
    features: Annotated[str, typer.Option(help="Feature set.")] = "sandbox-26",
) -> None:
    """Draw every input plane of a position, from the side to move."""
    from shicho.engine.features import feature_set

    with _drawing(output):
        from shicho.tools.picture.planes import save_planes

        game, chosen = _position(file, move), feature_set(features)
        save_planes(output, game, chosen, f"{chosen} on {_title(file, game)}, {game.to_play} to play")


@app.command()
def pages(
    file: GameFile,
    output: Annotated[Path, typer.Option("-o", "--output", help="Output folder: NAME.md and NAME.png per set.")],
    move: AfterMove = None,
) -> None:
    """Write the documentation pages of all feature sets, with a picture of every plane."""
    with _drawing(output):
        from shicho.tools.picture.pages import save_pages

        game = _position(file, move)
        save_pages(output, game, f"{_title(file, game)}, {game.to_play} to play")


@contextmanager
def _drawing(output: Path) -> Iterator[None]:
    """Turn drawing errors into BadConfig; print the path of the image after success."""
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

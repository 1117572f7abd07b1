"""The command `shicho picture`: draw games, positions, ladders, and what a network sees and computes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shicho.engine.game import Game, Move

GameFile = Annotated[Path, typer.Argument(metavar="GAME.sgf", help="SGF file; its main line is used.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="Image file to write: .png, .svg or .pdf.")]
AfterMove = Annotated[int | None, typer.Option("--move", min=0, help="Number of moves to play. [default: all]")]

FILMSTRIP = 12
"""Pictures of a filmstrip, unless their distance is given."""

app = typer.Typer(help="Draw games, positions, ladders, and what a network sees and computes.", no_args_is_help=True)


@app.callback()
def _sub_commands() -> None:
    """Draw games, positions, ladders, and what a network sees and computes."""


@app.command()
def game(
    file: GameFile,
    output: Output,
    move: AfterMove = None,
    first: Annotated[int, typer.Option("--from", min=1, help="The first move with a number.")] = 1,
    numbers: Annotated[bool, typer.Option(help="Numbered moves, or else the position after them.")] = True,
) -> None:
    """Draw the moves of a game with their numbers, or the position after them."""
    from shicho.engine.errors import BadRecord

    with _drawing(output):
        from shicho.tools.picture.record import save_position, save_record

        shown = _position(file, move)
        if first > max(1, shown.ply):
            raise BadRecord(f"no move {first} to begin with: {shown.ply} moves are played", str(file))
        if numbers:
            save_record(output, shown, f"{file.stem}, moves {first} to {shown.ply}", first=first)
        else:
            save_position(output, shown, _title(file, shown))


@app.command()
def policy(
    file: GameFile,
    output: Output,
    move: AfterMove = None,
    network: Annotated[Path | None, typer.Option(help="ONNX file; default: the included network.")] = None,
) -> None:
    """Draw the network's probabilities of the next move in percent, with a frame around the move that was played."""
    from shicho.engine.policy import Policy

    with _drawing(output):
        from shicho.tools.picture.policy import save_policy

        shown = _position(file, move)
        title = f"{_title(file, shown)}, {shown.to_play} to play"
        save_policy(output, shown, Policy(network).evaluate(shown), title, _next_move(file, shown))


@app.command()
def ladder(
    file: GameFile,
    output: Output,
    at: Annotated[str, typer.Option(metavar="VERTEX", help="A stone of the chain to read, such as Q16.")],
    move: AfterMove = None,
) -> None:
    """Draw the ladder of a chain: the moves by which it is captured or escapes."""
    from shicho.engine.ladder import describe, read

    with _drawing(output):
        from shicho.tools.picture.ladder import save_ladder

        shown = _position(file, move)
        reading, point = read(shown.board, at), shown.board.point(at)
        title = f"{_title(file, shown)}. {describe(shown.board, point, reading)}"
        save_ladder(output, shown.board, point, reading, title)


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

        shown, chosen = _position(file, move), feature_set(features)
        save_planes(output, shown, chosen, f"{chosen} on {_title(file, shown)}, {shown.to_play} to play")


@app.command()
def plane(
    file: GameFile,
    output: Output,
    plane: Annotated[str, typer.Option(metavar="NAME", help="An input plane of any feature set, see docs/features.")],
    move: AfterMove = None,
) -> None:
    """Draw one input plane of a position on a large board, from the side to move."""
    with _drawing(output):
        from shicho.tools.picture.planes import save_plane

        shown = _position(file, move)
        save_plane(output, shown, plane, f"{_title(file, shown)}, {shown.to_play} to play")


@app.command()
def channels(
    file: GameFile,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Image file to write: .png, .svg or .pdf, or .gif for an animation.")
    ],
    network: Annotated[Path, typer.Option(help="ONNX file that `shicho export --taps` has written.")],
    layer: Annotated[str, typer.Option(help="An inner layer of the network, such as block3 or policy.pool.")],
    channel: Annotated[int | None, typer.Option(min=0, help="One channel, on a large board. [default: all]")] = None,
    move: AfterMove = None,
    filmstrip: Annotated[bool, typer.Option("--filmstrip", help="One channel in the course of the game.")] = False,
    every: Annotated[
        int | None, typer.Option(min=1, help="Moves from one picture of a filmstrip or animation to the next.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.02, help="How long an animation shows each picture.")] = 0.4,
    scale: Annotated[
        float | None, typer.Option(min=0, help="Value of the strongest colours. [default: the largest]")
    ] = None,
) -> None:
    """Draw the channels of an inner layer: all in one position, or one, also in the course of the game.

    0 is grey, positive values run from red to green, negative ones from cyan to magenta.
    """
    from shicho.engine.errors import BadConfig
    from shicho.engine.policy import Policy
    from shicho.engine.taps import Taps

    with _drawing(output):
        from shicho.tools.picture.channels import Frame, save_channels, save_frames

        moving = filmstrip or output.suffix.lower() == ".gif"
        if channel is None and moving:
            raise BadConfig("a filmstrip and an animation show one channel: say which with --channel")
        taps, shown = Taps(Policy(network)), _position(file, move)
        name = f"{layer} of {network.name}"
        if channel is None:
            title = f"{name} on {_title(file, shown)}, {shown.to_play} to play"
            save_channels(output, shown.board, taps.boards(shown, layer), title, scale)
            return
        number = taps.layer(layer).channel(channel)
        every = every or (max(1, -(-shown.ply // (FILMSTRIP - 1))) if filmstrip else 1)
        positions = [_position(file, ply) for ply in range(0, shown.ply + 1, every)] if moving else [shown]
        frames = [Frame(taps.boards(game, layer)[number], game.board, game.ply) for game in positions]
        title = f"{layer}, channel {number}, on {file.stem}"
        save_frames(output, frames, title, filmstrip=filmstrip, scale=scale, seconds=seconds)


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


def _next_move(file: Path, game: "Game") -> "Move | None":
    """Return the move of the record that follows a position of it, None at the end."""
    from shicho.engine.sgf import read_game

    following = read_game(file, plies=game.ply + 1)
    return following.moves[-1] if following.ply > game.ply else None


def _title(file: Path, game: "Game") -> str:
    return f"{file.stem}, after move {game.ply}"

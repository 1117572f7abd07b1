"""`shicho picture`: pictures of what a network sees."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Draw what a network sees.", no_args_is_help=True)


@app.callback()
def _sub_commands() -> None:
    """Draw what a network sees."""


@app.command()
def policy(
    file: Annotated[Path, typer.Argument(metavar="GAME.sgf", help="The game; its main line.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The picture: .png, .svg or .pdf.")],
    move: Annotated[int | None, typer.Option(min=0, help="After this many moves. [default: the end]")] = None,
    network: Annotated[Path | None, typer.Option(help="ONNX file; by default the one that ships.")] = None,
) -> None:
    """Draw a position and the probabilities of the next move, in percent."""
    from shicho.engine.errors import BadConfig, BadRecord
    from shicho.engine.policy import Policy
    from shicho.engine.sgf import read_game

    try:
        from shicho.tools.picture.policy import save_policy
    except ModuleNotFoundError:
        raise BadConfig("pictures need matplotlib: pip install 'shicho[picture]'") from None

    try:
        game = read_game(file.read_bytes(), plies=move)
    except BadRecord as error:
        raise BadRecord(str(error), str(file)) from None
    if move is not None and game.ply < move:
        raise BadRecord(f"the game has {game.ply} moves, not {move}", str(file))
    title = f"{file.stem}, after move {game.ply}, {game.to_play} to play"
    try:
        save_policy(output, game, Policy(network).evaluate(game), title)
    except ValueError as error:
        raise BadConfig(f"{output}: {error}") from None
    print(output)

"""The command `shicho` and its sub-commands."""

from typing import Annotated

import typer

from shicho.engine.version import shicho_version
from shicho.tools.commands import (
    analysis,
    bench,
    data,
    evaluate,
    experiment,
    export,
    finetune,
    gtp_check,
    inside,
    look,
    match,
    picture,
    train,
)
from shicho.tools.console import run

app = typer.Typer(
    name="shicho",
    help="Tools of the Go engine Shicho: game data, training, experiments, evaluation, export, pictures, benchmarks, "
    "checks of GTP engines.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app, name="data")
app.add_typer(train.app, name="train")
app.command()(finetune.finetune)
app.command()(evaluate.evaluate)
app.command()(export.export)
app.command()(analysis.analysis)
app.add_typer(match.app, name="match")
app.add_typer(picture.app, name="picture")
app.command()(look.look)
app.command()(inside.inside)
app.add_typer(experiment.app, name="experiment")
app.add_typer(bench.app, name="bench")
app.command("gtp-check")(gtp_check.gtp_check)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"shicho {shicho_version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Define the options before the sub-command."""


def main() -> None:
    """Run the console script `shicho`."""
    run(app)


if __name__ == "__main__":
    main()

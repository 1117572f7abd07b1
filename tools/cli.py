"""`shicho` and its sub-commands."""

import typer

from shicho.tools.commands import bench, data, evaluate, export, picture, train
from shicho.tools.console import run

app = typer.Typer(
    name="shicho",
    help="The workshop of the Go engine Shicho: game data, training, evaluation, pictures, benchmarks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app, name="data")
app.command()(train.train)
app.command()(evaluate.evaluate)
app.command()(export.export)
app.add_typer(picture.app, name="picture")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """The console script."""
    run(app)


if __name__ == "__main__":
    main()

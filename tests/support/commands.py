"""Running a sub-command of `shicho` inside the test process."""

from collections.abc import Callable

import typer
from click.testing import Result
from typer.testing import CliRunner


def invoke(function: Callable[..., None], *arguments: object) -> Result:
    """Run the command that a function implements; its output is in the result, its exception too."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(function)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])

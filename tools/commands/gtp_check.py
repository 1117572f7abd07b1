"""The command `shicho gtp-check`: examine a GTP engine."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from shicho.engine.errors import ShichoError, one_line
from shicho.engine.files import replacing
from shicho.tools.console import find_command, split_command

_CANNOT_START = 2


def gtp_check(
    command: Annotated[str, typer.Argument(help="The engine's command line, in quotes.", metavar="COMMAND")],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON; - for standard output.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Run this check or family alone; may be repeated.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.1)] = 20.0,
    start_timeout: Annotated[float, typer.Option(help="Seconds to wait for the first answer.", min=0.1)] = 60.0,
    list_checks: Annotated[bool, typer.Option("--list", help="List the checks instead; COMMAND is not run.")] = False,
) -> None:
    """Examine any GTP engine: the GTP 2 specification, legality, scoring, shutdown, and what clients would miss.

    The exit code is 0 without errors, 1 with errors, 2 if the engine cannot be started.
    """
    from rich.console import Console

    from shicho.tools.gtp_check.check import Severity
    from shicho.tools.gtp_check.families import CHECKS
    from shicho.tools.gtp_check.report import as_json, print_report
    from shicho.tools.gtp_check.run import examine

    chosen = [check for check in CHECKS if not only or any(check.id.startswith(prefix) for prefix in only)]
    if not chosen:
        raise typer.BadParameter(f"there is no such check: {', '.join(only or ())}")
    if list_checks:
        for check in chosen:
            typer.echo(f"{check.id:28} {check.section:6} {check.severity:8} {check.about}")
        return
    to_stdout = json_file is not None and str(json_file) == "-"
    progress = Console(stderr=True)
    try:
        with progress.status("starting the engine") as status:
            report = examine(
                find_command(split_command(command)),
                timeout=timeout,
                start_timeout=start_timeout,
                checks=chosen,
                on_check=lambda check: status.update(f"{check.id}: {check.about}"),
            )
    except ShichoError as error:
        typer.echo(one_line(error), err=True)
        raise typer.Exit(_CANNOT_START) from None
    if not to_stdout:
        print_report(report, Console())
    if json_file is not None:
        text = json.dumps(as_json(report), indent=1) + "\n"
        if to_stdout:
            sys.stdout.write(text)
        else:
            with replacing(json_file) as beside:
                beside.write_text(text, encoding="utf-8")
    if report.count(Severity.ERROR):
        raise typer.Exit(1)

"""The report of an examination: tables for the terminal, and the same as JSON."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shicho.tools.gtp_check.check import Severity
from shicho.tools.gtp_check.clients import CLIENTS, Client
from shicho.tools.gtp_check.run import Report, State

_FORMAT = 1
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def print_report(report: Report, console: Console) -> None:
    """Print the engine, a table of what was found, the counts, and a table of what clients would miss."""
    title = " ".join(filter(None, (report.name, report.version)))
    console.print(f"[bold]{escape(title)}[/], {len(report.commands)} commands, examined on {report.size}x{report.size}")
    console.print(_findings(report))
    console.print(_clients(report))
    console.print(summary(report))


def summary(report: Report) -> str:
    """Return the numbers of checks and problems in one line."""
    states = [outcome.state for outcome in report.outcomes]
    counts = ", ".join(f"{report.count(severity)} {_plural(severity, report.count(severity))}" for severity in Severity)
    passed, skipped = states.count(State.PASSED), states.count(State.NOT_APPLICABLE)
    return f"{len(states)} checks: {passed} without a finding, {skipped} not applicable; {counts}"


def as_json(report: Report) -> dict[str, Any]:
    """Return the report for `json.dump`."""
    return {
        "format": _FORMAT,
        "command": list(report.command),
        "name": report.name,
        "version": report.version,
        "size": report.size,
        "commands": sorted(report.commands),
        "counts": {severity.value: report.count(severity) for severity in Severity},
        "checks": [
            {
                "id": outcome.check.id,
                "about": outcome.check.about,
                "section": outcome.check.section or None,
                "severity": outcome.check.severity.value,
                "state": outcome.state.value,
                "reason": outcome.reason or None,
                "problems": [{"severity": found.severity.value, "text": found.text} for found in outcome.problems],
            }
            for outcome in report.outcomes
        ],
        "clients": [
            {
                "name": client.name,
                "plays": plays(client, report),
                "missing": list(client.missing(report.commands)),
                "lost": [{"commands": list(use.commands), "what": use.lost} for use in client.lost(report.commands)],
                "source": client.source,
                "note": client.note or None,
            }
            for client in CLIENTS
        ],
    }


def plays(client: Client, report: Report) -> bool:
    """Return whether the client can play with an engine of these commands."""
    return client.speaks_gtp and not client.missing(report.commands)


def _findings(report: Report) -> Table:
    table = Table("", "check", "section", "finding")
    for outcome in report.outcomes:
        for severity in Severity:
            texts = [escape(problem.text) for problem in outcome.problems if problem.severity is severity]
            if texts:
                kind = f"[{_COLOURS[severity]}]{severity}[/]"
                table.add_row(kind, outcome.check.id, outcome.check.section, "\n".join(texts))
    return table


def _clients(report: Report) -> Table:
    table = Table("client", "plays", "what it does without, and notes")
    for client in CLIENTS:
        missing = client.missing(report.commands)
        lines = [f"[red]required: {', '.join(missing)}[/]"] if missing else []
        lines += [f"{' or '.join(use.commands)}: {escape(use.lost)}" for use in client.lost(report.commands)]
        lines += [f"[dim]{escape(client.note)}[/]"] if client.note else []
        table.add_row(client.name, "yes" if plays(client, report) else "[red]no[/]", "\n".join(lines))
    return table


def _plural(severity: Severity, count: int) -> str:
    return {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}[severity] + "s" * (count != 1)

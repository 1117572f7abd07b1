"""The command `shicho analysis`: serve the protocol of KataGo's analysis engine."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shicho.gtp.analysis_engine.queries import Perspective

_log = logging.getLogger(__name__)


def analysis(
    network: Annotated[
        Path | None, typer.Option("--network", "-model", help="ONNX file [default: the included network].")
    ] = None,
    symmetries: Annotated[int, typer.Option(help="Symmetries of a position that are averaged: 1 or 8.")] = 8,
    threads: Annotated[int | None, typer.Option(help="Threads for the network [default: 2].")] = None,
    policy_only: Annotated[
        bool,
        typer.Option("--policy-only", help="Accept a network without win probabilities; 0.5 is reported."),
    ] = False,
    config: Annotated[
        Path | None, typer.Option("-config", help="KataGo's config file; only reportAnalysisWinratesAs is used.")
    ] = None,
    override_config: Annotated[
        list[str] | None, typer.Option("-override-config", metavar="KEY=VALUE,...", help="Settings as in such a file.")
    ] = None,
    quit_without_waiting: Annotated[
        bool, typer.Option("-quit-without-waiting", help="End with the input, even if positions wait.")
    ] = False,
    analysis_threads: Annotated[int | None, typer.Option("-analysis-threads", help="Without effect.")] = None,
) -> None:
    """Analyse positions for programs such as KaTrain and Ogatak, which write and read lines of JSON."""
    from shicho.gtp.main import guarded

    perspective = _perspective(config, override_config or [])

    def serve() -> int:
        from shicho.engine.errors import BadNetwork
        from shicho.engine.policy import Policy, checked_symmetries
        from shicho.engine.version import shicho_version
        from shicho.gtp.analysis_engine.server import AnalysisServer
        from shicho.gtp.analysis_engine.server import serve as answer_lines

        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="shicho analysis: %(message)s")
        policy = Policy(network, threads)
        if not policy.predicts_win and not policy_only:
            what = "does not estimate win probabilities; --policy-only accepts it and reports 0.5 for each"
            raise BadNetwork(policy.path, what)
        server = AnalysisServer(policy, symmetries=checked_symmetries(symmetries), perspective=perspective)
        name = f"{shicho_version()} ({policy.path.stem})"
        chances = "" if policy.predicts_win else ", win probabilities are not estimated: 0.5 is reported for each"
        _log.info("version %s, symmetries %d%s; ready to begin handling requests", name, symmetries, chances)
        with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
            answer_lines(server, source, sys.stdout.buffer, finish=not quit_without_waiting)
        return 0

    raise typer.Exit(guarded("shicho analysis", serve))


def _perspective(config: Path | None, overrides: list[str]) -> "Perspective":
    """Return whose win rates are reported; raises BadConfig and the OSError of a file that cannot be read."""
    from shicho.engine.errors import BadConfig
    from shicho.gtp.analysis_engine.queries import PERSPECTIVE, Perspective

    try:
        text = config.read_text(encoding="utf-8") if config else ""
    except UnicodeDecodeError:
        raise BadConfig(f"{config}: not a text file") from None
    lines = [line.partition("#")[0] for line in text.splitlines()]
    pairs = [pair.partition("=") for pair in (*lines, *",".join(overrides).split(","))]
    settings = {key.strip(): value.strip() for key, _, value in pairs}
    return Perspective.parse(settings.get(PERSPECTIVE, Perspective.SIDE_TO_MOVE))

"""`shicho export`: a checkpoint to an ONNX file to play with, or to float16 weights to go on from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from shicho.tools.commands.evaluate import parse_condition


@dataclass(frozen=True, kw_only=True)
class EvaluatedFigures:
    """What `shicho evaluate --json` prints of each test set, among other figures."""

    n: int
    top1: float
    top4: float
    cross_entropy: float


def export(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint folder or a run folder.", exists=True)],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The ONNX file; a card goes beside it.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Folder for float16 weights, as `train --from` reads.")] = None,
    figures: Annotated[
        Path | None, typer.Option(help="What `shicho evaluate --json` printed, for metadata and card.", exists=True)
    ] = None,
    condition: Annotated[
        str | None, typer.Option(metavar="SOURCE[:RANK]", help="Export a network that plays like these, e.g. pro:10.")
    ] = None,
    notes: Annotated[
        Path | None, typer.Option(help="Markdown for the end of the card: weaknesses, licence.", exists=True)
    ] = None,
    taps: Annotated[bool, typer.Option("--taps", help="With the inner layers as outputs, to look at them.")] = False,
) -> None:
    """Write ONNX with a model card (refused where PyTorch and ONNX Runtime disagree), or weights alone, or both."""
    from shicho.engine.errors import BadConfig
    from shicho.training.config import parse
    from shicho.training.export import export_network, publish_weights

    if output is None and weights is None:
        raise typer.BadParameter("say what to write: -o FILE.onnx or --weights FOLDER")
    table = {}
    if figures is not None:
        try:
            table = json.loads(figures.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadConfig(f"{figures}: no JSON: {error}") from None
        parse(dict[str, EvaluatedFigures], table, f"{figures}: not what `shicho evaluate --json` prints")
    if output is not None:
        text = None if notes is None else notes.read_text(encoding="utf-8")
        done = export_network(checkpoint, output, table, parse_condition(condition), notes=text, taps=taps)
        print(f"{done.path} and {done.card}: PyTorch and ONNX Runtime differ by {done.difference:.1g} at most")
    if weights is not None:
        publish_weights(checkpoint, weights)
        print(f"{weights}: float16 weights")

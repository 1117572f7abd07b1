"""Exporting a checkpoint to ONNX with a model card, after checking that ONNX Runtime agrees with PyTorch."""

import copy
import json
import logging
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel
from torch import nn

from shicho.engine.errors import BadCheckpoint, BadNetwork
from shicho.engine.features import FEATURE_SETS, FeatureSet
from shicho.engine.files import replacing
from shicho.engine.game import Game
from shicho.engine.policy import network_inputs
from shicho.engine.version import shicho_version
from shicho.training.config import NetworkConfig, TrainingConfig, to_json
from shicho.training.network.layers import fold_kernels
from shicho.training.network.model import Network, parameter_count
from shicho.training.network.modes import evaluation_mode
from shicho.training.network.taps import recording, tapped_layers
from shicho.training.run.checkpoint import (
    Arrays,
    Checkpoint,
    DataIdentity,
    State,
    load_checkpoint,
    load_network,
    save_checkpoint,
)

if TYPE_CHECKING:
    import onnx

OPSET = 18
TOLERANCE = 1e-3
PARITY_SIZES = (19, 19, 19, 19, 13, 9, 7, 5, 2)
PARITY_SEED = 1
OUTPUTS = {
    "policy": "float32 [N, 362]: logits of 361 points and the pass; -10000 off the board",
    "win": "float32 [N]: logit that the side to move wins",
}
CHAINS_INPUT = "`chains` int64 [N, 19, 19]: a number for each chain on its stones, 0 elsewhere"

FigureTable = Mapping[str, Mapping[str, Any]]
ConditionChoice = tuple[str | None, int]
"""Source group (None: unknown) and rank, as `Network.set_condition` takes them."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """The file that was written, and the largest difference of an output between PyTorch and ONNX Runtime."""

    path: Path
    card: Path
    difference: float


def export_network(
    checkpoint: Path,
    output: Path,
    figures: FigureTable,
    condition: ConditionChoice | None = None,
    fine_tuned: str | None = None,
    *,
    notes: str | None = None,
    taps: bool = False,
) -> Exported:
    """Write a checkpoint's network as ONNX, and its card beside it. Nothing is written unless both runtimes agree.

    The averaged weights are exported if the checkpoint has them. `figures`: what `shicho evaluate --json` printed, for
    the metadata and the card. With `condition`, the file always plays as in games of that source and rank.
    `fine_tuned`: from what and on what, for both. `notes`: Markdown for the end of the card. With `taps`, the inner
    layers are outputs too (see `training.network.taps`); ONNX Runtime hands out those that are asked for.

    Raises BadCheckpoint, BadConfig if the network has no such condition, or BadNetwork if an output differs by more
    than 0.001.
    """
    loaded = load_checkpoint(checkpoint)
    network = Network(loaded.state.preset.network, masked=True)
    load_network(network, loaded.best, checkpoint)
    if condition is not None:
        network.set_condition(*condition)
    inner = list(tapped_layers(network, exported_heads(network))) if taps else []
    properties = metadata(loaded.state, figures) | ({"fine_tuned": fine_tuned} if fine_tuned else {})
    if inner:
        properties["taps"] = json.dumps(inner)
    data = onnx_bytes(network, properties, inner)
    difference = parity(network, data, inner)
    if not difference <= TOLERANCE:
        raise BadNetwork(output, f"not written: PyTorch and ONNX Runtime differ by {difference:.2g}, over {TOLERANCE}")
    card = output.with_suffix(".md")
    with replacing(output) as beside:
        beside.write_bytes(data)
    with replacing(card) as beside:
        text = model_card(output.name, loaded.state, network, figures, fine_tuned, notes)
        beside.write_text(text, encoding="utf-8")
    return Exported(path=output, card=card, difference=difference)


def publish_weights(checkpoint: Path, folder: Path) -> None:
    """Write a checkpoint again in float16, without optimiser state. Raises BadCheckpoint if a weight does not fit."""
    loaded = load_checkpoint(checkpoint)
    halves = Checkpoint(
        state=loaded.state,
        weights=_in_float16(loaded.weights, checkpoint),
        average=_in_float16(loaded.average, checkpoint),
        optimiser={},
    )
    save_checkpoint(folder, halves)


def _in_float16(arrays: Arrays, place: Path) -> Arrays:
    halves: Arrays = {}
    for name, array in arrays.items():
        with np.errstate(over="ignore"):
            halves[name] = array.astype(np.float16) if array.dtype.kind == "f" else array
        if not np.isfinite(halves[name]).all():
            raise BadCheckpoint(f"{place}: {name} holds {np.abs(array).max()}, too large for float16")
    return halves


def metadata(state: State, figures: FigureTable) -> dict[str, str]:
    """Return the metadata of an ONNX file, all strings (docs/formats.md)."""
    training = {
        "preset": state.preset.name,
        "samples": state.total_samples,
        "seconds": round(state.total_seconds, 1),
        "sessions": state.sessions,
        "settings": to_json(state.preset.training),
        "games_sha256": state.data.games_sha256,
        "positions": state.data.positions,
        "positions_by_group": state.data.positions_by_group,
        "sources": state.data.sources,
        **state.environment,
    }
    features = FEATURE_SETS[state.preset.network.features]
    return {
        "feature_set": features.name,
        "feature_version": str(features.version),
        "config": json.dumps(to_json(state.preset.network)),
        "training": json.dumps(training),
        "figures": json.dumps({name: dict(row) for name, row in figures.items()}),
        "shicho_version": shicho_version(),
    }


class _Exported(nn.Module):
    """A network as ONNX sees it: plain kernels, and a tuple of the exported heads and of the inner layers `taps`."""

    def __init__(self, network: Network, taps: Sequence[str]) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        fold_kernels(self.network)
        self.taps = taps

    def forward(self, planes: torch.Tensor, chains: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
        return tuple(_outputs(self.network, self.taps, planes, chains).values())


def _outputs(
    network: Network, taps: Sequence[str], planes: torch.Tensor, chains: torch.Tensor | None = None
) -> dict[str, torch.Tensor]:
    """Return the outputs of the exported heads and of the inner layers `taps`, by name, in this order."""
    heads = exported_heads(network)
    layers = tapped_layers(network, heads)
    with recording({name: layers[name] for name in taps}) as inner:
        outputs = network(planes, heads, chains=chains)
    return {name: (outputs | inner)[name] for name in (*heads, *taps)}


def exported_heads(network: Network) -> list[str]:
    """Return the names of the heads that an ONNX file has as outputs."""
    return [name for name in network.heads if network.head(name).exported]


def onnx_bytes(network: Network, properties: Mapping[str, str], taps: Sequence[str] = ()) -> bytes:
    """Return a masked network as an ONNX file: `planes` [N, C, 19, 19] to its exported heads, any N.

    A network with chain pooling has a second input, `chains` int64 [N, 19, 19]. The inner layers `taps` (see
    `tapped_layers`) are outputs too. What is exported is a copy in evaluation mode, whatever mode the network is in.
    """
    import onnx

    example = {"planes": torch.zeros(2, len(FEATURE_SETS[network.config.features]), 19, 19)}
    example["planes"][:, 0] = 1
    if network.uses_chains:
        example["chains"] = torch.zeros(2, 19, 19, dtype=torch.int64)
    batch = torch.export.Dim("N")
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        for name in ("torch.onnx", "onnxscript", "onnx_ir"):
            logging.getLogger(name).setLevel(logging.ERROR)
        program = torch.onnx.export(
            _Exported(network, taps).eval(),
            tuple(example.values()),
            input_names=list(example),
            output_names=[*exported_heads(network), *taps],
            opset_version=OPSET,
            dynamic_shapes={name: {0: batch} for name in example},
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _forget_sources(model.graph)
    onnx.helper.set_model_props(model, dict(properties))
    return bytes(model.SerializeToString())


def _forget_sources(graph: "onnx.GraphProto") -> None:
    """Remove the stack traces that the exporter stores for each node: they hold paths of this machine."""
    for part in (graph, *graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""


def parity(network: Network, data: bytes, taps: Sequence[str] = ()) -> float:
    """Return the largest difference of any output between PyTorch and ONNX Runtime, on many board sizes, batch N and 1.

    For an inner layer it is a share of its largest value where that is above 1. Infinite if ONNX Runtime gives
    something that is not finite.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    features = FEATURE_SETS[network.config.features]
    packed = parity_positions(features)
    inputs = network_inputs(features, packed, [node.name for node in session.get_inputs()])
    with evaluation_mode(network), torch.inference_mode():
        torch_outputs = _outputs(network, taps, **network.inputs(packed))
    names = list(torch_outputs)
    together = session.run(names, inputs)
    singly = [
        session.run(names, {name: values[row : row + 1] for name, values in inputs.items()})
        for row in range(len(PARITY_SIZES))
    ]
    largest = 0.0
    for index, name in enumerate(names):
        actual = np.stack([together[index], np.concatenate([outputs[index] for outputs in singly])])
        expected = torch_outputs[name].numpy()
        unit = max(1.0, float(np.abs(expected).max())) if name in taps else 1.0
        difference = float(np.abs(actual - expected).max()) / unit
        largest = max(largest, difference if np.isfinite(difference) else float("inf"))
    return largest


def parity_positions(features: FeatureSet) -> NDArray[np.uint8]:
    """Return packed planes uint8 [9, C, 48] of random games, stopped at random, on boards from 19x19 to 2x2."""
    rng = np.random.Generator(np.random.Philox(key=PARITY_SEED))
    positions = []
    for size in PARITY_SIZES:
        game = Game(size)
        for _ in range(int(rng.integers(size, size * size))):
            game.play(game.to_play, int(rng.choice(np.flatnonzero(game.legal_mask(game.to_play)))))
            if game.is_over:
                break
        positions.append(features.compute_packed(game))
    return np.stack(positions)


def model_card(
    name: str,
    state: State,
    network: Network,
    figures: FigureTable,
    fine_tuned: str | None = None,
    notes: str | None = None,
) -> str:
    """Return the model card as Markdown: training, data, figures, and the `notes` at its end."""
    training, environment = state.preset.training, state.environment
    features = FEATURE_SETS[state.preset.network.features]
    rows = [
        ("preset", f"`{state.preset.name}`: {_describe(state.preset.network)}"),
        ("parameters", f"{parameter_count(network):,}"),
        (
            "input",
            f"`planes` float32 [N, {len(features)}, 19, 19], feature set `{features.name}` version {features.version}",
        ),
        *([("input", CHAINS_INPUT)] if network.uses_chains else []),
        *(("output", f"`{name}` {OUTPUTS[name]}") for name in exported_heads(network)),
        *([("fine-tuned", fine_tuned)] if fine_tuned else []),
        ("trained for", f"{state.total_samples:,} samples, {state.total_seconds / 3600:.2f} hours"),
        ("on", "{device}, {threads} thread(s), torch {torch}".format(**environment)),
        ("recipe", _recipe(training)),
        ("data", _options(training.data)),
        ("from", f"{_positions(state.data)}, games SHA-256 `{state.data.games_sha256}`"),
        *([("commit", f"`{environment['git_commit']}`")] if environment["git_commit"] else []),
    ]
    lines = [f"# {name}", "", "| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in rows), ""]
    if figures:
        lines += ["Prediction of games it has not seen; passes are left out.", ""]
        lines += ["| games | top-1 | top-4 | cross-entropy (nats) | calibration error | winner | n |"]
        lines += ["|---|---|---|---|---|---|---|"]
        lines += [_figure_row(games, row) for games, row in figures.items()]
        lines += [""]
    folders = Counter(name.partition("/")[0] for name in state.data.sources)
    named = ", ".join(name if count == 1 else f"{name} ({count} archives)" for name, count in folders.items())
    lines += [f"Trained on the games of {named}; hashes of all archives are in the file's metadata."]
    lines += ["", notes.strip()] if notes else []
    return "\n".join(lines) + "\n"


def _figure_row(games: str, row: Mapping[str, Any]) -> str:
    """Return a line of the card's table, with 95 % intervals (resampled games) where the figures have them."""

    def cell(name: str, form: str) -> str:
        if name not in row:
            return "-"
        ends = row.get("intervals", {}).get(name)
        return format(row[name], form) + (f" ({ends[0]:{form}} to {ends[1]:{form}})" if ends else "")

    cells = [
        cell("top1", ".2%"),
        cell("top4", ".2%"),
        cell("cross_entropy", ".4f"),
        cell("calibration_error", ".2%"),
        cell("win_accuracy", ".2%"),
    ]
    return f"| {games} | {' | '.join(cells)} | {row['n']:,} |"


def _describe(config: NetworkConfig) -> str:
    """Return the network with all its options, equal neighbours among the blocks counted."""
    blocks = [(_options(block), len([*same])) for block, same in groupby(config.blocks)]
    heads = [f"{name} ({_options(head)})" for name, head in config.heads if head is not None]
    trunk = ", ".join(text if count == 1 else f"{count} x {text}" for text, count in blocks)
    layers = f"{config.channels} channels, {config.activation}, norm {config.norm}"
    centres = f"stem_centre={json.dumps(config.stem_centre)} centre_factor={config.centre_factor}"
    weights = f"initialisation {config.initialisation}"
    dropout = f"; dropout: {_options(config.dropout)}" if config.dropout else ""
    condition = f"; condition: {_options(config.condition)}" if config.condition else ""
    hidden = f"; hidden planes: {', '.join(config.hidden_planes)}" if config.hidden_planes else ""
    return f"{layers}, {centres}, {weights}; blocks: {trunk}{dropout}{condition}{hidden}; heads: {', '.join(heads)}"


def _recipe(training: TrainingConfig) -> str:
    parts = [f"batch {training.batch_size}", _options(training.optimiser), _options(training.schedule)]
    if training.cooldown is not None:
        parts.append(f"cool-down {_options(training.cooldown)}")
    if training.ema_samples is not None:
        parts.append(f"weights averaged over {training.ema_samples:,} samples")
    return ", ".join(parts)


def _positions(data: DataIdentity) -> str:
    """Return `1,234 positions (pro 1,000, kgs-6d 234)`: those that pass the filters, before they are mixed."""
    groups = ", ".join(f"{name} {count:,}" for name, count in data.positions_by_group.items())
    return f"{data.positions:,} positions" + (f" ({groups})" if groups else "")


def _options(config: BaseModel) -> str:
    """Return the type and every option, as `residual pool=true` or `muon learning_rate=0.02 ...`."""
    values = to_json(config)
    options = [f"{key}={json.dumps(value)}" for key, value in values.items() if key != "type"]
    return " ".join([values["type"], *options] if "type" in values else options)

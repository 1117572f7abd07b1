"""Checkpoint to ONNX, with the proof that ONNX Runtime computes what PyTorch does, and a model card beside it."""

import json
import logging
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from shicho.engine.errors import BadCheckpoint, BadNetwork
from shicho.engine.features import FEATURE_SETS, FeatureSet
from shicho.engine.files import replacing
from shicho.engine.game import Game
from shicho.engine.version import shicho_version
from shicho.training.checkpoint import Checkpoint, State, load_checkpoint, load_network, save_checkpoint
from shicho.training.config import NetworkConfig, to_json
from shicho.training.model import Network, parameter_count

if TYPE_CHECKING:
    import onnx

OPSET = 18
TOLERANCE = 1e-3
PARITY_SIZES = (19, 19, 19, 19, 13, 9, 7, 5, 2)
PARITY_SEED = 1

FigureTable = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written, and the largest difference of a logit between PyTorch and ONNX Runtime."""

    path: Path
    card: Path
    difference: float


def export_network(checkpoint: Path, output: Path, figures: FigureTable) -> Exported:
    """Write a checkpoint's network as ONNX, and its card beside it. Nothing is written unless both runtimes agree.

    `figures`: what `shicho evaluate --json` printed, for the metadata and the card. Raises BadCheckpoint, or BadNetwork
    where a logit differs by more than 0.001.
    """
    found = load_checkpoint(checkpoint)
    network = Network(found.state.preset.network, masked=True)
    load_network(network, found.weights, checkpoint)
    network.eval()
    data = onnx_bytes(network, metadata(found.state, figures))
    difference = parity(network, data)
    if not difference <= TOLERANCE:
        raise BadNetwork(output, f"not written: PyTorch and ONNX Runtime differ by {difference:.2g}, over {TOLERANCE}")
    card = output.with_suffix(".md")
    with replacing(output) as beside:
        beside.write_bytes(data)
    with replacing(card) as beside:
        beside.write_text(model_card(output.name, found.state, network, figures), encoding="utf-8")
    return Exported(path=output, card=card, difference=difference)


def publish_weights(checkpoint: Path, folder: Path) -> None:
    """Write a checkpoint again, weights alone in float16. Raises BadCheckpoint where one does not fit."""
    found = load_checkpoint(checkpoint)
    halves = {}
    for name, array in found.weights.items():
        with np.errstate(over="ignore"):
            halves[name] = array.astype(np.float16) if array.dtype.kind == "f" else array
        if not np.isfinite(halves[name]).all():
            raise BadCheckpoint(f"{checkpoint}: {name} holds {np.abs(array).max()}, too large for float16")
    save_checkpoint(folder, Checkpoint(state=found.state, weights=halves, optimiser={}))


def metadata(state: State, figures: FigureTable) -> dict[str, str]:
    """What an ONNX file says of itself, all strings (docs/formats.md)."""
    training = {
        "preset": state.preset.name,
        "samples": state.total_samples,
        "seconds": round(state.total_seconds, 1),
        "sessions": state.sessions,
        "settings": to_json(state.preset.training),
        "games_sha256": state.data.games_sha256,
        "positions": state.data.positions,
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


def onnx_bytes(network: Network, properties: Mapping[str, str]) -> bytes:
    """A masked network in evaluation mode as an ONNX file: `planes` [N, C, 19, 19] to `policy` [N, 362], any N."""
    import onnx

    example = torch.zeros(2, len(FEATURE_SETS[network.config.features]), 19, 19)
    example[:, 0] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            network,
            (example,),
            input_names=["planes"],
            output_names=["policy"],
            opset_version=OPSET,
            dynamic_shapes={"planes": {0: torch.export.Dim("N")}},
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _forget_sources(model.graph)
    onnx.helper.set_model_props(model, dict(properties))
    return bytes(model.SerializeToString())


def _forget_sources(graph: "onnx.GraphProto") -> None:
    """Drop what the exporter notes of the code each part came from: stack traces with the paths of this machine."""
    for part in (graph, *graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""


def parity(network: Network, data: bytes) -> float:
    """The largest difference of a logit between PyTorch and ONNX Runtime, on many board sizes, at once and singly.

    Infinite where ONNX Runtime gives something that is no number.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    positions = parity_positions(FEATURE_SETS[network.config.features])
    with torch.inference_mode():
        ours = network(torch.from_numpy(positions)).policy.numpy()
    together = session.run(["policy"], {"planes": positions})[0]
    singly = np.concatenate([session.run(["policy"], {"planes": position[None]})[0] for position in positions])
    difference = float(np.abs(np.stack([together, singly]) - ours).max())
    return difference if np.isfinite(difference) else float("inf")


def parity_positions(features: FeatureSet) -> NDArray[np.float32]:
    """float32 [9, C, 19, 19]: random games, each stopped somewhere, on boards from 19x19 to 2x2."""
    rng = np.random.Generator(np.random.Philox(key=PARITY_SEED))
    positions = []
    for size in PARITY_SIZES:
        game = Game(size)
        for _ in range(int(rng.integers(size, size * size))):
            game.play(game.to_play, int(rng.choice(np.flatnonzero(game.legal_mask(game.to_play)))))
            if game.is_over:
                break
        positions.append(features.compute(game))
    return np.stack(positions)


def model_card(name: str, state: State, network: Network, figures: FigureTable) -> str:
    """What a network was trained on, for how long, and how well it predicts, as Markdown."""
    training, environment = state.preset.training, state.environment
    features = FEATURE_SETS[state.preset.network.features]
    rows = [
        ("preset", f"`{state.preset.name}`: {_describe(state.preset.network)}"),
        ("parameters", f"{parameter_count(network):,}"),
        (
            "input",
            f"`planes` float32 [N, {len(features)}, 19, 19], feature set `{features.name}` version {features.version}",
        ),
        ("output", "`policy` float32 [N, 362]: logits of 361 points and the pass; -10000 off the board"),
        ("trained for", f"{state.total_samples:,} samples, {state.total_seconds / 3600:.2f} hours"),
        ("on", "{device}, {threads} thread(s), torch {torch}".format(**environment)),
        ("schedule", f"{training.schedule}, batch {training.batch_size}, {training.precision}, seed {training.seed}"),
        ("from", f"{state.data.positions:,} positions, games SHA-256 `{state.data.games_sha256}`"),
        ("commit", "`{git_commit}`".format(**environment)),
    ]
    lines = [f"# {name}", "", "| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in rows), ""]
    if figures:
        lines += ["Prediction of games it has not seen; passes are left out.", ""]
        lines += ["| games | top-1 | top-4 | cross-entropy (nats) | n |", "|---|---|---|---|---|"]
        lines += [
            f"| {games} | {row['top1']:.2%} | {row['top4']:.2%} | {row['cross_entropy']:.4f} | {row['n']:,} |"
            for games, row in figures.items()
        ]
        lines += [""]
    folders = Counter(name.partition("/")[0] for name in state.data.sources)
    named = ", ".join(name if count == 1 else f"{name} ({count} archives)" for name, count in folders.items())
    lines += [f"Trained on the games of {named}; hashes of all archives are in the file's metadata."]
    return "\n".join(lines) + "\n"


def _describe(config: NetworkConfig) -> str:
    kinds = [type(block).__name__.lower() for block in config.blocks]
    return f"{config.channels} channels, {config.activation}, blocks {', '.join(kinds)}"

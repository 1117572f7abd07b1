"""How well a network predicts the moves of games it has not seen: top-1, top-4 and cross-entropy, each with n.

Passes are left out (they are 1 in 100,000 moves of professional games and say nothing), as targets only: a network that
expects a pass is wrong.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig, BadNetwork
from shicho.engine.features import FEATURE_SETS, FeatureSet, unpack
from shicho.engine.policy import Policy
from shicho.training.checkpoint import load_checkpoint, load_network
from shicho.training.config import Precision
from shicho.training.dataset import Batch
from shicho.training.model import Network
from shicho.training.store import GameStore
from shicho.training.symmetry import to_input

Predictor = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Packed planes uint8 [N, C, 48] to logits float32 [N, 362]."""


class OpenNetwork(NamedTuple):
    """A network read from a file: what it predicts, and the feature set of the planes it predicts from."""

    predict: Predictor
    features: FeatureSet


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Prediction of n moves: fractions found first and among the first four, mean of -log(probability) in nats."""

    top1: float
    top4: float
    cross_entropy: float
    n: int


def measure(predict: Predictor, batches: Iterable[Batch]) -> Figures:
    """The figures of a predictor over batches, whose targets must be points, not passes. Ties count against it."""
    first = fourth = n = 0
    loss = 0.0
    for batch in batches:
        logits = predict(batch.packed).astype(np.float64)
        played = np.take_along_axis(logits, batch.targets[:, None], axis=1)
        rank = (logits >= played).sum(axis=1)
        first += int((rank <= 1).sum())
        fourth += int((rank <= 4).sum())
        peak = logits.max(axis=1, keepdims=True)
        loss += float((np.log(np.exp(logits - peak).sum(axis=1)) + (peak - played)[:, 0]).sum())
        n += len(batch)
    if n == 0:
        raise BadConfig("no positions to evaluate")
    return Figures(top1=first / n, top4=fourth / n, cross_entropy=loss / n, n=n)


def network_predictor(network: Network, device: torch.device, precision: Precision) -> Predictor:
    """A torch network in evaluation mode as a predictor; it is put back into the mode it was in after each batch."""

    def predict(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        training = network.training
        network.eval()
        with torch.inference_mode(), autocast(device, precision):
            logits = network(to_input(torch.from_numpy(packed).to(device))).policy
        network.train(training)
        result: NDArray[np.float32] = logits.float().cpu().numpy()
        return result

    return predict


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """The autocast that a precision means: bfloat16, or none."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision is Precision.BFLOAT16)


def open_checkpoint(path: Path, device: torch.device) -> OpenNetwork:
    """The network of a checkpoint in float32, for full boards. Raises BadCheckpoint."""
    found = load_checkpoint(path)
    network = Network(found.state.preset.network, masked=False)
    load_network(network, found.weights, path)
    network.to(device).eval()
    return OpenNetwork(network_predictor(network, device, Precision.FLOAT32), FEATURE_SETS[network.config.features])


def open_onnx(path: Path, threads: int | None) -> OpenNetwork:
    """A network file behind ONNX Runtime on the CPU. Raises BadNetwork as playing with it does."""
    import onnxruntime

    features = Policy(path).features
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def predict(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = session.run(["policy"], {"planes": unpack(packed)})[0]
        if not np.isfinite(logits).all():
            raise BadNetwork(path, "gives logits that are no finite numbers")
        return logits

    return OpenNetwork(predict, features)


def open_network(path: Path, device: torch.device, threads: int | None) -> OpenNetwork:
    """The network of a checkpoint folder, a run folder or an ONNX file. Raises BadCheckpoint or BadNetwork."""
    if path.is_dir():
        return open_checkpoint(path, device)
    return open_onnx(path, threads)


def test_sources(store: GameStore) -> list[str]:
    """The store's test sources by name. Raises BadConfig where it has none."""
    names = [source.name for source in store.sources if source.test]
    if not names:
        raise BadConfig(
            "this store has no test sources: make some with `shicho data build --as-test`, or name a --split"
        )
    return names

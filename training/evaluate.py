"""How well a network predicts games it has not seen: the figures of each of its heads, with n.

Passes do not count as targets of the policy (they are 1 in 100,000 moves of professional games and say nothing); a
network that expects a pass is wrong.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig, BadNetwork
from shicho.engine.features import FEATURE_SETS, FeatureSet, unpack
from shicho.engine.policy import Policy
from shicho.training.data.dataset import Batch
from shicho.training.data.store import GameStore
from shicho.training.network.heads import HEADS, Samples
from shicho.training.network.model import Network
from shicho.training.network.transforms import to_input
from shicho.training.run.checkpoint import load_checkpoint, load_network
from shicho.training.run.device import Precision, autocast

Outputs = dict[str, NDArray[np.float32]]
"""What a network gives for N positions: `policy` [N, 362] logits, and by name whatever other heads it has."""

Predictor = Callable[[NDArray[np.uint8]], Outputs]
"""Packed planes uint8 [N, C, 48] to outputs."""

Figures = dict[str, float]
"""`top1`, `top4` (fractions), `cross_entropy` (nats) and `n`, the moves counted; figures of other heads after them."""


class OpenNetwork(NamedTuple):
    """A network read from a file: its outputs as a function of planes, its feature set, the names of its heads."""

    predict: Predictor
    features: FeatureSet
    heads: tuple[str, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that its figures need, for `evaluation_batches`."""
        return tuple(HEADS[name].target for name in self.heads)


def measure(predict: Predictor, batches: Iterable[Batch]) -> Figures:
    """The figures of all heads that `predict` gives, means over the samples that count. Raise BadConfig if none do."""
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for batch in batches:
        for name, values in sample_figures(predict(batch.packed), batch.targets).items():
            counted = values[~np.isnan(values)]
            sums[name] = sums.get(name, 0.0) + float(counted.sum())
            counts[name] = counts.get(name, 0) + len(counted)
    if not counts.get("top1"):
        raise BadConfig("no positions to evaluate")
    figures: Figures = {name: sums[name] / counts[name] for name in ("top1", "top4", "cross_entropy")}
    figures["n"] = counts["top1"]
    for name in sums:
        if name not in figures and counts[name]:
            figures[name] = sums[name] / counts[name]
            figures[f"{name}_n"] = counts[name]
    return figures


def sample_figures(outputs: Mapping[str, NDArray[np.float32]], targets: Mapping[str, NDArray[np.generic]]) -> Samples:
    """The figures of every head by name, float64 [N] each; NaN where a sample does not count."""
    found: Samples = {}
    for name, output in outputs.items():
        found |= HEADS[name].figures(output, targets[HEADS[name].target])
    return found


def network_predictor(
    network: Network, device: torch.device, precision: Precision, heads: Collection[str] | None = None
) -> Predictor:
    """A torch network in evaluation mode as a predictor; it is put back into the mode it was in after each batch."""

    def predict(packed: NDArray[np.uint8]) -> Outputs:
        training = network.training
        network.eval()
        with torch.inference_mode(), autocast(device, precision):
            outputs = network(to_input(torch.from_numpy(packed).to(device)), heads)
        network.train(training)
        return {name: output.float().cpu().numpy() for name, output in outputs.items()}

    return predict


def open_checkpoint(path: Path, device: torch.device, condition: tuple[str | None, int] | None = None) -> OpenNetwork:
    """The network of a checkpoint in float32, for full boards: its averaged weights if it has them.

    With `condition` it predicts as for games of that source group and rank. Raise BadCheckpoint, or BadConfig if the
    network has no such condition.
    """
    found = load_checkpoint(path)
    network = Network(found.state.preset.network, masked=False)
    load_network(network, found.best, path)
    if condition is not None:
        network.set_condition(*condition)
    network.to(device).eval()
    predict = network_predictor(network, device, Precision.FLOAT32)
    return OpenNetwork(predict, FEATURE_SETS[network.config.features], tuple(network.heads))


def open_onnx(path: Path, threads: int | None) -> OpenNetwork:
    """A network file behind ONNX Runtime on the CPU. Raise BadNetwork as playing with it does."""
    import onnxruntime

    features = Policy(path).features
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    heads = tuple(output.name for output in session.get_outputs() if output.name in HEADS)

    def predict(packed: NDArray[np.uint8]) -> Outputs:
        outputs = dict(zip(heads, session.run(list(heads), {"planes": unpack(packed)}), strict=True))
        for name, values in outputs.items():
            if not np.isfinite(values).all():
                raise BadNetwork(path, f"output {name} is not finite")
        return outputs

    return OpenNetwork(predict, features, heads)


def open_network(
    path: Path, device: torch.device, threads: int | None, condition: tuple[str | None, int] | None = None
) -> OpenNetwork:
    """The network of a checkpoint folder, a run folder or an ONNX file. Raise BadCheckpoint or BadNetwork."""
    if path.is_dir():
        return open_checkpoint(path, device, condition)
    if condition is not None:
        raise BadConfig(f"{path}: a condition needs a checkpoint; an ONNX file was exported with one or without")
    return open_onnx(path, threads)


def test_sources(store: GameStore) -> list[str]:
    """The names of the store's test sources. Raise BadConfig if it has none."""
    names = [source.name for source in store.sources if source.test]
    if not names:
        raise BadConfig(
            "this store has no test sources: make some with `shicho data build --as-test`, or name a --split"
        )
    return names

"""How well a network predicts games it has not seen: the figures of each of its heads, with n.

Passes do not count as targets of the policy (they are 1 in 100,000 moves of professional games and say nothing); a
network that expects a pass is wrong.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig, BadNetwork
from shicho.engine.features import FEATURE_SETS, POINTS, FeatureSet
from shicho.engine.policy import Policy
from shicho.engine.symmetry import MOVE_DESTINATIONS, SOURCE_POINTS
from shicho.training.data.dataset import Batch
from shicho.training.data.store import GameStore
from shicho.training.data.targets import GAME, PLY
from shicho.training.figures import (
    Columns,
    Figures,
    by_phase,
    by_value,
    mean_figures,
    reliability,
    summary,
)
from shicho.training.network.dropout import monte_carlo
from shicho.training.network.heads import HEADS, PASS, PolicyHead, Samples
from shicho.training.network.model import Network
from shicho.training.network.modes import evaluation_mode
from shicho.training.network.norms import estimate_statistics
from shicho.training.run.checkpoint import load_checkpoint, load_network
from shicho.training.run.device import Precision, autocast

Outputs = dict[str, NDArray[np.float32]]
"""The outputs of a network for N positions by name: `policy`, logits [N, 362], and those of its other heads.

Forward passes with dropout give `policy_deviation` [N, 362] too, see `dropout_predictor`.
"""

Predictor = Callable[[NDArray[np.uint8]], Outputs]
"""Packed planes uint8 [N, C, 48] to outputs."""

DEVIATION: Final = "policy_deviation"
TINY: Final = float(np.finfo(np.float64).tiny)

GROUPINGS: Final = ("phase", "year", "source")
"""What figures can be grouped by."""


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
    """Return the figures of all heads that `predict` gives, means over the samples that count.

    Raises BadConfig if none do.
    """
    return mean_figures(sample_columns(predict, batches))


def sample_columns(predict: Predictor, batches: Iterable[Batch]) -> Columns:
    """Return the figures of every sample of all batches, float64 [N] each, and the batches' `game` and `ply` if given.

    Raises BadConfig if there is no batch.
    """
    parts: dict[str, list[NDArray[np.float64]]] = {}
    for batch in batches:
        columns = sample_figures(predict(batch.packed), batch.targets)
        columns |= {name: batch.targets[name].astype(np.float64) for name in (GAME, PLY) if name in batch.targets}
        for name, values in columns.items():
            parts.setdefault(name, []).append(values)
    if not parts:
        raise BadConfig("no positions to evaluate")
    return {name: np.concatenate(values) for name, values in parts.items()}


def full_figures(columns: Columns, store: GameStore, by: Collection[str] = ()) -> dict[str, Any]:
    """Return the figures of `summary`, the bins of `reliability`, and the figures by group (`by_phase` ...).

    columns: from `sample_columns`, of batches with the targets GAME and PLY. by: names in GROUPINGS; raises BadConfig
    for another name.
    """
    games, plies = (columns[name].astype(np.int64) for name in (GAME, PLY))
    figures = {name: values for name, values in columns.items() if name not in (GAME, PLY)}
    all_figures: dict[str, Any] = {**summary(figures, games), "reliability": reliability(figures)}
    for grouping in by:
        match grouping:
            case "phase":
                all_figures["by_phase"] = by_phase(figures, plies, games)
            case "year":
                all_figures["by_year"] = by_value(figures, store.year[games], games)
            case "source":
                names = np.array(store.source_names)[store.source[games]]
                all_figures["by_source"] = by_value(figures, names, games)
            case _:
                raise BadConfig(f"--by {grouping!r}: must be one of {', '.join(GROUPINGS)}")
    return all_figures


def averaged_over_transforms(predict: Predictor) -> Predictor:
    """Return a predictor that averages the logits of each position over all eight transforms, transformed back."""

    def averaged(packed: NDArray[np.uint8]) -> Outputs:
        planes = np.unpackbits(packed, axis=-1, count=POINTS, bitorder="little")
        total: dict[str, NDArray[np.float64]] = {}
        for transform in range(len(SOURCE_POINTS)):
            seen = np.packbits(planes[..., SOURCE_POINTS[transform]], axis=-1, bitorder="little")
            outputs = predict(np.pad(seen, ((0, 0), (0, 0), (0, packed.shape[-1] - seen.shape[-1]))))
            for name, output in outputs.items():
                turned = output.astype(np.float64)
                if name == "policy":
                    turned = turned[:, MOVE_DESTINATIONS[transform]]
                elif output.ndim > 1:
                    turned = turned[..., MOVE_DESTINATIONS[transform, :POINTS]]
                total[name] = total[name] + turned / 8 if name in total else turned / 8
        return {name: output.astype(np.float32) for name, output in total.items()}

    return averaged


def sample_figures(outputs: Mapping[str, NDArray[np.float32]], targets: Mapping[str, NDArray[np.generic]]) -> Samples:
    """Return the figures of every head by name, float64 [N] each; NaN where a sample does not count.

    With `policy_deviation`, also `deviation_played` and `deviation_best`: those of the move played and the likeliest.
    """
    samples: Samples = {}
    for name, output in outputs.items():
        if name != DEVIATION:
            samples |= HEADS[name].figures(output, targets[HEADS[name].target])
    if DEVIATION in outputs:
        played, best = targets[PolicyHead.target].astype(np.int64), outputs[PolicyHead.name].argmax(axis=1)
        for figure, moves in (("deviation_played", played), ("deviation_best", best)):
            values = np.take_along_axis(outputs[DEVIATION], moves[:, None], axis=1)[:, 0]
            samples[figure] = np.where(played != PASS, values, np.nan).astype(np.float64)
    return samples


def network_predictor(
    network: Network, device: torch.device, precision: Precision, heads: Collection[str] | None = None
) -> Predictor:
    """Return a predictor that runs a torch network in evaluation mode.

    After each batch the network is put back into the mode it was in.
    """

    def predict(packed: NDArray[np.uint8]) -> Outputs:
        with evaluation_mode(network), torch.inference_mode(), autocast(device, precision):
            outputs = network(**network.inputs(packed), heads=heads)
        return {name: output.float().cpu().numpy() for name, output in outputs.items()}

    return predict


def dropout_predictor(network: Network, passes: int, seed: int) -> Predictor:
    """Return a predictor of the policy alone: the mean over `passes` forward passes with dropout (`monte_carlo`).

    `policy` is the logarithm of the mean probabilities, `policy_deviation` their standard deviation over the passes.
    Each batch drops other channels; the same seed and order of batches drop the same ones.
    """
    rng = np.random.default_rng(seed)

    def predict(packed: NDArray[np.uint8]) -> Outputs:
        seed_of_batch = int(rng.integers(2**63))
        mean, deviation = monte_carlo(network, **network.inputs(packed), passes=passes, seed=seed_of_batch)
        outputs = {PolicyHead.name: mean.clamp(min=TINY).log(), DEVIATION: deviation}
        return {name: output.float().cpu().numpy() for name, output in outputs.items()}

    return predict


def open_checkpoint(
    path: Path,
    device: torch.device,
    condition: tuple[str | None, int] | None = None,
    *,
    dropout_passes: int | None = None,
    seed: int = 0,
    statistics: Iterable[Batch] | None = None,
) -> OpenNetwork:
    """Open the network of a checkpoint in float32, for full boards: its averaged weights if it has them.

    With `condition` it predicts as for games of that source group and rank. With `dropout_passes`, only the policy is
    predicted, as by `dropout_predictor`. With `statistics`, those of its batch norms are estimated from these batches
    (`estimate_statistics`). Raises BadCheckpoint, or BadConfig if the network has no such condition or no dropout.
    """
    loaded = load_checkpoint(path)
    network = Network(loaded.state.preset.network, masked=False)
    load_network(network, loaded.best, path)
    if condition is not None:
        network.set_condition(*condition)
    network.to(device)
    if statistics is not None:
        estimate_statistics(network, (network.inputs(batch.packed) for batch in statistics))
    features = FEATURE_SETS[network.config.features]
    if dropout_passes is None:
        return OpenNetwork(network_predictor(network, device, Precision.FLOAT32), features, tuple(network.heads))
    if network.config.dropout is None:
        raise BadConfig(f"{path}: has no dropout (network.dropout), which forward passes with dropout need")
    return OpenNetwork(dropout_predictor(network, dropout_passes, seed), features, (PolicyHead.name,))


def open_onnx(path: Path, threads: int | None) -> OpenNetwork:
    """Open a network file with ONNX Runtime on the CPU. Raises BadNetwork as `Policy` does."""
    policy = Policy(path, threads or os.cpu_count())
    heads = tuple(name for name in policy.output_shapes if name in HEADS)

    def predict(packed: NDArray[np.uint8]) -> Outputs:
        outputs = policy.outputs(packed, heads)
        for name, values in outputs.items():
            if not np.isfinite(values).all():
                raise BadNetwork(path, f"output {name} is not finite")
        return outputs

    return OpenNetwork(predict, policy.features, heads)


def open_network(
    path: Path,
    device: torch.device,
    threads: int | None,
    condition: tuple[str | None, int] | None = None,
    *,
    dropout_passes: int | None = None,
    seed: int = 0,
) -> OpenNetwork:
    """Open the network of a checkpoint folder, a run folder or an ONNX file. Raises BadCheckpoint or BadNetwork."""
    if path.is_dir():
        return open_checkpoint(path, device, condition, dropout_passes=dropout_passes, seed=seed)
    if dropout_passes is not None:
        raise BadConfig(f"{path}: forward passes with dropout need a checkpoint; an ONNX file has no dropout")
    if condition is not None:
        raise BadConfig(f"{path}: a condition needs a checkpoint; an ONNX file was exported with one or without")
    return open_onnx(path, threads)


def test_sources(store: GameStore) -> list[str]:
    """Return the names of the store's test sources. Raises BadConfig if it has none."""
    names = [source.name for source in store.sources if source.test]
    if not names:
        raise BadConfig(
            "this store has no test sources: make some with `shicho data build --as-test`, or name a --split"
        )
    return names

"""A network run with ONNX Runtime: it takes the planes of a game and returns move probabilities.

docs/formats.md defines the names, shapes and metadata of a network file; any other file raises BadNetwork.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import BadNetwork
from shicho.engine.features import POINTS, FeatureSet, find_feature_set, known_feature_sets, unpack
from shicho.engine.game import Game
from shicho.engine.numbers import number_in_range

if TYPE_CHECKING:
    import onnxruntime

MAX_THREADS: Final = 1024

_PLANES = "planes"
_CHAINS = "chains"
_POLICY = ("policy", [POINTS + 1])
_WIN = "win"


@dataclass(frozen=True)
class Evaluation:
    """The network's outputs for one position.

    `probabilities`: float32 [size * size + 1], pass last. They sum to 1 over all moves, illegal ones included.
    `to_play_win_probability`: 0 to 1 for the side to move, None if the network has no such output.
    """

    probabilities: NDArray[np.float32]
    to_play_win_probability: float | None = None


class Evaluator(Protocol):
    """Anything that evaluates a position: a network, or a fake one in tests."""

    def evaluate(self, game: Game, to_play: Colour | None = None) -> Evaluation:
        """Evaluate the position of `game` with `to_play` to move (default: the side whose turn it is)."""
        ...


def default_network() -> Path:
    """Return the network that ships with Shicho; raises BadNetwork if there is none or more than one."""
    folder = Path(str(resources.files("shicho.engine.networks")))
    found = sorted(folder.glob("*.onnx"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise BadNetwork(folder, f"expected one .onnx file here, found {names}")
    return found[0]


class Policy:
    """A loaded network file, which evaluates positions on any board from 2x2 to 19x19.

    `path` defaults to the network that ships with Shicho. `threads` is the number of ONNX Runtime's threads for one
    evaluation (default: two, or one on a machine with one core). The network runs on the CPU, because a GPU does not
    help with one position at a time. `features` is the feature set of the network, `metadata` the file's metadata.

    Raises BadNetwork for a file that cannot be used and BadConfig for `threads` out of range.
    """

    def __init__(self, path: Path | str | None = None, threads: int | None = None) -> None:
        self.path = Path(path) if path is not None else default_network()
        wanted = min(2, os.cpu_count() or 1) if threads is None else number_in_range("threads", threads, 1, MAX_THREADS)
        self._session = _open(self.path, wanted)
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self.features = _check(self.path, self._session, self.metadata)
        self._inputs = [node.name for node in self._session.get_inputs()]
        self._outputs = [output.name for output in self._session.get_outputs() if output.name in (_POLICY[0], _WIN)]

    def evaluate(self, game: Game, to_play: Colour | str | None = None) -> Evaluation:
        """Evaluate one position; raises BadColour, and BadNetwork if the network's outputs are not finite."""
        packed = self.features.compute_packed(game, to_play)[None]
        values = self._session.run(self._outputs, network_inputs(self.features, packed, self._inputs))
        first_rows = (np.asarray(value, dtype=np.float64)[0] for value in values)
        answer = dict(zip(self._outputs, first_rows, strict=True))
        logits = _on_board(answer[_POLICY[0]], game.size)
        if not np.isfinite(logits).all():
            raise BadNetwork(self.path, f"gives no finite numbers at ply {game.ply}")
        weights = np.exp(logits - logits.max())
        win = 1 / (1 + np.exp(-float(answer[_WIN]))) if _WIN in answer else None
        return Evaluation((weights / weights.sum()).astype(np.float32), win)


def network_inputs(
    features: FeatureSet, packed: NDArray[np.uint8], names: Collection[str]
) -> dict[str, NDArray[np.float32] | NDArray[np.int64]]:
    """Return what a network file with the inputs `names` is fed for N positions, packed planes uint8 [N, C, 48].

    `planes` float32 [N, C, 19, 19], and `chains` int64 [N, 19, 19] (see `FeatureSet.chain_labels`) if it is among them.
    """
    inputs: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {_PLANES: unpack(packed)}
    if _CHAINS in names:
        inputs[_CHAINS] = features.chain_labels(packed).astype(np.int64)
    return inputs


def _on_board(logits: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the logits of the points of a board of that size and of the pass: [size * size + 1] from [362]."""
    offset = (MAX_SIZE - size) // 2
    inside = slice(offset, offset + size)
    return np.append(logits[:POINTS].reshape(MAX_SIZE, MAX_SIZE)[inside, inside], logits[POINTS])


def _open(path: Path, threads: int) -> "onnxruntime.InferenceSession":
    if not path.is_file():
        raise BadNetwork(path, "it is a folder" if path.is_dir() else "no such file")
    import onnxruntime  # imported here because it takes a fifth of a second and only players need it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the other core to the opponent
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base class
        reason = " ".join(str(error).split())
        raise BadNetwork(path, f"not an ONNX file that ONNX Runtime can run ({reason[:160]})") from None


def _check(path: Path, session: "onnxruntime.InferenceSession", metadata: dict[str, str]) -> FeatureSet:
    """Return the feature set of the file; raises BadNetwork if the set, an input or an output is unknown."""
    name, version = metadata.get("feature_set", "unnamed"), metadata.get("feature_version", "unknown")
    features = find_feature_set(name, version)
    if features is None:
        theirs = f"{name} version {version}"
        raise BadNetwork(path, f"made for feature set {theirs}, this engine computes {known_feature_sets()}")
    planes = {_PLANES: ("tensor(float)", [len(features), MAX_SIZE, MAX_SIZE])}
    planes_and_chains = {**planes, _CHAINS: ("tensor(int64)", [MAX_SIZE, MAX_SIZE])}
    inputs = {node.name: (node.type, list(node.shape)) for node in session.get_inputs()}
    if {node: (kind, shape[1:]) for node, (kind, shape) in inputs.items()} not in (planes, planes_and_chains):
        wanted = f"planes of shape [N, {len(features)}, 19, 19] expected, with or without chains of shape [N, 19, 19]"
        raise BadNetwork(path, f"input {wanted}, found {inputs}")
    outputs = {node.name: list(node.shape) for node in session.get_outputs()}
    output, shape = _POLICY
    if outputs.get(output, [])[1:] != shape:
        raise BadNetwork(path, f"output {output} of shape [N, {shape[0]}] expected, found {outputs}")
    return features

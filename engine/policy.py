"""A network run with ONNX Runtime: it takes the planes of positions and returns move probabilities.

docs/formats.md defines the names, shapes and metadata of a network file; any other file raises BadNetwork.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import BadConfig, BadNetwork, brief
from shicho.engine.features import POINTS, FeatureSet, find_feature_set, known_feature_sets, unpack
from shicho.engine.game import Game
from shicho.engine.numbers import number_in_range
from shicho.engine.symmetry import Transform, board_part, inverse, transform_planes

if TYPE_CHECKING:
    import onnxruntime

MAX_THREADS: Final = 1024

Position = tuple[Game, Colour]
"""A game and the side to move in it."""

Inputs = dict[str, NDArray[np.float32] | NDArray[np.int64]]
"""The inputs of a network file by name; the last two axes are the 19x19 grid."""

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

    @property
    def opponent_win_probability(self) -> float | None:
        """The win probability of the side that is not to move, 0 to 1; None if the network has no such output."""
        return None if self.to_play_win_probability is None else 1 - self.to_play_win_probability


class Evaluator(ABC):
    """Anything that evaluates positions: a network, or a fake one in tests.

    `predicts_win`: whether evaluations have a win probability.
    """

    predicts_win = False

    @abstractmethod
    def evaluate_all(self, positions: Sequence[Position], symmetries: int = 1) -> list[Evaluation]:
        """Evaluate positions in one batch, each as the mean over 1 or 8 of its `symmetries`; the order is kept."""

    def evaluate(self, game: Game, to_play: Colour | str | None = None, symmetries: int = 1) -> Evaluation:
        """Evaluate one position with `to_play` to move (default: the side whose turn it is); raises BadColour."""
        side = game.to_play if to_play is None else Colour.parse(to_play)
        return self.evaluate_all([(game, side)], symmetries)[0]


def default_network() -> Path:
    """Return the network that ships with Shicho; raises BadNetwork if there is none or more than one."""
    folder = Path(str(resources.files("shicho.engine.networks")))
    files = sorted(folder.glob("*.onnx"))
    if len(files) != 1:
        names = ", ".join(path.name for path in files) or "none"
        raise BadNetwork(folder, f"expected one .onnx file here, found {names}")
    return files[0]


def checked_symmetries(symmetries: int) -> int:
    """Return `symmetries` if it is 1 (the position alone) or 8 (all transforms); raises BadConfig for another value."""
    if isinstance(symmetries, bool) or not isinstance(symmetries, int) or symmetries not in (1, len(Transform)):
        raise BadConfig(f"symmetries is not 1 or {len(Transform)}: {brief(symmetries)}")
    return symmetries


class Policy(Evaluator):
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
        self._input_names = [node.name for node in self._session.get_inputs()]
        self.output_shapes = {node.name: tuple(node.shape[1:]) for node in self._session.get_outputs()}
        self.predicts_win = _WIN in self.output_shapes

    def evaluate_all(self, positions: Sequence[Position], symmetries: int = 1) -> list[Evaluation]:
        """Evaluate N positions with one call of ONNX Runtime; boards may differ in size.

        With 8 `symmetries` an evaluation is the mean of the logits over the eight transforms of its position, in a
        batch of 8 N; if the position is transformed, so are its probabilities. Raises BadConfig for another number than
        1 and 8, and BadNetwork if the network's outputs are not finite.
        """
        transforms = tuple(Transform)[: checked_symmetries(symmetries)]
        if not positions:
            return []
        sizes = [game.size for game, _ in positions]
        packed = np.stack([self.features.compute_packed(game, side) for game, side in positions])
        inputs = network_inputs(self.features, packed, self._input_names)
        transformed = {name: _transformed(array, sizes, transforms) for name, array in inputs.items()}
        outputs = self._run(transformed, [_POLICY[0], _WIN] if self.predicts_win else [_POLICY[0]])
        logits = outputs[_POLICY[0]].astype(np.float64).reshape(len(positions), symmetries, POINTS + 1)
        wins: Sequence[float | None] = [None] * len(positions)
        if self.predicts_win:
            wins = outputs[_WIN].astype(np.float64).reshape(len(positions), symmetries).mean(1).tolist()
        return [
            self._evaluation(game, _mean_on_board(rows, game.size, transforms), win)
            for (game, _), rows, win in zip(positions, logits, wins, strict=True)
        ]

    def outputs(self, packed: NDArray[np.uint8], names: Collection[str]) -> dict[str, NDArray[np.float32]]:
        """Return outputs of the network by name, float32 [N, ...], for packed planes uint8 [N, C, 48].

        Raises BadConfig for a name that is not in `output_shapes`.
        """
        for name in names:
            if name not in self.output_shapes:
                raise BadConfig(f"{self.path}: no output {brief(name)}: there are {', '.join(self.output_shapes)}")
        return self._run(network_inputs(self.features, packed, self._input_names), names)

    def _run(self, inputs: Inputs, names: Collection[str]) -> dict[str, NDArray[np.float32]]:
        return dict(zip(names, self._session.run(list(names), inputs), strict=True))

    def _evaluation(self, game: Game, logits: NDArray[np.float64], win: float | None) -> Evaluation:
        if not np.isfinite(logits).all() or (win is not None and not np.isfinite(win)):
            raise BadNetwork(self.path, f"gives no finite numbers at ply {game.ply}")
        weights = np.exp(logits - logits.max())
        probabilities = (weights / weights.sum()).astype(np.float32)
        return Evaluation(probabilities, None if win is None else float(1 / (1 + np.exp(-win))))


def network_inputs(features: FeatureSet, packed: NDArray[np.uint8], names: Collection[str]) -> Inputs:
    """Return the inputs `names` of a network file for N positions, given as packed planes uint8 [N, C, 48].

    `planes` are float32 [N, C, 19, 19], and `chains`, if named, int64 [N, 19, 19] (see `FeatureSet.chain_labels`).
    """
    inputs: Inputs = {_PLANES: unpack(packed)}
    if _CHAINS in names:
        inputs[_CHAINS] = features.chain_labels(packed).astype(np.int64)
    return inputs


def _transformed(planes: NDArray[Any], sizes: Sequence[int], transforms: Sequence[Transform]) -> NDArray[Any]:
    """Return all transforms of the first position, then of the second ...: [N * T, ...] from [N, ...]."""
    return np.stack(
        [
            transform_planes(one, transform, size)
            for one, size in zip(planes, sizes, strict=True)
            for transform in transforms
        ]
    )


def _mean_on_board(logits: NDArray[np.float64], size: int, transforms: Sequence[Transform]) -> NDArray[np.float64]:
    """Return the mean logits of the points of a board of that size and of the pass: [size * size + 1] from [T, 362]."""
    boards = logits[:, :POINTS].reshape(-1, MAX_SIZE, MAX_SIZE)
    undone = [
        transform_planes(board, inverse(transform), size)[board_part(size)]
        for board, transform in zip(boards, transforms, strict=True)
    ]
    return np.append(np.mean(undone, axis=0), logits[:, POINTS].mean())


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
        required = f"{name} version {version}"
        raise BadNetwork(path, f"made for feature set {required}, this engine computes {known_feature_sets()}")
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

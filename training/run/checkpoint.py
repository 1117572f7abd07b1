"""Checkpoints: a folder of numbered .npz parts, each up to 15 MiB, and a checkpoint.json with everything else.

A run folder holds `checkpoint-<samples>` folders: the newest two, and those that a run was told to keep. A folder has
its name only when it is complete. `training/checkpoints/<preset>/` holds a folder of the same form with float16 weights
and no optimiser state.
"""

import io
import json
import os
import re
import shutil
import tokenize
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from shicho.engine.errors import BadCheckpoint, BadConfig
from shicho.engine.features import FEATURE_SETS, find_feature_set, known_feature_sets
from shicho.engine.policy import Policy
from shicho.training.config import Preset, parse, to_json
from shicho.training.network.model import Network
from shicho.training.run.ema import WeightAverage

FORMAT = "shicho-checkpoint"
VERSION = 2
JSON_NAME = "checkpoint.json"
PART_BYTES = 14 * 2**20
AVERAGE_STEPS = "steps"
STEP = "step"
KEPT = 2

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class DataIdentity:
    """Which games a network saw: a hash over the store's games, and its sources with their hashes.

    `positions`: how many pass the filters of the data config, and `positions_by_group` of each source group (empty in a
    checkpoint from before these were counted).
    """

    games_sha256: str
    positions: int
    sources: dict[str, str]
    positions_by_group: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a training run stands. `samples` is the position in the schedule.

    `seed` and `batch` (the number of the loader's next batch) are the whole random state: a batch depends on them
    alone. `total_samples` and `total_seconds` are over all sessions, those of the weights that the run started from
    included.
    """

    preset: Preset
    samples: int
    batch: int
    seed: int
    total_samples: int
    total_seconds: float
    sessions: int
    data: DataIdentity
    environment: dict[str, Any]
    figures: dict[str, dict[str, int | float]]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A checkpoint in memory.

    `weights` and `average` (the moving average of the weights; empty if the run keeps none) are arrays by the names of
    `Network.state_dict`; `optimiser` by parameter and state (`stem.weight:momentum_buffer`), empty if there is none.
    """

    state: State
    weights: Arrays
    average: Arrays
    optimiser: Arrays

    @property
    def best(self) -> Arrays:
        """The weights to evaluate and export: the average if there is one."""
        averaged = {name: array for name, array in self.average.items() if name != AVERAGE_STEPS}
        return averaged or self.weights


PARTS = ("weights", "average", "optimiser")


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint under a temporary name and rename it to `folder`; a checkpoint there is replaced.

    Raises BadCheckpoint if `folder` holds anything else, which would be lost.
    """
    if folder.exists() and not (folder / JSON_NAME).is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise BadCheckpoint(f"{folder}: not written: there is something else than a checkpoint")
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    replaced = beside.with_suffix(".old")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        for name in PARTS:
            for number, part in enumerate(_parts(getattr(checkpoint, name))):
                whole = io.BytesIO()  # A disk that fills up in the middle of a zip file raises several errors.
                np.savez(whole, **part)  # type: ignore[arg-type]
                (beside / f"{name}-{number:03d}.npz").write_bytes(whole.getbuffer())
        features = FEATURE_SETS[checkpoint.state.preset.network.features]
        values = {"format": FORMAT, "version": VERSION}
        values |= {"feature_set": features.name, "feature_version": features.version}
        state = {**asdict(checkpoint.state), "preset": to_json(checkpoint.state.preset)}
        text = json.dumps({**values, **state}, indent=2)
        (beside / JSON_NAME).write_text(text + "\n", encoding="utf-8")
        if folder.exists():
            folder.rename(replaced)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)


def _parts(arrays: Arrays) -> list[Arrays]:
    """Return the arrays in order, cut into parts that stay under the limit together."""
    parts: list[Arrays] = []
    room = 0
    for name, array in arrays.items():
        if array.nbytes > PART_BYTES:
            raise BadCheckpoint(f"{name} has {array.nbytes} bytes: a part of a checkpoint holds at most {PART_BYTES}")
        if array.nbytes > room:
            parts.append({})
            room = PART_BYTES
        parts[-1][name] = array
        room -= array.nbytes
    return parts


def load_checkpoint(path: Path) -> Checkpoint:
    """Read the checkpoint in a folder, or the newest of a run folder. Version 1 is read too, without optimiser state.

    Raises BadCheckpoint if there is none, if it is damaged, or if its feature set is not one of the engine's.
    """
    folder = find_checkpoint(path)
    state, version = _read_state(folder)
    try:
        arrays = {name: _read_arrays(folder, name) for name in PARTS}
    except (OSError, EOFError, ValueError, RuntimeError, tokenize.TokenError, zipfile.BadZipFile) as error:
        raise BadCheckpoint(f"{folder}: {error}") from None
    if not arrays["weights"]:
        raise BadCheckpoint(f"{folder}: no weights-000.npz")
    if version == 1:
        arrays = {"weights": _weights_of_version_1(arrays["weights"]), "average": {}, "optimiser": {}}
    return Checkpoint(state=state, **arrays)


def find_checkpoint(path: Path) -> Path:
    """Return `path` itself if it is a checkpoint, else the newest one in it. Raises BadCheckpoint if there is none.

    Raises BadNetwork for a damaged ONNX file, and BadCheckpoint that names its checkpoint for a good one.
    """
    if path.suffix == ".onnx":
        raise BadCheckpoint(f"{path}: {_why_no_weights(path)}")
    if (path / JSON_NAME).is_file():
        return path
    found = checkpoints_in(path)
    if not found:
        raise BadCheckpoint(f"{path}: no {JSON_NAME} and no checkpoint folder there")
    return found[-1]


def _why_no_weights(network: Path) -> str:
    """Return why an ONNX file cannot be trained, and of which checkpoint it was made."""
    try:
        training = json.loads(Policy(network).metadata.get("training", "{}"))
        made_of = f"that of preset {training['preset']} with {training['samples']:,} samples"
    except (ValueError, KeyError, TypeError):
        made_of = "the file does not say which"
    what = "ONNX is for playing (batch norms are folded, heads left out)"
    return f"{what}; give its checkpoint, {made_of}; training/checkpoints has those of networks that ship"


def checkpoints_in(run: Path) -> list[Path]:
    """Return the complete checkpoints of a run folder, oldest first."""
    return sorted(folder for folder in run.glob("checkpoint-*") if (folder / JSON_NAME).is_file())


def checkpoint_name(samples: int) -> str:
    """Return the name of a checkpoint's folder within a run. Sorting by name is sorting by samples."""
    return f"checkpoint-{samples:012d}"


def kept_checkpoints(run: Path, points: Sequence[int]) -> list[Path]:
    """Return the first checkpoint of a run folder at or after each of these sample counts, where there is one."""
    found = checkpoints_in(run)
    firsts = (next((folder for folder in found if folder.name >= checkpoint_name(point)), None) for point in points)
    return [folder for folder in firsts if folder is not None]


def drop_old_checkpoints(run: Path, kept: Collection[Path] = ()) -> None:
    """Remove all but the newest two checkpoints of a run folder, and those in `kept`."""
    for folder in checkpoints_in(run)[:-KEPT]:
        if folder not in kept:
            shutil.rmtree(folder)


def drop_unfinished_checkpoints(run: Path) -> None:
    """Remove incomplete checkpoints, which a session leaves if it is killed while it saves."""
    for folder in run.glob(".checkpoint-*.part"):
        shutil.rmtree(folder, ignore_errors=True)


def _read_arrays(folder: Path, name: str) -> Arrays:
    arrays: Arrays = {}
    for part in sorted(folder.glob(f"{name}-*.npz")):
        with np.load(part, allow_pickle=False) as loaded:
            arrays.update(loaded)
    return arrays


def _read_state(folder: Path) -> tuple[State, int]:
    """Return the state, and the version of the format that it was written in."""
    place = folder / JSON_NAME
    try:
        values = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadCheckpoint(f"{place}: {error}") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT or values.get("version") not in (1, VERSION):
        raise BadCheckpoint(f"{place}: not a {FORMAT} of version {VERSION}")
    name, version = values.get("feature_set"), values.get("feature_version")
    if find_feature_set(name, version) is None:
        theirs = f"{name} version {version}"
        raise BadCheckpoint(f"{place}: feature set {theirs}, this engine computes {known_feature_sets()}")
    known = {field.name: values[field.name] for field in fields(State) if field.name in values}
    try:
        if values["version"] == 1:
            known["preset"] = _preset_of_version_1(known["preset"])
        state = parse(State, known, str(place))
    except (KeyError, TypeError) as error:
        raise BadCheckpoint(f"{place}: missing or wrong: {error}") from None
    except BadConfig as error:
        raise BadCheckpoint(str(error)) from None
    if state.preset.network.features != name:
        raise BadCheckpoint(f"{place}: feature set {name}, but its network is one of {state.preset.network.features}")
    return state, values["version"]


def _preset_of_version_1(old: dict[str, Any]) -> dict[str, Any]:
    """Return the preset of a checkpoint of version 1, which knew one head, one optimiser and two schedules."""
    network, training = dict(old["network"]), dict(old["training"])
    policy = {
        "channels": network.pop("policy_channels"),
        "pool_channels": network.pop("pool_channels"),
        "logit_scale": network.pop("logit_scale"),
    }
    sgd = {
        "type": "sgd",
        "learning_rate": training.pop("rate_per_sample") * training["batch_size"],
        **{key: training.pop(key) for key in ("momentum", "weight_decay", "l2")},
    }
    kind, warmup = training.pop("schedule"), training.pop("warmup")
    schedule = {"type": kind, "warmup": warmup} if kind == "one-cycle" else {"type": kind}
    training.pop("precision")
    data = {"history_dropout": training.pop("history_dropout")}
    return {
        "name": old["name"],
        "network": {**network, "heads": {"policy": policy}},
        "training": {**training, "optimiser": sgd, "schedule": schedule, "data": data},
    }


_RENAMED_SINCE_1 = (
    (r"^first\.", "stem."),
    (r"^head\.", "heads.policy."),
    (r"\.upright\.", ".vertical."),
    (r"\.level\.", ".horizontal."),
    (r"\.slope$", ".weight"),
)


def _weights_of_version_1(old: Arrays) -> Arrays:
    renamed: Arrays = {}
    for name, array in old.items():
        for pattern, replacement in _RENAMED_SINCE_1:
            name = re.sub(pattern, replacement, name)
        renamed[name] = array
    return renamed


def network_arrays(network: nn.Module) -> Arrays:
    """Return a network's parameters and statistics by name, as numpy copies."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in network.state_dict().items()}


def load_network(network: nn.Module, weights: Mapping[str, NDArray[Any]], place: Path) -> None:
    """Put weights of any float width into a network. Raises BadCheckpoint, naming the first that does not fit."""
    state = network.state_dict()
    for name in [*state, *weights]:
        if name not in weights or name not in state:
            raise BadCheckpoint(f"{place}: weight {name} is only in the {'network' if name in state else 'file'}")
        if tuple(weights[name].shape) != tuple(state[name].shape):
            raise BadCheckpoint(f"{place}: {name} is {weights[name].shape}, the network's {tuple(state[name].shape)}")
    network.load_state_dict({name: torch.from_numpy(array).to(state[name].dtype) for name, array in weights.items()})


def load_trunk(network: Network, weights: Mapping[str, NDArray[Any]], place: Path) -> list[str]:
    """Do the same as `load_network`, but allow other heads: new ones keep their random weights.

    Returns the names of the heads that are new. Raises BadCheckpoint if anything else does not fit.
    """
    given = {name.split(".")[1] for name in weights if name.startswith("heads.")}
    new = [name for name in network.heads if name not in given]
    ours = {
        name: array
        for name, array in network_arrays(network).items()
        if name.startswith(tuple(f"heads.{head}." for head in new))
    }
    gone = tuple(f"heads.{head}." for head in given - set(network.heads))
    theirs = {name: array for name, array in weights.items() if not name.startswith(gone)} if gone else dict(weights)
    load_network(network, {**theirs, **ours}, place)
    return new


def average_arrays(average: WeightAverage | None) -> Arrays:
    """Return the averaged weights by name, and `steps`; empty without an average."""
    if average is None:
        return {}
    return {**network_arrays(average.network), AVERAGE_STEPS: np.array(average.steps, np.int64)}


def load_average(average: WeightAverage, arrays: Arrays, place: Path) -> None:
    """Load the arrays of `average_arrays`. Raises BadCheckpoint if they do not fit."""
    weights = dict(arrays)
    average.steps = int(weights.pop(AVERAGE_STEPS, np.array(0)))
    load_network(average.network, weights, place)


def optimiser_arrays(network: nn.Module, optimisers: Sequence[Optimizer]) -> Arrays:
    """Return the state of the optimisers for each parameter, by `parameter:state`; empty before the first step."""
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    return {
        f"{names[id(parameter)]}:{key}": torch.as_tensor(value).detach().cpu().numpy().copy()
        for optimiser in optimisers
        for parameter, state in optimiser.state.items()
        for key, value in state.items()
        if value is not None
    }


def load_optimisers(network: nn.Module, optimisers: Sequence[Optimizer], arrays: Arrays, place: Path) -> None:
    """Load the arrays of `optimiser_arrays`; no arrays mean optimisers that start afresh.

    Raises BadCheckpoint if a parameter's state is missing, left over or of another shape.
    """
    if not arrays:
        return
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    left = {*arrays}
    for optimiser in optimisers:
        saved = optimiser.state_dict()
        parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        for index, parameter in enumerate(parameters):
            for key in _states_of(optimiser):
                name = f"{names[id(parameter)]}:{key}"
                if name not in arrays:
                    raise BadCheckpoint(f"{place}: no optimiser state {name}")
                shape = () if key == STEP else parameter.shape
                if arrays[name].shape != shape:
                    raise BadCheckpoint(f"{place}: {name} is {arrays[name].shape}, must be {tuple(shape)}")
                saved["state"].setdefault(index, {})[key] = _like(parameter, arrays[name])
                left.discard(name)
        optimiser.load_state_dict(saved)
    if left:
        raise BadCheckpoint(f"{place}: optimiser state {min(left)} belongs to no parameter")


def _states_of(optimiser: Optimizer) -> tuple[str, ...]:
    """Return the names of the states that an optimiser keeps for each parameter once it has made a step."""
    if isinstance(optimiser, torch.optim.AdamW):
        return (STEP, "exp_avg", "exp_avg_sq")
    if isinstance(optimiser, torch.optim.SGD) and not optimiser.defaults["momentum"]:
        return ()
    return ("momentum_buffer",)


def _like(parameter: Tensor, array: NDArray[Any]) -> Tensor:
    """Return a tensor with the parameter's memory layout, so that fused steps compute the same as before."""
    tensor = torch.from_numpy(array)
    return tensor if tensor.ndim == 0 else torch.empty_like(parameter, requires_grad=False).copy_(tensor)

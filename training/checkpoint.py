"""Checkpoints: a folder of numbered .npz parts, none over 15 MiB, and a checkpoint.json that says all the rest.

A run folder holds `checkpoint-<samples>` folders, the newest two. A folder has its name only when it is complete.
`training/checkpoints/<preset>/` holds folders of the same form with float16 weights and no optimiser state.
"""

import json
import os
import shutil
import tokenize
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shicho.engine.errors import BadCheckpoint
from shicho.engine.features import FEATURE_SETS, find_feature_set, known_feature_sets
from shicho.training.config import Preset, from_json, to_json

FORMAT = "shicho-checkpoint"
VERSION = 1
JSON_NAME = "checkpoint.json"
PART_BYTES = 14 * 2**20
KEPT = 2

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class DataIdentity:
    """Which games a network saw: a hash over the store's games, its sources with their hashes, how many positions."""

    games_sha256: str
    positions: int
    sources: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a training run stands. `samples` is the position in the schedule.

    `seed` and `batch`, the loader's next, are all there is of random state: a batch depends on them alone.
    `total_samples` and `total_seconds` are over all sessions, those of the weights that the run started from included.
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
    figures: dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A checkpoint in memory: arrays by parameter name; `optimiser` is empty in one that holds weights alone."""

    state: State
    weights: Arrays
    optimiser: Arrays


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write beside `folder` and rename; a checkpoint that is already there is replaced.

    Raises BadCheckpoint where something else is there: it would be lost.
    """
    if folder.exists() and not (folder / JSON_NAME).is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise BadCheckpoint(f"{folder}: not written: there is something else than a checkpoint")
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    replaced = beside.with_suffix(".old")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        for name, arrays in (("weights", checkpoint.weights), ("optimiser", checkpoint.optimiser)):
            for number, part in enumerate(_parts(arrays)):
                np.savez(beside / f"{name}-{number:03d}.npz", **part)  # type: ignore[arg-type]
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
    """The arrays in order, cut into parts that stay under the limit together."""
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
    """The checkpoint in a folder, or the newest of a run folder.

    Raises BadCheckpoint where there is none, where it is damaged, or where its feature set is none of the engine's.
    """
    folder = find_checkpoint(path)
    state = _read_state(folder)
    try:
        weights, optimiser = (_read_arrays(folder, name) for name in ("weights", "optimiser"))
    except (OSError, EOFError, ValueError, RuntimeError, tokenize.TokenError, zipfile.BadZipFile) as error:
        raise BadCheckpoint(f"{folder}: {error}") from None
    if not weights:
        raise BadCheckpoint(f"{folder}: no weights-000.npz")
    return Checkpoint(state=state, weights=weights, optimiser=optimiser)


def find_checkpoint(path: Path) -> Path:
    """`path` itself where it is a checkpoint, else the newest one in it. Raises BadCheckpoint where there is none."""
    if (path / JSON_NAME).is_file():
        return path
    found = checkpoints_in(path)
    if not found:
        raise BadCheckpoint(f"{path}: no {JSON_NAME} and no checkpoint folder there")
    return found[-1]


def checkpoints_in(run: Path) -> list[Path]:
    """The complete checkpoints of a run folder, oldest first."""
    return sorted(folder for folder in run.glob("checkpoint-*") if (folder / JSON_NAME).is_file())


def checkpoint_name(samples: int) -> str:
    """The folder's name within a run: sorted by name is sorted by samples."""
    return f"checkpoint-{samples:012d}"


def drop_old_checkpoints(run: Path) -> None:
    """Remove all but the newest two checkpoints of a run folder."""
    for folder in checkpoints_in(run)[:-KEPT]:
        shutil.rmtree(folder)


def drop_unfinished_checkpoints(run: Path) -> None:
    """Remove what a session that was killed while it saved has left in a run folder."""
    for folder in run.glob(".checkpoint-*.part"):
        shutil.rmtree(folder, ignore_errors=True)


def _read_arrays(folder: Path, name: str) -> Arrays:
    arrays: Arrays = {}
    for part in sorted(folder.glob(f"{name}-*.npz")):
        with np.load(part, allow_pickle=False) as loaded:
            arrays.update(loaded)
    return arrays


def _read_state(folder: Path) -> State:
    place = folder / JSON_NAME
    try:
        values = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadCheckpoint(f"{place}: {error}") from None
    if not isinstance(values, dict) or (values.get("format"), values.get("version")) != (FORMAT, VERSION):
        raise BadCheckpoint(f"{place}: not a {FORMAT} of version {VERSION}")
    name, version = values.get("feature_set"), values.get("feature_version")
    if find_feature_set(name, version) is None:
        theirs = f"{name} version {version}"
        raise BadCheckpoint(f"{place}: feature set {theirs}, this engine computes {known_feature_sets()}")
    try:
        known = {field.name: values[field.name] for field in fields(State)}
        known["preset"] = from_json(known["preset"], str(place))
        known["data"] = DataIdentity(**known["data"])
        state = State(**known)
    except (KeyError, TypeError) as error:
        raise BadCheckpoint(f"{place}: missing or wrong: {error}") from None
    if state.preset.network.features != name:
        raise BadCheckpoint(f"{place}: feature set {name}, but its network is one of {state.preset.network.features}")
    return state


def network_arrays(network: nn.Module) -> Arrays:
    """A network's parameters and statistics by name, as numpy copies."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in network.state_dict().items()}


def load_network(network: nn.Module, weights: Mapping[str, NDArray[Any]], place: Path) -> None:
    """Put weights of any float width into a network. Raises BadCheckpoint that names the first that does not fit."""
    state = network.state_dict()
    for name in [*state, *weights]:
        if name not in weights or name not in state:
            raise BadCheckpoint(f"{place}: weight {name} is only in the {'network' if name in state else 'file'}")
        if tuple(weights[name].shape) != tuple(state[name].shape):
            raise BadCheckpoint(f"{place}: {name} is {weights[name].shape}, the network's {tuple(state[name].shape)}")
    network.load_state_dict({name: torch.from_numpy(array).to(state[name].dtype) for name, array in weights.items()})


def optimiser_arrays(network: nn.Module, optimiser: torch.optim.Optimizer) -> Arrays:
    """The momentum of every parameter by the parameter's name; empty before the first step."""
    return {
        name: optimiser.state[parameter]["momentum_buffer"].detach().cpu().numpy().copy()
        for name, parameter in network.named_parameters()
        if optimiser.state[parameter].get("momentum_buffer") is not None
    }


def load_optimiser(network: nn.Module, optimiser: torch.optim.Optimizer, arrays: Arrays) -> None:
    """The inverse of `optimiser_arrays`; the arrays must fit, as those beside weights that fitted do."""
    for name, parameter in network.named_parameters():
        if name in arrays:
            momentum: Tensor = torch.empty_like(parameter)
            momentum.copy_(torch.from_numpy(arrays[name]))
            optimiser.state[parameter]["momentum_buffer"] = momentum

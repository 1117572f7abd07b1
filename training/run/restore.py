"""Where a run begins: in its own newest checkpoint, in another one, or in random weights."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from shicho.engine.errors import BadCheckpoint, BadConfig
from shicho.training.config import Muon, Optimiser, Sgd, first_difference, to_json
from shicho.training.run import checkpoint as checkpoints
from shicho.training.run.checkpoint import State
from shicho.training.run.ema import WeightAverage
from shicho.training.run.options import RunOptions
from shicho.training.run.step import TrainingStep

_log = logging.getLogger(__name__)


def restore(step: TrainingStep, state: State, options: RunOptions) -> State:
    """Continue the run in the run folder, or start from the given weights, or leave the random ones.

    `state` is that of a run at its start; returns where the run stands. Changes the network, the optimisers and the
    average of `step`. Raise BadCheckpoint if what is found does not fit, BadConfig if the options do not.
    """
    if checkpoints.checkpoints_in(options.out):
        found = checkpoints.load_checkpoint(options.out)
        _check_same_run(found.state, state, options.out)
        checkpoints.load_network(step.network, found.weights, options.out)
        checkpoints.load_optimisers(step.network, step.optimisers, found.optimiser, options.out)
        if step.average is not None:
            checkpoints.load_average(step.average, found.average, options.out)
        return found.state
    if options.start_from is not None:
        return _start_from(step, state, options.start_from, options.start_at)
    if options.start_at is not None:
        raise BadConfig(f"at = {options.start_at}: needs weights to start from (--from)")
    return state


def _start_from(step: TrainingStep, state: State, place: Path, start_at: int | None) -> State:
    """Take over weights, and the average and optimiser state if the checkpoint has them and they fit."""
    training = state.preset.training
    found = checkpoints.load_checkpoint(place)
    ours, theirs = to_json(state.preset.network), to_json(found.state.preset.network)
    difference = first_difference(_without_heads(ours), _without_heads(theirs), "network")
    if difference:
        raise BadCheckpoint(f"{place} is another network: {difference} as there")
    new = checkpoints.load_trunk(step.network, found.weights, place)
    if new:
        _log.info("%s: heads that start from random weights: %s", place, ", ".join(new))
    same_heads = {name for name, head in theirs["heads"].items() if head} == set(step.network.heads)
    same_norms = ours["norm"] == theirs["norm"]
    if same_heads and same_norms and _kinds(found.state.preset.training.optimiser) == _kinds(training.optimiser):
        checkpoints.load_optimisers(step.network, step.optimisers, found.optimiser, place)
    if step.average is not None:
        if same_heads and found.average:
            checkpoints.load_average(step.average, found.average, place)
        else:
            step.average = WeightAverage(step.network, step.average.decay)
    at = found.state.samples if start_at is None else start_at
    if at >= training.end:
        raise BadConfig(f"samples = {training.end}: {place} is at {at} already; see --at")
    seen = found.state.batch * found.state.preset.training.batch_size
    return replace(
        state,
        samples=at,
        batch=seen // training.batch_size if found.state.seed == state.seed else 0,
        total_samples=found.state.total_samples,
        total_seconds=found.state.total_seconds,
        sessions=found.state.sessions,
    )


def _without_heads(network: dict[str, Any]) -> dict[str, Any]:
    """What two networks must have in common if one starts from the other.

    Batch norms may be frozen or thawed, and dropout may come or go.
    """
    norm = "batch" if network["norm"] == "batch-frozen" else network["norm"]
    return {**network, "heads": None, "norm": norm, "dropout": None}


def _check_same_run(found: State, ours: State, out: Path) -> None:
    difference = first_difference(to_json(ours.preset), to_json(found.preset))
    if difference:
        raise BadCheckpoint(f"{out} was begun with another config: {difference} as there")
    if found.data.games_sha256 != ours.data.games_sha256:
        hashes = f"{ours.data.games_sha256[:12]} (SHA-256), not {found.data.games_sha256[:12]} as there"
        raise BadCheckpoint(f"{out} was begun with other games: {hashes}")


def _kinds(optimiser: Optimiser) -> tuple[Any, ...]:
    """What two optimisers have in common if the state of one fits the other."""
    others = _kinds(optimiser.others) if isinstance(optimiser, Muon) else ()
    return (optimiser.type, isinstance(optimiser, Sgd) and optimiser.momentum > 0, *others)

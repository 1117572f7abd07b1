"""The start of a run: from its own newest checkpoint, from another one, or from random weights."""

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
    average of `step`. Raises BadCheckpoint if what is found does not fit, BadConfig if the options do not.
    """
    if checkpoints.checkpoints_in(options.out):
        checkpoint = checkpoints.load_checkpoint(options.out)
        _check_same_run(checkpoint.state, state, options.out)
        checkpoints.load_network(step.network, checkpoint.weights, options.out)
        checkpoints.load_optimisers(step.network, step.optimisers, checkpoint.optimiser, options.out)
        if step.average is not None:
            checkpoints.load_average(step.average, checkpoint.average, options.out)
        return checkpoint.state
    if options.start_from is not None:
        return _start_from(step, state, options.start_from, options.start_at)
    if options.start_at is not None:
        raise BadConfig(f"at = {options.start_at}: needs weights to start from (--from)")
    return state


def _start_from(step: TrainingStep, state: State, place: Path, start_at: int | None) -> State:
    """Take over weights, and the average and optimiser state if the checkpoint has them and they fit."""
    training = state.preset.training
    checkpoint = checkpoints.load_checkpoint(place)
    network, start_network = to_json(state.preset.network), to_json(checkpoint.state.preset.network)
    difference = first_difference(_without_heads(network), _without_heads(start_network), "network")
    if difference:
        raise BadCheckpoint(f"{place} is another network: {difference} as there")
    new = checkpoints.load_trunk(step.network, checkpoint.weights, place)
    if new:
        _log.info("%s: heads that start from random weights: %s", place, ", ".join(new))
    same_heads = {name for name, head in start_network["heads"].items() if head} == set(step.network.heads)
    same_norms = network["norm"] == start_network["norm"]
    if same_heads and same_norms and _kinds(checkpoint.state.preset.training.optimiser) == _kinds(training.optimiser):
        checkpoints.load_optimisers(step.network, step.optimisers, checkpoint.optimiser, place)
    if step.average is not None:
        if same_heads and checkpoint.average:
            checkpoints.load_average(step.average, checkpoint.average, place)
        else:
            step.average = WeightAverage(step.network, step.average.decay)
    at = checkpoint.state.samples if start_at is None else start_at
    if at >= training.end:
        raise BadConfig(f"samples = {training.end}: {place} is at {at} already; see --at")
    seen = checkpoint.state.batch * checkpoint.state.preset.training.batch_size
    return replace(
        state,
        samples=at,
        batch=seen // training.batch_size if checkpoint.state.seed == state.seed else 0,
        total_samples=checkpoint.state.total_samples,
        total_seconds=checkpoint.state.total_seconds,
        sessions=checkpoint.state.sessions,
    )


def _without_heads(network: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that two networks must have in common if one starts from the other.

    Batch norms may be frozen or thawed, and dropout may come or go.
    """
    norm = "batch" if network["norm"] == "batch-frozen" else network["norm"]
    return {**network, "heads": None, "norm": norm, "dropout": None}


def _check_same_run(stored: State, new: State, out: Path) -> None:
    difference = first_difference(to_json(new.preset), to_json(stored.preset))
    if difference:
        raise BadCheckpoint(f"{out} was begun with another config: {difference} as there")
    if stored.data.games_sha256 != new.data.games_sha256:
        hashes = f"{new.data.games_sha256[:12]} (SHA-256), not {stored.data.games_sha256[:12]} as there"
        raise BadCheckpoint(f"{out} was begun with other games: {hashes}")


def _kinds(optimiser: Optimiser) -> tuple[Any, ...]:
    """Return a value that is equal for two optimisers if the state of one fits the other."""
    others = _kinds(optimiser.others) if isinstance(optimiser, Muon) else ()
    return (optimiser.type, isinstance(optimiser, Sgd) and optimiser.momentum > 0, *others)

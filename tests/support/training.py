"""A preset small enough to train in a second, and a checkpoint of it that was never trained."""

from pathlib import Path

import torch

from shicho.training.checkpoint import Checkpoint, DataIdentity, State, network_arrays, save_checkpoint
from shicho.training.config import (
    Block,
    Ladder,
    NetworkConfig,
    Precision,
    Preset,
    Residual,
    ScheduleKind,
    TrainingConfig,
    Wide,
)
from shicho.training.model import Network

BATCH = 16


def tiny_preset(*blocks: Block, samples: int = 6 * BATCH) -> Preset:
    """Eight channels through `blocks`, by default one of each kind."""
    chosen = blocks or (Residual(pool=True), Ladder(channels=2), Wide(channels=4, length=5))
    return Preset(
        name="tiny",
        network=NetworkConfig(channels=8, blocks=chosen, policy_channels=6, pool_channels=4),
        training=TrainingConfig(
            samples=samples,
            batch_size=BATCH,
            rate_per_sample=0.001,
            schedule=ScheduleKind.ONE_CYCLE,
            precision=Precision.FLOAT32,
        ),
    )


def tiny_state(preset: Preset) -> State:
    """A state that looks as if 32 samples had been seen."""
    return State(
        preset=preset,
        samples=32,
        batch=2,
        seed=1,
        total_samples=32,
        total_seconds=7200.0,
        sessions=1,
        data=DataIdentity(games_sha256="ab" * 32, positions=1234, sources={"some-games": "cd" * 32}),
        environment={"git_commit": "f00", "torch": "2.13.0", "device": "cpu", "threads": 1},
        figures={},
    )


def write_checkpoint(folder: Path, preset: Preset | None = None, seed: int = 0) -> Path:
    """A checkpoint with random weights and statistics, and no optimiser state; returns `folder`."""
    chosen = preset or tiny_preset()
    torch.manual_seed(seed)
    network = Network(chosen.network, masked=False)
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.3)  # type: ignore[union-attr, operator]
            part.running_var.uniform_(0.5, 2)  # type: ignore[union-attr, operator]
            torch.nn.init.normal_(part.bias, 0, 0.3)
    torch.nn.init.normal_(network.head.passing.weight)
    save_checkpoint(folder, Checkpoint(state=tiny_state(chosen), weights=network_arrays(network), optimiser={}))
    return folder

"""A preset small enough to train in a second, and a checkpoint of it that was never trained."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from shicho.training.config import (
    Block,
    Condition,
    Cooldown,
    DataConfig,
    Dropout,
    Heads,
    Ladder,
    LadderTarget,
    NetworkConfig,
    NextMoves,
    OneCycle,
    Optimiser,
    Ownership,
    Policy,
    Preset,
    Residual,
    Schedule,
    Sgd,
    TrainingConfig,
    Wide,
    Win,
)
from shicho.training.network.model import Network
from shicho.training.network.norms import FixedScale
from shicho.training.run.checkpoint import (
    Checkpoint,
    DataIdentity,
    State,
    average_arrays,
    network_arrays,
    save_checkpoint,
)
from shicho.training.run.ema import WeightAverage

BATCH = 16
ALL_BLOCKS = (Residual(pool=True), Ladder(channels=2), Wide(channels=4, length=5))
TINY_POLICY = Policy(channels=6, pool_channels=4)
POLICY_ALONE = Heads(policy=TINY_POLICY)
ALL_HEADS = Heads(
    policy=TINY_POLICY,
    win=Win(channels=4, hidden=6),
    next_moves=NextMoves(channels=4),
    ownership=Ownership(channels=4),
    ladder=LadderTarget(channels=4),
)
SGD = Sgd(learning_rate=0.016)


def tiny_preset(
    *blocks: Block,
    samples: int = 6 * BATCH,
    heads: Heads = POLICY_ALONE,
    optimiser: Optimiser = SGD,
    schedule: Schedule | None = None,
    ema_samples: int | None = None,
    cooldown: Cooldown | None = None,
    data: DataConfig | None = None,
    condition: Condition | None = None,
    dropout: Dropout | None = None,
) -> Preset:
    """Eight channels through `blocks`, by default one of each kind."""
    return Preset(
        name="tiny",
        network=NetworkConfig(
            channels=8, blocks=blocks or ALL_BLOCKS, heads=heads, condition=condition, dropout=dropout
        ),
        training=TrainingConfig(
            samples=samples,
            batch_size=BATCH,
            optimiser=optimiser,
            schedule=schedule or OneCycle(),
            ema_samples=ema_samples,
            cooldown=cooldown,
            data=data or DataConfig(),
        ),
    )


def with_network(preset: Preset, **options: Any) -> Preset:
    """The same preset with some settings of its network replaced."""
    return preset.model_copy(update={"network": preset.network.model_copy(update=options)})


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


def randomise(module: nn.Module) -> None:
    """Give normalisation, PReLU slopes, biases and the pass weights values in which a mistake would show."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.3)  # type: ignore[union-attr, operator]
            part.running_var.uniform_(0.5, 2)  # type: ignore[union-attr, operator]
            if part.weight is not None:
                nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, 0, 0.3)
        if isinstance(part, FixedScale):
            nn.init.normal_(part.bias, 0, 0.3)
        if isinstance(part, nn.PReLU):
            nn.init.normal_(part.weight, 0, 0.3)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.normal_(part.bias, 0, 0.3)
    for name, parameter in module.named_parameters():
        if name.endswith("passing.weight"):
            nn.init.normal_(parameter)


def random_network(preset: Preset, seed: int = 0, *, masked: bool = False) -> Network:
    """The network of a preset in evaluation mode, `randomise`d."""
    torch.manual_seed(seed)
    network = Network(preset.network, masked=masked)
    randomise(network)
    return network.eval()


def write_checkpoint(folder: Path, preset: Preset | None = None, seed: int = 0, *, average: bool = False) -> Path:
    """A checkpoint with random weights and statistics, and no optimiser state; returns `folder`.

    With `average` it holds moving averages too, which are those of another random network.
    """
    chosen = preset or tiny_preset()
    averaged = None
    if average:
        averaged = WeightAverage(random_network(chosen, seed + 1000), 0.9)
        averaged.steps = 5
    saved = Checkpoint(
        state=tiny_state(chosen),
        weights=network_arrays(random_network(chosen, seed)),
        average=average_arrays(averaged),
        optimiser={},
    )
    save_checkpoint(folder, saved)
    return folder

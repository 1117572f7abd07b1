"""A policy network, put together from a config."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from shicho.engine.features import FEATURE_SETS
from shicho.training import blocks
from shicho.training.config import Block, Ladder, NetworkConfig, Residual, Wide

OFF_BOARD_LOGIT = -1e4


class Outputs(NamedTuple):
    """What a network says of N positions."""

    policy: Tensor
    """[N, 362] float32 logits: 361 points row by row from the top left, then pass."""


def build_block(block: Block, config: NetworkConfig) -> nn.Module:
    """The module for one block of a config."""
    match block:
        case Residual():
            return blocks.ResidualBlock(config.channels, config.activation, block.pool)
        case Ladder():
            return blocks.LadderBlock(config.channels, config.activation, block.channels)
        case Wide():
            return blocks.WideBlock(config.channels, config.activation, block.channels, block.length)


class Network(nn.Module):
    """The policy network a config describes, started at random from torch's generator.

    `masked` networks play boards of every size, each where plane 0 says it lies. The others save that work and take
    every board for 19 x 19. The weights fit both.
    """

    def __init__(self, config: NetworkConfig, *, masked: bool) -> None:
        super().__init__()
        self.config = config
        self.masked = masked
        self.first = blocks.FirstConvolution(len(FEATURE_SETS[config.features]), config.channels)
        self.trunk = nn.ModuleList(build_block(block, config) for block in config.blocks)
        self.head = blocks.PolicyHead(config.channels, config.activation, config.policy_channels, config.pool_channels)
        self.looks_near = any(isinstance(block, Ladder) for block in config.blocks)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, planes: Tensor) -> Outputs:
        """planes: float [N, C, 19, 19], plane 0 marking the board. Points off the board get a logit of -10000."""
        mask = planes[:, :1] if self.masked else None
        if mask is not None:
            planes = planes * mask
        near = blocks.near_stones(planes[:, 1:2] + planes[:, 2:3]) if self.looks_near else None
        x = self.first(planes)
        for block in self.trunk:
            x = block(x, mask, near)
        points, passing = self.head(x, mask)
        logits = torch.cat([points, passing], dim=1).float() * self.config.logit_scale
        if mask is not None:
            off_board = torch.nn.functional.pad((mask == 0).flatten(1), (0, 1))
            logits = logits.masked_fill(off_board, OFF_BOARD_LOGIT)
        return Outputs(policy=logits)


def parameter_count(network: Network) -> int:
    """How many numbers training adjusts, the pass logit's included."""
    return sum(parameter.numel() for parameter in network.parameters())

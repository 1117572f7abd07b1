"""A network, put together from a config: input convolution, trunk of blocks, heads."""

from collections.abc import Collection
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from shicho.engine.errors import BadConfig
from shicho.engine.features import FEATURE_SETS
from shicho.training.config import NetworkConfig
from shicho.training.network.blocks import build_block
from shicho.training.network.dropout import add_dropout
from shicho.training.network.heads import Head, build_heads
from shicho.training.network.init import initialise
from shicho.training.network.layers import (
    BoardContext,
    ConditionVector,
    InputConvolution,
    convolution,
    emphasise_centres,
    near_stones,
)
from shicho.training.network.norms import apply_norm
from shicho.training.network.transforms import to_input


class Network(nn.Module):
    """The network that a config describes, with random weights from torch's generator.

    A `masked` network takes boards of every size; plane 0 marks the points on the board. One that is not masked is
    faster and takes 19x19 boards only. Both have the same weights. A network with a `condition` takes it from
    `forward`, or else from `default_condition`, which is unknown until `set_condition` is called.
    """

    visible_planes: Tensor | None
    default_condition: Tensor

    def __init__(self, config: NetworkConfig, *, masked: bool) -> None:
        super().__init__()
        self.config = config
        self.masked = masked
        planes = len(FEATURE_SETS[config.features])
        stem = InputConvolution if config.stem_centre else partial(convolution, size=5)
        self.stem = stem(planes, config.channels)
        self.condition = ConditionVector(config.channels, config.condition) if config.condition else None
        self.register_buffer("default_condition", torch.zeros(1, 2, dtype=torch.int64), persistent=False)
        self.register_buffer("visible_planes", _visible_planes(config), persistent=False)
        trunk = [build_block(block, config.channels, config.activation) for block in config.blocks]
        self.uses_near = any(block.uses_near for block in trunk)
        self.uses_chains = any(block.uses_chains for block in trunk)
        self.trunk = nn.ModuleList(trunk)
        heads = build_heads(config.heads, config.channels, config.activation)
        self.heads = nn.ModuleDict(heads)
        apply_norm(trunk, heads.values(), config)
        if config.centre_factor != 1:
            emphasise_centres(self.trunk, config.centre_factor)
        if config.dropout is not None:
            add_dropout(self.trunk, config.dropout)
        initialise(self, config.initialisation)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def head(self, name: str) -> Head:
        """Return the head of that name. Raises KeyError if the network has none."""
        head = self.heads[name]
        assert isinstance(head, Head)
        return head

    def set_condition(self, source: str | None, rank: int = 0) -> None:
        """Predict from now on as in games of this source group (None: unknown) by players of this rank.

        `rank`: 0 unknown, 1 to 9 dan, 10 professional. Raises BadConfig if the network was not trained with it.
        """
        condition = self.config.condition
        if condition is None:
            raise BadConfig("this network has no condition: it was not told where games come from")
        if source is not None and source not in condition.sources:
            raise BadConfig(f"condition {source!r}: the network knows {', '.join(condition.sources)}")
        if not 0 <= rank < ConditionVector.RANKS or (rank and not condition.rank):
            raise BadConfig(f"condition rank {rank}: must be {'0 to 10' if condition.rank else '0 for this network'}")
        number = 0 if source is None else 1 + condition.sources.index(source)
        self.default_condition.copy_(torch.tensor([[number, rank]]))

    def inputs(self, packed: NDArray[np.uint8]) -> dict[str, Tensor]:
        """Return the arguments of `forward` for positions as they were played, on the network's device.

        packed: planes uint8 [N, C, 48]. The result holds `planes`, and `chains` if a block uses them.
        """
        device = self.default_condition.device
        inputs = {"planes": to_input(torch.from_numpy(packed).to(device))}
        if self.uses_chains:
            labels = FEATURE_SETS[self.config.features].chain_labels(packed)
            inputs["chains"] = torch.from_numpy(labels).to(device)
        return inputs

    def forward(
        self,
        planes: Tensor,
        heads: Collection[str] | None = None,
        condition: Tensor | None = None,
        chains: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Return the outputs of the heads (all of them, or those named), by name.

        planes: float [N, C, 19, 19], plane 0 marking the board, planes 1 and 2 the stones. condition: int64 [N, 2], see
        `ConditionVector`. chains: integers [N, 19, 19], see `FeatureSet.chain_labels`; a network with `uses_chains`
        needs them, others ignore them. Raises ValueError if they are needed and missing.
        """
        if self.uses_chains and chains is None:
            raise ValueError("this network has a chain-pooling block: it needs the labels of the chains")
        mask = planes[:, :1] if self.masked else None
        if mask is not None:
            planes = planes * mask
        near = near_stones(planes[:, 1:2] + planes[:, 2:3]) if self.uses_near else None
        context = BoardContext(mask, near, chains)
        x = self.stem(planes if self.visible_planes is None else planes * self.visible_planes)
        if self.condition is not None:
            x = x + self.condition(self.default_condition if condition is None else condition)
        for block in self.trunk:
            x = block(x, context)
        return {name: head(x, context) for name, head in self.heads.items() if heads is None or name in heads}


def _visible_planes(config: NetworkConfig) -> Tensor | None:
    """Return [1, C, 1, 1], 0 for hidden planes and 1 for the others; None if none is hidden."""
    if not config.hidden_planes:
        return None
    features = FEATURE_SETS[config.features]
    visible = torch.ones(1, len(features), 1, 1)
    visible[:, [features.index(name) for name in config.hidden_planes]] = 0
    return visible


def parameter_count(network: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(parameter.numel() for parameter in network.parameters())

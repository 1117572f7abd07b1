"""The heads of a network: each has its forward pass, its target, its loss and its figures.

A head reads the trunk's features [N, C, 19, 19]. `loss` is the reported loss: the mean over the samples whose target is
known, in nats. `training_loss` is the loss that training minimises. `figures` are computed with numpy from the outputs
of any runtime, one value for each sample; NaN means that the sample does not count.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from shicho.training.config import Activation, Heads, LadderTarget, NextMoves, Ownership, Policy, Win
from shicho.training.network.layers import (
    BoardContext,
    NormActMask,
    PooledMeanAndMax,
    activated_channels,
    activation,
    batch_norm,
    convolution,
    crelu,
)

PASS = 361
UNKNOWN = -1
OFF_BOARD_LOGIT = -1e4

Samples = dict[str, NDArray[np.float64]]


class Head(nn.Module):
    """Base of the heads. `first` normalises the features; the other norms follow a convolution."""

    pooled_norms: tuple[str, ...] = ()
    """Names of the norms whose input is the sum of a convolution and pooled features."""
    name: ClassVar[str]
    """Name of the output, in `Network`'s result and in an ONNX file."""
    target: ClassVar[str]
    """Name of the target in a batch (`training.data.targets`)."""
    exported: ClassVar[bool]
    """Whether an ONNX file has this output."""

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Map features [N, C, 19, 19] to the head's output, float32."""
        raise NotImplementedError

    def known(self, target: Tensor) -> Tensor:
        """Return how many targets are known, int64 [K]: the counts that `loss` divides by, one for each mean in it."""
        raise NotImplementedError

    def loss(self, output: Tensor, target: Tensor, counts: Tensor | None = None) -> Tensor:
        """Return the mean loss in nats, float32 [], over the samples with a known target; 0 if there is none.

        `counts` [K] replaces `known(target)`. For a part of a batch these are the counts of the whole batch, so
        that the losses of the parts add up to the loss of the whole.
        """
        raise NotImplementedError

    def training_loss(self, loss: Tensor, output: Tensor, counts: Tensor | None = None) -> Tensor:
        """Return the loss that training minimises, computed from the result of `loss`; by default the same."""
        return loss

    @staticmethod
    def figures(output: NDArray[Any], target: NDArray[Any]) -> Samples:
        """Return the figures by name, each float64 [N]; NaN where a sample does not count."""
        raise NotImplementedError


def build_heads(heads: Heads, channels: int, kind: Activation) -> dict[str, Head]:
    """Return the modules of the heads that a config asks for, by name."""
    built: list[Head] = [PolicyHead(channels, kind, heads.policy)]
    if heads.win is not None:
        built.append(WinHead(channels, kind, heads.win))
    if heads.next_moves is not None:
        built.append(NextMovesHead(channels, kind, heads.next_moves))
    if heads.ownership is not None:
        built.append(OwnershipHead(channels, kind, heads.ownership))
    if heads.ladder is not None:
        built.append(LadderHead(channels, kind, heads.ladder))
    return {head.name: head for head in built}


class PolicyHead(Head):
    """The next move, from local and pooled features together; the pass logit comes from pooled features alone.

    Without `pool`, the points see local features, and the pass logit comes from the mean and maximum of the trunk's.

    The logits are computed in float32 even under autocast: bfloat16 has steps of 1/16 at the size they reach.
    """

    name = "policy"
    target = "move"
    exported = True
    init_scales = MappingProxyType({"pooled.weight": 0.5, "last_conv.weight": 0.5, "passing.weight": 0.0})
    before_activation = ("policy_conv.weight", "pool_conv.weight", "pooled.weight")

    def __init__(self, channels: int, kind: Activation, config: Policy) -> None:
        super().__init__()
        self.logit_scale = config.logit_scale
        self.label_smoothing = config.label_smoothing
        self.first = NormActMask(channels, kind)
        self.policy_conv = convolution(self.first.outputs, config.channels, 3)
        pooled_channels = self.first.outputs
        self.pool: NormActMask | None = None
        self.pooled_mean_and_max = PooledMeanAndMax()
        if config.pool:
            self.pool_conv = convolution(self.first.outputs, config.pool_channels, 3)
            self.pool = NormActMask(config.pool_channels, kind)
            pooled_channels = self.pool.outputs
            self.pooled = nn.Linear(2 * pooled_channels, config.channels, bias=False)
            self.pooled_norms = ("norm",)
        self.norm = batch_norm(config.channels)
        self.last_conv = convolution(2 * config.channels, 1, 5)
        self.passing = nn.Linear(2 * pooled_channels, 1, bias=False)

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Return logits float32 [N, 362]: 361 points row by row from the top left, then pass; -10000 off the board."""
        mask = context.mask
        y = self.first(x, mask)
        z = self.policy_conv(y)
        if self.pool is None:
            pooled = self.pooled_mean_and_max(y, mask)
        else:
            pooled = self.pooled_mean_and_max(self.pool(self.pool_conv(y), mask), mask)
            z = z + self.pooled(pooled)[:, :, None, None]
        z = self.norm(z)
        with torch.autocast(x.device.type, enabled=False):
            points = self.last_conv(crelu(z, mask).float()).flatten(1)
            logits = torch.cat([points, self.passing(pooled.float())], dim=1) * self.logit_scale
        if mask is not None:
            logits = logits.masked_fill(F.pad((mask == 0).flatten(1), (0, 1)), OFF_BOARD_LOGIT)
        return logits

    def known(self, target: Tensor) -> Tensor:
        """Return the number of samples, int64 [1]."""
        return target.new_full((1,), len(target), dtype=torch.int64)

    def loss(self, output: Tensor, target: Tensor, counts: Tensor | None = None) -> Tensor:
        """Return the cross-entropy of the move played, passes included. target: int64 [N]."""
        if counts is None:
            return F.cross_entropy(output, target)
        return F.cross_entropy(output, target, reduction="sum") / counts[0]

    def training_loss(self, loss: Tensor, output: Tensor, counts: Tensor | None = None) -> Tensor:
        """Return the cross-entropy with smoothed labels.

        The share `label_smoothing` of each target is spread evenly over all points. Points off the board, known by
        their logit, and the pass get no part of that share.
        """
        if self.label_smoothing == 0:
            return loss
        on_board = output[:, :PASS] != OFF_BOARD_LOGIT
        negative_log = -F.log_softmax(output, dim=1)[:, :PASS]
        of_points = (negative_log * on_board).sum(1) / on_board.sum(1)
        evenly = of_points.sum() / (len(output) if counts is None else counts[0])
        return (1 - self.label_smoothing) * loss + self.label_smoothing * evenly

    @staticmethod
    def figures(output: NDArray[Any], target: NDArray[Any]) -> Samples:
        """Return `top1` and `top4` (1 if the move is among the best 1 or 4, ties against it) and `cross_entropy`.

        `confidence` is the probability of the best move.
        Passes do not count as targets; a network that expects a pass is wrong.
        """
        logits = output.astype(np.float64)
        played = np.take_along_axis(logits, target[:, None], axis=1)
        rank = (logits >= played).sum(axis=1)
        peak = logits.max(axis=1, keepdims=True)
        cross_entropy = np.log(np.exp(logits - peak).sum(axis=1)) + (peak - played)[:, 0]
        counts = target != PASS
        confidence = 1 / np.exp(logits - peak).sum(axis=1)
        columns = {"top1": rank <= 1, "top4": rank <= 4, "cross_entropy": cross_entropy, "confidence": confidence}
        return {name: np.where(counts, values, np.nan) for name, values in columns.items()}


class WinHead(Head):
    """Whether the side to move wins, from pooled features."""

    name = "win"
    target = "win"
    exported = True
    init_scales = MappingProxyType({"last.weight": 0.5})
    before_activation = ("conv.weight", "hidden.weight")

    def __init__(self, channels: int, kind: Activation, config: Win) -> None:
        super().__init__()
        self.first = NormActMask(channels, kind)
        self.conv = convolution(self.first.outputs, config.channels, 1)
        self.pool = NormActMask(config.channels, kind)
        self.pooled_mean_and_max = PooledMeanAndMax()
        self.hidden = nn.Linear(2 * self.pool.outputs, config.hidden)
        self.activation = activation(kind, config.hidden)
        self.last = nn.Linear(activated_channels(kind, config.hidden), 1)

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Return the logit, float32 [N], that the side to move wins."""
        y = self.pool(self.conv(self.first(x, context.mask)), context.mask)
        pooled = self.pooled_mean_and_max(y, context.mask)
        with torch.autocast(x.device.type, enabled=False):
            logit: Tensor = self.last(self.activation(self.hidden(pooled.float())))
        return logit.squeeze(1)

    def known(self, target: Tensor) -> Tensor:
        """Return the number of games with a result, int64 [1]."""
        return (~target.isnan()).sum().view(1)

    def loss(self, output: Tensor, target: Tensor, counts: Tensor | None = None) -> Tensor:
        """Return the binary cross-entropy. target: float32 [N], 1 won, 0 lost, 0.5 draw, NaN unknown."""
        known = ~target.isnan()
        losses = F.binary_cross_entropy_with_logits(output, target.nan_to_num(0.5), reduction="none")
        count = known.sum() if counts is None else counts[0]
        return (losses * known).sum() / count.clamp(min=1)

    @staticmethod
    def figures(output: NDArray[Any], target: NDArray[Any]) -> Samples:
        """Return `win_accuracy` (without draws), `win_cross_entropy`, and `win_confidence` of the likelier side."""
        logit, known = output.astype(np.float64), ~np.isnan(target)
        result = np.where(known, target, 0.5).astype(np.float64)
        cross_entropy = np.logaddexp(0, logit) - result * logit
        decided = known & (result != 0.5)
        return {
            "win_accuracy": np.where(decided, (logit > 0) == (result > 0.5), np.nan),
            "win_cross_entropy": np.where(known, cross_entropy, np.nan),
            "win_confidence": np.where(decided, 1 / (1 + np.exp(-np.abs(logit))), np.nan),
        }


class NextMovesHead(Head):
    """The one or two moves after the next one, as extra targets in training (Tian and Zhu 2016)."""

    name = "next_moves"
    target = "next_moves"
    exported = False
    init_scales = MappingProxyType({"last_conv.weight": 0.5})
    before_activation = ("conv.weight",)

    def __init__(self, channels: int, kind: Activation, config: NextMoves) -> None:
        super().__init__()
        self.logit_scale = config.logit_scale
        self.moves = config.moves
        self.first = NormActMask(channels, kind)
        self.conv = convolution(self.first.outputs, config.channels, 3)
        self.norm = batch_norm(config.channels)
        self.last_conv = convolution(2 * config.channels, config.moves, 5)

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Return logits float32 [N, moves, 361] of the points, without the pass."""
        y = crelu(self.norm(self.conv(self.first(x, context.mask))), context.mask)
        logits: Tensor = self.last_conv(y).flatten(2).float() * self.logit_scale
        if context.mask is not None:
            logits = logits.masked_fill((context.mask == 0).flatten(2), OFF_BOARD_LOGIT)
        return logits

    def known(self, target: Tensor) -> Tensor:
        """Return the number of known targets of each move, int64 [moves]."""
        wanted = target[:, : self.moves]
        return ((wanted >= 0) & (wanted < PASS)).sum(0)

    def loss(self, output: Tensor, target: Tensor, counts: Tensor | None = None) -> Tensor:
        """Return the sum of the moves' cross-entropies. target: int64 [N, 2]; passes and -1 (unknown) do not count."""
        wanted = target[:, : self.moves].transpose(0, 1)
        known = (wanted >= 0) & (wanted < PASS)
        losses = F.cross_entropy(
            output.transpose(0, 1).flatten(0, 1),
            torch.where(known, wanted, UNKNOWN).flatten(),
            ignore_index=UNKNOWN,
            reduction="none",
        ).view_as(known)
        count = known.sum(1) if counts is None else counts
        return (losses.sum(1) / count.clamp(min=1)).sum()

    @staticmethod
    def figures(output: NDArray[Any], target: NDArray[Any]) -> Samples:
        """Return `next_moves_cross_entropy`, the mean over the moves."""
        logits = output.astype(np.float64)
        wanted = target[:, : logits.shape[1]]
        known = (wanted >= 0) & (wanted < PASS)
        peak = logits.max(axis=2)
        played = np.take_along_axis(logits, np.where(known, wanted, 0)[:, :, None], axis=2)[:, :, 0]
        losses = np.log(np.exp(logits - peak[:, :, None]).sum(axis=2)) + peak - played
        count = known.sum(axis=1)
        total = np.where(known, losses, 0).sum(axis=1)
        return {"next_moves_cross_entropy": np.where(count > 0, total / np.maximum(count, 1), np.nan)}


class PointsHead(Head):
    """Base of the heads that answer yes or no for every point: conv3x3, norm, CReLU, conv1x1."""

    exported = False

    def __init__(self, channels: int, kind: Activation, config: Ownership | LadderTarget) -> None:
        super().__init__()
        self.first = NormActMask(channels, kind)
        self.conv = convolution(self.first.outputs, config.channels, 3)
        self.norm = batch_norm(config.channels)
        self.last_conv = convolution(2 * config.channels, 1, 1)

    def forward(self, x: Tensor, context: BoardContext) -> Tensor:
        """Return logits float32 [N, 361]."""
        y = crelu(self.norm(self.conv(self.first(x, context.mask))), context.mask)
        logits: Tensor = self.last_conv(y).flatten(1).float()
        return logits


class OwnershipHead(PointsHead):
    """Whether the side to move owns a point at the end of the game."""

    name = "ownership"
    target = "ownership"

    def known(self, target: Tensor) -> Tensor:
        """Return the number of known points, int64 [1]."""
        return (target != 0).sum().view(1)

    def loss(self, output: Tensor, target: Tensor, counts: Tensor | None = None) -> Tensor:
        """Return the mean binary cross-entropy of the known points.

        target: int8 [N, 361], 1 the side to move, -1 the opponent, 0 unknown.
        """
        known = target != 0
        losses = F.binary_cross_entropy_with_logits(output, (target > 0).float(), reduction="none")
        count = known.sum() if counts is None else counts[0]
        return (losses * known).sum() / count.clamp(min=1)

    @staticmethod
    def figures(output: NDArray[Any], target: NDArray[Any]) -> Samples:
        """Return `ownership_accuracy` and `ownership_cross_entropy`, means over the known points of a position."""
        known = target != 0
        return {
            "ownership_accuracy": _mean_where(known, (output > 0) == (target > 0)),
            "ownership_cross_entropy": _mean_where(known, np.logaddexp(0, -output.astype(np.float64) * target)),
        }


class LadderHead(PointsHead):
    """Which stones a ladder captures, now or if the attacker moves first, asked for every point."""

    name = "ladder"
    target = "ladder"

    def known(self, target: Tensor) -> Tensor:
        """Return the number of points, int64 [1]."""
        return target.new_full((1,), target.numel(), dtype=torch.int64)

    def loss(self, output: Tensor, target: Tensor, counts: Tensor | None = None) -> Tensor:
        """Return the mean binary cross-entropy over all points. target: uint8 [N, 361]."""
        if counts is None:
            return F.binary_cross_entropy_with_logits(output, target.float())
        return F.binary_cross_entropy_with_logits(output, target.float(), reduction="sum") / counts[0]

    @staticmethod
    def figures(output: NDArray[Any], target: NDArray[Any]) -> Samples:
        """Return `ladder_found` (of the captured stones) and `ladder_false` (of all other points), as fractions.

        target: uint8 [N, 48], packed bits, as batches hold it.
        """
        captured = np.unpackbits(target, axis=-1, count=output.shape[-1], bitorder="little") == 1
        return {
            "ladder_found": _mean_where(captured, output > 0),
            "ladder_false": _mean_where(~captured, output > 0),
        }


def _mean_where(counted: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the row means of `values` [N, P] over the counted points; NaN for a row without any."""
    count = counted.sum(axis=1)
    total = np.where(counted, values, 0).sum(axis=1, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


HEADS: Mapping[str, type[Head]] = MappingProxyType(
    {head.name: head for head in (PolicyHead, WinHead, NextMovesHead, OwnershipHead, LadderHead)}
)
"""Every kind of head by name, for the figures of outputs that come from an ONNX file."""

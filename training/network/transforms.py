"""Packed planes and targets to tensors on the device, each sample transformed by its own symmetry of the board.

The eight transforms are those of `shicho.engine.symmetry`.
"""

from collections.abc import Mapping
from functools import cache

import torch
from torch import Tensor

from shicho.engine.symmetry import MOVE_DESTINATIONS, SOURCE_POINTS
from shicho.training.network.layers import BOARD

POINTS = BOARD * BOARD


@cache
def transform_tables(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return where each transformed point comes from [8, 361] and where each move goes [8, 362], int64 on `device`."""
    return torch.tensor(SOURCE_POINTS, device=device), torch.tensor(MOVE_DESTINATIONS, device=device)


def unpack(packed: Tensor) -> Tensor:
    """Unpack bits: uint8 [B, C, 48] to uint8 [B, C, 361] of 0 and 1, the least significant bit of a byte first."""
    bits = torch.arange(8, dtype=torch.uint8, device=packed.device)
    return ((packed.unsqueeze(-1) >> bits) & 1).flatten(2)[..., :POINTS]


def to_input(packed: Tensor, transform: Tensor | None = None) -> Tensor:
    """Unpack uint8 [B, C, 48] to float32 [B, C, 19, 19] in channels-last order.

    `transform` is int64 [B], None for the identity.
    """
    planes = packed.shape[1]
    points = unpack(packed).transpose(1, 2)
    if transform is not None:
        sources = transform_tables(packed.device)[0][transform]
        points = points.gather(1, sources.unsqueeze(-1).expand(-1, -1, planes))
    return points.float().contiguous().view(-1, BOARD, BOARD, planes).permute(0, 3, 1, 2)


def transform_moves(moves: Tensor, transform: Tensor) -> Tensor:
    """Return moves int64 [B] or [B, M] after `transform` int64 [B]; pass (361) and unknown (-1) stay."""
    rows = transform if moves.ndim == 1 else transform[:, None]
    return torch.where(moves < 0, moves, transform_tables(moves.device)[1][rows, moves.clamp(min=0)])


def transform_points(values: Tensor, transform: Tensor) -> Tensor:
    """Return values of points [B, 361] or [B, 19, 19] on the boards transformed by `transform` int64 [B]."""
    return values.flatten(1).gather(1, transform_tables(values.device)[0][transform]).view_as(values)


def transform_bits(packed: Tensor, transform: Tensor) -> Tensor:
    """Return the points of packed bits uint8 [B, 48] on the transformed boards, unpacked to uint8 [B, 361]."""
    return transform_points(unpack(packed[:, None])[:, 0], transform)


_TRANSFORMED = {
    "move": transform_moves,
    "next_moves": transform_moves,
    "ownership": transform_points,
    "ladder": transform_bits,
    "chains": transform_points,
}


def transform_targets(targets: Mapping[str, Tensor], transform: Tensor) -> dict[str, Tensor]:
    """Return the targets of a batch on the transformed boards.

    Targets that are not places on the board stay as they are.
    """
    return {
        name: _TRANSFORMED[name](values, transform) if name in _TRANSFORMED else values
        for name, values in targets.items()
    }

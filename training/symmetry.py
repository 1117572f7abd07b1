"""The eight symmetries of the board, and packed planes to network input on the device, each sample turned its own way.

Symmetry s (0 to 7): transpose the board if s has bit 4, then turn it upside down if bit 2, then left to right if bit 1.
"""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BOARD = 19
POINTS = BOARD * BOARD
PASS = POINTS


def source_points(symmetry: int) -> NDArray[np.int64]:
    """int64 [361]: for each point of the turned board, the point of the board as played that comes to lie there."""
    points = np.arange(POINTS).reshape(BOARD, BOARD)
    if symmetry & 4:
        points = points.T
    if symmetry & 2:
        points = points[::-1]
    if symmetry & 1:
        points = points[:, ::-1]
    return points.ravel()


@cache
def symmetry_tables(device: torch.device) -> tuple[Tensor, Tensor]:
    """(where each turned point comes from [8, 361], where each move goes [8, 362], pass staying), int64 on `device`."""
    sources = np.stack([source_points(symmetry) for symmetry in range(8)])
    goals = np.full((8, POINTS + 1), PASS)
    np.put_along_axis(goals, sources, np.broadcast_to(np.arange(POINTS), sources.shape), axis=1)
    return torch.from_numpy(sources).to(device), torch.from_numpy(goals).to(device)


def unpack(packed: Tensor) -> Tensor:
    """Bits to points: uint8 [B, C, 48] to uint8 [B, C, 361] of 0 and 1, the least significant bit of a byte first."""
    bits = torch.arange(8, dtype=torch.uint8, device=packed.device)
    return ((packed.unsqueeze(-1) >> bits) & 1).flatten(2)[..., :POINTS]


def to_input(packed: Tensor, symmetry: Tensor | None = None) -> Tensor:
    """uint8 [B, C, 48] to float32 [B, C, 19, 19] in channels-last order, turned by `symmetry` int64 [B]."""
    planes = packed.shape[1]
    points = unpack(packed).transpose(1, 2)
    if symmetry is not None:
        sources = symmetry_tables(packed.device)[0][symmetry]
        points = points.gather(1, sources.unsqueeze(-1).expand(-1, -1, planes))
    return points.float().contiguous().view(-1, BOARD, BOARD, planes).permute(0, 3, 1, 2)


def turned_targets(targets: Tensor, symmetry: Tensor) -> Tensor:
    """Where the moves int64 [B] (0 to 360, pass 361) lie on the boards turned by `symmetry` int64 [B]."""
    return symmetry_tables(targets.device)[1][symmetry, targets]

"""Packed planes to network input: bits, the eight symmetries, and where moves go."""

import numpy as np
import pytest
import torch

from shicho.engine.features import unpack as unpack_numpy
from shicho.training.symmetry import PASS, POINTS, symmetry_tables, to_input, turned_targets, unpack
from tests.support.symmetry import COUNT, move_array, move_point

CPU = torch.device("cpu")


def random_packed(count: int) -> torch.Tensor:
    packed = np.random.default_rng(3).integers(0, 256, (count, 26, 48), np.uint8)
    packed[..., 45] &= 1
    packed[..., 46:] = 0
    return torch.from_numpy(packed)


def test_unpack_agrees_with_the_engine() -> None:
    packed = random_packed(5)
    expected = unpack_numpy(packed.numpy()).reshape(5, 26, POINTS)
    np.testing.assert_array_equal(unpack(packed).numpy(), expected)


@pytest.mark.parametrize("symmetry", range(COUNT))
def test_tables_follow_the_reference(symmetry: int) -> None:
    sources, goals = (table[symmetry].tolist() for table in symmetry_tables(CPU))
    for point in range(POINTS):
        assert goals[point] == move_point(point, 19, symmetry)
        assert sources[goals[point]] == point
    assert goals[PASS] == PASS


def test_symmetries_are_eight_different_ones() -> None:
    assert len({tuple(row.tolist()) for row in symmetry_tables(CPU)[0]}) == COUNT


def test_every_sample_is_turned_its_own_way() -> None:
    packed, symmetry = random_packed(16), torch.arange(16) % COUNT
    played = unpack_numpy(packed.numpy())
    turned = to_input(packed, symmetry)
    assert turned.is_contiguous(memory_format=torch.channels_last)
    assert turned.dtype == torch.float32
    for sample in range(16):
        np.testing.assert_array_equal(turned[sample].numpy(), move_array(played[sample], int(symmetry[sample])))


def test_targets_go_where_their_stones_go() -> None:
    targets = torch.tensor([0, 18, 40, 360, 359, 100, 7, PASS])
    symmetry = torch.arange(8)
    expected = [move_point(int(t), 19, int(s)) for t, s in zip(targets, symmetry, strict=True)]
    assert turned_targets(targets, symmetry).tolist() == expected

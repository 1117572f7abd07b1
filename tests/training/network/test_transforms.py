"""Packed planes to network input: bits, the eight symmetries, and where moves go."""

import numpy as np
import pytest
import torch

from shicho.engine.features import unpack as unpack_numpy
from shicho.engine.moves import PASS
from shicho.training.network.transforms import (
    POINTS,
    to_input,
    transform_moves,
    transform_tables,
    transform_targets,
    unpack,
)
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


@pytest.mark.parametrize("transform", range(COUNT))
def test_tables_follow_the_reference(transform: int) -> None:
    sources, destinations = (table[transform].tolist() for table in transform_tables(CPU))
    for point in range(POINTS):
        assert destinations[point] == move_point(point, 19, transform)
        assert sources[destinations[point]] == point
    assert destinations[PASS] == PASS


def test_transforms_are_eight_different_ones() -> None:
    assert len({tuple(row.tolist()) for row in transform_tables(CPU)[0]}) == COUNT


def test_every_sample_has_a_transform_of_its_own() -> None:
    packed, transform = random_packed(16), torch.arange(16) % COUNT
    played = unpack_numpy(packed.numpy())
    transformed = to_input(packed, transform)
    assert transformed.is_contiguous(memory_format=torch.channels_last)
    assert transformed.dtype == torch.float32
    for sample in range(16):
        np.testing.assert_array_equal(transformed[sample].numpy(), move_array(played[sample], int(transform[sample])))


def test_without_transforms_the_planes_stay_as_played() -> None:
    packed = random_packed(3)
    planes = to_input(packed)
    assert planes.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(planes.numpy(), unpack_numpy(packed.numpy()))


def test_moves_go_where_their_stones_go() -> None:
    moves = torch.tensor([0, 18, 40, 360, 359, 100, 7, PASS])
    transform = torch.arange(8)
    expected = [move_point(int(move), 19, int(t)) for move, t in zip(moves, transform, strict=True)]
    assert transform_moves(moves, transform).tolist() == expected


def test_every_move_and_the_unknown_one_under_every_transform() -> None:
    """As a vector and as two columns; a pass (361) and an unknown move (-1) stay what they are."""
    moves = torch.arange(-1, PASS + 1)
    pairs = torch.stack([moves, moves.flip(0)], dim=1)
    for number in range(COUNT):
        transform = torch.full((len(moves),), number)
        expected = [-1 if move < 0 else move_point(move, 19, number) for move in moves.tolist()]
        assert transform_moves(moves, transform).tolist() == expected
        both = transform_moves(pairs, transform)
        assert both.dtype == torch.int64
        assert both[:, 0].tolist() == expected
        assert both[:, 1].tolist() == expected[::-1]


def test_pairs_of_moves_follow_the_transform_of_their_own_sample() -> None:
    pairs = torch.tensor([[0, 1], [2, -1], [PASS, 20], [-1, -1]])
    transform = torch.tensor([1, 4, 7, 2])
    expected = [
        [move if move < 0 else move_point(move, 19, t) for move in pair]
        for pair, t in zip(pairs.tolist(), transform.tolist(), strict=True)
    ]
    assert transform_moves(pairs, transform).tolist() == expected


def test_targets_on_the_board_are_transformed_and_no_others() -> None:
    transform = torch.tensor([1, 6])
    targets = {
        "move": torch.tensor([3, PASS]),
        "next_moves": torch.tensor([[5, -1], [7, 9]]),
        "win": torch.tensor([1.0, float("nan")]),
        "ply": torch.tensor([3, 3]),
    }
    found = transform_targets(targets, transform)
    assert set(found) == set(targets)
    assert torch.equal(found["move"], transform_moves(targets["move"], transform))
    assert torch.equal(found["next_moves"], transform_moves(targets["next_moves"], transform))
    assert found["move"][0] != 3
    assert found["win"] is targets["win"]
    assert found["ply"] is targets["ply"]


def test_points_and_bits_go_where_their_stones_go() -> None:
    rng = np.random.default_rng(9)
    owner = rng.integers(-1, 2, (8, 361)).astype(np.int8)
    packed = random_packed(8)[:, 3]
    targets = {"ownership": torch.from_numpy(owner), "ladder": packed, "win": torch.arange(8.0)}
    turned = transform_targets(targets, torch.arange(8))
    bits = unpack_numpy(packed.numpy()[:, None])[:, 0]
    for transform in range(8):
        expected = move_array(owner[transform].reshape(19, 19), transform).ravel()
        np.testing.assert_array_equal(turned["ownership"][transform].numpy(), expected)
        np.testing.assert_array_equal(
            turned["ladder"][transform].numpy(), move_array(bits[transform], transform).ravel()
        )
    assert turned["win"] is targets["win"]

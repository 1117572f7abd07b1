"""Labels of chains from packed planes, against the slow board and sgfmill's."""

import random

import numpy as np
import pytest
from numpy.typing import NDArray
from sgfmill.boards import Board as SgfmillBoard

from shicho.engine import Game, _core
from shicho.engine.features import FEATURE_SETS, SANDBOX_26, SHICHO_V2, FeatureSet
from tests.support.random_games import SIZES, random_position, random_setup
from tests.support.slow_board import SlowBoard


def labels_of(board: _core.Board, features: FeatureSet = SANDBOX_26) -> NDArray[np.int16]:
    packed = np.empty((len(features), 48), np.uint8)
    _core.packed_planes(features.number, board, 1, np.empty(0, np.uint16), 0.0, 0, packed)
    return features.chain_labels(packed[None])[0]


def slow_labels(board: SlowBoard) -> NDArray[np.int16]:
    """1 + the lowest point of the chain of each stone, on the 19x19 grid."""
    offset = (19 - board.size) // 2
    labels = np.zeros((19, 19), np.int16)
    for chain in board.chains():
        rows, columns = np.divmod(np.array(sorted(chain.stones)), board.size)
        labels[rows + offset, columns + offset] = 1 + (rows[0] + offset) * 19 + columns[0] + offset
    return labels


@pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=str)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(4))
def test_labels_are_the_chains_of_the_slow_board(size: int, seed: int, features: FeatureSet) -> None:
    rng = random.Random(seed)
    for make in (lambda: random_position(rng, size, rng.randrange(2 * size * size)), lambda: random_setup(rng, size)):
        board, slow = make()
        np.testing.assert_array_equal(labels_of(board, features), slow_labels(slow))


@pytest.mark.parametrize("size", [5, 9, 19])
def test_labels_are_the_groups_of_sgfmill(size: int) -> None:
    """A game played on both boards, compared after every move."""
    rng = np.random.default_rng(size)
    game, theirs, offset = Game(size), SgfmillBoard(size), (19 - size) // 2
    for _ in range(2 * size * size):
        points = np.flatnonzero(game.legal_mask(game.to_play)[:-1])
        if not len(points):
            break
        point = int(rng.choice(points))
        theirs.play(size - 1 - point // size, point % size, game.to_play.letter)
        game.play(game.to_play, point)
        labels = SANDBOX_26.chain_labels(SANDBOX_26.compute_packed(game)[None])[0]
        chains: dict[int, set[tuple[int, int]]] = {}
        for row, column in zip(*np.nonzero(labels), strict=True):
            chains.setdefault(int(labels[row, column]), set()).add((size - 1 - int(row) + offset, int(column) - offset))
        for colour, (row, column) in theirs.list_occupied_points():
            label = int(labels[size - 1 - row + offset, column + offset])
            assert chains[label] == theirs._make_group(row, column, colour).points
        assert sum(map(len, chains.values())) == len(theirs.list_occupied_points())


def test_labels_do_not_depend_on_the_order_of_moves_or_the_side_to_move() -> None:
    labels = []
    for order in ((0, 1, 2, 20, 39), (39, 20, 2, 1, 0), (2, 39, 0, 20, 1)):
        game = Game(19)
        for point in order:
            game.play("b", point)
        for side in ("b", "w"):
            labels.append(SHICHO_V2.chain_labels(SHICHO_V2.compute_packed(game, side)[None])[0].ravel())
    assert all((found == labels[0]).all() for found in labels)
    assert labels[0][[0, 1, 2, 20, 39]].tolist() == [1, 1, 1, 1, 1]
    assert np.count_nonzero(labels[0]) == 5


def test_many_positions_at_once_and_none() -> None:
    rng = random.Random(3)
    packed = np.empty((5, 26, 48), np.uint8)
    for row in packed:
        board, _ = random_setup(rng, 19)
        _core.packed_planes(_core.SANDBOX_26, board, 1, np.empty(0, np.uint16), 0.0, 0, row)
    together = SANDBOX_26.chain_labels(packed)
    assert (together.shape, together.dtype) == ((5, 19, 19), np.int16)
    for row, labels in zip(packed, together, strict=True):
        np.testing.assert_array_equal(SANDBOX_26.chain_labels(row[None])[0], labels)
    assert SANDBOX_26.chain_labels(packed[:0]).shape == (0, 19, 19)
    assert SANDBOX_26.chain_labels(packed[::2]).shape == (3, 19, 19)


def test_a_point_with_stones_of_both_sides_is_refused() -> None:
    packed = np.zeros((3, 26, 48), np.uint8)
    packed[2, 1:3, 45] = 1
    with pytest.raises(ValueError, match="position 2"):
        SANDBOX_26.chain_labels(packed)

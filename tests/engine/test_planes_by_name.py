"""Planes found by their names, whatever feature set they belong to."""

from pathlib import Path

import numpy as np
import pytest

from shicho.engine.errors import BadConfig
from shicho.engine.features import FEATURE_SETS, PLANES, plane_on_board
from shicho.engine.sgf import read_game

GAMES = Path(__file__).parents[1] / "data" / "games"


@pytest.mark.parametrize("name", ["05-seed001", "09-seed002", "13-seed003", "19-seed016"])
def test_planes_of_one_name_are_the_same_in_all_sets(name: str) -> None:
    for plies in (0, 7, 33, 90):
        game = read_game(GAMES / f"{name}.sgf", plies=plies)
        first, last = (19 - game.size) // 2, (19 - game.size) // 2 + game.size
        for features in FEATURE_SETS.values():
            planes = features.compute(game)
            for plane in features.planes:
                expected = planes[plane.index, first:last, first:last]
                assert (plane_on_board(plane.name, game) == (expected == 1)).all(), (features, plane, plies)


def test_names() -> None:
    assert set(PLANES) == {plane.name for features in FEATURE_SETS.values() for plane in features.planes}
    game = read_game(GAMES / "09-seed001.sgf", plies=5)
    stones = plane_on_board("own_stone", game)
    assert stones.dtype == np.bool_
    assert (stones == (game.board.stones == game.to_play)).all()
    with pytest.raises(BadConfig, match=r"'own_stones'.*own_stone"):
        plane_on_board("own_stones", game)

"""The labels of positions and points, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from shicho.engine import Board, Colour
from shicho.engine.coords import vertex_to_point
from shicho.engine.features import SANDBOX_26
from shicho.tools.inside.labels import OF_POINTS, OF_POSITIONS, Moment, distances
from shicho.tools.inside.positions import far_eye_pair, ladder_pair

LABELS = {label.name: label for label in (*OF_POSITIONS, *OF_POINTS)}


def moment(*stones: str, to_play: Colour = Colour.BLACK) -> Moment:
    """A position after the stones, such as "b D4", were played."""
    board = Board()
    for stone in stones:
        board.play(*stone.split())
    return Moment(
        board=board,
        to_play=to_play,
        ply=len(stones),
        last=at(stones[-1].split()[1]),
        following=at("K10"),
        recent_ko=board.ko is not None,
        owner=np.zeros(361, np.int8),
        top_probability=0.25,
        random=0.5,
    )


def at(vertex: str) -> int:
    return vertex_to_point(vertex, 19)


def points(name: str, position: Moment) -> dict[float, set[int]]:
    """The points of each value of a label; those that do not count are left out."""
    values = LABELS[name].of(position)
    assert values.shape == (361,)
    return {value: set(np.flatnonzero(values == value).tolist()) for value in np.unique(values[np.isfinite(values)])}


KO = ("b D4", "b E5", "b E3", "w G4", "w F5", "w F3", "w E4", "b F4")


def test_ko() -> None:
    banned, free = moment(*KO, to_play=Colour.WHITE), moment(*KO[:-1])
    assert LABELS["ko"].of(banned) == 1
    assert LABELS["ko"].of(free) == 0
    found = points("ko point", banned)
    assert found[1] == {at("E4")}
    assert len(found[0]) == 361 - 7 - 1
    assert points("ko point", free) == {}


def test_the_last_move_and_the_next() -> None:
    position = moment("b D4", "w Q16")
    assert points("last move", position)[1] == {at("Q16")}
    assert points("next move", position)[1] == {at("K10")}
    assert points("next move", position)[0] == set(range(361)) - {at("K10"), at("D4"), at("Q16")}
    apart = LABELS["distance to last move"].of(position)
    assert [apart[at(vertex)] for vertex in ("Q16", "Q15", "R17", "O16", "A1", "Q1")] == [0, 1, 1, 2, 15, 15]
    assert LABELS["answered nearby"].of(position) == 0
    assert LABELS["answered nearby"].of(replace(position, following=at("O14"))) == 1
    assert np.isnan(LABELS["answered nearby"].of(replace(position, following=None)))
    passed = replace(position, last=None)
    assert points("last move", passed) == points("distance to last move", passed) == {}


def test_owners_are_seen_by_the_side_to_move() -> None:
    """Black D4 and white Q16 both fall to White; K10 becomes Black's."""
    owner = np.zeros(361, np.int8)
    owner[[at("D4"), at("Q16")]], owner[at("K10")] = 1, -1
    position = replace(moment("b D4", "w Q16", to_play=Colour.WHITE), owner=owner)
    assert points("territory", position)[-1] == {at("K10")}
    assert 1 not in points("territory", position), "stones do not count"
    assert points("own stone lost", position) == {0: {at("Q16")}}
    assert points("opponent's stone lost", position) == {1: {at("D4")}}
    assert LABELS["lead"].of(position) == 1


def test_liberties() -> None:
    position = moment("b D4", "w Q16", "b D5", "w D6")
    assert points("liberties", position) == {5: {at("D4"), at("D5")}, 4: {at("Q16")}, 3: {at("D6")}}
    assert points("liberties from 5", position) == {5: {at("D4"), at("D5")}}


@pytest.mark.parametrize("captures", [True, False])
def test_ladders(captures: bool) -> None:
    shown = ladder_pair(SANDBOX_26)[0 if captures else 1]
    position = replace(moment("b A1"), board=Board.from_stones(shown.stones))
    assert points("ladder", position)[float(captures)] == {at("E15")}


def test_far_eyes() -> None:
    """A chain along two edges from A1, an eye, to S1, another or not; stones near an eye do not count."""
    with_eye, without = (
        replace(moment("b A1"), board=Board.from_stones(shown.stones)) for shown in far_eye_pair(SANDBOX_26)
    )
    for position, first, last in ((with_eye, 5, 12), (without, 5, 18)):
        found = points("far eye", position)
        chain, wall = (set(position.board.chain(stone).stones) for stone in ("B1", "A3"))
        assert found == {1: {point for point in chain if first <= point % 19 <= last}, 0: wall}


def test_distances() -> None:
    rows, columns = np.divmod(np.arange(361), 19)
    np.testing.assert_array_equal(distances([at("C17")])[0], np.maximum(abs(rows - 2), abs(columns - 2)))
    np.testing.assert_array_equal(distances([0, 360], manhattan=True)[1], 36 - rows - columns)

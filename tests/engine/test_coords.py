"""Points, vertices, SGF values and colours, back and forth."""

import pytest

from shicho.engine import PASS, Colour
from shicho.engine.coords import point_to_sgf, point_to_vertex, sgf_to_point, vertex_to_point
from shicho.engine.errors import BadColour, BadVertex, ShichoError

TABLE = [
    # size, point, vertex, SGF
    (19, 0, "A19", "aa"),
    (19, 18, "T19", "sa"),
    (19, 342, "A1", "as"),
    (19, 360, "T1", "ss"),
    (19, 72, "Q16", "pd"),
    (19, 8, "J19", "ia"),
    (19, 361, "pass", ""),
    (9, 0, "A9", "aa"),
    (9, 80, "J1", "ii"),
    (9, 40, "E5", "ee"),
    (9, 81, "pass", ""),
    (2, 3, "B1", "bb"),
    (2, 4, "pass", ""),
]


@pytest.mark.parametrize(("size", "point", "vertex", "sgf"), TABLE)
def test_every_writing_of_a_point_means_the_same(size: int, point: int, vertex: str, sgf: str) -> None:
    assert point_to_vertex(point, size) == vertex
    assert vertex_to_point(vertex, size) == point
    assert vertex_to_point(vertex.lower(), size) == point
    assert vertex_to_point(vertex.upper(), size) == point
    assert point_to_sgf(point, size) == sgf
    assert sgf_to_point(sgf, size) == point
    assert sgf_to_point(sgf.encode(), size) == point


@pytest.mark.parametrize("size", range(2, 20))
def test_all_points_come_back(size: int) -> None:
    points = list(range(size * size + 1))
    assert [vertex_to_point(point_to_vertex(point, size), size) for point in points] == points
    assert [sgf_to_point(point_to_sgf(point, size), size) for point in points] == points
    assert len({point_to_vertex(point, size) for point in points}) == len(points)


def test_the_second_writing_of_a_pass_in_sgf() -> None:
    assert sgf_to_point("tt", 19) == 361
    assert sgf_to_point(b"tt", 9) == 81
    assert vertex_to_point(PASS, 19) == 361


@pytest.mark.parametrize(
    "vertex",
    ["", "I5", "i5", "A0", "A10", "K1", "T19", "A", "5", "A-1", "A 1", "AA1", "A1 ", "A²", "A١", "Ａ1", "A001", "pas"],
)
def test_what_is_no_vertex_on_9x9(vertex: str) -> None:
    with pytest.raises(BadVertex, match="9x9") as error:
        vertex_to_point(vertex, 9)
    assert repr(vertex) in str(error.value)


@pytest.mark.parametrize("value", ["a", "aaa", "aj", "ja", "AA", "a1", "é", "[]", "zz"])
def test_what_is_no_sgf_point_on_9x9(value: str) -> None:
    with pytest.raises(BadVertex, match="9x9"):
        sgf_to_point(value, 9)


@pytest.mark.parametrize("point", [-1, 82])
def test_what_is_no_point_on_9x9(point: int) -> None:
    with pytest.raises(BadVertex, match=str(point)):
        point_to_vertex(point, 9)
    with pytest.raises(BadVertex, match=str(point)):
        point_to_sgf(point, 9)


@pytest.mark.parametrize(
    ("text", "colour"),
    [("b", 1), ("B", 1), ("black", 1), ("BLACK", 1), ("w", 2), ("White", 2), (1, 1), (2, 2), (Colour.WHITE, 2)],
)
def test_colours(text: str | int, colour: int) -> None:
    parsed = Colour.parse(text)
    assert parsed is Colour(colour)
    assert parsed.opponent is Colour(3 - colour)
    assert Colour.parse(parsed.letter) is parsed
    assert Colour.parse(str(parsed)) is parsed


@pytest.mark.parametrize("text", ["", "x", "bl", "0", 0, 3, "schwarz"])
def test_what_is_no_colour(text: str | int) -> None:
    with pytest.raises(BadColour, match="not a colour"):
        Colour.parse(text)


def test_bad_input_is_a_shicho_error_and_a_value_error() -> None:
    for kind in (BadColour, BadVertex):
        assert issubclass(kind, ShichoError)
        assert issubclass(kind, ValueError)

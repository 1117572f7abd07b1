"""The stored-move code, against the game's own moves and the C core's reading of it."""

import numpy as np
import pytest

from shicho.engine import Colour, Game, _core
from shicho.engine.errors import BadVertex
from shicho.engine.moves import PASS, POINT_MASK, WHITE_BIT, encode_move, move_is_white, move_points


def test_every_move_has_its_own_code_and_comes_back() -> None:
    moves = [(colour, point) for colour in Colour for point in range(PASS + 1)]
    codes = np.array([encode_move(colour, point) for colour, point in moves], np.uint16)
    assert len(set(codes.tolist())) == len(moves)
    assert move_points(codes).tolist() == [point for _, point in moves]
    assert move_is_white(codes).tolist() == [colour is Colour.WHITE for colour, _ in moves]


def test_the_constants_are_those_of_the_file_format() -> None:
    assert (PASS, WHITE_BIT, POINT_MASK) == (361, 0x8000, 0x7FFF)
    assert encode_move(Colour.WHITE, 3) == 0x8003
    assert encode_move(Colour.BLACK, np.int64(3)) == 3  # type: ignore[arg-type]


def test_dtypes_and_shapes() -> None:
    codes = np.array([[0, 0x8000 | 361], [361, 0x8005]], np.uint16)
    points, white = move_points(codes), move_is_white(codes)
    assert (points.dtype, white.dtype) == (np.uint16, np.bool_)
    assert points.tolist() == [[0, 361], [361, 5]]
    assert white.tolist() == [[False, True], [False, True]]
    assert move_points(codes[:0]).shape == (0, 2)


@pytest.mark.parametrize("point", [-1, 362, True, 1.0, "A1", None])
def test_other_points_are_refused(point: object) -> None:
    with pytest.raises(BadVertex, match="361"):
        encode_move(Colour.BLACK, point)  # type: ignore[arg-type]


def test_the_codes_are_those_of_a_game_and_of_the_core() -> None:
    game = Game(9)
    for colour, point in [("b", 0), ("w", 80), ("b", "pass"), ("w", 81)]:
        game.play(colour, point)
    codes = game.store_moves()
    assert codes.tolist() == [
        encode_move(Colour.BLACK, 0),
        encode_move(Colour.WHITE, 80),
        encode_move(Colour.BLACK, PASS),
        encode_move(Colour.WHITE, PASS),
    ]
    assert _core.legal_length(9, codes[:0], codes) == (4, _core.LEGAL)

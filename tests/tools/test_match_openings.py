"""Openings of a match: from SGF, from a policy, handicap; digests that are equal up to symmetry."""

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_vertex, vertex_to_point
from shicho.engine.errors import BadConfig, BadHandicap, BadVertex, IllegalMove
from shicho.engine.game import Game
from shicho.engine.policy import Policy
from shicho.engine.rules import Rules
from shicho.engine.sgf import read_game
from shicho.tools.match.openings import (
    Opening,
    empty_board,
    handicap_openings,
    moves_digest,
    openings_from_policy,
    openings_from_sgf,
)
from tests.support.games import Prefers, RandomNetwork
from tests.support.networks import write_network
from tests.support.symmetry import COUNT, move_array, move_point

GAMES = Path(__file__).parents[1] / "data" / "games"
BLACK, WHITE = Colour
Moves = tuple[tuple[Colour, str], ...]


def moved(moves: Moves, size: int, symmetry: int) -> Moves:
    """The moves on the transformed board, by the slow reference."""
    return tuple(
        (colour, point_to_vertex(move_point(vertex_to_point(vertex, size), size, symmetry), size))
        for colour, vertex in moves
    )


def same_up_to_symmetry(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    return any(np.array_equal(one, move_array(other, symmetry)) for symmetry in range(COUNT))


def write_sgf(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.sgf").write_text(text)
    return folder


def test_empty_board() -> None:
    game = empty_board().game(9)
    assert (game.ply, game.to_play, game.setup) == (0, BLACK, [])


@pytest.mark.parametrize("stones", range(2, 10))
def test_handicap_stones_stand_where_gtp_puts_them(stones: int) -> None:
    (opening,) = handicap_openings(stones)
    game = opening.game(19)
    assert {stone.point for stone in game.setup} == set(Game(19).fixed_handicap_points(stones))
    assert (game.handicap, game.to_play, game.ply) == (stones, WHITE, 0)


def test_handicaps_out_of_range() -> None:
    for number in (1, 10):
        with pytest.raises(BadConfig, match=str(number)):
            handicap_openings(number)
    with pytest.raises(BadHandicap):
        handicap_openings(9)[0].game(8)


def test_an_opening_keeps_to_the_rules() -> None:
    stones = ((WHITE, "A2"), *((BLACK, vertex) for vertex in ("A3", "B2", "B1")))
    suicide = Opening(name="", setup=stones, moves=((WHITE, "A1"),))
    with pytest.raises(IllegalMove):
        suicide.game(9)
    assert suicide.game(9, Rules(suicide=True)).ply == 1


def test_games_in_a_folder_become_openings() -> None:
    openings = openings_from_sgf(GAMES, 9, plies=8)
    names = [opening.name for opening in openings]
    assert names == sorted(names)
    assert set(names) <= {path.name for path in GAMES.glob("09-*.sgf")}
    assert len(openings) > 2
    for opening in openings:
        game, read = opening.game(9), read_game(GAMES / opening.name, plies=8)
        assert (game.ply, game.to_play, game.handicap) == (8, read.to_play, read.handicap)
        assert np.array_equal(game.board.stones, read.board.stones)
    assert openings[0].moves[:2] == ((BLACK, "E5"), (WHITE, "D4"))


def test_whole_main_lines_and_set_up_stones(tmp_path: Path) -> None:
    write_sgf(
        tmp_path,
        a="(;SZ[9]HA[2]AB[cc][gg];W[gc](;B[cg])(;B[ee]))",
        b="(;SZ[9]AB[cc]AW[gg]PL[W])",
        c="(;SZ[9];B[aa];W[bb];B[ba];W[];B[ab];AE[aa]AW[ii];W[hh])",
    )
    handicap, position, edited = openings_from_sgf(tmp_path, 9)
    assert handicap == Opening(
        name="a.sgf",
        handicap=2,
        setup=((BLACK, "C7"), (BLACK, "G3")),
        to_play=WHITE,
        moves=((WHITE, "G7"), (BLACK, "C3")),
    )
    assert handicap.game(9).handicap == 2
    assert (position.to_play, position.moves, position.game(9).to_play) == (WHITE, (), WHITE)
    assert edited.setup == ((BLACK, "B9"), (BLACK, "A8"), (WHITE, "B8"), (WHITE, "J1"))
    assert edited.moves == ((WHITE, "H2"),)


def test_files_that_cannot_be_used_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "deeper").mkdir()
    write_sgf(
        tmp_path,
        bad="no record",
        good="(;SZ[9];B[ee];W[cc])",
        illegal="(;SZ[9];B[ee];W[ee])",
        large="(;SZ[19];B[dd])",
        over="(;SZ[9];B[ee];W[];B[])",
        suicide="(;SZ[9]AB[ac][bb][ba]AW[ab];W[aa])",
    )
    write_sgf(tmp_path / "deeper", fine="(;SZ[9];B[cc])")
    (tmp_path / "notes.txt").write_text("no record")
    with caplog.at_level(logging.WARNING):
        openings = openings_from_sgf(tmp_path, 9)
    assert [opening.name for opening in openings] == ["deeper/fine.sgf", "good.sgf"]
    lines = [record.getMessage() for record in caplog.records]
    for line, name in zip(lines, ("bad", "illegal", "large", "over", "suicide"), strict=True):
        assert line.count(str(tmp_path / f"{name}.sgf")) == 1
        assert "\n" not in line


def test_a_folder_without_openings(tmp_path: Path) -> None:
    write_sgf(tmp_path, large="(;SZ[19];B[dd])")
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BadConfig, match=str(folder)):
            openings_from_sgf(folder, 9)


def test_equal_positions_stand_once(tmp_path: Path) -> None:
    write_sgf(
        tmp_path,
        a="(;SZ[9];B[cc];W[gg];B[cg];W[gc])",
        b="(;SZ[9];B[cg];W[gc];B[cc];W[gg])",  # other order
        c="(;SZ[9];B[gg];W[cc];B[gc];W[cg])",  # rotated
        d="(;SZ[9];B[cc];W[cg];B[gg];W[gc])",  # diagonal corners
        e="(;SZ[9];W[cc];B[gg];W[cg];B[gc])",  # black to move is white to move
        f="(;SZ[9]HA[2]AB[cc][cg]AW[gg][gc]PL[B])",  # handicap counts
    )
    assert [opening.name for opening in openings_from_sgf(tmp_path, 9)] == ["a.sgf", "d.sgf", "e.sgf", "f.sgf"]


def test_draws_from_a_policy_are_distinct_and_deterministic(tmp_path: Path) -> None:
    policy = Policy(write_network(tmp_path / "network.onnx"), threads=1)
    openings = openings_from_policy(policy, 40, 4, 9, seed=5)
    assert len(openings) == 40
    assert openings == openings_from_policy(policy, 40, 4, 9, seed=5)
    assert openings[:7] == openings_from_policy(policy, 7, 4, 9, seed=5)
    assert openings != openings_from_policy(policy, 40, 4, 9, seed=6)
    boards = [opening.game(9).board.stones for opening in openings]
    for index, board in enumerate(boards):
        assert not any(same_up_to_symmetry(board, other) for other in boards[:index])


def test_draws_follow_the_probabilities() -> None:
    openings = openings_from_policy(Prefers(E5=0.9), 20, 1, 13, seed=1)
    vertices = [opening.moves[0][1] for opening in openings]
    assert "E5" in vertices[:3]
    assert "pass" not in vertices
    assert openings_from_policy(Prefers(E5=1.0), 1, 1, 13, seed=1)[0].moves == ((BLACK, "E5"),)


def test_a_policy_without_enough_openings() -> None:
    """A board of odd size n has (n + 1) (n + 3) / 8 points up to symmetry."""
    assert len(openings_from_policy(RandomNetwork(3), 10, 1, 7, seed=1)) == 10
    with pytest.raises(BadConfig, match="only 10 different openings of 1 plies"):
        openings_from_policy(RandomNetwork(3), 11, 1, 7, seed=1)
    for count, plies in ((0, 1), (1, 0), (1, 10)):
        with pytest.raises(BadConfig):
            openings_from_policy(RandomNetwork(3), count, plies, 3, seed=1)


@pytest.mark.parametrize("size", [2, 5, 8, 19])
def test_digests_are_equal_up_to_symmetry(size: int) -> None:
    rng = np.random.default_rng(size)
    for _ in range(20):
        vertices = [point_to_vertex(int(point), size) for point in rng.integers(0, size * size + 1, 12)]
        moves = tuple(zip((BLACK, WHITE) * 6, vertices, strict=True))
        setup = ((BLACK, point_to_vertex(0, size)), (WHITE, point_to_vertex(1, size)))
        digest = moves_digest(moves, size, setup=setup)
        for symmetry in range(COUNT):
            placed = moved(setup, size, symmetry)[::-1]
            assert moves_digest(moved(moves, size, symmetry), size, setup=placed) == digest
        changed = ((BLACK, vertices[0]), *moves[1:-1], (BLACK, vertices[-1]))
        assert len({digest, moves_digest(moves, size), moves_digest(changed, size, setup=setup)}) == 3


def test_digests_tell_games_apart() -> None:
    corner, other = (BLACK, "C3"), (WHITE, "G7")
    games = [
        moves_digest((corner, other), 9),
        moves_digest((other, corner), 9),
        moves_digest((corner, (WHITE, "C7")), 9),
        moves_digest((corner, other, (BLACK, "pass")), 9),
        moves_digest((other,), 9, setup=(corner,)),
        moves_digest((), 9, setup=(other, corner)),
        moves_digest((corner, other), 13),
        moves_digest((), 9),
    ]
    assert len(set(games)) == len(games)
    assert all(len(digest) == 16 for digest in games)


def test_digests_of_points_and_vertices_agree() -> None:
    game = Game(9)
    for colour, vertex in (("b", "C3"), ("w", "G7"), ("b", "pass")):
        game.play(colour, vertex)
    assert moves_digest(game.moves, 9) == moves_digest(((BLACK, "C3"), (WHITE, "G7"), (BLACK, "pass")), 9)
    with pytest.raises(BadVertex):
        moves_digest([(BLACK, "K1")], 9)

"""One record at a time: tags in every spelling, replay, cuts, and the reason for every record that is left out."""

import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shicho.engine.moves import POINT_MASK, WHITE_BIT
from shicho.training.data.records import (
    CUTS,
    Cut,
    LeftOut,
    RecordBlock,
    game_hash,
    read_block,
    read_komi,
    read_rank,
    read_result,
    read_year,
)
from shicho.training.data.sources import Text
from tests.support.real_games import FOLDER, read_record, store_format
from tests.support.sgf_texts import PASS, SIZE, random_points, sgf_game, sgf_moves, sgf_point
from tests.support.symmetry import COUNT, move_point


def read(*games: bytes) -> RecordBlock:
    return read_block([Text(place=f"game {number}", data=data) for number, data in enumerate(games, 1)], 3)


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        (b"9d", 9),
        (b"9 dan", 9),
        (b"7 Dan", 7),
        (b"6d*", 6),
        (b"6d?", 6),
        (b"5k?", -5),
        (b"30k", -30),
        (b"12 kyu", -12),
        (b"3p", 23),
        (b"P9d", 29),
        (b"9 dan pro", 29),
        (b"9p, Honinbo", 29),
        (b"Honorary Gosei, 9p", 29),
        (b"7d ama", 7),
        (b"2p & 9p", 22),
        (b"25th Honinbo", 0),
        (b"Meijin", 0),
        (b"ama", 0),
        (b"0d", 0),
        (b"", 0),
        (b"?", 0),
        (b"-", 0),
    ],
)
def test_rank(text: bytes, rank: int) -> None:
    assert read_rank(text) == rank


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (b"B+R", 1),
        (b"B+Resign", 1),
        (b"b+3.5", 1),
        (b"B+", 1),
        (b"B+9\xe5\x8d\x8a", 1),
        (b"Black wins", 1),
        (b"Black+5", 1),
        (b"W+0.5", -1),
        (b"W+T", -1),
        (b"W+Forfeit", -1),
        (b"white won by 3", -1),
        (b"W+ (but B does not lose)", -1),
        (b"0", 0),
        (b"Jigo", 0),
        (b"Draw", 0),
        (b"Void", 2),
        (b"Both lost", 2),
        (b"Unfinished", 2),
        (b"?", 2),
        (b"", 2),
    ],
)
def test_result(text: bytes, result: int) -> None:
    assert read_result(text) == result


@pytest.mark.parametrize(
    ("text", "komi"), [(b"6.5", 6.5), (b"0.50", 0.5), (b"-5.5", -5.5), (b"8", 8), (b"6,5", 6.5), (b" 7.5 moku", 7.5)]
)
def test_komi(text: bytes, komi: float) -> None:
    assert read_komi(text) == komi


@pytest.mark.parametrize("text", [b"", b"?", b"none", b"375", b"99999"])
def test_komi_unknown(text: bytes) -> None:
    assert math.isnan(read_komi(text))


@pytest.mark.parametrize(
    ("text", "year"),
    [(b"2015-01-02", 2015), (b"1949", 1949), (b"ca. 1680", 1680), (b"01-02-1999", 1999), (b"999 AD", 999), (b"?", 0)],
)
def test_year(text: bytes, year: int) -> None:
    assert read_year(text) == year


def test_whole_record() -> None:
    tags = "PB[\xe4\\]\xb8]BR[7d]PW[x]WR[3p]KM[6.5]RE[W+2.5]DT[2009-03-01]"
    points = random_points(1, 40)
    points[30] = PASS
    block = read(f"(;{tags}C[a;b(\\]]{sgf_moves(points)}(;B[];W[tt])(;B[bb]))".encode("latin-1"))
    games = block.games
    expected = store_format([(1 + ply % 2, point) for ply, point in enumerate([*points, PASS, PASS])], SIZE)
    assert games.moves.tolist() == expected.tolist()
    assert games.game_start.tolist() == [0, 42]
    assert (games.size[0], games.komi[0], games.handicap[0], games.result[0]) == (19, 6.5, 0, -1)
    assert (games.black_rank[0], games.white_rank[0], games.year[0], games.source[0]) == (7, 23, 2009, 3)
    assert not block.messages


def test_real_games_as_sgfmill_reads_them() -> None:
    for path in sorted(FOLDER.glob("19-*.sgf")):
        record = read_record(path)
        games = read(path.read_bytes()).games
        assert games.moves.tolist() == store_format(record.moves, 19).tolist(), path.name
        assert sorted(games.setup.tolist()) == sorted(store_format(record.setup, 19).tolist()), path.name


def test_main_line_alone() -> None:
    start = sgf_moves(random_points(2, 30))
    main = read(f"(;SZ[19]{start})".encode())
    branched = read(f"(;SZ[19]{start[:60]}(;{start[61:]})(;B[aa];W[bb](;B[cc])(;B[dd])))".replace(";;", ";").encode())
    assert branched.games.moves.tolist() == main.games.moves.tolist()


@pytest.mark.parametrize("size", ["", "SZ[19]", "SZ[ 19 ]", "SZ[19:19]"])
def test_size_19(size: str) -> None:
    assert len(read(sgf_game(1, tags=size)).games) == 1


@pytest.mark.parametrize(
    ("game", "reason", "words"),
    [
        (b"(;SZ[19];B[aa", LeftOut.UNREADABLE, "unreadable SGF"),
        (b"(;SZ[19];B[aa];W;B[cc])", LeftOut.UNREADABLE, "unreadable SGF"),
        (b"", LeftOut.UNREADABLE, "unreadable SGF"),
        (sgf_game(1, tags="SZ[9]"), LeftOut.OTHER_SIZE, "board size [9]"),
        (sgf_game(1, tags="SZ[nineteen]"), LeftOut.OTHER_SIZE, "board size [nineteen]"),
        (sgf_game(1, tags="").replace(b"GM[1]", b"GM[3]"), LeftOut.NOT_GO, "game [3]"),
        (sgf_game(1, 19), LeftOut.TOO_SHORT, None),
        (b"(;SZ[19]" + b";B[aa]" * 30 + b")", LeftOut.TOO_SHORT, "illegal move 2 (B A19: occupied)"),
        (sgf_game(1, tags="AB[ba][ab]AW[aa]"), LeftOut.BAD_SETUP, "set-up"),
        (sgf_game(1, tags="AB[zz]"), LeftOut.TOO_SHORT, "unreadable set-up stones"),
    ],
)
def test_left_out(game: bytes, reason: LeftOut, words: str | None) -> None:
    good = sgf_game(7)
    block = read(good, game, good)
    assert len(block.games) == 2
    assert block.left_out == {reason: 1}
    if words is None:
        assert block.messages == []
    else:
        (message,) = block.messages
        assert message.startswith("game 2: ")
        assert words in message
        assert "\n" not in message


@pytest.mark.parametrize(
    ("extra", "cut", "words"),
    [
        (";B[{first}]", Cut.ILLEGAL_MOVE, "illegal move 31"),
        (";AB[aa][bb]", Cut.LATE_SETUP, "set-up stones after move 30"),
        (";AE[{first}]B[{first}]", Cut.LATE_SETUP, "set-up stones after move 30"),
        (";B[zz]", Cut.BAD_MOVE, "unreadable move 31 (B[zz])"),
        (";B[aa][bb]", Cut.BAD_MOVE, "unreadable move 31 (B[aa][bb])"),
        (";B[\xe9\n]", Cut.BAD_MOVE, "unreadable move 31 (B[\\xe9\\n])"),
    ],
)
def test_cut_and_the_moves_before_stay(extra: str, cut: Cut, words: str) -> None:
    points = random_points(5, 30)
    first = sgf_point(points[0])
    rest = ";W[aa];B[bb]"
    text = f"(;SZ[19]{sgf_moves(points)}{extra.format(first=first)}{rest})".encode("latin-1")
    block = read(text)
    assert len(block.games.moves) == 30
    assert [CUTS[number - 1] for number in block.cut] == [cut]
    assert block.moves_read[0] > 30
    (message,) = block.messages
    assert words in message
    assert "\n" not in message


def test_set_up_before_the_first_move() -> None:
    white = 16 * SIZE + 16
    points = [point for point in random_points(9, 60) if point not in (0, 1, 3 * SIZE + 3, white)]
    games = read(f"(;HA[3]AB[aa:ba][dd]AW[qq];AE[ba]C[then]{sgf_moves(points)})".encode()).games
    assert sorted(games.setup.tolist()) == [0, 3 * SIZE + 3, white | WHITE_BIT]
    assert games.handicap.tolist() == [3]
    assert (games.moves & POINT_MASK).tolist() == points


@pytest.mark.parametrize(
    ("tags", "handicap"),
    [("HA[2]", 2), ("HA[0]", 0), ("HA[x]", 0), ("AB[aa][bb]", 2), ("AB[aa]AW[bb]", 0), ("AB[aa]", 0), ("", 0)],
)
def test_handicap(tags: str, handicap: int) -> None:
    points = [point for point in random_points(3, 40) if point not in (0, 20)]
    assert read(f"(;{tags}{sgf_moves(points)})".encode()).games.handicap.tolist() == [handicap]


def test_handicap_as_moves_in_a_row() -> None:
    points = random_points(3, 40)
    first, second = map(sgf_point, points[:2])
    games = read(f"(;HA[2];B[{first}];B[{second}]{sgf_moves(points[2:])})".encode()).games
    assert (games.moves[:4] & WHITE_BIT).tolist() == [0, 0, 0, WHITE_BIT]
    assert (games.moves & POINT_MASK).tolist() == points
    assert games.handicap.tolist() == [2]


def test_both_colours_in_one_node_go_as_written() -> None:
    points = random_points(4, 40)
    one = sgf_moves(points).encode()
    assert (
        read(b"(;SZ[19]" + one.replace(b";W", b"W") + b")").games.moves.tolist()
        == read(b"(;SZ[19]" + one + b")").games.moves.tolist()
    )


def test_hash_stays_as_it_was() -> None:
    """Splits and duplicates of existing stores depend on it."""
    moves = (np.arange(70) * 37 % 361).astype(np.uint16)
    moves[1::2] |= WHITE_BIT
    moves[10] = PASS
    assert game_hash(moves) == 5458128362303527420
    assert game_hash(moves[:5]) == 7341961001142679851


def test_hash_is_the_same_for_all_transforms() -> None:
    points = random_points(11, 80)
    code = [(1 + ply % 2, point) for ply, point in enumerate(points)]
    transformed = [
        store_format([(colour, move_point(point, SIZE, transform)) for colour, point in code], SIZE)
        for transform in range(COUNT)
    ]
    assert len({moves.tobytes() for moves in transformed}) == COUNT
    assert len({game_hash(moves) for moves in transformed}) == 1
    original = game_hash(transformed[0])
    assert game_hash(transformed[0][:60]) == original
    assert game_hash(transformed[0][:59]) != original
    assert game_hash(transformed[0] ^ np.uint16(WHITE_BIT)) != original
    changed = transformed[0].copy()
    changed[59] = PASS
    assert game_hash(changed) != original
    assert 0 <= original < 2**64


@given(st.integers(0, 2**32), st.integers(1, 8))
def test_broken_texts_raise_nothing(seed: int, changes: int) -> None:
    rng = random.Random(seed)
    text = bytearray(sgf_game(1, 30, "SZ[19]KM[6.5]HA[2]AB[aa][cc:dd]BR[9d]RE[B+R]DT[2001]"))
    for _ in range(changes):
        place = rng.randrange(len(text))
        text[place : place + rng.choice((0, 1, 1, 3))] = rng.choice(
            (b"", b"[", b"]", b"(", b")", b";", b"\\", b"B", b"\xff", b":", b"[]", b"\n", b"AB[aa]", b"9" * 40)
        )
    block = read(bytes(text))
    assert len(block.games) + sum(block.left_out.values()) == 1
    assert all("\n" not in message for message in block.messages)


def test_games_of_the_test_data_are_all_accounted_for() -> None:
    paths = sorted(Path(FOLDER).glob("*.sgf"))
    block = read(*(path.read_bytes() for path in paths))
    assert len(block.games) + sum(block.left_out.values()) == len(paths)
    assert block.left_out[LeftOut.OTHER_SIZE] == sum(not path.name.startswith("19-") for path in paths)

"""Single games to SGF and back."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sgfmill import sgf

from shicho.engine import Colour, Game, Move, Rules
from shicho.engine.errors import BadRecord, NothingToUndo
from shicho.engine.rules import RECORD_RULES, RULE_SETS
from shicho.engine.sgf import read_game, write_game

GAMES = sorted((Path(__file__).parents[1] / "data" / "games").glob("*.sgf"))


def random_game(seed: int, size: int) -> Game:
    rng = random.Random(seed)
    game = Game(size, Rules(komi=rng.choice([0.5, 6.5, 7, -3])))
    if seed % 3 == 0:
        game.place_handicap(rng.sample(range(size * size), 3))
    for _ in range(rng.randrange(80)):
        if game.is_over:
            break
        side = game.to_play if rng.random() < 0.9 else game.to_play.opponent
        game.play(side, rng.choice(np.flatnonzero(game.legal_mask(side)).tolist()))
    return game


@pytest.mark.parametrize("seed", range(30))
def test_a_game_written_and_read_is_the_same(seed: int) -> None:
    game = random_game(seed, size=(2, 5, 9, 13, 19)[seed % 5])
    again = read_game(write_game(game))
    assert (again.size, again.komi, again.handicap) == (game.size, game.komi, game.handicap)
    assert again.moves == game.moves
    assert sorted(stone.point for stone in again.setup) == sorted(stone.point for stone in game.setup)
    assert np.array_equal(again.board.stones, game.board.stones)
    assert again.to_play is game.to_play


def test_what_stands_in_the_file() -> None:
    game = Game(9, Rules(komi=0.5))
    game.place_handicap(["C3", "G7"])
    for move in ("wE5", "bA9", "wpass", "bpass"):
        game.play(move[0], move[1:])
    data = write_game(
        game, black="A] \\ name", white="囲碁", date="2026-01-02", comment="seed 4, GNU Go 3.8 level 10\nsecond line"
    )
    root = sgf.Sgf_game.from_bytes(data).get_root()
    expected = {"PB": "A] \\ name", "PW": "囲碁", "DT": "2026-01-02", "KM": 0.5, "HA": 2, "RU": "Chinese", "SZ": 9}
    assert {name: root.get(name) for name in expected} == expected
    assert root.get("RE") == game.result_text()
    assert root.get("C").startswith("seed 4, GNU Go 3.8 level 10")
    assert sorted(root.get_raw_list("AB")) == [b"cg", b"gc"]
    assert b";W[ee];B[aa];W[];B[]" in data.replace(b"\n", b"").replace(b"tt", b"")


@pytest.mark.parametrize(
    ("moves", "resigned", "given", "result"),
    [
        (["bC3"], None, None, None),
        (["bC3"], Colour.WHITE, None, b"B+R"),
        (["bC3", "wpass", "bpass"], None, None, b"B+17.5"),
        (["bC3", "wpass", "bpass"], None, "W+F", b"W+F"),
        (["bC3"], None, "Void", b"Void"),
    ],
)
def test_the_result(moves: list[str], resigned: Colour | None, given: str | None, result: bytes | None) -> None:
    game = Game(5)
    for move in moves:
        game.play(move[0], move[1:])
    if resigned:
        game.resign(resigned)
    root = sgf.Sgf_game.from_bytes(write_game(game, result=given)).get_root()
    assert (root.get_raw("RE") if root.has_property("RE") else None) == result


@pytest.mark.parametrize("path", GAMES, ids=lambda path: path.stem)
def test_real_games_are_read(path: Path) -> None:
    game = read_game(path.read_bytes())
    assert game.ply > 10
    assert game.rules.name == "chinese", "as RU says, though replayed as records are"
    game.board.check_consistency()


@pytest.mark.parametrize("name", RULE_SETS)
def test_rule_sets_are_written_and_read(name: str) -> None:
    game = Game(9, replace(Rules.named(name), komi=5.5))
    assert read_game(write_game(game)).rules == game.rules


@pytest.mark.parametrize("tag", ["", "RU[]", "RU[GOE]", "RU[Area, with a twist]"])
def test_other_rules_stay_those_of_records(tag: str) -> None:
    assert read_game(f"(;SZ[9]KM[5.5]{tag};B[aa])").rules == replace(RECORD_RULES, komi=5.5)


def test_reading_stops_where_asked() -> None:
    data = b"(;SZ[9]KM[6.5];B[aa];W[bb];B[];W[cc])"
    assert [read_game(data, plies=plies).ply for plies in (None, 9, 4, 3, 1, 0)] == [4, 4, 4, 3, 1, 0]
    assert read_game(data, plies=2).moves == [Move(Colour.BLACK, 0), Move(Colour.WHITE, 10)]


def test_what_records_leave_out() -> None:
    game = read_game(b"(;B[aa];W[tt];B[ss](;W[ab])(;W[ac]))")
    assert (game.size, game.komi, game.handicap, game.ply) == (19, 0, 0, 4)
    assert game.moves[1].point == 361
    assert game.moves[3] == Move(Colour.WHITE, 19)


def test_set_up_stones() -> None:
    game = read_game(b"(;SZ[5]AB[aa:bb]AW[ee];W[dd];B[ca])")
    assert [stone.colour for stone in game.setup] == [Colour.BLACK] * 4 + [Colour.WHITE]
    assert game.moves == [Move(Colour.WHITE, 18), Move(Colour.BLACK, 2)]
    assert read_game(b"(;SZ[5]PL[W])").to_play is Colour.WHITE
    assert read_game(b"(;SZ[9]HA[2]AB[cc][gg])").to_play is Colour.WHITE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "SGF"),
        (b"no game at all", "SGF.*no game at all"),
        (b"(;SZ[9];B[aa];W[b", "SGF"),
        (b"\x00\xff\xfe", "SGF"),
        (b"(;SZ[21])", "SZ: .*21"),
        (b"(;SZ[1])", "SZ: .*1$"),
        (b"(;SZ[x])", "SGF"),
        (b"(;CA[nonsense]SZ[9])", "SGF.*nonsense"),
        (b"(;SZ[9];B[aa];W[aa])", r"move 2: .*white A9.*occupied"),
        (b"(;SZ[9];B[aa];W[jj])", "move 2: "),
        (b"(;SZ[9]AB[aa]AW[aa])", "set-up before move 1: .*A9"),
        (b"(;SZ[9]AB[ba][ab]AW[aa])", "set-up before move 1: .*without liberties"),
        (b"(;SZ[9];B[aa];AB[jj])", "set-up before move 2: "),
        (b"(;SZ[9];B[aa];W[bb];AB[a])", "set-up before move 3: "),
        (b"(;SZ[9];B[aa];PL[x])", "set-up before move 2: "),
        (b"(;SZ[9];B[aa];AW[ba][ab])", "set-up before move 2: .*without liberties"),
        (b"(;SZ[9]HA[x])", "HA: "),
        (b"(;SZ[9]HA[-1])", "HA: handicap.*-1"),
        (b"(;SZ[9]KM[x])", "KM: .*x"),
        (b"(;SZ[9]KM[nan])", "KM: .*nan"),
        (b"(;GM[3]SZ[9];B[aa])", r"^not a game of Go \(GM\[3\]\)$"),
    ],
)
def test_bad_records_get_one_line(data: bytes, message: str) -> None:
    with pytest.raises(BadRecord, match=message) as error:
        read_game(data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("tags", "komi"),
    [
        ("KM[6.5]", 6.5),
        ("KM[6,5]", 6.5),
        ("KM[ -3 ]", -3),
        ("KM[0]RU[Japanese]", 0),
        ("", 0),
        ("KM[]", 0),
        ("RU[what]", 0),
        ("RU[Japanese]", 6.5),
        ("KM[]RU[NZ]", 7),
        ("RU[Japanese]HA[2]AB[cc][gg]", 0),
    ],
)
def test_komi(tags: str, komi: float) -> None:
    assert read_game(f"(;SZ[9]{tags};W[aa])").komi == komi


def test_rules_that_the_caller_chooses() -> None:
    rules = Rules.named("aga")
    assert read_game(b"(;SZ[9]RU[Japanese]KM[0.5])", rules=rules).rules == replace(rules, komi=0.5)
    assert read_game(b"(;SZ[9]RU[Japanese])", rules=rules).rules == rules


@pytest.mark.parametrize("tag", ["", "GM[1]", "GM[]", "GM[ 1 ]"])
def test_a_game_of_go(tag: str) -> None:
    assert read_game(f"(;SZ[9]{tag};B[aa])").ply == 1


def test_a_position_that_recurs_is_read_and_can_be_taken_back(caplog: pytest.LogCaptureFixture) -> None:
    """Sending two and returning one."""
    text = "(;SZ[5]RU[{}]AB[ab][bb]AW[ba][cb][da];W[aa];B[ca];W[ba])"
    for name in ("Chinese", "Japanese"):
        caplog.clear()
        game = read_game(text.format(name))
        assert game.moves[-1] == Move(Colour.WHITE, 1)
        assert len(caplog.records) == (name == "Chinese")
        game.undo()
        assert (game.why_illegal("w", "B5") is None) is (name == "Japanese")


# What GNU Go 3.8 shows after `loadsgf` and `showboard` for records with set-up stones in any node.
SECOND_NODE = "(;SZ[9]KM[5.5];AB[cc][gg]AW[ee];B[dd];W[ff])"
LATER = "(;SZ[9];B[dd];W[ff];AB[cc][gg]AW[ee]AE[dd];W[aa])"


@pytest.mark.parametrize(
    ("record", "plies", "black", "white", "turn"),
    [
        (SECOND_NODE, None, "C7 D6 G3", "E5 F4", Colour.BLACK),
        (SECOND_NODE, 0, "C7 G3", "E5", Colour.BLACK),
        (LATER, 1, "D6", "", Colour.WHITE),
        (LATER, 2, "C7 G3", "E5 F4", Colour.WHITE),
        (LATER, None, "C7 G3", "A9 E5 F4", Colour.BLACK),
        ("(;SZ[9];B[dd];AE[dd])", None, "", "", Colour.WHITE),
        ("(;SZ[9];B[dd];AW[dd])", None, "", "D6", Colour.WHITE),
        ("(;SZ[9];B[dd];AW[ee]PL[B])", None, "D6", "E5", Colour.BLACK),
        ("(;SZ[9];B[dd];PL[B];B[ee])", None, "D6 E5", "", Colour.WHITE),
        ("(;SZ[9];B[dd];AB[ee];B[ff])", 1, "D6 E5", "", Colour.BLACK),
        ("(;SZ[9]AB[aa]AW[bb])", None, "A9", "B8", Colour.BLACK),
        ("(;SZ[9]AB[aa]AW[bb];W[cc])", 0, "A9", "B8", Colour.WHITE),
        ("(;SZ[9]AB[aa]AW[bb]PL[W];B[cc])", 0, "A9", "B8", Colour.WHITE),
        ("(;SZ[9]HA[2];AB[cc][gg])", None, "C7 G3", "", Colour.WHITE),
        ("(;SZ[9]HA[2];B[cc];B[gg])", 1, "C7", "", Colour.WHITE),
        ("(;SZ[9]HA[2];B[cc];B[gg])", 0, "", "", Colour.BLACK),
    ],
)
def test_set_up_in_any_node(record: str, plies: int | None, black: str, white: str, turn: Colour) -> None:
    game = read_game(record, plies=plies)
    for colour, vertices in ((Colour.BLACK, black), (Colour.WHITE, white)):
        points = np.flatnonzero(game.board.stones.ravel() == colour).tolist()
        assert points == sorted(game.board.point(vertex) for vertex in vertices.split())
    assert game.to_play is turn
    again = read_game(write_game(game))
    assert np.array_equal(again.board.stones, game.board.stones)
    assert (again.moves, again.setup, again.to_play) == (game.moves, game.setup, game.to_play)


def test_set_up_after_moves_ends_what_can_be_undone() -> None:
    game = read_game(LATER)
    assert (game.ply, game.moves) == (3, [Move(Colour.WHITE, 0)])
    game.undo()
    assert game.ply == 2
    with pytest.raises(NothingToUndo):
        game.undo()


def test_the_side_to_move_in_a_node_with_a_move_changes_nothing() -> None:
    assert read_game(b"(;SZ[9];B[aa]PL[W];W[bb]PL[B])").ply == 2
    assert len(read_game(b"(;SZ[9];B[aa]PL[W];W[bb]PL[B])").moves) == 2


def test_handicap_stones_sent_as_moves_are_written_as_moves() -> None:
    game = Game(9)
    for move in ("bC3", "bG7", "bC7", "wE5", "bE6"):
        game.play(move[0], move[1:])
    record = write_game(game)
    assert b"HA[3]" in record
    assert b"AB" not in record
    again = read_game(record)
    assert (again.handicap, again.moves, again.setup) == (3, game.moves, [])
    assert str(again.score()) == str(game.score())

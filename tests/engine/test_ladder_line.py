"""Ladders move by move: the line must be legal, forced where a slow reading says so, and end as the verdict has it."""

import random

import pytest

from shicho.engine import Board, Colour, Move
from shicho.engine.errors import BadConfig, BadVertex
from shicho.engine.ladder import LadderReading, describe, read
from tests.engine.test_ladder import CAPTURED, NOT_CAPTURED
from tests.support.diagrams import read_diagram
from tests.support.random_games import random_position, random_setup
from tests.support.real_games import real_games
from tests.support.slow_board import BLACK, LEGAL, WHITE, SlowBoard
from tests.support.slow_ladder import LadderUnread, Reading

DIAGRAMS = CAPTURED | NOT_CAPTURED


def typed(slow: SlowBoard) -> Board:
    """Return the same stones on a `Board`."""
    board = Board(slow.size)
    for point, colour in slow.stones.items():
        board.place(colour, point)
    return board


def check_line(slow: SlowBoard, point: int, where: object) -> LadderReading:
    """Check a line move by move on the slow board, and return the reading."""
    board = typed(slow)
    before = board.core.stones.tobytes(), board.core.liberties().tobytes(), board.hash, board.ko, board.move_count
    reading = read(board, point)
    board.check_consistency()
    after = board.core.stones.tobytes(), board.core.liberties().tobytes(), board.hash, board.ko, board.move_count
    assert after == before, where
    verdict = board.ladder(point)
    found = (reading.captured, reading.nodes, reading.exhausted)
    assert found == (verdict.captured, verdict.nodes, verdict.exhausted), where

    owner, now = slow.colour_at(point), SlowBoard(slow.size, dict(slow.stones))
    turn = owner if len(now.chain(point).liberties) == 1 else BLACK + WHITE - owner
    for number, (colour, move) in enumerate(reading.moves):
        assert colour == turn, (where, number)
        assert now.legality(colour, move, suicide=False) == LEGAL, (where, number)
        assert point in now.stones, (where, number, "the line goes on after the capture")
        chain = now.chain(point)
        if colour != owner:
            assert move in chain.liberties, (where, number)
        now.play(colour, move)
        if number == 0 and colour != owner:
            now.ko = None
        if point in now.stones:
            assert falls(now, point, colour == owner) == reading.captured, (where, number, reading)
        turn = BLACK + WHITE - turn
    if reading.moves:
        assert (point not in now.stones) == reading.captured, (where, reading)
    else:
        assert not reading.captured, where
    return reading


def falls(now: SlowBoard, point: int, attacker_to_move: bool) -> bool:
    """Return the slow reading's verdict on the chain in the middle of a line."""
    slow = Reading(point, BLACK + WHITE - now.stones[point], 100_000)
    judge = slow.captured_attacker_to_move if attacker_to_move else slow.captured_defender_to_move
    return judge(now)


@pytest.mark.parametrize("name", DIAGRAMS)
def test_diagrams(name: str) -> None:
    diagram = read_diagram(DIAGRAMS[name])
    reading = check_line(diagram.slow(), min(diagram.points("x") + diagram.points("o")), name)
    assert reading.captured == (name in CAPTURED)
    assert reading.moves, "every one of these chains has a line"


@pytest.mark.parametrize("size", [3, 5, 7, 9, 13])
def test_random_positions(size: int) -> None:
    lengths = []
    for seed in range(60):
        rng = random.Random(seed)
        _, slow = random_setup(rng, size) if seed % 2 else random_position(rng, size, rng.randrange(2 * size * size))
        for chain in slow.chains():
            try:
                lengths.append(len(check_line(slow, min(chain.stones), (size, seed)).moves))
            except LadderUnread:
                continue
    assert max(lengths) >= min(12, 2 * size - 3)


def test_real_games() -> None:
    """The last position of each game, and those after a quarter and half of its moves."""
    captured = 0
    for record in real_games():
        wanted = {len(record.moves) // 4, len(record.moves) // 2, len(record.moves) - 1}
        for number, slow in enumerate(record.positions()):
            if number in wanted:
                chains = [chain for chain in slow.chains() if len(chain.liberties) <= 2]
                captured += sum(check_line(slow, min(c.stones), (record.name, number)).captured for c in chains)
    assert captured > 20


def test_a_ladder_to_read_with_the_eyes() -> None:
    """Well-known ladders give the moves that a player would show."""
    board = Board.from_text("""
        . . . . .
        . O . . .
        O X . . .
        O . . . .
        . . . . .""")
    reading = read(board, "B3")
    moves = ["wC3", "bB2", "wC2", "bB1", "wC1", "bpass", "wA1"]
    assert reading.captured
    assert reading.moves == tuple(Move(Colour.parse(move[0]), board.point(move[1:])) for move in moves)


def test_the_budget() -> None:
    board = Board()
    for colour, vertex in (("w", "C18"), ("w", "B17"), ("w", "B16"), ("b", "C17")):
        board.place(colour, vertex)
    whole = read(board, "C17")
    assert len(whole.moves) == 63
    assert read(board, "C17", nodes=whole.nodes) == whole
    for nodes in (0, 1, 10, 40):
        reading = read(board, "C17", nodes=nodes)
        assert (reading.captured, reading.moves, reading.exhausted) == (False, (), True)
        assert reading.nodes <= 2 * (nodes + 1)
    board.check_consistency()


def test_a_ban_in_the_position_does_not_count() -> None:
    """The line starts with a recapture that the ko ban of the board forbids, because readings ignore the ban."""
    board = Board.from_text("""
        . O . O .
        . O O X O
        O . X X X
        O . X X .
        X X X X O""")
    board.play("b", "E5")
    assert board.ko is not None
    assert read(board, "E1").captured
    assert board.ko == (Colour.WHITE, board.point("E4"))


def test_what_has_no_ladder() -> None:
    board = Board(5)
    board.play("b", "C3")
    assert read(board, "C3") == LadderReading(False, (), 0, False)
    for point in ("A1", "pass", "Z9", 26, 3.5, None):
        with pytest.raises(BadVertex):
            read(board, point)  # type: ignore[arg-type]
    for nodes in (-1, 2**31, 1.5, None, True):
        with pytest.raises(BadConfig, match="ladder nodes"):
            read(board, "C3", nodes=nodes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "at", "words"),
    [
        (". . . . . / . O . . . / O X . . . / O . . . . / . . . . .", "B3", "black B3: captured in 7 moves"),
        (". . . . . / . X O X . / . . X O . / . . . . . / . . . . .", "C3", "black C3: escapes"),
        (". O . . . / O X O . . / . . O . . / . . . . . / . . . . .", "B4", "black B4: captured in"),
        ("X O . . . / . . . . . / . . . . . / . . . . . / . . . . .", "A5", "black A5: captured in"),
        (". . . . . / . O . . . / . X . . . / . . . . . / . . . . .", "B3", "black B3: no ladder, it has 3 liberties"),
        (". . . . . / . . . . . / . . X . . / . . . . . / . . . . .", "C3", "black C3: no ladder, it has 4 liberties"),
    ],
)
def test_the_verdict_in_words(rows: str, at: str, words: str) -> None:
    board = Board.from_text(rows.replace(" / ", "\n"))
    assert describe(board, board.point(at), read(board, at)).startswith(words)


def test_what_has_no_verdict_in_words() -> None:
    """Two liberties apart, each with three empty neighbours, so that no first move works; and a budget that ran out."""
    empty = ". . . . . . ."
    board = Board.from_text("\n".join([empty, empty, empty, ". . O X O . .", empty, empty, empty]))
    point = board.point("D4")
    assert describe(board, point, read(board, point)) == "black D4: no ladder, it escapes at once"
    assert describe(board, point, LadderReading(False, (), 9, True)) == "black D4: not read to the end"
    assert describe(board, point, LadderReading(True, (Move(Colour.WHITE, 3),), 9, False)).endswith("in 1 move")

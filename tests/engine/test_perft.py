"""Counts that any Go board must meet: legal positions, and sequences of legal moves as the slow board counted them.

And counts for every game: the same by ko rule, with suicide or without, as the slow game counted them.
"""

import json
from itertools import product
from typing import TypedDict

import numpy as np
import pytest

from shicho.engine import Colour, Game, KoRule, Move, Rules, _core
from tests.support.diagrams import read_diagram
from tests.support.make_perft import FILE, RULES_FILE
from tests.support.slow_board import BLACK, WHITE


class Entry(TypedDict):
    """A position of perft.json."""

    name: str
    rows: list[str]
    suicide: bool
    counts: list[int]


class GameEntry(Entry):
    """One of perft_rules.json."""

    ko: str


ENTRIES: list[Entry] = json.loads(FILE.read_text(encoding="utf-8"))
GAMES: list[GameEntry] = json.loads(RULES_FILE.read_text(encoding="utf-8"))

# Tromp and Farnebäck, Combinatorics of Go (2006), table 1.
LEGAL_POSITIONS = {2: 57, 3: 12_675}


@pytest.mark.parametrize(("size", "expected"), LEGAL_POSITIONS.items())
def test_legal_positions_by_setting_them_up(size: int, expected: int) -> None:
    """Count the legal ones of all 3^n colourings; placing the stones of a legal one never captures."""
    hashes = set()
    for drawing in product((0, BLACK, WHITE), repeat=size * size):
        board = _core.Board(size)
        placed = all(board.place(colour, point) == _core.LEGAL for point, colour in enumerate(drawing) if colour)
        if placed and tuple(board.stones.ravel().tolist()) == drawing:
            board.check_consistency()
            hashes.add(board.hash)
    assert len(hashes) == expected


@pytest.mark.parametrize("suicide", [False, True], ids=["suicide forbidden", "suicide allowed"])
@pytest.mark.parametrize(("size", "expected"), LEGAL_POSITIONS.items())
def test_legal_positions_by_playing_to_them(size: int, expected: int, suicide: bool) -> None:
    """Count the positions reachable from the empty board when either side may play at any time, without ko."""
    start = _core.Board(size)
    seen, waiting = {start.stones.tobytes()}, [start]
    while waiting:
        board = waiting.pop()
        # A pass by either side lifts the ban, so that a copy without it stands for all ways to the position.
        board.try_play(BLACK, size * size, suicide)
        for colour, point in product((BLACK, WHITE), range(size * size)):
            if board.try_play(colour, point, suicide) == _core.LEGAL:
                if board.stones.tobytes() not in seen:
                    seen.add(board.stones.tobytes())
                    waiting.append(board.copy())
                board.undo()
    assert len(seen) == expected


def count(board: _core.Board, colour: int, depth: int, suicide: bool) -> int:
    """Sequences of `depth` legal moves, `colour` first."""
    legal = board.legal_points(colour, suicide)
    if depth == 1:
        return int(legal.sum())
    total = 0
    for point in np.flatnonzero(legal).tolist():
        assert board.try_play(colour, point, suicide) == _core.LEGAL
        total += count(board, BLACK + WHITE - colour, depth - 1, suicide)
        board.undo()
    return total


def title(entry: Entry) -> str:
    return f"{entry['name']}, suicide {'allowed' if entry['suicide'] else 'forbidden'}"


@pytest.mark.parametrize("entry", ENTRIES, ids=title)
def test_sequences_of_legal_moves(entry: Entry) -> None:
    board = read_diagram("\n".join(entry["rows"])).board()
    before = board.stones.tobytes(), board.hash, board.move_count
    counts = [count(board, BLACK, depth + 1, entry["suicide"]) for depth in range(len(entry["counts"]))]
    assert counts == entry["counts"]
    assert (board.stones.tobytes(), board.hash, board.move_count) == before
    board.check_consistency()


def count_games(game: Game, depth: int) -> list[int]:
    """Sequences of 1, 2, ... `depth` legal moves from here on; two passes end them."""
    legal = game.legal_mask(game.to_play)
    totals = [int(legal.sum())] + [0] * (depth - 1)
    if depth > 1:
        for point in np.flatnonzero(legal).tolist():
            game.play(game.to_play, point)
            if not game.is_over:
                for longer, sequences in enumerate(count_games(game, depth - 1), 1):
                    totals[longer] += sequences
            game.undo()
    return totals


@pytest.mark.parametrize("entry", GAMES, ids=lambda entry: f"{title(entry)}, {entry['ko']}")
def test_sequences_of_moves_by_the_rules(entry: GameEntry) -> None:
    drawn = read_diagram("\n".join(entry["rows"]))
    game = Game(drawn.size, Rules(ko=KoRule(entry["ko"]), suicide=entry["suicide"]))
    game.set_up(Move(Colour(colour), point) for point, colour in drawn.stones.items())
    assert count_games(game, len(entry["counts"])) == entry["counts"]
    assert not game.moves


@pytest.mark.parametrize("suicide", [False, True], ids=["suicide forbidden", "suicide allowed"])
def test_every_rule_makes_a_difference(suicide: bool) -> None:
    """Superko forbids more than simple ko, positional more than situational, and there are positions to show it."""
    by_ko = {ko: {e["name"]: e["counts"] for e in GAMES if (e["ko"], e["suicide"]) == (ko, suicide)} for ko in KoRule}
    assert len(by_ko[KoRule.SIMPLE]) >= 6
    differ = set()
    for name, simple in by_ko[KoRule.SIMPLE].items():
        situational, positional = by_ko[KoRule.SITUATIONAL][name], by_ko[KoRule.POSITIONAL][name]
        assert simple[-1] >= situational[-1] >= positional[-1], name
        if simple[-1] > situational[-1] > positional[-1]:
            differ.add(name)
    assert {"2x2 empty", "4x4 white sends two and returns one", "5x5 triple ko"} <= differ


def test_suicide_makes_a_difference() -> None:
    without = {(e["name"], e["ko"]): e["counts"] for e in GAMES if not e["suicide"]}
    differ = {(e["name"], e["ko"]) for e in GAMES if e["suicide"] and e["counts"][2] > without[e["name"], e["ko"]][2]}
    assert {ko for _, ko in differ} == set(KoRule)

"""The positions whose ladders take longest, found by tests/support/find_slow_ladder.py: bounded, and read right."""

from typing import Any

import pytest

from shicho.engine import Board, ladder
from shicho.engine.board import LADDER_NODES
from tests.support.find_slow_ladder import chains_to_read, load, stones_of

STORED = load()


def test_they_are_slow() -> None:
    """Some readings use up the whole budget."""
    assert len(STORED) >= 3
    assert max(entry["nodes"] for entry in STORED) > 4 * LADDER_NODES
    assert any(entry["exhausted"] for entry in STORED)


@pytest.mark.parametrize("entry", STORED, ids=lambda entry: f"{entry['nodes']} nodes")
def test_readings_keep_to_their_budget(entry: dict[str, Any]) -> None:
    """Each reading has its own budget: a chain with two liberties has two readings."""
    board = Board.from_stones(stones_of(entry))
    before = board.core.stones.tobytes(), board.liberties().tobytes(), board.chains().tobytes(), board.hash
    liberties = board.liberties().ravel()
    captured = []
    for chain in chains_to_read(board):
        verdict = board.ladder(chain)
        assert verdict.nodes <= liberties[chain] * (LADDER_NODES + 1)
        if verdict.captured:
            captured.append(chain)
    assert captured == entry["captured"]
    board.check_consistency()
    assert (board.core.stones.tobytes(), board.liberties().tobytes(), board.chains().tobytes(), board.hash) == before


@pytest.mark.parametrize("entry", STORED, ids=lambda entry: f"{entry['nodes']} nodes")
def test_lines_end_as_they_should(entry: dict[str, Any]) -> None:
    board = Board.from_stones(stones_of(entry))
    for chain in chains_to_read(board):
        reading, played = ladder.read(board, chain), board.copy()
        for colour, point in reading.moves:
            played.play(colour, point)
        assert (played.colour_at(chain) is None) == reading.captured
        if reading.exhausted and not reading.captured:
            assert not reading.moves

"""Write tests/data/perft*.json: how many sequences of legal moves there are, counted on the slow board and slow game.

Run from the repository root: `python -m tests.support.make_perft` (half a minute). From each position black and white
take turns, a pass is a move; counts[n - 1] is the number of sequences of n moves. perft.json is about the board: ko is
simple and no pass ends anything. perft_rules.json is about the game: one entry for each ko rule, with suicide and
without, and after two passes in a row there are no more moves.
"""

import json
from pathlib import Path
from typing import Any

from tests.support.diagrams import read_diagram
from tests.support.slow_board import BLACK, LEGAL, WHITE, SlowBoard
from tests.support.slow_game import SlowGame

DATA = Path(__file__).resolve().parent.parent / "data"
FILE = DATA / "perft.json"
RULES_FILE = DATA / "perft_rules.json"
KO_RULES = ("simple", "positional", "situational")

POSITIONS = [
    ("2x2 empty", [". .", ". ."], 9),
    ("3x3 empty", [". . .", ". . .", ". . ."], 6),
    ("3x3 with captures all over", ["X . O", ". O X", "O X ."], 8),
    ("3x3 with two points left", ["X X O", "X O O", "X . ."], 8),
    ("4x4 empty", [". . . ."] * 4, 4),
    ("4x4 ko", [". X O .", "X O . O", ". X O .", ". . . ."], 4),
    ("4x4 two kos", ["X . X O", "O X O .", ". O X O", "O X . X"], 6),
    ("5x5 empty", [". . . . ."] * 5, 3),
    ("5x5 full of ataris", [". O X O .", "O X . O X", ". X O . O", "X . O X X", ". X . O ."], 4),
    ("9x9 empty", [" ".join("." * 9)] * 9, 2),
]

# The depths are those without suicide and with it.
GAMES = [
    ("2x2 empty", [". .", ". ."], (9, 9)),
    ("3x3 empty", [". . .", ". . .", ". . ."], (4, 4)),
    ("3x3 with captures all over", ["X . O", ". O X", "O X ."], (7, 6)),
    ("4x4 two kos", ["X . X O", "O X O .", ". O X O", "O X . X"], (6, 5)),
    ("4x4 white sends two and returns one", [". O X X", "O O X .", "X X X O", ". O O ."], (6, 5)),
    ("5x5 triple ko", [". X X X O", "X O X O .", "O O X O O", "O . O X .", ". O X X O"], (6, 5)),
]


def count(board: SlowBoard, colour: int, depth: int, suicide: bool) -> int:
    """Sequences of `depth` legal moves, `colour` first."""
    points = range(board.size * board.size + 1)
    moves = [point for point in points if board.legality(colour, point, suicide=suicide) == LEGAL]
    if depth == 1:
        return len(moves)
    total = 0
    for move in moves:
        child = board.copy()
        child.play(colour, move)
        total += count(child, BLACK + WHITE - colour, depth - 1, suicide)
    return total


def count_games(game: SlowGame, depth: int) -> list[int]:
    """Sequences of 1, 2, ... `depth` moves that the rules allow from here on."""
    moves = game.legal_moves(game.to_play)
    totals = [len(moves)] + [0] * (depth - 1)
    if depth > 1:
        for move in moves:
            game.play(game.to_play, move)
            if not game.is_over:
                for longer, sequences in enumerate(count_games(game, depth - 1), 1):
                    totals[longer] += sequences
            game.undo()
    return totals


def board_entries() -> list[dict[str, Any]]:
    """Return the entries of perft.json."""
    entries = []
    for name, rows, depth in POSITIONS:
        for suicide in (False, True):
            board = read_diagram("\n".join(rows)).slow()
            assert board.is_legal_position(), name
            counts = [count(board, BLACK, moves, suicide) for moves in range(1, depth + 1)]
            entries.append({"name": name, "rows": rows, "suicide": suicide, "counts": counts})
    return entries


def game_entries() -> list[dict[str, Any]]:
    """Return the entries of perft_rules.json."""
    entries = []
    for name, rows, depths in GAMES:
        board = read_diagram("\n".join(rows)).slow()
        assert board.is_legal_position(), name
        for suicide, depth in zip((False, True), depths, strict=True):
            for ko in KO_RULES:
                counts = count_games(SlowGame(board, ko, suicide), depth)
                entries.append({"name": name, "rows": rows, "ko": ko, "suicide": suicide, "counts": counts})
    return entries


def main() -> None:
    """Count everything and write the files."""
    for file, entries in ((FILE, board_entries()), (RULES_FILE, game_entries())):
        lines = ",\n".join(json.dumps(entry) for entry in entries)
        file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Write tests/data/perft.json: how many sequences of legal moves there are, counted on the slow board.

Run from the repository root: `python -m tests.support.make_perft` (half a minute). From each position black and white
take turns, a pass is a move, ko is simple; counts[n - 1] is the number of sequences of n moves.
"""

import json
from pathlib import Path

from tests.support.diagrams import read_diagram
from tests.support.slow_board import BLACK, LEGAL, WHITE, SlowBoard

FILE = Path(__file__).resolve().parent.parent / "data" / "perft.json"

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


def main() -> None:
    """Count everything and write the file."""
    entries = []
    for name, rows, depth in POSITIONS:
        for suicide in (False, True):
            board = read_diagram("\n".join(rows)).slow()
            assert board.is_legal_position(), name
            counts = [count(board, BLACK, moves, suicide) for moves in range(1, depth + 1)]
            entries.append({"name": name, "rows": rows, "suicide": suicide, "counts": counts})
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()

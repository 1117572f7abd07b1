"""Records of games that were never played, for tests of the statistics."""

from collections.abc import Iterable
from typing import Any

from shicho.tools.match.record import VOID, GameRecord, Reason, SideRecord


def game_record(index: int = 0, black: str = "A", white: str = "B", result: str = "B+R", **changes: Any) -> GameRecord:
    """A game with a moves digest of its own; the games 2 n and 2 n + 1 are a pair."""
    values: dict[str, Any] = {
        "index": index,
        "pair": index // 2,
        "opening": "",
        "black": SideRecord(engine=black, seed=1, moves=50, seconds=5.0),
        "white": SideRecord(engine=white, seed=2, moves=50, seconds=25.0),
        "result": result,
        "reason": Reason.CRASH if result == VOID else Reason.RESIGNATION,
        "plies": 100,
        "moves_digest": f"{index:016x}",
        "sgf": f"games/{index + 1:04d}.sgf",
    }
    return GameRecord(**values | changes)


def match_records(points: Iterable[float | None], first: str = "A", second: str = "B") -> list[GameRecord]:
    """The games of a match by the points of the first engine, which is black in games 0, 2, 4 ...; None is broken."""
    records = []
    for index, one in enumerate(points):
        black, white = (second, first) if index % 2 else (first, second)
        result = {None: VOID, 0.5: "0", 1.0: "B+R", 0.0: "W+R"}[one if one is None or index % 2 == 0 else 1 - one]
        records.append(game_record(index, black, white, result))
    return records

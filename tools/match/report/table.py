"""`results.csv`: the games of a match, one line each, for spreadsheets and data frames."""

import csv
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from shicho.engine.colour import Colour
from shicho.engine.files import replacing
from shicho.tools.match.record import GameRecord, SideRecord

_GAME: Final = [entry.name for entry in fields(GameRecord) if entry.name not in ("index", "black", "white", "at_fault")]
_SIDE: Final = [entry.name for entry in fields(SideRecord) if entry.name != "engine"]

COLUMNS: Final = (
    *("game", "black", "white", "winner", "at_fault"),
    *_GAME,
    *(f"{colour}_{name}" for colour in Colour for name in _SIDE),
)
"""`game`, counted from 1, the names of engines, and the other fields of `GameRecord` and of both `SideRecord`s."""


def write_csv(path: Path, records: Iterable[GameRecord]) -> None:
    """Write the games as UTF-8; what is unknown is empty. Raises OSError naming the path if it cannot be written."""
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(map(_line, records))


def _line(record: GameRecord) -> dict[str, Any]:
    return {
        "game": record.index + 1,
        "black": record.black.engine,
        "white": record.white.engine,
        "winner": record.side(record.winner).engine if record.winner else None,
        "at_fault": record.side(record.at_fault).engine if record.at_fault else None,
        **{name: getattr(record, name) for name in _GAME},
        **{f"{colour}_{name}": getattr(record.side(colour), name) for colour in Colour for name in _SIDE},
    }

"""The stones on an engine's board, where it tells them."""

import re

from shicho.engine.coords import COLUMNS
from shicho.tools.gtp_check.engine import Engine

_ROW = re.compile(r"^\s*([0-9]{1,2})\s?(.*)$")


def stones(engine: Engine) -> dict[str, set[str]] | None:
    """Return the vertices of the stones by colour, {"b": ..., "w": ...}; None if the engine does not tell them.

    Asks list_stones (GNU Go), or else reads the diagram of showboard: rows that begin with their number, with X and O
    (or @ and O, # and O) for the stones and a column for each of the first characters that is no space.
    """
    if "list_stones" in engine.commands:
        return {colour: set(engine.must(f"list_stones {colour}").upper().split()) for colour in "bw"}
    if "showboard" in engine.commands:
        return _read(engine.must("showboard"), engine.size)
    return None


def _read(diagram: str, size: int) -> dict[str, set[str]] | None:
    """Read a diagram; None if it has not exactly one row of each number."""
    found: dict[str, set[str]] = {"b": set(), "w": set()}
    rows = []
    for line in diagram.splitlines():
        match = _ROW.match(line)
        if not match:
            continue
        points = re.findall(r"[XO@#.+,]", match[2].upper())[:size]
        if len(points) != size:
            continue
        rows.append(int(match[1]))
        for column, point in zip(COLUMNS, points, strict=False):
            if point in "XO@#":
                found["w" if point == "O" else "b"].add(f"{column}{match[1]}")
    return found if sorted(rows) == list(range(1, size + 1)) else None

"""A strict reader of the answers that GoGui shows, by the chapter on analyze commands of its manual.

GoGui itself skips what it does not understand; here that raises ValueError.
"""

import re

COLUMNS = "ABCDEFGHJKLMNOPQRST"
_COLOUR = re.compile("#[0-9A-F]{6}")
_POINT_LISTS = ("BLACK", "WHITE", "CIRCLE", "MARK", "SQUARE", "TRIANGLE")


def read_answer(kind: str, text: str, size: int) -> list[tuple[str, list[str]]]:
    """Check an answer of this type on a board of this size; for `gfx`, return its commands with their arguments."""
    match kind:
        case "gfx":
            return [_gfx_command(line, size) for line in text.split("\n")]
        case "cboard" | "dboard" | "sboard":
            read_board(kind, text, size)
        case "plist":
            _points(text.split(), size)
        case "var" | "varb" | "varw" | "varc" | "varp" | "varpo":
            _moves(text.split()[1:], size)
        case "string" | "pstring" | "hpstring" | "none":
            pass
        case _:
            raise ValueError(f"no reader for the type {kind!r}")
    return []


def read_board(kind: str, text: str, size: int) -> list[list[str]]:
    """Return the rows of a board: one text of the given type for every point."""
    rows = [line.split(" ") for line in text.split("\n")]
    if len(rows) != size or any(len(row) != size for row in rows):
        raise ValueError(f"not {size} rows of {size} texts: {text!r}")
    for value in (value for row in rows for value in row):
        if kind == "dboard" and not -1 <= float(value) <= 1:
            raise ValueError(f"not from -1 to 1: {value}")
        if kind == "cboard" and value != '""' and not _COLOUR.fullmatch(value):
            raise ValueError(f"not a colour: {value}")
        if kind == "sboard" and value != '""' and not 1 <= len(value) <= 4:
            raise ValueError(f"does not fit on a point: {value}")
    return rows


def _gfx_command(line: str, size: int) -> tuple[str, list[str]]:
    name, _, rest = line.partition(" ")
    arguments = rest.split(" ")
    if not rest or "" in arguments:
        raise ValueError(f"arguments are missing: {line!r}")
    if name == "COLOR":
        if not _COLOUR.fullmatch(arguments[0]):
            raise ValueError(f"not a colour: {line!r}")
        _points(arguments[1:], size)
    elif name == "LABEL":
        _points(arguments[::2], size)
        if len(arguments) % 2 or any(len(text) > 4 for text in arguments[1::2]):
            raise ValueError(f"not points with short texts: {line!r}")
    elif name == "VAR":
        _moves(arguments, size)
    elif name in _POINT_LISTS:
        _points(arguments, size)
    elif name != "TEXT":
        raise ValueError(f"unknown command: {line!r}")
    return name, arguments


def _moves(words: list[str], size: int) -> None:
    if len(words) % 2 or not set(words[::2]) <= {"b", "w"}:
        raise ValueError(f"not moves: {words}")
    _points([word for word in words[1::2] if word.lower() != "pass"], size, repeated=True)


def _points(words: list[str], size: int, *, repeated: bool = False) -> None:
    for word in words:
        if not re.fullmatch("[A-T][1-9][0-9]?", word) or word[0] not in COLUMNS[:size] or int(word[1:]) > size:
            raise ValueError(f"not a point of the board: {word!r}")
    if not repeated and len(set(words)) < len(words):
        raise ValueError(f"a point is named twice: {words}")

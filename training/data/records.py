"""Parse SGF games into checked records, and blocks of them into columns; count what is left out by reason.

Records are replayed with simple ko, suicide legal, no superko. Only the main line is read.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadRecord
from shicho.engine.moves import PASS, POINT_MASK, WHITE_BIT, move_points
from shicho.engine.replay import legal_length
from shicho.engine.sgf import Node, main_line
from shicho.engine.status import final_status
from shicho.engine.symmetry import MOVE_DESTINATIONS
from shicho.training.data.sources import Text
from shicho.training.data.store import (
    BLACK_WON,
    DRAW,
    GAME_DTYPES,
    JOINED_DTYPES,
    PROFESSIONAL,
    STARTS,
    UNKNOWN,
    WHITE_WON,
    Games,
    pack_owner,
)

SIZE: Final = 19
FEWEST_MOVES: Final = 20
HASHED_MOVES: Final = 60
LARGEST_KOMI: Final = 361
OWNER_PLAYOUTS: Final = 50
OWNER_AGREEMENT: Final = 0.5


class LeftOut(StrEnum):
    """Why a record is not in the store."""

    NOT_TAKEN = "not taken"
    UNREADABLE = "unreadable"
    NOT_GO = "not Go"
    OTHER_SIZE = "other size"
    BAD_SETUP = "illegal set-up"
    TOO_SHORT = "too short"
    DUPLICATE = "duplicate"


class Cut(StrEnum):
    """Why a record that is kept ends before its last move."""

    ILLEGAL_MOVE = "illegal move"
    LATE_SETUP = "late set-up"
    BAD_MOVE = "unreadable move"


CUTS: Final = tuple(Cut)


class _Dropped(Exception):
    """A record is left out: the reason, how many moves it holds, and what is wrong with it ("" if nothing is)."""

    def __init__(self, reason: LeftOut, moves: int, what: str = "") -> None:
        super().__init__(what)
        self.reason = reason
        self.moves = moves
        self.what = what


@dataclass(frozen=True, kw_only=True)
class Record:
    """A game as the store keeps it; `moves` and `setup` in store format.

    `owner` is packed as in the store, empty unless it was asked for and the game ended by counting. `moves_read` counts
    all moves of the main line. If there are more of them than `moves`, `cut` is the reason and
    `what` describes it.
    """

    moves: NDArray[np.uint16]
    setup: NDArray[np.uint16]
    owner: NDArray[np.uint8]
    moves_read: int
    cut: Cut | None
    what: str
    tags: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RecordBlock:
    """Records of one source: columns of the usable ones, and counts of the others.

    The column `split` is not yet set, and duplicates are still in. For each game, `cut` is 0 or 1 + the index of the
    reason in `CUTS`, and `moves_read` counts its moves before cutting.
    """

    games: Games
    moves_read: NDArray[np.int32]
    cut: NDArray[np.uint8]
    left_out: Counter[str] = field(default_factory=Counter)
    moves_left_out: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)


def read_block(texts: Sequence[Text], source: int, ownership: bool = False) -> RecordBlock:
    """Parse and check the games of one source, and pack them into columns; `messages` has one line for each problem.

    With `ownership`, the final owner of every point is estimated for games that ended by counting.
    """
    records = []
    left_out: Counter[str] = Counter()
    moves_left_out: Counter[str] = Counter()
    messages = []
    for text in texts:
        try:
            if text.error is not None:
                raise _Dropped(LeftOut.UNREADABLE, 0, text.error)
            record = read_record(text.data, ownership)
        except _Dropped as dropped:
            left_out[dropped.reason] += 1
            moves_left_out[dropped.reason] += dropped.moves
            if dropped.what:
                messages.append(f"{text.place}: {dropped.what}; left out")
            continue
        records.append(record)
        if record.what:
            messages.append(f"{text.place}: {record.what}; the {len(record.moves)} before it stay")
    return RecordBlock(
        games=_pack(records, source),
        moves_read=np.array([record.moves_read for record in records], np.int32),
        cut=np.array([0 if record.cut is None else 1 + CUTS.index(record.cut) for record in records], np.uint8),
        left_out=left_out,
        moves_left_out=moves_left_out,
        messages=messages,
    )


def _pack(records: Sequence[Record], source: int) -> Games:
    columns: dict[str, Any] = {
        name: np.array([record.tags[name] for record in records], dtype)
        for name, dtype in GAME_DTYPES.items()
        if name not in ("source", "split")
    }
    columns["source"] = np.full(len(records), source, np.uint8)
    columns["split"] = np.zeros(len(records), np.uint8)
    for name, start in STARTS.items():
        parts = [getattr(record, name) for record in records]
        columns[name] = np.concatenate([np.empty(0, JOINED_DTYPES[name]), *parts])
        columns[start] = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64)
    return Games(**columns)


def read_record(text: bytes, ownership: bool = False) -> Record:
    """Parse and check the SGF text of one game; raise `_Dropped` with the reason if it is left out."""
    try:
        nodes = main_line(text)
    except BadRecord as error:
        raise _Dropped(LeftOut.UNREADABLE, 0, error.value) from error
    root = nodes[0]
    moves_read = sum(len(node.get("B", ())) + len(node.get("W", ())) for node in nodes)
    game = _first(root, "GM").strip() or b"1"
    if game != b"1":
        raise _Dropped(LeftOut.NOT_GO, moves_read, f"game {_printable(game)}, not Go (GM[1])")
    size = _first(root, "SZ").strip() or b"19"
    if size not in (b"19", b"19:19"):
        raise _Dropped(LeftOut.OTHER_SIZE, moves_read, f"board size {_printable(size)}, not 19")
    stones, codes, cut, what = _stones_and_moves(nodes)
    setup, moves = np.array(stones, np.uint16), np.array(codes, np.uint16)
    legal, reason = legal_length(SIZE, setup, moves)
    if legal < 0:
        raise _Dropped(LeftOut.BAD_SETUP, moves_read, f"set-up stones that cannot stand ({reason})")
    if legal < len(moves):
        cut, what = Cut.ILLEGAL_MOVE, f"illegal move {legal + 1} ({_move_name(codes[legal])}: {reason})"
        moves = moves[:legal]
    if len(moves) < FEWEST_MOVES:
        raise _Dropped(LeftOut.TOO_SHORT, moves_read, f"{what}, too short without it" if what else "")
    tags = {
        "size": SIZE,
        "komi": read_komi(_first(root, "KM")),
        "handicap": _handicap(root, stones),
        "result": read_result(_first(root, "RE")),
        "black_rank": read_rank(_first(root, "BR")),
        "white_rank": read_rank(_first(root, "WR")),
        "year": read_year(_first(root, "DT")),
        "hash": game_hash(moves),
    }
    counted = ownership and cut is None and _COUNTED.match(_first(root, "RE")) is not None
    owner = final_owner(setup, moves) if counted else np.empty(0, np.uint8)
    return Record(moves=moves, setup=setup, owner=owner, moves_read=moves_read, cut=cut, what=what, tags=tags)


def final_owner(setup: NDArray[np.uint16], moves: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return who owns each point after the last move, as random playouts judge it, packed as in the store.

    Points whose owner less than three quarters of the playouts agree on count as nobody's. The moves must be legal.
    """
    board = Board(SIZE)
    for code in setup.tolist():
        board.place(_colour(code), code & POINT_MASK)
    for code in moves.tolist():
        board.play(_colour(code), code & POINT_MASK, suicide=True)
    expected = final_status(board, playouts=OWNER_PLAYOUTS).owner
    return pack_owner(np.sign(expected) * (np.abs(expected) >= OWNER_AGREEMENT))


def _colour(code: int) -> Colour:
    return Colour.WHITE if code & WHITE_BIT else Colour.BLACK


def _stones_and_moves(nodes: Iterable[Node]) -> tuple[list[int], list[int], Cut | None, str]:
    """Return set-up stones, moves, and why the moves end before the record does (None if not) with a description."""
    setup: dict[int, int] = {}
    moves: list[int] = []
    for node in nodes:
        if not _SETUP.isdisjoint(node):
            if moves:
                return list(setup.values()), moves, Cut.LATE_SETUP, f"set-up stones after move {len(moves)}"
            if not _set_up(node, setup):
                return list(setup.values()), moves, Cut.BAD_MOVE, "unreadable set-up stones"
        for name, values in node.items():
            if name not in _COLOURS:
                continue
            point = _POINTS.get(values[0])
            if point is None:
                point = _POINTS.get(values[0].strip())
            if point is None or len(values) > 1:
                text = f"{name}{_printable(b']['.join(values))}"
                return list(setup.values()), moves, Cut.BAD_MOVE, f"unreadable move {len(moves) + 1} ({text})"
            moves.append(point | _COLOURS[name])
    return list(setup.values()), moves, None, ""


def _set_up(node: Node, stones: dict[int, int]) -> bool:
    """Add and remove the node's set-up stones; return whether all of them could be read."""
    for name in ("AB", "AW", "AE"):
        for value in node.get(name, ()):
            points = _rectangle(value.strip())
            if not points:
                return False
            for point in points:
                stones.pop(point, None)
                if name != "AE":
                    stones[point] = point | _COLOURS[name[1:]]
    return True


def _rectangle(value: bytes) -> list[int]:
    """Return the points of `pd` or of `aa:cc`, none if the value cannot be read."""
    first, _, last = value.partition(b":")
    corners = [_POINTS.get(first, PASS), _POINTS.get(last or first, PASS)]
    if PASS in corners:
        return []
    (top, left), (bottom, right) = (divmod(corner, SIZE) for corner in corners)
    return [row * SIZE + column for row in range(top, bottom + 1) for column in range(left, right + 1)]


_LETTERS: Final = "abcdefghijklmnopqrs"
_POINTS: Final = {
    f"{x}{y}".encode(): row * SIZE + column for row, y in enumerate(_LETTERS) for column, x in enumerate(_LETTERS)
} | {b"": PASS, b"tt": PASS}
_COLOURS: Final = {"B": 0, "W": WHITE_BIT}
_SETUP: Final = frozenset(("AB", "AW", "AE"))


def _first(node: Node, name: str) -> bytes:
    return node.get(name, (b"",))[0]


def _printable(value: bytes) -> str:
    """Return a raw SGF value in its brackets, shortened and with escapes."""
    text = value.decode("latin-1")
    return ascii(f"[{text[:30]}{'...' if len(text) > 30 else ''}]")[1:-1]


def _move_name(code: int) -> str:
    point = code & POINT_MASK
    colour = "W" if code & WHITE_BIT else "B"
    return f"{colour} {point_to_vertex(point, SIZE)}"


def _handicap(root: Node, setup: Sequence[int]) -> int:
    """Return HA, or without HA the number of black set-up stones (0 if there are white ones)."""
    found = re.match(rb"\s*(\d{1,2})", _first(root, "HA"))
    if found:
        return int(found.group(1))
    return 0 if any(stone & WHITE_BIT for stone in setup) or len(setup) < 2 else min(len(setup), 99)


_RANK: Final = re.compile(
    rb"(?<![0-9a-z])(p?)\s*(\d{1,2})\s*-?\s*(kyu|dan|pro|k|d|p)(?![a-z])(\s*\(?pro)?", re.IGNORECASE
)


def read_rank(value: bytes) -> int:
    """Return the first rank in a BR or WR value: kyu negative, dan positive, professional 20 + dan, 0 if there is none.

    Understands `9d`, `9 dan`, `6d*`, `5k?`, `3p`, `P9d`, `9 dan pro`, `9p, Honinbo`. A title alone (`Meijin`) gives 0.
    """
    found = _RANK.search(value)
    if not found:
        return 0
    number, unit = int(found.group(2)), found.group(3).lower()
    if unit.startswith(b"k"):
        return -number
    professional = unit.startswith(b"p") or bool(found.group(1)) or bool(found.group(4))
    if not 1 <= number <= PROFESSIONAL:
        return 0
    return PROFESSIONAL + number if professional else number


_WINNER: Final = re.compile(rb"\s*(b|w)(?:lack|hite)?\b\s*(?:\+|wins?\b|won\b)", re.IGNORECASE)
_COUNTED: Final = re.compile(rb"\s*(?:b|w)(?:lack|hite)?\s*\+\s*\d", re.IGNORECASE)
_DRAW: Final = re.compile(rb"\s*(?:0|draw|jigo|drawn|tie)\s*\Z", re.IGNORECASE)


def read_result(value: bytes) -> int:
    """Return 1 if black won, -1 if white won, 0 for a draw, 2 if the RE value does not tell.

    Understands `B+R`, `W+3.5`, `Black wins`, `Jigo`, `0`; `Void` and `?` give 2.
    """
    found = _WINNER.match(value)
    if found:
        return BLACK_WON if found.group(1).lower() == b"b" else WHITE_WON
    return DRAW if _DRAW.match(value) else UNKNOWN


def read_komi(value: bytes) -> float:
    """Return the komi in a KM value in points, NaN if there is none or it is above 361."""
    found = re.match(rb"\s*([+-]?\d{1,4}(?:[.,]\d{1,4})?)", value)
    komi = float(found.group(1).replace(b",", b".")) if found else float("nan")
    return komi if abs(komi) <= LARGEST_KOMI else float("nan")


def read_year(value: bytes) -> int:
    """Return the first number of four digits in a DT value, else of three, else 0."""
    found = re.search(rb"(?<!\d)\d{4}(?!\d)", value) or re.search(rb"(?<!\d)\d{3}(?!\d)", value)
    return int(found.group()) if found else 0


def game_hash(moves: NDArray[np.uint16]) -> int:
    """Return a hash (0 to 2^64 - 1) of the first 60 moves that is the same for all eight transforms of a game.

    It is BLAKE2b over the big-endian codes of the lexicographically smallest transform.
    """
    first = moves[:HASHED_MOVES]
    transformed = MOVE_DESTINATIONS[:, move_points(first)] | (first & np.uint16(WHITE_BIT))
    smallest = min(row.tobytes() for row in transformed.astype(">u2"))
    return int.from_bytes(hashlib.blake2b(smallest, digest_size=8).digest(), "big")

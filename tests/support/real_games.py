"""The games of tests/data/games, read with sgfmill only, so that they do not depend on the code under test."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sgfmill import sgf

from tests.support.slow_board import BLACK, WHITE, SlowBoard

FOLDER = Path(__file__).resolve().parent.parent / "data" / "games"
STORE_PASS = 361
STORE_WHITE = 0x8000

Move = tuple[int, int]


@dataclass(frozen=True)
class Record:
    """A game: set-up stones and moves as (colour, point), with size * size for a pass."""

    name: str
    size: int
    setup: tuple[Move, ...]
    moves: tuple[Move, ...]

    def positions(self) -> Iterator[SlowBoard]:
        """Yield the position before every move; it is the same board each time."""
        board = SlowBoard(self.size, {point: colour for colour, point in self.setup})
        for colour, point in self.moves:
            yield board
            board.play(colour, point)


class StoreArrays(NamedTuple):
    """The five arrays of a store that hold games, in the order of the C core's arguments."""

    moves: NDArray[np.uint16]
    game_start: NDArray[np.int64]
    setup: NDArray[np.uint16]
    setup_start: NDArray[np.int64]
    sizes: NDArray[np.uint8]


def store_format(moves: Sequence[Move], size: int) -> NDArray[np.uint16]:
    """Return moves in the stored-move code, written out here as a reference: pass is 361, the top bit means white."""
    values = [
        (STORE_PASS if point == size * size else point) | (STORE_WHITE if colour == WHITE else 0)
        for colour, point in moves
    ]
    return np.array(values, np.uint16)


def join_games(records: Sequence[Record]) -> StoreArrays:
    """Return games as the arrays of a store."""
    moves = [store_format(record.moves, record.size) for record in records]
    setup = [store_format(record.setup, record.size) for record in records]
    return StoreArrays(
        np.concatenate(moves),
        np.cumsum([0, *map(len, moves)], dtype=np.int64),
        np.concatenate(setup),
        np.cumsum([0, *map(len, setup)], dtype=np.int64),
        np.array([record.size for record in records], np.uint8),
    )


@lru_cache
def real_games() -> tuple[Record, ...]:
    """Return every game of the folder, sorted by file name."""
    return tuple(read_record(path) for path in sorted(FOLDER.glob("*.sgf")))


def read_record(path: Path) -> Record:
    """Read one file; sgfmill counts rows from the bottom."""
    game = sgf.Sgf_game.from_bytes(path.read_bytes())
    size = game.get_size()
    colours = {"b": BLACK, "w": WHITE}

    def point(place: tuple[int, int] | None) -> int:
        return size * size if place is None else int((size - 1 - place[0]) * size + place[1])

    black, white, _ = game.get_root().get_setup_stones()
    setup = [(BLACK, point(place)) for place in sorted(black)] + [(WHITE, point(place)) for place in sorted(white)]
    played = [node.get_move() for node in game.get_main_sequence()[1:]]
    return Record(path.stem, size, tuple(setup), tuple((colours[colour], point(place)) for colour, place in played))

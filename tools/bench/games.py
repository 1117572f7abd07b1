"""Real games for the benchmarks, from SGF or HDF5, as the arrays that the C core replays."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import BadConfig, BadRecord
from shicho.engine.game import Game, Move
from shicho.engine.rules import RECORD_RULES
from shicho.engine.sgf import read_game, split_games

DEFAULT: Final = Path("tests/data/games")
STORED_PASS: Final = MAX_SIZE * MAX_SIZE
STORED_WHITE: Final = 0x8000


class Ledger(NamedTuple):
    """Games joined, in the order and format in which the C core takes them."""

    moves: NDArray[np.uint16]
    game_start: NDArray[np.int64]
    setup: NDArray[np.uint16]
    setup_start: NDArray[np.int64]
    sizes: NDArray[np.uint8]


def load_games(path: Path | None, limit: int) -> tuple[Ledger, str]:
    """Up to `limit` games of an SGF file, a folder of them, or a store; also where they came from.

    Without a path, those of the test data, where the working directory is a checkout of Shicho. Raises BadConfig or
    BadRecord where there are none; games of a collection that cannot be read are passed over.
    """
    if path is None and not DEFAULT.is_dir():
        raise BadConfig(f"no {DEFAULT} here: name a file with games (.sgf, .h5) or a folder of .sgf")
    chosen = path or DEFAULT
    if not chosen.exists():
        raise BadConfig(f"{chosen}: no such file")
    ledger = _from_store(chosen, limit) if chosen.suffix == ".h5" else _from_sgf(chosen, limit)
    return ledger, str(chosen)


def positions(ledger: Ledger, index: int) -> Iterator[Game]:
    """The game of that number before each of its moves: one `Game` that goes on from move to move."""
    size = int(ledger.sizes[index])
    game = Game(size, RECORD_RULES)
    setup = ledger.setup[ledger.setup_start[index] : ledger.setup_start[index + 1]].tolist()
    game.set_up(_move(stone, size) for stone in setup)
    for stored in ledger.moves[ledger.game_start[index] : ledger.game_start[index + 1]].tolist():
        yield game
        move = _move(stored, size)
        if game.is_over:
            game.resume()
        game.play(move.colour, move.point)


def _move(stored: int, size: int) -> Move:
    point = stored & ~STORED_WHITE
    colour = Colour.WHITE if stored & STORED_WHITE else Colour.BLACK
    return Move(colour, size * size if point == STORED_PASS else point)


def _from_store(path: Path, limit: int) -> Ledger:
    from shicho.training.store import GameStore

    store = GameStore.open(path)
    if not len(store):
        raise BadRecord("no games", str(path))
    games = store.select(np.unique(np.linspace(0, len(store) - 1, limit).astype(np.int64)))
    return Ledger(games.moves, games.game_start, games.setup, games.setup_start, games.size)


def _from_sgf(path: Path, limit: int) -> Ledger:
    games = [game for _, game in zip(range(limit), _read(path), strict=False)]
    if not games:
        raise BadRecord("no readable game", str(path))
    moves = [game.store_moves() for game in games]
    setup = [_stored(game.setup) for game in games]
    return Ledger(
        np.concatenate(moves),
        np.cumsum([0, *map(len, moves)], dtype=np.int64),
        np.concatenate(setup),
        np.cumsum([0, *map(len, setup)], dtype=np.int64),
        np.array([game.size for game in games], np.uint8),
    )


def _read(path: Path) -> Iterator[Game]:
    for file in sorted(path.glob("*.sgf")) if path.is_dir() else [path]:
        with file.open("rb") as stream:
            for text in split_games(stream):
                try:
                    yield read_game(text)
                except BadRecord:
                    continue


def _stored(stones: Sequence[Move]) -> NDArray[np.uint16]:
    return np.array(
        [stone.point | (STORED_WHITE if stone.colour is Colour.WHITE else 0) for stone in stones], np.uint16
    )

"""Games for the benchmarks, read from SGF or HDF5 into the arrays that `shicho.engine.replay` takes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.errors import BadConfig, BadRecord
from shicho.engine.game import Game, Move
from shicho.engine.moves import PASS, POINT_MASK, WHITE_BIT, encode_move
from shicho.engine.rules import RECORD_RULES
from shicho.engine.sgf import read_game, split_games

DEFAULT: Final = Path("tests/data/games")
"""Where the test data lies in a checkout of Shicho."""


class GameArrays(NamedTuple):
    """Stored games, joined column by column; implements `shicho.engine.replay.GameColumns`."""

    moves: NDArray[np.uint16]
    game_start: NDArray[np.int64]
    setup: NDArray[np.uint16]
    setup_start: NDArray[np.int64]
    size: NDArray[np.uint8]


def load_games(path: Path | None, limit: int) -> tuple[GameArrays, str]:
    """Read up to `limit` games and return them with the path they came from.

    `path` is an SGF file, a folder of SGF files or a game store (`.h5`); None means the test data, if the working
    directory is a checkout of Shicho. From a store, games are taken at equal distances. Records that cannot be read are
    skipped. Raises BadConfig if the path does not exist and BadRecord if it holds no readable game.
    """
    if path is None and not DEFAULT.is_dir():
        raise BadConfig(f"{DEFAULT}: no such folder; give a file of games (.sgf, .h5) or a folder of .sgf files")
    chosen = path or DEFAULT
    if not chosen.exists():
        raise BadConfig(f"{chosen}: no such file")
    arrays = _from_store(chosen, limit) if chosen.suffix == ".h5" else _from_sgf(chosen, limit)
    return arrays, str(chosen)


def positions(arrays: GameArrays, index: int) -> Iterator[Game]:
    """Yield game number `index` before each of its moves. It is the same `Game` object every time."""
    size = int(arrays.size[index])
    game = Game(size, RECORD_RULES)
    setup = arrays.setup[arrays.setup_start[index] : arrays.setup_start[index + 1]].tolist()
    game.set_up(decode_move(code, size) for code in setup)
    for code in arrays.moves[arrays.game_start[index] : arrays.game_start[index + 1]].tolist():
        yield game
        move = decode_move(code, size)
        if game.is_over:
            game.resume()
        game.play(move.colour, move.point)


def decode_move(code: int, size: int) -> Move:
    """Return the colour and the point of a stored move, with `size * size` for a pass."""
    point = code & POINT_MASK
    colour = Colour.WHITE if code & WHITE_BIT else Colour.BLACK
    return Move(colour, size * size if point == PASS else point)


def _from_store(path: Path, limit: int) -> GameArrays:
    from shicho.training.data.store import GameStore

    store = GameStore.open(path)
    if not len(store):
        raise BadRecord("no games", str(path))
    games = store.select(np.unique(np.linspace(0, len(store) - 1, limit).astype(np.int64)))
    return GameArrays(games.moves, games.game_start, games.setup, games.setup_start, games.size)


def _from_sgf(path: Path, limit: int) -> GameArrays:
    games = [game for _, game in zip(range(limit), _read(path), strict=False)]
    if not games:
        raise BadRecord("no readable game", str(path))
    moves = [game.store_moves() for game in games]
    setup = [_encode(game.setup) for game in games]
    return GameArrays(
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


def _encode(stones: Sequence[Move]) -> NDArray[np.uint16]:
    return np.array([encode_move(stone.colour, stone.point) for stone in stones], np.uint16)

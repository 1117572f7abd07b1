"""Game records in one HDF5 file: columns of numpy arrays in memory, compressed datasets on disk.

A move is a uint16: the point (`row * size + column` in the game's own size, pass = 361) and, in the top bit, white.
All games' moves are joined; game i's are `moves[game_start[i]:game_start[i + 1]]`, and set-up stones likewise. The file
holds games, not positions: features are computed when they are wanted.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadStore
from shicho.engine.files import replacing

FORMAT: Final = "shicho-games"
VERSION: Final = 1

PASS: Final = 361
WHITE_BIT: Final = 0x8000
POINT_MASK: Final = 0x7FFF

TRAIN, VALIDATION, TEST = 0, 1, 2
SPLITS: Final = ("train", "validation", "test")

BLACK_WON, WHITE_WON, DRAW, UNKNOWN = 1, -1, 0, 2

GAME_DTYPES: Final[dict[str, type[np.generic]]] = {
    "size": np.uint8,
    "komi": np.float32,
    "handicap": np.uint8,
    "result": np.int8,
    "black_rank": np.int8,
    "white_rank": np.int8,
    "year": np.int16,
    "source": np.uint8,
    "split": np.uint8,
    "hash": np.uint64,
}
JOINED_DTYPES: Final[dict[str, type[np.generic]]] = {
    "moves": np.uint16,
    "game_start": np.int64,
    "setup": np.uint16,
    "setup_start": np.int64,
}
CHUNK: Final = 1 << 17


@dataclass(frozen=True, kw_only=True)
class Source:
    """One archive, file or folder of games, and what became of each of its records.

    `games_read` is `kept_games` plus all of `left_out`; `moves_read` is `kept_moves` plus all of `moves_left_out`,
    where the records that were never parsed (`not taken`, `unreadable`) count no moves. `cut` says how many of the kept
    games were shortened, and why. `damaged` counts archives and files that broke off: what they still held is unknown.
    In a test source with a `min_rank`, only the moves of players of at least that rank count.
    """

    name: str
    group: str
    sha256: str
    test: bool = False
    min_rank: int | None = None
    games_read: int = 0
    moves_read: int = 0
    kept_games: int = 0
    kept_moves: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    moves_left_out: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    damaged: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether every record and every move is accounted for."""
        games = self.games_read == self.kept_games + sum(self.left_out.values())
        return games and self.moves_read == self.kept_moves + sum(self.moves_left_out.values())


@dataclass(frozen=True, kw_only=True)
class Games:
    """Columns of n games; dtypes in `GAME_DTYPES` and `JOINED_DTYPES`, arrays C-contiguous.

    komi NaN: unknown. result: 1 black won, -1 white won, 0 draw, 2 unknown. Ranks: kyu negative, dan positive,
    professional 20 + dan, 0 missing. year 0: unknown. split: index into `SPLITS`.
    """

    moves: NDArray[np.uint16]
    game_start: NDArray[np.int64]
    setup: NDArray[np.uint16]
    setup_start: NDArray[np.int64]
    size: NDArray[np.uint8]
    komi: NDArray[np.float32]
    handicap: NDArray[np.uint8]
    result: NDArray[np.int8]
    black_rank: NDArray[np.int8]
    white_rank: NDArray[np.int8]
    year: NDArray[np.int16]
    source: NDArray[np.uint8]
    split: NDArray[np.uint8]
    hash: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.size)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many moves each game has, passes included."""
        return np.diff(self.game_start)

    def columns(self) -> dict[str, NDArray[Any]]:
        """All arrays by name."""
        return {name: getattr(self, name) for name in (*JOINED_DTYPES, *GAME_DTYPES)}

    def select(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> "Games":
        """The chosen games alone, in the order given (a boolean mask keeps theirs)."""
        index = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        moves, game_start = _gather(self.moves, self.game_start, index)
        setup, setup_start = _gather(self.setup, self.setup_start, index)
        columns = {name: getattr(self, name)[index] for name in GAME_DTYPES}
        return Games(moves=moves, game_start=game_start, setup=setup, setup_start=setup_start, **columns)


def _gather(
    values: NDArray[np.uint16], start: NDArray[np.int64], index: NDArray[Any]
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    begins, ends = start[:-1][index], start[1:][index]
    pieces = [values[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
    new_start = np.zeros(len(index) + 1, np.int64)
    np.cumsum(ends - begins, out=new_start[1:])
    return np.concatenate([np.empty(0, np.uint16), *pieces]), new_start


def join_games(blocks: Sequence[Games]) -> Games:
    """The games of all blocks one after another; no blocks give no games."""
    joined: dict[str, NDArray[Any]] = {}
    for name, dtype in (*JOINED_DTYPES.items(), *GAME_DTYPES.items()):
        if name not in ("game_start", "setup_start"):
            joined[name] = np.concatenate([np.empty(0, dtype), *(getattr(block, name) for block in blocks)])
    for name in ("game_start", "setup_start"):
        lengths = [np.diff(getattr(block, name)) for block in blocks]
        joined[name] = np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))
    return Games(**joined)


@dataclass(frozen=True, kw_only=True)
class GameStore(Games):
    """A whole store in memory, with where its games came from."""

    sources: tuple[Source, ...]
    command: str

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Read a store.

        Raises BadStore where the file is missing, no HDF5, of another format or version, damaged, or its columns do not
        fit each other. Whether the moves are legal is not checked here: replay says so.
        """
        import h5py

        if not Path(path).exists():
            raise BadStore(f"{path}: no such file")
        if not Path(path).is_file() or not h5py.is_hdf5(path):
            raise BadStore(f"{path}: no HDF5 file")
        try:
            with h5py.File(path, "r") as file:
                sources, command = _read_attributes(file, path)
                columns = {
                    name: np.ascontiguousarray(file[name][()], dtype=dtype)
                    for name, dtype in (*JOINED_DTYPES.items(), *GAME_DTYPES.items())
                }
        except (OSError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            what = " ".join(str(error).split()) or type(error).__name__
            raise BadStore(f"{path}: {what}") from error
        store = cls(sources=sources, command=command, **columns)
        store._check(path)
        return store

    @property
    def source_names(self) -> tuple[str, ...]:
        """The names that the `source` column points to."""
        return tuple(source.name for source in self.sources)

    def _check(self, path: Path | str) -> None:
        games = len(self)
        for name in GAME_DTYPES:
            if getattr(self, name).shape != (games,):
                raise BadStore(f"{path}: dataset {name} does not hold {games} games")
        for name, values in (("game_start", self.moves), ("setup_start", self.setup)):
            start = getattr(self, name)
            if start.shape != (games + 1,) or start[0] != 0 or start[-1] != len(values) or (np.diff(start) < 0).any():
                raise BadStore(f"{path}: dataset {name} does not cut its stones into {games} games")
        if games and (int(self.source.max()) >= len(self.sources) or int(self.split.max()) >= len(SPLITS)):
            raise BadStore(f"{path}: a game of an unknown source or split")
        for name, last in (("moves", PASS), ("setup", PASS - 1)):
            points = getattr(self, name) & POINT_MASK
            if len(points) and int(points.max()) > last:
                raise BadStore(f"{path}: dataset {name} holds point {int(points.max())}")


def _read_attributes(file: Any, path: Path | str) -> tuple[tuple[Source, ...], str]:
    format_name, version = file.attrs.get("format"), file.attrs.get("version")
    if format_name != FORMAT or int(version) != VERSION:
        raise BadStore(f"{path}: format {format_name!r} version {version}, this reads {FORMAT!r} version {VERSION}")
    known = {entry.name for entry in fields(Source)}
    listed = json.loads(file.attrs["sources"])
    sources = tuple(Source(**{key: value for key, value in entry.items() if key in known}) for entry in listed)
    return sources, str(file.attrs["command"])


def write_store(path: Path | str, games: Games, sources: Sequence[Source], command: str) -> None:
    """Write a store beside `path`, then rename it there: `path` never holds half a file.

    `sources` are in the order that `games.source` counts. Raises OSError where the file cannot be written.
    """
    import h5py

    with replacing(Path(path)) as beside, h5py.File(beside, "w") as file:
        file.attrs["format"] = FORMAT
        file.attrs["version"] = VERSION
        file.attrs["command"] = command
        file.attrs["sources"] = json.dumps([_as_json(source) for source in sources])
        for name, values in games.columns().items():
            _write_column(file, name, values)


def _write_column(file: Any, name: str, values: NDArray[Any]) -> None:
    if not len(values):
        file.create_dataset(name, data=values)
        return
    dataset = file.create_dataset(
        name,
        shape=values.shape,
        dtype=values.dtype,
        chunks=(min(CHUNK, len(values)),),
        compression="gzip",
        compression_opts=6,
        shuffle=True,
    )
    for start in range(0, len(values), CHUNK):
        dataset[start : start + CHUNK] = values[start : start + CHUNK]


def _as_json(source: Source) -> dict[str, Any]:
    return {entry.name: getattr(source, entry.name) for entry in fields(source)}

"""Game records in one HDF5 file: columns of numpy arrays in memory, compressed datasets on disk.

Moves are uint16 in the code of `shicho.engine.moves`. The moves of all games are joined: those of game i are
`moves[game_start[i]:game_start[i + 1]]`, and set-up stones likewise. The file holds games, not positions: features are
computed when they are needed.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from shicho.engine.errors import BadConfig, BadStore
from shicho.engine.files import replacing
from shicho.engine.moves import PASS, move_points
from shicho.training.config import parse

FORMAT: Final = "shicho-games"
VERSION: Final = 1

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
JOINED_DTYPES: Final[dict[str, type[np.generic]]] = {"moves": np.uint16, "setup": np.uint16, "owner": np.uint8}
STARTS: Final = {"moves": "game_start", "setup": "setup_start", "owner": "owner_start"}
"""For each joined dataset the name of the dataset that says where each game's part begins, int64 [games + 1]."""

OWNER_BYTES: Final = 91
PROFESSIONAL: Final = 20
CHUNK: Final = 1 << 17


@dataclass(frozen=True, kw_only=True)
class Source:
    """One archive, file or folder of games, with the counts of its records: kept, and left out by reason.

    `games_read` is `kept_games` plus all of `left_out`. `moves_read` is `kept_moves` plus all of `moves_left_out`;
    records that were never parsed (`not taken`, `unreadable`) count no moves. `cut` counts the kept games that were
    shortened, by reason. `damaged` counts archives and files that broke off; what they held after that is unknown. In a
    test source with a `min_rank`, only the moves of players of at least that rank are evaluated.
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

    `owner` holds the final owner of every point (see `pack_owner`) of games that ended by counting, nothing for others.
    komi NaN: unknown. result: 1 black won, -1 white won, 0 draw, 2 unknown. Ranks: kyu negative, dan positive,
    professional 20 + dan, 0 missing. year 0: unknown. split: index into `SPLITS`.
    """

    moves: NDArray[np.uint16]
    game_start: NDArray[np.int64]
    setup: NDArray[np.uint16]
    setup_start: NDArray[np.int64]
    owner: NDArray[np.uint8]
    owner_start: NDArray[np.int64]
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
        """Return all arrays by name."""
        return {name: getattr(self, name) for name in (*JOINED_DTYPES, *STARTS.values(), *GAME_DTYPES)}

    def select(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> "Games":
        """Return the chosen games alone, in the order of the indices (of the store, if `chosen` is a boolean mask)."""
        index = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        columns = {name: getattr(self, name)[index] for name in GAME_DTYPES}
        for name, start in STARTS.items():
            columns[name], columns[start] = _gather(getattr(self, name), getattr(self, start), index)
        return Games(**columns)


def _gather(
    values: NDArray[Any], start: NDArray[np.int64], index: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    begins, ends = start[:-1][index], start[1:][index]
    pieces = [values[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
    new_start = np.zeros(len(index) + 1, np.int64)
    np.cumsum(ends - begins, out=new_start[1:])
    return np.concatenate([np.empty(0, values.dtype), *pieces]), new_start


def join_games(blocks: Sequence[Games]) -> Games:
    """Return the games of all blocks one after another; no blocks give no games."""
    joined: dict[str, NDArray[Any]] = {}
    for name, dtype in (*JOINED_DTYPES.items(), *GAME_DTYPES.items()):
        joined[name] = np.concatenate([np.empty(0, dtype), *(getattr(block, name) for block in blocks)])
    for start in STARTS.values():
        lengths = [np.diff(getattr(block, start)) for block in blocks]
        joined[start] = np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))
    return Games(**joined)


def pack_owner(owner: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Pack the owner of each of 361 points (1 black, -1 white, 0 neither or not known) into uint8 [91].

    361 bits for black's points, then 361 for white's, the most significant bit of a byte first.
    """
    return np.packbits(np.concatenate([owner.ravel() == 1, owner.ravel() == -1]))


def unpack_owner(packed: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Unpack uint8 [..., 91] into int8 [..., 361]; the inverse of `pack_owner`."""
    bits = np.unpackbits(packed, axis=-1, count=2 * PASS).astype(np.int8)
    return bits[..., :PASS] - bits[..., PASS:]


@dataclass(frozen=True, kw_only=True)
class GameStore(Games):
    """A whole store in memory, with where its games came from."""

    sources: tuple[Source, ...]
    command: str

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Read a store.

        Raises BadStore if the file is missing, is not HDF5, has another format or version, is damaged, or has columns
        that do not fit each other. Whether the moves are legal is not checked; replaying them raises if they are not.
        """
        import h5py

        if not Path(path).exists():
            raise BadStore(f"{path}: no such file")
        if not Path(path).is_file() or not h5py.is_hdf5(path):
            raise BadStore(f"{path}: not an HDF5 file")
        try:
            with h5py.File(path, "r") as file:
                sources, command = _read_attributes(file, path)
                columns = _read_columns(file)
        except (OSError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            what = " ".join(str(error).split()) or type(error).__name__
            raise BadStore(f"{path}: {what}") from error
        store = cls(sources=sources, command=command, **columns)
        store._check(path)
        return store

    @property
    def source_names(self) -> tuple[str, ...]:
        """The names of the sources, in the order that the `source` column counts."""
        return tuple(source.name for source in self.sources)

    @property
    def group_names(self) -> tuple[str, ...]:
        """The names of the groups of sources, each once."""
        return tuple(dict.fromkeys(source.group for source in self.sources))

    @property
    def source_groups(self) -> NDArray[np.int64]:
        """For each source the index of its group in `group_names`, int64 [sources]."""
        names = self.group_names
        return np.array([names.index(source.group) for source in self.sources], np.int64)

    def _check(self, path: Path | str) -> None:
        games = len(self)
        for name in GAME_DTYPES:
            if getattr(self, name).shape != (games,):
                raise BadStore(f"{path}: dataset {name} does not hold {games} games")
        for joined, name in STARTS.items():
            start, end = getattr(self, name), len(getattr(self, joined))
            if start.shape != (games + 1,) or start[0] != 0 or start[-1] != end or (np.diff(start) < 0).any():
                raise BadStore(f"{path}: dataset {name} does not cut {joined} into {games} games")
        if not np.isin(np.diff(self.owner_start), (0, OWNER_BYTES)).all():
            raise BadStore(f"{path}: dataset owner does not hold 0 or {OWNER_BYTES} bytes a game")
        if games and (int(self.source.max()) >= len(self.sources) or int(self.split.max()) >= len(SPLITS)):
            raise BadStore(f"{path}: a game of an unknown source or split")
        for name, last in (("moves", PASS), ("setup", PASS - 1)):
            points = move_points(getattr(self, name))
            if len(points) and int(points.max()) > last:
                raise BadStore(f"{path}: dataset {name} holds point {int(points.max())}")


def _read_columns(file: Any) -> dict[str, NDArray[Any]]:
    """Return all datasets by name. A store without `owner` (files made before there was one) gets an empty one."""
    dtypes = {**JOINED_DTYPES, **dict.fromkeys(STARTS.values(), np.int64), **GAME_DTYPES}
    columns: dict[str, NDArray[Any]] = {
        name: np.ascontiguousarray(file[name][()], dtype=dtype)
        for name, dtype in dtypes.items()
        if name not in ("owner", "owner_start") or "owner" in file
    }
    columns.setdefault("owner", np.empty(0, np.uint8))
    columns.setdefault("owner_start", np.zeros(len(columns["size"]) + 1, np.int64))
    return columns


def _read_attributes(file: Any, path: Path | str) -> tuple[tuple[Source, ...], str]:
    format_name, version = file.attrs.get("format"), file.attrs.get("version")
    if format_name != FORMAT or int(version) != VERSION:
        raise BadStore(f"{path}: format {format_name!r} version {version}, this reads {FORMAT!r} version {VERSION}")
    try:
        sources = parse(tuple[Source, ...], json.loads(file.attrs["sources"]), "sources")
    except (BadConfig, ValueError) as error:
        raise BadStore(f"{path}: {error}") from None
    return sources, str(file.attrs["command"])


def write_store(path: Path | str, games: Games, sources: Sequence[Source], command: str) -> None:
    """Write a store to a temporary file beside `path` and rename it, so that `path` never holds half a file.

    `sources` are in the order that `games.source` counts. Raises OSError if the file cannot be written.
    """
    import h5py

    with replacing(Path(path)) as beside, h5py.File(beside, "w") as file:
        file.attrs["format"] = FORMAT
        file.attrs["version"] = VERSION
        file.attrs["command"] = command
        file.attrs["sources"] = json.dumps([asdict(source) for source in sources])
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

"""Find and read SGF games: folders, .sgf files and collections, their .gz, .xz and .bz2, tar and zip archives.

`find_sources` lists and names what there is. `read_games` streams the texts of the games of one source and holds one
block of them in memory at a time.
"""

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, cast

from shicho.engine.errors import BadRecord
from shicho.engine.sgf import split_games

OPENERS: Final[dict[str, Callable[[Any], Any]]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
SHORT_TAR: Final = {".tgz": ".gz", ".txz": ".xz", ".tbz2": ".bz2"}
DAMAGE: Final = (OSError, EOFError, lzma.LZMAError, zlib.error, tarfile.TarError, zipfile.BadZipFile)
MEMBER_DAMAGE: Final = (*DAMAGE, RuntimeError, NotImplementedError)
MOST_SOURCES: Final = 256

TEST_SOURCES: Final = {"pro-2015": ("pro-2015", None), "kgs-6d-2015": ("kgs-2015", 6)}
"""The two test archives: file or folder name -> (name in reports, lowest rank whose moves are evaluated)."""

MINIMUM_RANKS: Final = dict(TEST_SOURCES.values())


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file of games, with the folders between it and the path given on the command line."""

    path: Path
    folders: tuple[str, ...]
    root: str

    @property
    def stem(self) -> str:
        """The file name without its endings for format and compression."""
        return _split_name(self.path.name)[0]

    @property
    def place(self) -> str:
        """Its path below the root, for messages."""
        return "/".join((*self.folders, self.path.name))

    @property
    def is_archive(self) -> bool:
        """Whether it is a source of its own: anything but a plain .sgf."""
        return self.path.suffix.lower() != ".sgf"

    @property
    def labels(self) -> tuple[str, ...]:
        """The names it can be selected by: its root, its folders, its stem."""
        return (self.root, *self.folders, self.stem)


@dataclass(frozen=True, kw_only=True)
class GameSource:
    """Files that are counted together. `group` is the folder or root they belong to, one line of the printed table."""

    name: str
    group: str
    files: tuple[SourceFile, ...]
    test: bool = False
    min_rank: int | None = None

    @property
    def labels(self) -> frozenset[str]:
        """Every name by which the source can be selected."""
        return frozenset({self.name, self.group}.union(*(file.labels for file in self.files)))

    def sha256(self) -> str:
        """Return the SHA-256 of the file, or of the list of names and hashes of several files; "" if unreadable."""
        try:
            hashes = [(file.path.name, _file_sha256(file.path)) for file in self.files]
        except OSError:
            return ""
        if len(hashes) == 1:
            return hashes[0][1]
        return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in hashes).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Text:
    """The text of one game and its place; an empty text with an error is a record that could not be read."""

    place: str
    data: bytes
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Damage:
    """An archive or file that broke off; everything before the damage was read."""

    place: str
    error: str


def find_sources(
    roots: Sequence[Path], tests: Sequence[tuple[str, Path]] = (), *, test_min_rank: int | None = None
) -> list[GameSource]:
    """Return all sources below the given files and folders, in the order of roots and file names.

    An archive or compressed file is a source of its own, named by its stem (with its folders, or the root, before it
    unless the stem starts with the name of the last one). Plain .sgf files belong to one source for each folder
    directly below the root. All files at or below a path of `tests` (name, file or folder) form one test source of that
    name, with `test_min_rank` as its minimum rank. The two test archives of `TEST_SOURCES` are recognised by their
    names. Raises BadRecord for a path that does not exist or holds no games.
    """
    test_paths = [(name, path.resolve()) for name, path in tests]
    files: dict[Path, SourceFile] = {}
    for root in [*roots, *(path for _, path in tests)]:
        found = _files_below(root)
        if not found:
            raise BadRecord("no SGF files or archives of them", str(root))
        for file in found:
            files.setdefault(file.path.resolve(), file)
    sources = _name_sources(files, test_paths, fold=False)
    if len(sources) > MOST_SOURCES:
        sources = _name_sources(files, test_paths, fold=True)
    if len(sources) > MOST_SOURCES:
        raise BadRecord(f"{len(sources)} archives, a store holds at most {MOST_SOURCES} sources: join some")
    if test_min_rank is None:
        return sources
    names = {name for name, _ in tests}
    return [replace(source, min_rank=test_min_rank) if source.name in names else source for source in sources]


def _files_below(root: Path) -> list[SourceFile]:
    if root.is_file():
        return [SourceFile(path=root, folders=(), root=_split_name(root.name)[0])]
    if not root.is_dir():
        raise BadRecord("no such file or folder", str(root))
    found = []
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if _split_name(path.name)[1] and path.is_file() and not any(part.startswith(".") for part in relative.parts):
            found.append(SourceFile(path=path, folders=relative.parts[:-1], root=root.resolve().name))
    return found


def _name_sources(files: dict[Path, SourceFile], tests: list[tuple[str, Path]], fold: bool) -> list[GameSource]:
    """Group the files into sources; with `fold`, only folders directly below a root are sources."""
    sources: dict[str, GameSource] = {}
    for resolved, file in files.items():
        source = _source_of(file, resolved, tests, fold)
        if source.name in sources:
            earlier = sources[source.name]
            if earlier.test != source.test:
                raise BadRecord(f"both a test source and a training source: {source.name}", str(file.path))
            source = replace(earlier, files=(*earlier.files, file))
        sources[source.name] = source
    return list(sources.values())


def _source_of(file: SourceFile, resolved: Path, tests: list[tuple[str, Path]], fold: bool) -> GameSource:
    for name, path in tests:
        if resolved.is_relative_to(path):
            return GameSource(name=name, group=name, files=(file,), test=True, min_rank=MINIMUM_RANKS.get(name))
    for label in reversed(file.labels):
        if label in TEST_SOURCES:
            name, min_rank = TEST_SOURCES[label]
            return GameSource(name=name, group=name, files=(file,), test=True, min_rank=min_rank)
    group = file.folders[0] if file.folders else file.root
    if fold or not file.is_archive:
        return GameSource(name=group, group=group, files=(file,))
    folders = file.folders or (file.root,)
    own_name = file.stem.startswith(folders[-1])
    return GameSource(name=file.stem if own_name else "/".join((*folders, file.stem)), group=group, files=(file,))


def _split_name(name: str) -> tuple[str, str]:
    """Return (stem, kind): kind is `sgf`, `tar` or `zip` and the ending of the compression, "" for other files."""
    stem, dot, suffix = name.rpartition(".")
    suffix = (dot + suffix).lower()
    if suffix in (".sgf", ".tar", ".zip"):
        return stem, suffix[1:]
    if suffix in SHORT_TAR:
        return stem, "tar" + SHORT_TAR[suffix]
    if suffix in OPENERS:
        inner, kind = _split_name(stem)
        if kind in ("sgf", "tar"):
            return inner, kind + suffix
        return (stem, "sgf" + suffix) if "." not in stem else (name, "")
    return name, ""


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _CountedFile(io.FileIO):
    """A file that reports how many bytes were read from it."""

    def __init__(self, path: Path, advance: Callable[[int], None]) -> None:
        super().__init__(path)
        self._advance = advance

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer) or 0
        self._advance(count)
        return count


def read_games(source: GameSource, advance: Callable[[int], None] = lambda _: None) -> Iterator[Text | Damage]:
    """Yield the text of every game of a source, in order, and a Damage wherever a file or archive breaks off.

    A file or member without any game in it is one record that cannot be read. `advance` is called after each read from
    disk with the number of bytes.
    """
    for file in source.files:
        try:
            with io.BufferedReader(_CountedFile(file.path, advance), 1 << 20) as raw:
                yield from _read_file(file, raw)
        except DAMAGE as error:
            yield Damage(place=file.place, error=_describe(error))


def _read_file(file: SourceFile, raw: BinaryIO) -> Iterator[Text | Damage]:
    kind = _split_name(file.path.name)[1]
    if kind == "zip":
        yield from _read_zip(file.place, raw)
    elif kind.startswith("tar"):
        yield from _read_tar(file.place, _decompressed(kind, raw))
    else:
        yield from _read_sgf(file.place, _decompressed(kind, raw))


def _decompressed(kind: str, raw: IO[bytes]) -> Any:
    ending = kind[3:]
    return OPENERS[ending](raw) if ending else raw


def _read_sgf(place: str, stream: Any) -> Iterator[Text | Damage]:
    """Yield the games of a stream; before a break in it, all games that could be decompressed."""
    damage = []

    def blocks() -> Iterator[bytes]:
        try:
            while block := stream.read1(1 << 20):
                yield block
        except DAMAGE as error:
            damage.append(Damage(place=place, error=_describe(error)))

    games = split_games(blocks())
    first = list(islice(games, 2))
    for number, text in enumerate(chain(first, games), start=1):
        yield Text(place=place if len(first) == 1 else f"{place}: game {number}", data=text)
    if not (first or damage):
        yield Text(place=place, data=b"", error="no SGF in it")
    yield from damage


class _Tape:
    """A stream for tarfile that tracks how much was read and where the last byte that is not zero is."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.length = 0
        self.zeros_from = 0

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read1(size)
        if used := len(data.rstrip(b"\0")):
            self.zeros_from = self.length + used
        self.length += len(data)
        return data


def _read_tar(place: str, stream: BinaryIO) -> Iterator[Text | Damage]:
    """Yield the games of a tar archive, and check its end: tarfile stops silently at a broken or missing header."""
    tape = _Tape(stream)
    end = 0
    with tarfile.open(fileobj=cast(BinaryIO, tape), mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() and _is_record(member.name) else None
            if content is not None:
                yield from _read_member(f"{place}: {member.name}", content.read())
            end = member.offset_data + (member.size if member.isfile() else 0)
    while tape.read(1 << 20):
        pass
    end = -(-end // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    if tape.zeros_from > end:
        raise tarfile.ReadError("broken header")
    if tape.length < end + tarfile.BLOCKSIZE:
        raise tarfile.ReadError("cut short")


def _read_zip(place: str, raw: BinaryIO) -> Iterator[Text | Damage]:
    with zipfile.ZipFile(raw) as archive:
        for member in archive.infolist():
            if member.is_dir() or not _is_record(member.filename):
                continue
            try:
                data = archive.read(member)
            except MEMBER_DAMAGE as error:
                yield Text(place=f"{place}: {member.filename}", data=b"", error=_describe(error))
                continue
            yield from _read_member(f"{place}: {member.filename}", data)


def _is_record(name: str) -> bool:
    return _split_name(name)[1].startswith("sgf") and not name.rpartition("/")[2].startswith(".")


def _read_member(place: str, data: bytes) -> Iterator[Text | Damage]:
    yield from _read_sgf(place, _decompressed(_split_name(place)[1], io.BytesIO(data)))


def _describe(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__

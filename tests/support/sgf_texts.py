"""SGF texts of games that are always legal, and how to write them in every kind of archive."""

import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.symmetry import move_point

SIZE = 19
PASS = SIZE * SIZE
LETTERS = "abcdefghijklmnopqrs"


def random_points(seed: int, count: int) -> list[int]:
    """Different points: played in turns they are legal whatever they capture, where suicide is."""
    points = list(range(SIZE * SIZE))
    random.Random(seed).shuffle(points)
    return points[:count]


def sgf_point(point: int) -> str:
    return "" if point == PASS else LETTERS[point % SIZE] + LETTERS[point // SIZE]


def sgf_moves(points: Sequence[int]) -> str:
    return "".join(f";{'BW'[ply % 2]}[{sgf_point(point)}]" for ply, point in enumerate(points))


def sgf_game(seed: int, count: int = 60, tags: str = "SZ[19]", transform: int = 0) -> bytes:
    """One game of `count` moves, on the transformed board."""
    points = [move_point(point, SIZE, transform) for point in random_points(seed, count)]
    return f"(;GM[1]FF[4]{tags}{sgf_moves(points)})".encode()


def tar_bytes(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Files below a folder, with the folders they need; returns the folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def packed(name: str, games: Sequence[bytes]) -> bytes:
    """What a file of this name holds, when it holds these games."""
    members = {f"games/{number}.sgf": game for number, game in enumerate(games)}
    if name.endswith(".zip"):
        return zip_bytes(members)
    data = tar_bytes(members) if ".tar" in name or name.endswith((".tgz", ".txz")) else b"\n".join(games)
    if name.endswith(("gz",)):
        return gzip.compress(data)
    return lzma.compress(data) if name.endswith("xz") else data

"""Files to texts: every kind of archive, collections with broken games, damage, names, test sources."""

import gzip
import lzma
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shicho.engine.errors import BadRecord
from shicho.engine.sgf import split_games
from shicho.training.data.sources import Damage, GameSource, Text, find_sources, read_games
from tests.support.sgf_texts import packed, sgf_game, tar_bytes, write_files, zip_bytes

GAMES = [sgf_game(seed) for seed in range(7)]
KINDS = ["c.sgf", "c.sgf.gz", "c.sgf.xz", "c.gz", "c.xz", "c.tar", "c.tar.gz", "c.tgz", "c.tar.xz", "c.zip", "C.SGF"]


def texts(source: GameSource) -> list[bytes]:
    found = list(read_games(source))
    assert all(isinstance(entry, Text) and entry.error is None for entry in found)
    return [entry.data for entry in found if isinstance(entry, Text)]


def read_one(folder: Path) -> list[Text | Damage]:
    (source,) = find_sources([folder])
    return list(read_games(source))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("as_file", [True, False])
def test_every_kind_of_source(tmp_path: Path, name: str, as_file: bool) -> None:
    write_files(tmp_path, {name: packed(name.lower(), GAMES)})
    (source,) = find_sources([tmp_path / name if as_file else tmp_path])
    assert texts(source) == GAMES
    assert len(source.sha256()) == 64


def test_compressed_files_inside_archives(tmp_path: Path) -> None:
    members = {"a/1.sgf.gz": gzip.compress(GAMES[0]), "a/2.sgf": GAMES[1] + GAMES[2], "a/readme.txt": b"(;B[aa])"}
    write_files(tmp_path, {"a.tar": tar_bytes(members), "b.zip": zip_bytes(members)})
    for source in find_sources([tmp_path]):
        assert texts(source) == GAMES[:3]


def test_names_and_groups(tmp_path: Path) -> None:
    names = [
        "pro/pro-1990.tar.xz",
        "pro/pro-2015.tar.xz",
        "kgs-6d/kgs-6d-2015.tar.gz",
        "tygem/2009-01.sgf.xz",
        "loose/a/1.sgf",
        "loose/b/2.sgf",
        "loose/.hidden/3.sgf",
        "loose/._4.sgf",
        "top.zip",
        "notes.txt",
    ]
    write_files(tmp_path, {name: packed(name, GAMES[:1]) for name in names})
    found = {source.name: source for source in find_sources([tmp_path])}
    assert {name: source.group for name, source in found.items()} == {
        "pro-1990": "pro",
        "pro-2015": "pro-2015",
        "kgs-2015": "kgs-2015",
        "tygem/2009-01": "tygem",
        "loose": "loose",
        f"{tmp_path.name}/top": tmp_path.name,
    }
    assert {name for name, source in found.items() if source.test} == {"pro-2015", "kgs-2015"}
    assert found["kgs-2015"].min_rank == 6
    assert found["pro-2015"].min_rank is None
    assert [file.place for file in found["loose"].files] == ["loose/a/1.sgf", "loose/b/2.sgf"]


def test_archives_of_two_roots_with_equal_names_are_two_sources(tmp_path: Path) -> None:
    write_files(tmp_path, {name: packed(name, GAMES[:1]) for name in ("a/2009.sgf.xz", "b/2009.sgf.xz")})
    names = [source.name for source in find_sources([tmp_path / "a", tmp_path / "b"])]
    assert names == ["a/2009", "b/2009"]
    assert [source.name for source in find_sources([tmp_path / "a" / "2009.sgf.xz"])] == ["2009"]


def test_as_test_marks_files_folders_and_archives(tmp_path: Path) -> None:
    write_files(tmp_path, {name: packed(name, GAMES[:1]) for name in ["a/x/1.sgf", "a/y/2.sgf", "b.zip", "c.sgf.gz"]})
    marks = [("x", tmp_path / "a" / "x"), ("mine", tmp_path / "b.zip"), ("mine", tmp_path / "c.sgf.gz")]
    found = {source.name: source for source in find_sources([tmp_path], marks)}
    assert {name: source.test for name, source in found.items()} == {"a": False, "x": True, "mine": True}
    assert len(found["mine"].files) == 2


def test_as_test_may_lie_elsewhere(tmp_path: Path) -> None:
    write_files(tmp_path, {"train/1.sgf": GAMES[0], "held/2.sgf": GAMES[1]})
    found = find_sources([tmp_path / "train"], [("held-out", tmp_path / "held")])
    assert [(source.name, source.test) for source in found] == [("train", False), ("held-out", True)]


def test_as_test_must_not_share_a_name(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/1.sgf": GAMES[0], "b/2.sgf": GAMES[1]})
    with pytest.raises(BadRecord, match="both a test source and a training source: a"):
        find_sources([tmp_path], [("a", tmp_path / "b")])


def test_a_root_given_twice_counts_once(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/1.sgf": GAMES[0]})
    assert sum(len(source.files) for source in find_sources([tmp_path, tmp_path / "a", tmp_path / "a" / "1.sgf"])) == 1


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_nothing_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadRecord, match=name):
        find_sources([tmp_path / name])


def test_many_archives_are_folded_into_their_folders(tmp_path: Path) -> None:
    write_files(tmp_path, {f"months/{number:03}.sgf.gz": gzip.compress(GAMES[0]) for number in range(257)})
    (source,) = find_sources([tmp_path])
    assert source.name == "months"
    assert len(source.files) == 257


BROKEN = {
    "open value": GAMES[1][:-5],
    "open game": GAMES[1][:-1],
    "open at the first move": b"(;GM[1];B[",
    "opening alone": b"(;",
    "too many brackets": b"(;GM[1](;B[aa]",
    "junk": b"(;GM[1];B;W[aa])",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_game_takes_no_other_with_it(broken: bytes) -> None:
    found = list(split_games([b"\n".join([GAMES[0], broken, GAMES[2], GAMES[3]])]))
    assert [found[0], *found[-2:]] == [GAMES[0], *GAMES[2:4]]
    assert len(found) == 4


def test_junk_between_games_and_variations_on_their_own_lines() -> None:
    branched = b"(;FF[4]C[(;GM\\]]\n;B[aa]\n(;W[bb]\n(;B[cc])\n(;B[dd]))\n(;W[ee]))"
    data = b"\xef\xbb\xbfFrom: x\n" + branched + b" -- " + GAMES[1] + GAMES[2] + b"\n)\n" + GAMES[3] + b"\n"
    assert list(split_games([data])) == [branched, *GAMES[1:4]]


MANY = [sgf_game(seed, 40 + seed % 200) for seed in range(150)]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 20_000), max_size=12), st.booleans())
def test_blocks_do_not_matter(cuts: list[int], cut_short: bool) -> None:
    data = b"\n".join([*MANY[:70], GAMES[0][:100], *MANY[70:]])[: -3 if cut_short else None]
    places = sorted({0, len(data), *(cut * len(data) // 20_000 for cut in cuts)})
    blocks = [data[start:end] for start, end in pairwise(places)]
    assert list(split_games(blocks)) == list(split_games([data]))


def test_records_without_sgf_count(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.sgf": b"", "b.sgf": bytes(range(256)), "c.sgf": GAMES[0]})
    found = read_one(tmp_path)
    assert [entry.error for entry in found if isinstance(entry, Text)] == ["no SGF in it"] * 2 + [None]


def damaged_archives() -> dict[str, tuple[bytes, int]]:
    """Name to (content, how many of the seven games can be read at least)."""
    members = {f"{number}.sgf": game for number, game in enumerate(GAMES)}
    tar, archive = tar_bytes(members), zip_bytes(members)
    header = bytearray(tar)
    header[2 * 1024 : 2 * 1024 + 512] = b"\xff" * 512
    return {
        "no.tar.gz": (b"not a tar", 0),
        "no.zip": (archive[:200], 0),
        "cut.tar": (tar[:3500], 2),
        "cut.tar.gz": (gzip.compress(tar)[:-20], 7),
        "cut.tar.xz": (lzma.compress(tar)[:-20], 0),
        "cut.sgf.gz": (gzip.compress(b"\n".join(GAMES))[:-20], 5),
        "cut.sgf.xz": (lzma.compress(b"\n".join(GAMES))[:-200], 3),
        "header.tar": (bytes(header), 2),
        "no.sgf.xz": (b"", 0),
    }


@pytest.mark.parametrize("name", damaged_archives())
def test_damage_is_told_and_what_stands_before_it_is_read(tmp_path: Path, name: str) -> None:
    data, at_least = damaged_archives()[name]
    write_files(tmp_path, {name: data})
    found = read_one(tmp_path)
    assert [entry.place for entry in found if isinstance(entry, Damage)] == [name]
    whole = [entry.data for entry in found if isinstance(entry, Text) and entry.data in GAMES]
    assert whole == GAMES[: len(whole)]
    assert len(whole) >= at_least


def test_a_damaged_zip_member_is_one_record(tmp_path: Path) -> None:
    archive = bytearray(zip_bytes({f"{number}.sgf": game for number, game in enumerate(GAMES)}))
    archive[60] ^= 0xFF
    write_files(tmp_path, {"z.zip": bytes(archive)})
    first, *rest = read_one(tmp_path)
    assert isinstance(first, Text)
    assert first.error
    assert first.place == "z.zip: 0.sgf"
    assert [entry.data for entry in rest if isinstance(entry, Text)] == GAMES[1:]


def test_progress_counts_the_bytes_on_disk(tmp_path: Path) -> None:
    write_files(tmp_path, {"c.tar.xz": packed("c.tar.xz", GAMES)})
    (source,) = find_sources([tmp_path])
    read: list[int] = []
    list(read_games(source, read.append))
    assert sum(read) == (tmp_path / "c.tar.xz").stat().st_size

"""From sources to a store: duplicates, splits, takes, and an account that adds up."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from shicho.engine.errors import BadConfig, BadRecord
from shicho.engine.replay import replay_games
from shicho.tools.commands import data
from shicho.training.data import store as store_module
from shicho.training.data.build import BLOCK_GAMES, Reporter, Take, WorkerEnded, _pool, build_games
from shicho.training.data.records import Cut, LeftOut
from shicho.training.data.sources import find_sources
from shicho.training.data.store import SPLITS, TEST, TRAIN, VALIDATION, Games, GameStore, Source
from tests.support.sgf_texts import packed, random_points, sgf_game, sgf_moves, write_files
from tests.support.symmetry import COUNT


def build(
    *roots: Path,
    tests: Sequence[tuple[str, Path]] = (),
    takes: Sequence[str] = (),
    jobs: int = 1,
    seed: int = 0,
    messages: list[str] | None = None,
) -> tuple[Games, dict[str, Source]]:
    lines = [] if messages is None else messages
    report = Reporter(message=lines.append, advance=lambda _: None)
    parsed = [Take.parse(take) for take in takes]
    games, sources = build_games(find_sources(roots, tests), takes=parsed, jobs=jobs, seed=seed, report=report)
    assert all(source.adds_up for source in sources)
    assert sum(source.kept_games for source in sources) == len(games)
    assert sum(source.kept_moves for source in sources) == len(games.moves)
    assert replay_games(games) == len(games.moves)
    return games, {source.name: source for source in sources}


def mixed_folder(folder: Path) -> Path:
    """Two folders and a loose collection with something wrong of every kind."""
    points = random_points(500, 30)
    wrong = [
        sgf_game(1, 10),
        sgf_game(2, tags="SZ[9]"),
        b"(;GM[1]SZ[19];B[aa",
        f"(;SZ[19]{sgf_moves(points)};B[{sgf_moves(points[:1])[3:5]}];W[aa])".encode(),
        sgf_game(103, transform=5),
    ]
    return write_files(
        folder,
        {
            "a/x.tar.xz": packed("x.tar.xz", [sgf_game(100 + number) for number in range(12)]),
            "a/y.zip": packed("y.zip", [sgf_game(200 + number) for number in range(9)]),
            "b/month.sgf.gz": packed("month.sgf.gz", [sgf_game(300 + number, 50 + number) for number in range(20)]),
            "loose/wrong.sgf": b"\n".join(wrong),
            "loose/broken.tar": b"no",
        },
    )


def test_every_record_is_accounted_for(tmp_path: Path) -> None:
    messages: list[str] = []
    games, sources = build(mixed_folder(tmp_path), messages=messages)
    wrong = sources["loose"]
    assert wrong.games_read == 5
    assert wrong.kept_games == 1
    assert wrong.left_out == {
        LeftOut.TOO_SHORT: 1,
        LeftOut.OTHER_SIZE: 1,
        LeftOut.UNREADABLE: 1,
        LeftOut.DUPLICATE: 1,
    }
    assert wrong.cut[Cut.ILLEGAL_MOVE] == 1
    assert wrong.moves_left_out[Cut.ILLEGAL_MOVE] == 2
    assert (wrong.moves_read, wrong.kept_moves) == (10 + 60 + 32 + 60, 30)
    assert [source.damaged for source in sources.values()] == [0, 0, 0, 1, 0]
    assert len(games) == 12 + 9 + 20 + 1
    assert len(messages) == 4
    assert all("\n" not in message for message in messages)


def test_the_number_of_processes_does_not_matter(tmp_path: Path) -> None:
    write_files(tmp_path, {"many.sgf": b"\n".join(sgf_game(seed, 30) for seed in range(2 * BLOCK_GAMES + 50))})
    alone, alone_sources = build(mixed_folder(tmp_path), takes=["b=7"])
    pooled, pooled_sources = build(tmp_path, takes=["b=7"], jobs=2)
    assert alone_sources == pooled_sources
    for name, values in alone.columns().items():
        np.testing.assert_array_equal(values, pooled.columns()[name], err_msg=name)


def test_of_transformed_copies_the_longest_stays(tmp_path: Path) -> None:
    copies = [sgf_game(1, 60 + 3 * transform, transform=transform) for transform in range(COUNT)]
    other = sgf_game(2, 60)
    write_files(tmp_path, {"a.sgf": b"\n".join([*copies[4:], other]), "b.zip": packed("b.zip", copies[:4])})
    games, sources = build(tmp_path)
    assert sorted(games.lengths.tolist()) == [60, 60 + 3 * 7]
    assert sum(source.left_out.get(LeftOut.DUPLICATE, 0) for source in sources.values()) == COUNT - 1


def test_the_test_copy_stays_even_if_shorter(tmp_path: Path) -> None:
    write_files(tmp_path, {"train/1.sgf": sgf_game(1, 90), "held/2.sgf": sgf_game(1, 70, transform=3)})
    games, sources = build(tmp_path, tests=[("held-out", tmp_path / "held")])
    assert games.lengths.tolist() == [70]
    assert games.split.tolist() == [TEST]
    assert sources["train"].left_out[LeftOut.DUPLICATE] == 1
    assert sources["train"].moves_left_out[LeftOut.DUPLICATE] == 90
    assert sources["held-out"].kept_games == 1


def test_the_default_test_archives(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {
            "pro/pro-2015.tar.xz": packed("p.tar.xz", [sgf_game(1)]),
            "kgs-6d/kgs-6d-2015.tar.gz": packed("k.tar.gz", [sgf_game(2)]),
            "pro/pro-2014.tar.xz": packed("q.tar.xz", [sgf_game(3)]),
        },
    )
    games, sources = build(tmp_path)
    names = [list(sources)[number] for number in games.source]
    assert dict(zip(names, games.split.tolist(), strict=True))["pro-2014"] != TEST
    assert {name for name, split in zip(names, games.split, strict=True) if split == TEST} == {"pro-2015", "kgs-2015"}
    assert sources["kgs-2015"].min_rank == 6


def test_splits_follow_the_hash(tmp_path: Path) -> None:
    originals = [sgf_game(seed, 25) for seed in range(1500)]
    transformed = [sgf_game(seed, 25, transform=1 + seed % 7) for seed in range(1500)]
    write_files(tmp_path, {"a/a.sgf": b"\n".join(originals), "b/b.sgf": b"\n".join(reversed(transformed))})
    games, _ = build(tmp_path)
    assert len(games) == len(set(games.hash.tolist())) == len(originals)
    assert set(games.split.tolist()) == {TRAIN, VALIDATION}
    assert 4 <= (games.split == VALIDATION).sum() <= 35
    again, _ = build(tmp_path / "b")
    split_of = dict(zip(games.hash.tolist(), games.split.tolist(), strict=True))
    assert {key: split_of[key] for key in again.hash.tolist()} == split_of
    assert [split_of[key] for key in again.hash.tolist()] == again.split.tolist()


@pytest.mark.parametrize(
    ("take", "read", "kept"),
    [("b=7", 42, 28), ("month=7", 42, 28), ("a=10", 42, 30), ("x=3", 42, 32), ("b=0", 42, 21), ("b=99", 42, 41)],
)
def test_take(tmp_path: Path, take: str, read: int, kept: int) -> None:
    folder = mixed_folder(tmp_path)
    (folder / "loose" / "broken.tar").unlink()
    write_files(folder, {"loose/wrong.sgf": sgf_game(1, 10)})
    games, sources = build(folder, takes=[take])
    assert sum(source.games_read for source in sources.values()) == read
    assert len(games) == kept
    assert sum(source.left_out.get(LeftOut.NOT_TAKEN, 0) for source in sources.values()) == 41 - kept


def test_take_is_seeded_and_no_head_of_the_source(tmp_path: Path) -> None:
    folder = mixed_folder(tmp_path)
    draws = [set(build(folder, takes=["b=10"], seed=seed)[0].hash.tolist()) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]
    head = set(build(folder, takes=["b=20"])[0].hash[-11:-1].tolist())
    assert draws[0] != head != draws[2]


def test_take_of_a_folder_leaves_its_tests_alone(tmp_path: Path) -> None:
    for year in (2014, 2015):
        games = [sgf_game(year + 10_000 * number) for number in range(5)]
        write_files(tmp_path, {f"pro/pro-{year}.zip": packed(".zip", games)})
    _, sources = build(tmp_path, takes=["pro=2"])
    assert {name: source.kept_games for name, source in sources.items()} == {"pro-2014": 2, "pro-2015": 5}
    _, sources = build(tmp_path, takes=["pro=2", "pro-2015=1"])
    assert {name: source.kept_games for name, source in sources.items()} == {"pro-2014": 2, "pro-2015": 1}


@pytest.mark.parametrize("take", ["nothing=3", "b", "b=", "=3", "b=-1", "b=x"])
def test_bad_take(tmp_path: Path, take: str) -> None:
    with pytest.raises(BadRecord, match="--take"):
        build(mixed_folder(tmp_path), takes=[take])


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(data.app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_command_line(tmp_path: Path) -> None:
    folder = mixed_folder(tmp_path / "games")
    target = tmp_path / "games.h5"
    marks = ["--as-test", "held", folder / "a" / "y.zip", "--as-test", "other", folder / "b"]
    built = run("build", folder, "-o", target, "--take", "x=5", *marks, "--jobs", "1", "--seed", "3")
    stored = GameStore.open(target)
    assert {source.name for source in stored.sources if source.test} == {"held", "other"}
    assert np.bincount(stored.split, minlength=len(SPLITS))[TEST] == 9 + 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["games", "games.h5"]
    shown = run("show", target)
    for word in ("not taken", "unreadable", "other size", "illegal move", "total"):
        assert word in built
        assert word in shown
    assert "x" in run("show", target, "--every")


@pytest.mark.parametrize(("text", "rank"), [("6d", 6), ("3k", -3), ("1p", 21), (None, None)])
def test_minimum_rank_of_test_sources(tmp_path: Path, text: str | None, rank: int | None) -> None:
    target = tmp_path / "games.h5"
    folder = mixed_folder(tmp_path / "games")
    options = [] if text is None else ["--min-rank", text]
    run("build", folder, "-o", target, "--as-test", "held", folder / "a", *options, "--jobs", "1")
    assert {source.min_rank for source in GameStore.open(target).sources if source.test} == {rank}
    assert {source.min_rank for source in GameStore.open(target).sources if not source.test} == {None}


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--as-test", "held", "a", "--min-rank", "strong"), "'strong'"), (("--min-rank", "6d"), "--min-rank")],
)
def test_bad_minimum_ranks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(mixed_folder(tmp_path))
    result = CliRunner().invoke(data.app, ["build", ".", "-o", "x.h5", *options])
    assert isinstance(result.exception, BadConfig)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not Path("x.h5").exists()


@pytest.mark.parametrize(
    "arguments",
    [("missing", "-o", "x.h5"), (".", "-o", "missing/x.h5"), (".", "-o", "x.h5", "--jobs", "0"), (".",)],
)
def test_bad_command_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    monkeypatch.chdir(mixed_folder(tmp_path))
    before = sorted(tmp_path.rglob("*"))
    assert CliRunner().invoke(data.app, ["build", *arguments]).exit_code != 0
    assert sorted(tmp_path.rglob("*")) == before


def test_a_process_that_is_killed_is_one_clear_error() -> None:
    def lose_one() -> None:
        with _pool(2) as executor:
            assert executor is not None
            executor.submit(os._exit, 9).result()

    with pytest.raises(WorkerEnded, match="one of 2 parsing processes"):
        lose_one()


def test_an_interruption_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = mixed_folder(tmp_path / "games")
    target = tmp_path / "games.h5"
    target.write_bytes(b"what was there")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store_module, "_write_column", interrupt)
    result = CliRunner().invoke(data.app, ["build", str(folder), "-o", str(target), "--jobs", "1"])
    assert result.exit_code != 0
    assert target.read_bytes() == b"what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["games", "games.h5"]

"""Small game stores: random numbers for the file format, real and random games for replay."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from shicho.training.data.records import read_block
from shicho.training.data.sources import Text
from shicho.training.data.store import GAME_DTYPES, TEST, TRAIN, VALIDATION, Games, GameStore, Source, join_games
from tests.support.real_games import FOLDER
from tests.support.sgf_texts import random_points, sgf_game, sgf_moves, sgf_point

SOURCES = (
    Source(name="train", group="train", sha256="0" * 64, kept_games=20, left_out={"duplicate": 3}),
    Source(name="folder/b", group="folder", sha256="1" * 64, games_read=4, left_out={"too short": 4}),
    Source(name="ranked", group="ranked", sha256="2" * 64, test=True, min_rank=6),
)


def no_owners(games: int) -> dict[str, Any]:
    """The columns `owner` and `owner_start` of games whose final owners are not known."""
    return {"owner": np.empty(0, np.uint8), "owner_start": np.zeros(games + 1, np.int64)}


def random_games(count: int, length: int = 30, seed: int = 0) -> Games:
    """Columns of plausible numbers; the moves do not make legal games."""
    rng = np.random.default_rng(seed)
    lengths, stones = rng.integers(length // 2, length + 1, count), rng.integers(0, 4, count)
    columns = {
        name: rng.integers(0, 3, count).astype(dtype)
        for name, dtype in GAME_DTYPES.items()
        if name not in ("hash", "komi")
    }
    return Games(
        moves=rng.integers(0, 362, lengths.sum()).astype(np.uint16) | np.uint16(0x8000),
        game_start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        setup=rng.integers(0, 361, stones.sum()).astype(np.uint16),
        setup_start=np.concatenate([[0], np.cumsum(stones)]).astype(np.int64),
        **no_owners(count),
        hash=rng.integers(0, 2**64, count, np.uint64),
        komi=np.where(rng.random(count) < 0.3, np.nan, 6.5).astype(np.float32),
        **columns,
    )


def small_store() -> GameStore:
    """The 19x19 games of the test data and random ones, in turns for training, validation, and the source `ranked`."""
    real = [path.read_bytes() for path in sorted(FOLDER.glob("19-*.sgf"))]
    made = [sgf_game(seed, 30 + seed, f"SZ[19]BR[{3 + seed % 7}d]WR[{9 - seed % 7}d]") for seed in range(30)]
    handicap = [sgf_game(90, 40, "SZ[19]BR[9d]WR[9d]HA[2]"), sgf_game(91, 40, "SZ[19]BR[9d]WR[9d]AB[aa]")]
    texts = [Text(place=str(number), data=data) for number, data in enumerate([*real, *made, *handicap])]
    games = read_block(texts, 0).games
    turn = np.arange(len(games)) % 4
    turn[-len(handicap) :] = 3
    source = np.where(turn == 3, 2, turn // 2).astype(np.uint8)
    split = np.array([TRAIN, TRAIN, VALIDATION, TEST], np.uint8)[turn]
    return GameStore(sources=SOURCES, command="", **replace(join_games([games]), source=source, split=split).columns())


GROUPED_SOURCES = (
    Source(name="pro-a", group="pro", sha256="0" * 64),
    Source(name="kgs-6d", group="kgs-6d", sha256="1" * 64),
    Source(name="pro-b", group="pro", sha256="2" * 64),
    Source(name="held-out", group="held-out", sha256="3" * 64, test=True),
)


@lru_cache
def grouped_texts() -> tuple[tuple[int, bytes], ...]:
    """SGF games with the index of their source in GROUPED_SOURCES: real ones with results, and made ones.

    Years, ranks and results differ and are missing in some. In one game black moves three times in a row, and some hold
    passes.
    """
    tags = [
        "DT[2001-02-03]BR[9p]WR[5d]",
        "DT[1999]BR[6d]WR[6d]",
        "BR[3k]WR[7d]",
        "DT[2010-11-12]WR[6d]",
        "DT[2005]",
    ]
    games = [path.read_bytes() for path in sorted(FOLDER.glob("19-*.sgf"))]
    games = [game.replace(b"SZ[19]", f"SZ[19]{tags[n % len(tags)]}".encode(), 1) for n, game in enumerate(games)]
    results = ["RE[0]", "RE[?]", "", "RE[W+R]", "RE[B+T]"]
    for seed in range(20):
        made = f"SZ[19]{tags[seed % len(tags)]}{results[(seed // 2) % len(results)]}"
        games.append(sgf_game(700 + seed, 21 + 3 * seed, made))
    first, second, *others = random_points(800, 40)
    row = f";B[{sgf_point(first)}];B[{sgf_point(second)}]"
    games.append(f"(;GM[1]SZ[19]HA[2]RE[W+5]DT[2000]BR[8d]WR[8d]{row}{sgf_moves(others)};W[];B[])".encode())
    return tuple((number % len(GROUPED_SOURCES), game) for number, game in enumerate(games))


def grouped_store() -> GameStore:
    """The games of `grouped_texts` in their order: those of `held-out` for testing, all others for training."""
    blocks = [read_block([Text(place="", data=data)], source).games for source, data in grouped_texts()]
    games = join_games(blocks)
    assert len(games) == len(grouped_texts())
    split = np.where(games.source == 3, TEST, TRAIN).astype(np.uint8)
    return GameStore(sources=GROUPED_SOURCES, command="", **replace(games, split=split).columns())

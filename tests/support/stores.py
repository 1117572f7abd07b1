"""Small game stores: random numbers for the file format, real and random games for replay."""

from dataclasses import replace

import numpy as np

from shicho.training.records import read_block
from shicho.training.sources import Text
from shicho.training.store import GAME_DTYPES, TEST, TRAIN, VALIDATION, Games, GameStore, Source, join_games
from tests.support.real_games import FOLDER
from tests.support.sgf_texts import sgf_game

SOURCES = (
    Source(name="train", group="train", sha256="0" * 64, kept_games=20, left_out={"duplicate": 3}),
    Source(name="folder/b", group="folder", sha256="1" * 64, games_read=4, left_out={"too short": 4}),
    Source(name="ranked", group="ranked", sha256="2" * 64, test=True, min_rank=6),
)


def random_games(count: int, length: int = 30, seed: int = 0) -> Games:
    """Columns of plausible numbers; the moves are no real games."""
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

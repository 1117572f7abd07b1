"""Rows for training, replayed in C from a store's arrays, against the same games replayed move by move in Python."""

import random
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from shicho.engine import _core, replay
from shicho.engine.errors import IllegalReason
from shicho.engine.features import FEATURE_SETS, SANDBOX_26, FeatureSet
from tests.support.real_games import Move, Record, StoreArrays, join_games, real_games, store_format
from tests.support.rows import BatchRows, empty_rows
from tests.support.slow_board import BLACK, WHITE

PASS_TARGET = 361


@cache
def store() -> StoreArrays:
    """All real games."""
    return join_games(real_games())


@cache
def every_ply() -> list[tuple[int, int]]:
    """Game and ply of every move."""
    return [(number, ply) for number, record in enumerate(real_games()) for ply in range(len(record.moves))]


def target(record: Record, ply: int) -> int:
    """The move on the 19x19 grid, pass 361."""
    point = record.moves[ply][1]
    if point == record.size**2:
        return PASS_TARGET
    offset = (19 - record.size) // 2
    return (point // record.size + offset) * 19 + point % record.size + offset


@cache
def replayed_in_python(number: int, history: int) -> NDArray[np.uint8]:
    """The packed planes before every move of a game, from a Board and its moves."""
    record = real_games()[number]
    board = _core.Board(record.size)
    for colour, point in record.setup:
        board.place(colour, point)
    out = np.zeros((len(record.moves), 26, 48), np.uint8)
    for ply, (colour, point) in enumerate(record.moves):
        recent = record.moves[max(0, ply - history) : ply]
        _core.packed_planes(_core.SANDBOX_26, board, colour, store_format(recent, record.size), np.nan, 0, out[ply])
        assert board.try_play(colour, point, True) == _core.LEGAL
    return out


def check(rows: BatchRows) -> None:
    """Compare every row with the game replayed in Python."""
    for row, (game, ply, history) in enumerate(zip(rows.games, rows.plies, rows.history, strict=True)):
        expected = replayed_in_python(int(game), int(history))[ply]
        assert (rows.packed[row] == expected).all(), f"row {row}: game {game}, ply {ply}, history {history}"
        assert rows.targets[row] == target(real_games()[game], int(ply)), f"row {row}: game {game}, ply {ply}"


def test_every_ply_of_every_game_in_order() -> None:
    pairs = every_ply()
    rows = empty_rows([game for game, _ in pairs], [ply for _, ply in pairs], [5] * len(pairs)).fill(store())
    check(rows)
    assert (rows.targets == PASS_TARGET).sum() >= 20
    assert len(pairs) > 5_000


@pytest.mark.parametrize("seed", range(3))
def test_random_order_and_history(seed: int) -> None:
    """Rows of one game that are apart or neighbours, with rising, falling and repeated plies."""
    rng = random.Random(seed)
    pairs = [pair for pair in rng.choices(every_ply(), k=600) for _ in range(rng.choice((1, 1, 2)))]
    pairs += sorted(rng.choices(every_ply(), k=200)) + sorted(rng.choices(every_ply(), k=200), reverse=True)
    history = [rng.randrange(6) for _ in pairs]
    check(empty_rows([game for game, _ in pairs], [ply for _, ply in pairs], history).fill(store()))


@pytest.mark.parametrize("depth", range(6))
def test_history_is_cut_at_its_depth(depth: int) -> None:
    game = next(number for number, record in enumerate(real_games()) if record.size == 19)
    rows = empty_rows([game] * 30, list(range(30)), [depth] * 30).fill(store())
    check(rows)
    marked = rows.packed[:, 18:23].any(axis=2).sum(axis=1)
    assert marked.tolist() == [min(ply, depth) for ply in range(30)]


def test_no_rows() -> None:
    assert _core.replay_rows(_core.SANDBOX_26, *store(), *empty_rows([], [], [])) is None


def test_threads_give_what_one_thread_gives() -> None:
    rng = random.Random(1)
    pairs = rng.choices(every_ply(), k=4_000)
    alone = empty_rows([game for game, _ in pairs], [ply for _, ply in pairs], [5] * len(pairs)).fill(store())
    parts = [slice(at, at + 250) for at in range(0, len(pairs), 250)]
    shared = empty_rows(alone.games.tolist(), alone.plies.tolist(), alone.history.tolist())
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(shared.part(part).fill, store()) for part in parts]:
            done.result()
    assert (shared.packed == alone.packed).all()
    assert (shared.targets == alone.targets).all()


def test_moves_and_ladders_are_counted() -> None:
    positions, captured = _core.replay_ladders(*store())
    assert _core.replay_games(*store()) == positions == len(every_ply())
    expected = 0
    for record in real_games():
        board = _core.Board(record.size)
        for colour, point in record.setup:
            board.place(colour, point)
        for colour, point in record.moves:
            numbers = np.unique(board.chains()[board.liberties().astype(int) % 3 > 0]).tolist()
            few = [number for number in numbers if len(board.chain(number)[1]) <= 2]
            expected += sum(board.ladder(number)[0] for number in few)
            board.try_play(colour, point, True)
    assert captured == expected


KO = [(BLACK, p) for p in (1, 9, 19)] + [(WHITE, p) for p in (2, 12, 20, 10)] + [(BLACK, 11)]


@pytest.mark.parametrize(
    ("name", "setup", "moves", "expected"),
    [
        ("nothing", [], [], (0, _core.LEGAL)),
        ("two passes and on", [], [(BLACK, 81), (WHITE, 81), (BLACK, 0)], (3, _core.LEGAL)),
        ("the same colour twice", [], [(BLACK, 0), (BLACK, 1)], (2, _core.LEGAL)),
        ("occupied", [], [(BLACK, 0), (WHITE, 0), (BLACK, 1)], (1, _core.OCCUPIED)),
        ("occupied by a set-up stone", [(BLACK, 40)], [(WHITE, 40)], (0, _core.OCCUPIED)),
        ("ko", [], [*KO, (WHITE, 10), (BLACK, 80)], (8, _core.KO)),
        ("ko after a threat", [], [*KO, (WHITE, 80), (BLACK, 79), (WHITE, 10)], (11, _core.LEGAL)),
        ("a single stone's suicide", [(WHITE, 1), (WHITE, 9)], [(BLACK, 0), (BLACK, 0)], (2, _core.LEGAL)),
        ("a chain's suicide", [(WHITE, p) for p in (2, 9, 10)], [(BLACK, 0), (BLACK, 1), (WHITE, 1)], (3, _core.LEGAL)),
        ("a set-up stone twice", [(BLACK, 0), (WHITE, 0)], [(BLACK, 5)], (-1, _core.OCCUPIED)),
        ("a set-up stone without liberties", [(WHITE, 1), (WHITE, 9), (BLACK, 0)], [], (-1, _core.SUICIDE)),
    ],
)
def test_legal_length(name: str, setup: list[Move], moves: list[Move], expected: tuple[int, int]) -> None:
    assert _core.legal_length(9, store_format(setup, 9), store_format(moves, 9)) == expected, name


def test_legal_length_of_real_games_and_of_spoilt_ones() -> None:
    rng = random.Random(5)
    for record in real_games():
        setup, moves = store_format(record.setup, record.size), store_format(record.moves, record.size)
        assert _core.legal_length(record.size, setup, moves) == (len(moves), _core.LEGAL), record.name
        board = _core.Board(record.size)
        for colour, point in record.setup:
            board.place(colour, point)
        cut = rng.randrange(5, len(moves) - 2)
        for colour, point in record.moves[:cut]:
            board.try_play(colour, point, True)
        taken = int(np.flatnonzero(board.stones.ravel())[rng.randrange(3)])
        moves[cut] = taken
        assert _core.legal_length(record.size, setup, moves) == (cut, _core.OCCUPIED), record.name


def test_an_illegal_move_before_the_ply_is_named() -> None:
    records = [
        Record("sound", 9, (), ((BLACK, 0), (WHITE, 1), (BLACK, 2))),
        Record("broken", 9, (), ((BLACK, 5), (WHITE, 5), (BLACK, 6))),
    ]
    arrays = join_games(records)
    rows = empty_rows([0, 1, 1], [2, 0, 1], [5, 5, 5]).fill(arrays)
    assert rows.targets.tolist() == [5 * 19 + 7, 5 * 19 + 10, 5 * 19 + 10]
    with pytest.raises(ValueError, match=r"(?s)row 1.*game 1.*ply 1"):
        empty_rows([0, 1, 0], [0, 2, 1], [5, 5, 5]).fill(arrays)
    with pytest.raises(ValueError, match=r"(?s)game 1.*ply 1"):
        _core.replay_games(*arrays)


class Columns(NamedTuple):
    """The arrays of a store under the names of `GameColumns`."""

    moves: NDArray[np.uint16]
    game_start: NDArray[np.int64]
    setup: NDArray[np.uint16]
    setup_start: NDArray[np.int64]
    size: NDArray[np.uint8]


@pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=str)
def test_replay_positions_gives_what_the_core_writes(features: FeatureSet) -> None:
    rng = random.Random(2)
    pairs = rng.choices(every_ply(), k=100)
    expected = empty_rows(
        [game for game, _ in pairs],
        [ply for _, ply in pairs],
        [rng.randrange(6) for _ in pairs],
        komi=[rng.choice((7.5, -3.5, np.nan)) for _ in pairs],
        rules=[rng.randrange(8) for _ in pairs],
        features=features,
    ).fill(store(), features)
    packed, moves = replay.replay_positions(
        Columns(*store()),
        features,
        expected.games,
        expected.plies,
        history_length=expected.history,
        komi=expected.komi,
        rules=expected.rules,
    )
    assert (packed.shape, packed.dtype, moves.dtype) == ((100, len(features), replay.PACKED_BYTES), np.uint8, np.int64)
    assert (packed == expected.packed).all()
    assert (moves == expected.targets).all()


def ask(columns: Columns, games: list[int], plies: list[int]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    count = len(games)
    return replay.replay_positions(
        columns,
        SANDBOX_26,
        np.array(games, np.int64),
        np.array(plies, np.int64),
        history_length=np.full(count, replay.HISTORY_LENGTH, np.uint8),
        komi=np.full(count, 7.5, np.float32),
        rules=np.full(count, replay.ALL_RULES, np.uint8),
    )


def test_replay_positions_of_nothing_and_of_what_is_not_there() -> None:
    columns = Columns(*join_games([Record("broken", 9, (), ((BLACK, 5), (WHITE, 5), (BLACK, 6)))]))
    packed, moves = ask(columns, [], [])
    assert (packed.shape, moves.shape) == ((0, 26, 48), (0,))
    assert len(ask(columns, [0, 0], [0, 1])[1]) == 2
    with pytest.raises(ValueError, match=r"row 1.*game 0.*ply 1.*occupied"):
        ask(columns, [0, 0], [0, 2])
    with pytest.raises(ValueError, match="ply 3"):
        ask(columns, [0], [3])
    with pytest.raises(ValueError, match="game 1"):
        ask(columns, [1], [0])
    with pytest.raises(ValueError, match="plies"):
        ask(columns, [0, 0], [0])


def test_whole_games_are_counted_as_the_core_counts_them() -> None:
    columns = Columns(*store())
    assert replay.replay_games(columns) == len(every_ply())
    assert replay.replay_ladders(columns) == _core.replay_ladders(*store())
    played = replay.playout_games(columns, 2, 7)
    assert played == _core.playout_games(*store(), 2, 7)
    assert played != replay.playout_games(columns, 2, 8)
    with pytest.raises(ValueError, match="seed"):
        replay.playout_games(columns, 1, -1)
    broken = Columns(*join_games([Record("broken", 9, (), ((BLACK, 5), (WHITE, 5)))]))
    with pytest.raises(ValueError, match=r"game 0.*ply 1"):
        replay.replay_games(broken)
    with pytest.raises(ValueError, match=r"game 0.*ply 1"):
        replay.replay_ladders(broken)


@pytest.mark.parametrize(
    ("setup", "moves", "expected"),
    [
        ([], [], (0, None)),
        ([], [(BLACK, 0), (WHITE, 81), (BLACK, 1)], (3, None)),
        ([], [(BLACK, 0), (WHITE, 0)], (1, IllegalReason.OCCUPIED)),
        ([], [*KO, (WHITE, 10)], (8, IllegalReason.KO)),
        ([(WHITE, 1), (WHITE, 9), (BLACK, 0)], [], (-1, IllegalReason.SUICIDE)),
        ([(BLACK, 0), (WHITE, 0)], [(BLACK, 5)], (-1, IllegalReason.OCCUPIED)),
    ],
)
def test_legal_length_with_reasons(
    setup: list[Move], moves: list[Move], expected: tuple[int, IllegalReason | None]
) -> None:
    assert replay.legal_length(9, store_format(setup, 9), store_format(moves, 9)) == expected


def test_legal_length_refuses_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="20"):
        replay.legal_length(20, np.empty(0, np.uint16), np.empty(0, np.uint16))
    with pytest.raises(ValueError, match="int64"):
        replay.legal_length(9, np.empty(0, np.uint16), np.empty(0, np.int64))  # type: ignore[arg-type]


def test_constants_are_those_of_the_core() -> None:
    assert (replay.HISTORY_LENGTH, replay.PACKED_BYTES, replay.ALL_RULES) == (5, 48, 7)

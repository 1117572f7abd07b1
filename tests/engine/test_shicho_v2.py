"""The planes of `shicho-v2` against their definitions, computed on slow boards."""

import math
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from shicho.engine import Colour, Game, KoRule, Rules, _core
from shicho.engine.errors import BadConfig
from shicho.engine.features import FEATURE_SETS, SANDBOX_26, SHICHO_V2, feature_set, find_feature_set, unpack
from shicho.engine.rules import HandicapCompensation, Scoring
from tests.support.diagrams import read_diagram
from tests.support.random_games import random_moves
from tests.support.real_games import Move, Record, join_games, real_games, store_format
from tests.support.rows import empty_rows
from tests.support.slow_board import BLACK, WHITE, SlowBoard
from tests.support.slow_ladder import LadderUnread
from tests.support.slow_shicho_v2 import slow_shicho_v2
from tests.support.symmetry import COUNT, move_array, move_point

RUN, RUNS = 7, 300
KOMI = (math.nan, -7.5, -0.5, 0.0, 0.5, 2.0, 3.75, 5.5, 6.5, 7.0, 7.5, 60.0)
INDEX = {plane.name: plane.index for plane in SHICHO_V2.planes}


class Asked(NamedTuple):
    """A row, and the position with the two before it, where there are so many."""

    game: int
    ply: int
    history: int
    komi: float
    rules: int
    boards: tuple[SlowBoard, ...]


def positions(record: Record) -> Iterator[tuple[SlowBoard, ...]]:
    """Before every move the position, and the one or two before it, the latest first."""
    latest: deque[SlowBoard] = deque(maxlen=3)
    for board in record.positions():
        latest.appendleft(board.copy())
        yield tuple(latest)


def asked_of_real_games() -> list[Asked]:
    """Runs of seven plies (so that ladders are read once for three rows), evenly spread over all games."""
    rng = random.Random(1)
    total = sum(len(record.moves) for record in real_games())
    wanted = {int(start) + k for start in np.linspace(0, total - RUN, RUNS) for k in range(RUN)}
    found, passed = [], 0
    for game, record in enumerate(real_games()):
        for ply, boards in enumerate(positions(record)):
            if passed in wanted:
                history = rng.choice((0, 1, 2, 3, 4, 5, 5, 5, 5, 5))
                found.append(Asked(game, ply, history, rng.choice(KOMI), rng.randrange(_core.ALL_RULES + 1), boards))
            passed += 1
    return found


def rows_of(asked: Sequence[Asked]) -> NDArray[np.float32]:
    """Return their planes from the replay in C, float32 [n, 38, 19, 19]."""
    games, plies, history, komi, rules, _ = zip(*asked, strict=True)
    rows = empty_rows(games, plies, history, komi=komi, rules=rules, features=SHICHO_V2)
    return unpack(rows.fill(join_games(real_games()), SHICHO_V2).packed)


def differences(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> str:
    places = np.argwhere(ours != theirs)
    return "".join(
        f"\n{SHICHO_V2.planes[p].name}, row {r}, column {c}: C {ours[p, r, c]:.0f}" for p, r, c in places[:10]
    )


def test_every_plane_on_real_positions() -> None:
    asked = asked_of_real_games()
    marked = np.zeros(len(SHICHO_V2), np.int64)
    for row, ours in zip(asked, rows_of(asked), strict=True):
        game, ply, history, komi, rules, boards = row
        colour, recent = real_games()[game].moves[ply][0], real_games()[game].moves[:ply]
        slow = slow_shicho_v2(boards, colour, recent, history=history, komi=komi, rules=rules)
        assert (ours == slow).all(), f"{real_games()[game].name}, {row[1:5]}{differences(ours, slow)}"
        marked += ours.any(axis=(1, 2))
    assert len(asked) >= 2_000
    assert marked.min() >= 10, f"positions that mark each plane: {marked.tolist()}"


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 9])
def test_every_plane_in_random_games(size: int) -> None:
    """Suicide, passes and moves out of turn among them, on the board that played them, seen by either side."""
    compared = 0
    for seed in range(6):
        rng = random.Random(seed)
        board, slow, recent = _core.Board(size), SlowBoard(size), list[Move]()
        boards = deque([slow.copy()], maxlen=3)
        for colour, point in random_moves(rng, board, 3 * size * size):
            if board.try_play(colour, point, True) != _core.LEGAL:
                continue
            slow.play(colour, point)
            recent.append((colour, point))
            boards.appendleft(slow.copy())
            if rng.random() < 0.3:
                komi, rules, to_play = rng.choice(KOMI), rng.randrange(_core.ALL_RULES + 1), rng.choice((BLACK, WHITE))
                with suppress(LadderUnread):
                    theirs = slow_shicho_v2(boards, to_play, recent, komi=komi, rules=rules)
                    ours = planes(board, to_play, recent, komi, rules)
                    assert (ours == theirs).all(), f"seed {seed}, {recent}{differences(ours, theirs)}"
                    compared += 1
    assert compared >= 10


def planes(
    board: _core.Board, to_play: int, recent: Sequence[Move], komi: float = math.nan, rules: int = 0
) -> NDArray[np.float32]:
    """Return the planes of a board; check that the packed planes are equal and that the board does not change."""
    before = board.hash, board.ko, board.move_count, board.stones.tobytes(), board.liberties().tobytes()
    out = np.full((len(SHICHO_V2), 19, 19), 7.0, np.float32)
    packed = np.full((len(SHICHO_V2), 48), 0xA5, np.uint8)
    moves = store_format(recent, board.size)
    _core.planes(SHICHO_V2.number, board, to_play, moves, komi, rules, out)
    _core.packed_planes(SHICHO_V2.number, board, to_play, moves, komi, rules, packed)
    assert (unpack(packed) == out).all()
    assert (board.hash, board.ko, board.move_count, board.stones.tobytes(), board.liberties().tobytes()) == before
    board.check_consistency()
    return out


def test_a_game_in_play_gives_what_training_saw() -> None:
    for game, record in enumerate(real_games()):
        if game % 5:
            continue
        plies = len(record.moves)
        rules = _core.RULE_SUICIDE
        rows = empty_rows(
            [game] * plies, range(plies), [5] * plies, komi=[6.5] * plies, rules=[rules] * plies, features=SHICHO_V2
        )
        rows.fill(join_games(real_games()), SHICHO_V2)
        played = Game(record.size, Rules(ko=KoRule.SIMPLE, suicide=True, komi=6.5))
        for colour, point in record.setup:
            played.board.place(colour, point)
        for ply, (colour, point) in enumerate(record.moves):
            packed = SHICHO_V2.compute_packed(played, Colour(colour))
            assert (packed == rows.packed[ply]).all(), f"{record.name}, ply {ply}"
            if not played.is_over:
                played.play(Colour(colour), point)


@pytest.mark.parametrize("symmetry", range(COUNT))
@pytest.mark.parametrize("swap", [False, True])
def test_planes_commute_with_symmetries_and_colours(symmetry: int, swap: bool) -> None:
    """Swapping colours, and komi's sign with them, changes nothing: planes are relative."""
    records = real_games()[symmetry % 3 :: 3]

    def moved(moves: tuple[Move, ...], size: int) -> tuple[Move, ...]:
        return tuple((BLACK + WHITE - c if swap else c, move_point(p, size, symmetry)) for c, p in moves)

    turned = [Record(r.name, r.size, moved(r.setup, r.size), moved(r.moves, r.size)) for r in records]
    places = [(game, ply) for game, record in enumerate(records) for ply in range(game % 3, len(record.moves), 3)]
    games, plies = zip(*places, strict=True)
    found = []
    for chosen, sign in ((records, 1), (turned, -1 if swap else 1)):
        komi = [sign * KOMI[game % len(KOMI)] for game in games]
        rules = [ply % 8 for ply in plies]
        rows = empty_rows(games, plies, [ply % 6 for ply in plies], komi=komi, rules=rules, features=SHICHO_V2)
        found.append(unpack(rows.fill(join_games(chosen), SHICHO_V2).packed))
    for (game, ply), played, seen in zip(places, *found, strict=True):
        expected = move_array(played, symmetry)
        assert (seen == expected).all(), f"{records[game].name}, ply {ply}{differences(seen, expected)}"


# Black takes the stone in the corner, which could not get out; then both play elsewhere.
CORNER = read_diagram("OX...\n.X...\nX....\n.....\n.....")
TAKES, W_FAR, B_FAR, W_PASS = (BLACK, 5), (WHITE, 24), (BLACK, 22), (WHITE, 25)


@pytest.mark.parametrize(
    ("name", "to_play", "moves", "history", "expected"),
    [
        ("at the start, what is now", WHITE, (), 5, (True, True, True)),
        ("of one move, two back is one back", WHITE, (TAKES,), 5, (False, True, True)),
        ("two moves", BLACK, (TAKES, W_FAR), 5, (False, False, True)),
        ("three moves", WHITE, (TAKES, W_FAR, B_FAR), 5, (False, False, False)),
        ("a pass is a move", BLACK, (TAKES, W_PASS), 5, (False, False, True)),
        ("history cut to nothing", WHITE, (TAKES,), 0, (False, False, False)),
        ("history cut to one move", WHITE, (TAKES,), 1, (False, True, True)),
        ("history cut to one move of two", BLACK, (TAKES, W_FAR), 1, (False, False, False)),
        ("history cut to two moves", BLACK, (TAKES, W_FAR), 2, (False, False, True)),
        ("the side to move has just moved", BLACK, (TAKES,), 5, (False, False, False)),
        ("one side twice", WHITE, (TAKES, B_FAR), 5, (False, False, False)),
    ],
)
def test_ladders_of_earlier_positions(
    name: str, to_play: int, moves: tuple[Move, ...], history: int, expected: tuple[bool, bool, bool]
) -> None:
    """Return whether the corner stone is marked as captured now, one move back and two moves back."""
    setup = tuple((colour, point) for point, colour in CORNER.stones.items())
    store = join_games([Record(name, 5, setup, (*moves, (to_play, 12)))])
    row = unpack(empty_rows([0], [len(moves)], [history], features=SHICHO_V2).fill(store, SHICHO_V2).packed)[0]
    found = tuple(bool(row[INDEX[plane], 7, 7]) for plane in ("ladder_captured", "ladder_1_back", "ladder_2_back"))
    assert found == expected, name


def test_a_board_that_cannot_go_back_shows_the_present() -> None:
    board = CORNER.board()
    board.try_play(*TAKES, False)
    assert planes(board, WHITE, [TAKES])[INDEX["ladder_1_back"], 7, 7] == 1
    assert not planes(board.copy(), WHITE, [TAKES])[INDEX["ladder_1_back"]].any()


@pytest.mark.parametrize(
    ("komi", "black", "white"),
    [
        (7.5, 0, 8),
        (7.0, 1, 8),
        (6.5, 1, 7),
        (5.5, 2, 6),
        (3.75, 3, 5),
        (0.5, 4, 4),
        (0.0, 4, 4),
        (-0.5, 4, 4),
        (-5.5, 6, 2),
        (math.inf, 0, 8),
        (math.nan, 0, 0),
    ],
)
def test_komi_fills_planes_one_after_another(komi: float, black: int, white: int) -> None:
    steps = slice(INDEX["self_komi_-7"], INDEX["superko"])
    for to_play, count in ((BLACK, black), (WHITE, white)):
        for size in (9, 19):
            found = planes(_core.Board(size), to_play, [], komi)
            filled = found[steps].sum(axis=(1, 2)) / size**2
            assert filled.tolist() == [1] * count + [0] * (8 - count)
            assert (found[INDEX["komi_known"]] == (0 if math.isnan(komi) else found[0])).all()


@pytest.mark.parametrize("ko", KoRule)
@pytest.mark.parametrize("suicide", [False, True])
@pytest.mark.parametrize("scoring", Scoring)
def test_rules_of_a_game_fill_their_planes(ko: KoRule, suicide: bool, scoring: Scoring) -> None:
    found = SHICHO_V2.compute(Game(13, Rules(ko=ko, suicide=suicide, scoring=scoring)))
    assert (found[INDEX["superko"]] == found[0] * (ko is not KoRule.SIMPLE)).all()
    assert (found[INDEX["suicide"]] == found[0] * suicide).all()
    assert (found[INDEX["territory"]] == found[0] * (scoring is Scoring.TERRITORY)).all()


@pytest.mark.parametrize(("compensation", "steps"), list(zip(HandicapCompensation, (4, 6, 5), strict=True)))
def test_points_for_handicap_stones_count_as_komi(compensation: HandicapCompensation, steps: int) -> None:
    """Half a point and none, five or four of them, for five stones; white is to move."""
    game = Game(9, Rules(komi=0.5, handicap_compensation=compensation))
    game.place_handicap(game.fixed_handicap_points(5))
    found = SHICHO_V2.compute(game)
    assert found[INDEX["self_komi_-7"] : INDEX["superko"]].any(axis=(1, 2)).tolist() == [True] * steps + [False] * (
        8 - steps
    )


def test_sandbox_26_reads_neither_komi_nor_rules() -> None:
    games = (Game(9, Rules(komi=komi, ko=ko)) for komi in (-7.5, 7.5) for ko in KoRule)
    assert len({SANDBOX_26.compute(game).tobytes() for game in games}) == 1


def test_the_planes_are_those_that_networks_were_trained_on(golden: Callable[[str, str], None]) -> None:
    """A hash of every row of every real game: a change of the hash needs a new version of the feature set."""
    lines = []
    for game, record in enumerate(real_games()):
        plies = len(record.moves)
        komi, rules = [KOMI[(game + ply) % len(KOMI)] for ply in range(plies)], [ply % 8 for ply in range(plies)]
        rows = empty_rows([game] * plies, range(plies), [5] * plies, komi=komi, rules=rules, features=SHICHO_V2)
        rows.fill(join_games(real_games()), SHICHO_V2)
        lines.append(f"{record.name} {plies} {sha256(rows.packed.tobytes()).hexdigest()}\n")
    golden("planes-shicho-v2.txt", "".join(lines))


def test_the_tables() -> None:
    for features, count in ((SANDBOX_26, 26), (SHICHO_V2, 38)):
        assert [plane.index for plane in features.planes] == list(range(count))
        assert max(Counter(plane.name for plane in features.planes).values()) == 1
        assert FEATURE_SETS[features.name] is feature_set(features.name) is features
        for version in (1, "1"):
            assert find_feature_set(features.name, version) is features
        for name, version in ((features.name, 2), (features.name, None), ("", 1), (None, None)):
            assert find_feature_set(name, version) is None
    with pytest.raises(BadConfig, match="shicho-9"):
        feature_set("shicho-9")

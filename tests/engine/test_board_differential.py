"""The C board against sgfmill's board and the slow board, over seeded random moves and hypothesis-made sequences."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sgfmill import boards

from shicho.engine import _core
from tests.support.random_games import SIZES, owners, random_moves, random_position
from tests.support.real_games import real_games
from tests.support.slow_board import BLACK, WHITE, SlowBoard

LETTERS = " bw"
Move = tuple[int, int]

# Legal moves played, half of them with suicide forbidden: 220,000 in all against sgfmill.
MOVES_AGAINST_SGFMILL = {2: 10_000, 3: 20_000, 5: 40_000, 7: 50_000, 9: 50_000, 13: 30_000, 19: 20_000}
MOVES_AGAINST_SLOW_BOARD = {2: 1_000, 3: 1_500, 5: 1_500, 7: 1_500, 9: 1_000, 13: 500, 19: 300}
MOVES_TAKEN_BACK = {2: 1_000, 3: 2_000, 5: 3_000, 7: 3_000, 9: 3_000, 13: 3_000, 19: 3_000}

EACH_SIZE = pytest.mark.parametrize("size", SIZES)
EITHER_SUICIDE_RULE = pytest.mark.parametrize("suicide", [False, True], ids=["suicide forbidden", "suicide allowed"])


@dataclass
class RandomGame:
    """A game of random moves on a board, with its seed and moves for reports."""

    seed: str
    board: _core.Board
    most: int
    tried: list[Move] = field(default_factory=list)

    def moves(self) -> Iterator[Move]:
        """Moves to try, the board decides which are legal, until `most` were."""
        rng, size = random.Random(self.seed), self.board.size
        for move in random_moves(rng, self.board, rng.randrange(4 * size * size) + 20):
            if self.board.move_count == self.most:
                return
            self.tried.append(move)
            yield move

    def __str__(self) -> str:
        return f"seed {self.seed!r}, tried in turn {self.tried}"


def random_games(size: int, moves: int, suicide: bool) -> Iterator[RandomGame]:
    """Yield games on boards on which the caller plays, until that many moves were played."""
    for number in count():
        game = RandomGame(f"{size} {suicide} {number}", _core.Board(size), moves)
        yield game
        moves -= game.board.move_count
        if moves <= 0:
            return


class Sgfmill:
    """sgfmill's board, with legality as far as playing on it tells."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.board = boards.Board(size)
        self.ko: tuple[int, int] | None = None

    def try_play(self, colour: int, point: int, suicide: bool) -> int:
        """Play like the C board: an illegal move changes nothing."""
        if point == self.size * self.size:
            self.ko = None
            return _core.LEGAL
        row, column = self.size - 1 - point // self.size, point % self.size
        if self.board.get(row, column) is not None:
            return _core.OCCUPIED
        if self.ko == (colour, point):
            return _core.KO
        before = [line[:] for line in self.board.board]
        banned = self.board.play(row, column, LETTERS[colour])
        if self.board.get(row, column) is None and not suicide:
            self.board.board = before
            return _core.SUICIDE
        self.ko = (BLACK + WHITE - colour, self.point(banned)) if banned is not None else None
        return _core.LEGAL

    def point(self, place: tuple[int, int]) -> int:
        """Convert sgfmill's row and column to a point."""
        return (self.size - 1 - place[0]) * self.size + place[1]

    def stones(self) -> dict[int, int]:
        """Return the stones by point."""
        return {self.point(place): LETTERS.index(colour) for colour, place in self.board.list_occupied_points()}


def state(board: _core.Board) -> tuple[object, ...]:
    """Return the whole public state of a board."""
    return (
        board.hash,
        board.ko,
        board.captures,
        board.move_count,
        board.stones.tobytes(),
        board.liberties().tobytes(),
        board.chains().tobytes(),
        board.area().tobytes(),
        board.pass_alive().tobytes(),
        *(board.legal_points(colour, suicide).tobytes() for colour in (BLACK, WHITE) for suicide in (False, True)),
    )


@EITHER_SUICIDE_RULE
@EACH_SIZE
def test_against_sgfmill(size: int, suicide: bool) -> None:
    hashes: dict[tuple[tuple[int, int], ...], int] = {}
    for game in random_games(size, MOVES_AGAINST_SGFMILL[size] // 2, suicide):
        ours, theirs = game.board, Sgfmill(size)
        for number, (colour, point) in enumerate(game.moves()):
            expected = theirs.try_play(colour, point, suicide)
            assert ours.legality(colour, point, suicide) == expected, game
            assert ours.try_play(colour, point, suicide) == expected, game
            assert ours.ko == theirs.ko, game
            if number % 8 == 0:
                stones = theirs.stones()
                assert owners(ours.stones) == stones, game
                assert hashes.setdefault(tuple(stones.items()), ours.hash) == ours.hash, game
                ours.check_consistency()
        assert owners(ours.stones) == theirs.stones(), game
    assert len(set(hashes.values())) == len(hashes), "different stones, same hash"


@EITHER_SUICIDE_RULE
@EACH_SIZE
def test_against_the_slow_board(size: int, suicide: bool) -> None:
    for game in random_games(size, MOVES_AGAINST_SLOW_BOARD[size] // 2, suicide):
        ours, slow = game.board, SlowBoard(size)
        for colour, point in game.moves():
            expected = slow.legality(colour, point, suicide=suicide)
            assert ours.try_play(colour, point, suicide) == expected, game
            if expected == _core.LEGAL:
                slow.play(colour, point)
                compare_all(ours, slow, game)


def compare_all(ours: _core.Board, slow: SlowBoard, where: object) -> None:
    """Compare everything that both boards know."""
    size = slow.size
    ours.check_consistency()
    assert owners(ours.stones) == slow.stones, where
    assert (ours.ko, ours.captures) == (slow.ko, slow.captures), where
    liberties, numbers = ours.liberties().ravel(), ours.chains().ravel()
    chains = slow.chains()
    for chain in chains:
        stones, free = ours.chain(max(chain.stones))
        assert (stones, free) == (sorted(chain.stones), sorted(chain.liberties)), where
        assert {int(liberties[stone]) for stone in stones} == {len(free)}, where
        assert len({int(numbers[stone]) for stone in stones}) == 1, where
        assert int(numbers[stones[0]]) in chain.stones, where
    empty = [point for point in range(size * size) if point not in slow.stones]
    assert (liberties[empty] == 0).all(), where
    assert (numbers[empty] == -1).all(), where
    for colour in (BLACK, WHITE):
        assert set(np.flatnonzero(ours.own_eyes(colour)).tolist()) == slow.own_eyes(colour), where
        for suicide in (False, True):
            legal = [slow.legality(colour, p, suicide=suicide) == _core.LEGAL for p in range(size * size + 1)]
            assert ours.legal_points(colour, suicide).tolist() == legal, where


@EACH_SIZE
def test_undo_restores_everything_that_can_be_seen(size: int) -> None:
    for game in random_games(size, MOVES_TAKEN_BACK[size], True):
        board, history = game.board.copy(), [state(game.board)]
        for colour, point in game.moves():
            if game.board.try_play(colour, point, True) == board.try_play(colour, point, True) == _core.LEGAL:
                history.append(state(board))
        while len(history) > 1:
            assert state(board) == history.pop(), game
            board.undo()
            board.check_consistency()
        assert state(board) == history.pop(), game


@EACH_SIZE
def test_undo_and_play_on(size: int) -> None:
    """Undoing and replaying moves gives the same board as playing straight through."""
    for game in random_games(size, MOVES_TAKEN_BACK[size], False):
        rng = random.Random(game.seed)
        winding, line = _core.Board(size), list[Move]()
        for colour, point in game.moves():
            for _ in range(rng.choice((0, 0, 0, 0, 1, 3))):
                if line:
                    winding.undo()
                    line.pop()
            game.board.try_play(colour, point, False)
            if winding.try_play(colour, point, False) == _core.LEGAL:
                line.append((colour, point))
        straight = _core.Board(size)
        for colour, point in line:
            assert straight.try_play(colour, point, False) == _core.LEGAL, game
        assert state(winding) == state(straight), game


def test_real_games_against_sgfmill() -> None:
    for record in real_games():
        ours, theirs = _core.Board(record.size), Sgfmill(record.size)
        for colour, point in record.setup:
            assert ours.place(colour, point) == theirs.try_play(colour, point, False) == _core.LEGAL
        for number, (colour, point) in enumerate(record.moves):
            assert ours.try_play(colour, point, False) == theirs.try_play(colour, point, False) == _core.LEGAL
            assert ours.ko == theirs.ko, f"{record.name}, move {number + 1}"
        assert owners(ours.stones) == theirs.stones(), record.name
        ours.check_consistency()


class BoardMachine(RuleBasedStateMachine):
    """Plays, passes, set-up stones, undo, copies and pickles in any order, the slow board's past positions beside them.

    Starts anywhere in a random game on any size, so that large boards are full of stones as well.
    """

    def __init__(self) -> None:
        super().__init__()
        self.board = _core.Board(2)
        self.past = [SlowBoard(2)]

    @initialize(size=st.integers(2, 19), seed=st.integers(0, 999), fullness=st.floats(0, 3))
    def start(self, size: int, seed: int, fullness: float) -> None:
        board, slow = random_position(random.Random(seed), size, int(fullness * size * size))
        self.board, self.past = board.copy(), [slow]

    def choose(self, data: st.DataObject) -> int:
        """Draw a point or a pass; half of the draws are empty points, because full boards have few."""
        now = self.past[-1]
        points = now.size * now.size
        empty = [point for point in range(points) if point not in now.stones]
        return data.draw(st.sampled_from([*empty, points]) | st.integers(0, points))

    @rule(data=st.data(), colour=st.sampled_from((BLACK, WHITE)), suicide=st.booleans())
    def play(self, data: st.DataObject, colour: int, suicide: bool) -> None:
        now, point = self.past[-1], self.choose(data)
        expected = now.legality(colour, point, suicide=suicide)
        assert self.board.try_play(colour, point, suicide) == expected
        if expected == _core.LEGAL:
            self.advance(now, colour, point)

    @rule(data=st.data(), colour=st.sampled_from((BLACK, WHITE)))
    def place(self, data: st.DataObject, colour: int) -> None:
        now = self.past[-1].copy()
        now.ko = None
        point = self.choose(data) % (now.size * now.size)
        expected = now.legality(colour, point, suicide=False)
        assert self.board.place(colour, point) == expected
        if expected == _core.LEGAL:
            self.advance(now, colour, point)
            self.past[-1].ko = None

    def advance(self, now: SlowBoard, colour: int, point: int) -> None:
        after = now.copy()
        after.play(colour, point)
        self.past.append(after)

    @rule(moves=st.integers(1, 6))
    def undo(self, moves: int) -> None:
        for _ in range(moves):
            if len(self.past) > 1:
                self.board.undo()
                self.past.pop()

    @rule(colour=st.sampled_from((BLACK, WHITE)))
    def copy(self, colour: int) -> None:
        """Continue with a copy, while the original is changed and freed."""
        left, self.board = self.board, self.board.copy()
        self.past = self.past[-1:]
        for point in range(left.size**2):
            left.try_play(colour, point, True)
        left.check_consistency()

    @rule()
    def restore(self) -> None:
        """Continue with an unpickled board."""
        board = self.board
        black, white = board.captures
        self.board = _core.Board.from_position(board.stones.copy(), board.ko, black, white)
        self.past = self.past[-1:]

    @rule(budget=st.sampled_from((0, 3, 50)))
    def read(self, budget: int) -> None:
        """Read ladders with very few nodes; the invariant checks that the board does not change."""
        for chain in np.unique(self.board.chains()).tolist():
            if chain >= 0:
                self.board.ladder(chain, budget)
                self.board.ladder_line(chain, budget)

    @invariant()
    def same(self) -> None:
        self.board.check_consistency()
        assert self.board.move_count == len(self.past) - 1
        compare_all(self.board, self.past[-1], "see the steps above")


BoardMachine.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestBoardMachine = BoardMachine.TestCase

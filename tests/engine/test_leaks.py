"""No public function of the C core and of `Board` leaks memory, whether it succeeds or raises."""

import copy
import gc
import os
import pickle
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shicho.engine import Board, Game, _core, ladder
from shicho.engine.sgf import read_game, write_game
from tests.support.core_arguments import FUNCTIONS, METHODS, five_by_five
from tests.support.slow_board import BLACK, WHITE

pytestmark = pytest.mark.skipif(
    os.environ.get("PYTHONMALLOC") == "malloc", reason="under the sanitizers Python's caches do not come to rest"
)

WARM_UP = 100
ROUNDS = 1_000
SLACK = 2_000
"""Bytes that may be left over after all rounds: caches and free lists. One object a call would be 3,200 or more."""

POSITION = np.zeros((5, 5), np.uint8)


def tries(call: Callable[[], object]) -> Callable[[], None]:
    """Call it and ignore what it raises."""

    def attempt() -> None:
        try:
            call()
        except Exception as error:
            error.__traceback__ = None

    return attempt


def core_calls() -> dict[str, Callable[[], object]]:
    """Every function of the core with right arguments, with one wrong at each place, and with too few."""
    board = five_by_five()
    calls: dict[str, Callable[[], object]] = {
        "Board": lambda: _core.Board(19),
        "Board, wrong": lambda: _core.Board(1),
        "from_position": lambda: _core.Board.from_position(POSITION, (BLACK, 3), 1, 2),
        "from_position, ko": lambda: _core.Board.from_position(POSITION, (BLACK, 99), 1, 2),
        "from_position, stones": lambda: _core.Board.from_position(POSITION + 1, None, 1, 2),
        "undo": lambda: (board.try_play(BLACK, 7, False), board.undo()),
        "undo, wrong": lambda: _core.Board(5).undo(),
        "a long history": lambda: (
            [board.try_play(BLACK, 25, False) for _ in range(70)] + [board.undo() for _ in range(70)]
        ),
        "view": lambda: _core.Board(5).stones[1:, ::2].T,
    }
    for name in ("copy", "liberties", "chains", "area", "pass_alive", "check_consistency"):
        calls[name] = getattr(board, name)
        calls[f"{name}, wrong"] = lambda name=name: getattr(board, name)(1)
    for name in ("size", "hash", "ko", "captures", "move_count", "stones"):
        calls[name] = lambda name=name: getattr(board, name)
    for name, right in METHODS.items():
        calls[name] = lambda name=name, right=right: getattr(board.copy(), name)(*right)
        for place in range(len(right)):
            for wrong in (None, -1, 2**70):
                changed = (*right[:place], wrong, *right[place + 1 :])
                calls[f"{name}, {place}: {wrong}"] = lambda name=name, changed=changed: getattr(board.copy(), name)(
                    *changed
                )
    for name, (function, make) in FUNCTIONS.items():
        arguments = list(make().values())
        calls[name] = lambda function=function, arguments=arguments: function(*arguments)
        calls[f"{name}, too few"] = lambda function=function, arguments=arguments: function(*arguments[1:])
        for place, value in enumerate(arguments):
            spoilt = value[:0] if isinstance(value, np.ndarray) else None
            for wrong in (None, spoilt):
                changed = (*arguments[:place], wrong, *arguments[place + 1 :])
                label = f"{name}, {place}: {type(wrong).__name__}"
                calls[label] = lambda function=function, changed=changed: function(*changed)
    return calls


def board_calls() -> dict[str, Callable[[], object]]:
    """Yield the same for the Python code around the core."""
    board, game = Board(9), Game(9)
    for vertex in ("C3", "pass", "D4"):
        game.play(game.to_play, vertex)
    board.play("b", "C3")
    record = write_game(game)
    state = pickle.dumps(game)
    return {
        "Board": lambda: Board(9),
        "Board, wrong": lambda: Board("x"),  # type: ignore[arg-type]
        "from_text": lambda: Board.from_text(str(board)),
        "from_text, wrong": lambda: Board.from_text("X"),
        "from_stones": lambda: Board.from_stones(board.stones),
        "from_stones, wrong": lambda: Board.from_stones(np.ones((9, 9), int)),
        "repr": lambda: repr(board),
        "equal": lambda: board == Board(9),
        "copy": lambda: copy.copy(board),
        "deepcopy": lambda: copy.deepcopy(game),
        "pickle": lambda: pickle.loads(pickle.dumps(board)),
        "pickle of a game": lambda: pickle.loads(state),
        "play and undo": lambda: (board.play("w", "D4"), board.undo()),
        "play, wrong": lambda: board.play("w", "C3"),
        "chain": lambda: board.chain("C3"),
        "ladder": lambda: board.ladder("C3"),
        "ladder.read": lambda: ladder.read(board, "C3"),
        "ladder.read, wrong": lambda: ladder.read(board, "E5"),
        "legal_mask": lambda: game.legal_mask(game.to_play),
        "write_game": lambda: write_game(game),
        "read_game": lambda: read_game(record),
        "read_game, wrong": lambda: read_game(b"(;SZ[9];B[aa];W[aa])"),
    }


CALLS = {f"core: {name}": call for name, call in core_calls().items()} | board_calls()


def left_over(call: Callable[[], None], rounds: int) -> int:
    """Return by how many bytes the memory of Python's allocators and numpy grows over the rounds."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(rounds):
        call()
    gc.collect()
    return tracemalloc.get_traced_memory()[0] - before


@pytest.fixture(scope="module", autouse=True)
def _traced() -> Any:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_left_over(name: str) -> None:
    """A leak appears in every attempt; what the interpreter keeps once does not."""
    call = tries(CALLS[name])
    rounds = ROUNDS if name.startswith("core") else ROUNDS // 5
    left_over(call, WARM_UP)
    assert any(left_over(call, rounds) < SLACK for _ in range(5))


def test_the_measure_sees_a_leak() -> None:
    kept: list[object] = []
    assert left_over(lambda: kept.append(_core.Board(2)), 10) > SLACK


def test_what_is_passed_in_is_not_held() -> None:
    """References to arguments are given back, whether they are taken or refused."""
    for function, make in FUNCTIONS.values():
        arguments = list(make().values())
        before = [sys.getrefcount(value) for value in arguments]
        for _ in range(10):
            function(*arguments)
            tries(lambda function=function, arguments=arguments: function(*arguments[1:], None))()
        gc.collect()
        after = [sys.getrefcount(value) for value in arguments]
        shared = [isinstance(value, int) for value in arguments]
        assert all(one == other or small for one, other, small in zip(before, after, shared, strict=True))


def test_a_view_holds_its_board_and_no_longer() -> None:
    board = _core.Board(WHITE)
    count = sys.getrefcount(board)
    views = [board.stones for _ in range(10)]
    assert sys.getrefcount(board) == count + 10
    views.clear()
    assert sys.getrefcount(board) == count

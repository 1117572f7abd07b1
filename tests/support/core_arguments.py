"""Valid arguments to the methods and functions of the C core, and calls of functions with one of them wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shicho.engine import _core
from tests.support.real_games import Record, join_games
from tests.support.slow_board import BLACK, WHITE

HUGE = (2**31, 2**32 + 1, 2**63, 2**70, -(2**31) - 1, -(2**70))
REFUSED = (ValueError, TypeError)

# Valid arguments by method, for a 5x5 board with a black stone at 0.
METHODS: dict[str, tuple[Any, ...]] = {
    "legality": (BLACK, 1, False),
    "try_play": (BLACK, 1, False),
    "place": (BLACK, 1),
    "legal_points": (BLACK, False),
    "own_eyes": (BLACK,),
    "chain": (0,),
    "ladder": (0, 100),
    "ladder_line": (0, 100),
}


def five_by_five() -> _core.Board:
    """Return a 5x5 board with black at the top left."""
    board = _core.Board(5)
    board.try_play(BLACK, 0, False)
    return board


def planes_arguments() -> dict[str, Any]:
    """For `planes`."""
    return {
        "feature_set": _core.SANDBOX_26,
        "board": five_by_five(),
        "to_play": WHITE,
        "recent": np.array([0], np.uint16),
        "komi": 7.5,
        "rules": _core.RULE_SUPERKO,
        "out": np.zeros((26, 19, 19), np.float32),
    }


def packed_arguments() -> dict[str, Any]:
    """For `packed_planes`."""
    return planes_arguments() | {"out": np.zeros((26, 48), np.uint8)}


def legal_length_arguments() -> dict[str, Any]:
    """For `legal_length`."""
    return {"size": 9, "setup": np.array([80], np.uint16), "moves": np.array([0, 0x8001, 361], np.uint16)}


def games_arguments() -> dict[str, Any]:
    """For `replay_games` and `replay_ladders`: a game of three moves and one of two."""
    records = [
        Record("first", 9, ((BLACK, 80),), ((WHITE, 0), (BLACK, 1), (WHITE, 81))),
        Record("second", 19, (), ((BLACK, 60), (WHITE, 300))),
    ]
    return dict(join_games(records)._asdict())


def playouts_arguments() -> dict[str, Any]:
    """For `playout_games`: one playout a game."""
    return games_arguments() | {"per_game": 1, "seed": 0}


def rows_arguments() -> dict[str, Any]:
    """For `replay_rows`: two rows."""
    return (
        {"feature_set": _core.SANDBOX_26}
        | games_arguments()
        | {
            "games": np.array([0, 1], np.int64),
            "plies": np.array([2, 1], np.int64),
            "history": np.array([5, 0], np.uint8),
            "komi": np.array([6.5, 7.5], np.float32),
            "rules": np.array([0, _core.ALL_RULES], np.uint8),
            "packed": np.zeros((2, 26, 48), np.uint8),
            "targets": np.zeros(2, np.int64),
        }
    )


def label_chains_arguments() -> dict[str, Any]:
    """For `label_chains`: two positions."""
    return {
        "own": np.full((2, 48), 0x55, np.uint8),
        "opponent": np.full((2, 48), 0x22, np.uint8),
        "labels": np.zeros((2, 361), np.int16),
    }


FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[[], dict[str, Any]]]] = {
    "planes": (_core.planes, planes_arguments),
    "packed_planes": (_core.packed_planes, packed_arguments),
    "label_chains": (_core.label_chains, label_chains_arguments),
    "legal_length": (_core.legal_length, legal_length_arguments),
    "replay_games": (_core.replay_games, games_arguments),
    "replay_ladders": (_core.replay_ladders, games_arguments),
    "replay_rows": (_core.replay_rows, rows_arguments),
    "playout_games": (_core.playout_games, playouts_arguments),
}


def call(name: str, **changed: object) -> Any:
    """Call the function with valid arguments, except for those given."""
    function, make = FUNCTIONS[name]
    return function(*(make() | changed).values())


def refuses_call(name: str, **changed: object) -> str:
    """Assert that the call raises ValueError or TypeError; return the message."""
    with pytest.raises(REFUSED) as error:
        call(name, **changed)
    return str(error.value)

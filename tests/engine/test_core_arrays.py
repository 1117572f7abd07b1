"""Wrong arrays and planes given to the functions of the C core: an error that names the argument, no crash."""

import math
from typing import Any

import numpy as np
import pytest

from shicho.engine import _core
from shicho.engine.board import Board
from tests.support.core_arguments import (
    FUNCTIONS,
    HUGE,
    REFUSED,
    call,
    label_chains_arguments,
    refuses_call,
    rows_arguments,
)

ARRAYS = [(n, key) for n, (_, make) in FUNCTIONS.items() for key, v in make().items() if isinstance(v, np.ndarray)]
WRITTEN = [(name, key) for name, key in ARRAYS if key in ("out", "packed", "targets", "labels")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_right_arguments_pass_and_their_number_counts(name: str) -> None:
    function, make = FUNCTIONS[name]
    call(name)
    right = list(make().values())
    for arguments in ([], right[:-1], [*right, 1]):
        with pytest.raises(TypeError):
            function(*arguments)


@pytest.mark.parametrize(("name", "key"), ARRAYS)
def test_arrays_of_a_wrong_kind(name: str, key: str) -> None:
    right = FUNCTIONS[name][1]()[key]
    other = np.int32 if right.dtype != np.int32 else np.int64
    spoilt: dict[str, object] = {
        "another dtype": right.astype(other),
        "a signed or unsigned twin": right.view(("u" if right.dtype.kind != "u" else "i") + str(right.itemsize)),
        "one axis too many": right[None],
        "one axis too few": right[0],
        "objects": right.astype(object),
        "not contiguous": np.repeat(right, 2, axis=-1)[..., ::2],
        "backwards": right[::-1][::-1].copy()[::-1] if len(right) > 1 else np.repeat(right, 2)[::-2],
        "not aligned": unaligned(right),
        "None": None,
        "a number": 1,
        "bytes": right.tobytes(),
        "a list": right.tolist(),
    }
    if right.itemsize > 1:
        spoilt["the other byte order"] = right.astype(right.dtype.newbyteorder())
    if right.itemsize == 1:
        del spoilt["not aligned"]
    if right.size == 1:
        del spoilt["not contiguous"], spoilt["backwards"]
    for what, value in spoilt.items():
        try:
            call(name, **{key: value})
        except REFUSED:
            continue
        pytest.fail(f"{name} takes {key} that is {what}")


def unaligned(array: Any) -> Any:
    """Return the same values at an unaligned address."""
    raw = np.zeros(array.nbytes + 1, np.uint8)[1:]
    found = raw.view(array.dtype).reshape(array.shape)
    found[...] = array
    return found


@pytest.mark.parametrize(("name", "key"), WRITTEN)
def test_outputs_must_be_writeable(name: str, key: str) -> None:
    right = FUNCTIONS[name][1]()[key]
    right.flags.writeable = False
    assert key in refuses_call(name, **{key: right})


def test_outputs_must_not_lie_on_inputs() -> None:
    """Writing to a shared array without the GIL could change numbers that were already checked."""
    right = rows_arguments()
    shared = np.zeros(10_000, np.uint8)
    packed = shared[: 2 * 26 * 48].reshape(2, 26, 48)
    for key in ("moves", "game_start", "games", "plies", "targets"):
        inside = shared[8:][: right[key].nbytes].view(right[key].dtype)
        inside[:] = right[key]
        assert "memory" in refuses_call("replay_rows", packed=packed, **{key: inside})
    assert "memory" in refuses_call(
        "replay_rows", games=right["plies"] * 0, plies=right["targets"], targets=right["targets"]
    )


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("planes", (26, 19, 18)),
        ("planes", (25, 19, 19)),
        ("planes", (27, 19, 19)),
        ("planes", (26, 361)),
        ("planes", (1, 26, 19, 19)),
        ("planes", (0, 19, 19)),
        ("packed_planes", (26, 47)),
        ("packed_planes", (26, 49)),
        ("packed_planes", (25, 48)),
        ("packed_planes", (26 * 48,)),
    ],
)
def test_planes_of_a_wrong_shape(name: str, shape: tuple[int, ...]) -> None:
    right = FUNCTIONS[name][1]()["out"]
    assert "out" in refuses_call(name, out=np.zeros(shape, right.dtype))


@pytest.mark.parametrize("name", ["planes", "packed_planes"])
def test_planes_of_no_board_or_no_colour(name: str) -> None:
    for board in (None, Board(5), 5, "board"):
        refuses_call(name, board=board)
    for to_play in (0, 3, -1, None, "b", *HUGE):
        refuses_call(name, to_play=to_play)


@pytest.mark.parametrize("name", ["planes", "packed_planes"])
@pytest.mark.parametrize("move", [25, 26, 360, 362, 0x7FFF, 0xFFFF, 0x8000 | 25])
def test_recent_moves_off_the_board(name: str, move: int) -> None:
    assert "recent" in refuses_call(name, recent=np.array([move], np.uint16))


@pytest.mark.parametrize("name", ["planes", "packed_planes", "replay_rows"])
def test_feature_sets_that_are_not_there(name: str) -> None:
    for number in (-1, 2, "sandbox-26", None, 0.0, *HUGE):
        message = refuses_call(name, feature_set=number)
        assert "feature set" in message or "integer" in message
    assert "shape" in refuses_call(name, feature_set=_core.SHICHO_V2)


@pytest.mark.parametrize("name", ["planes", "packed_planes"])
def test_komi_and_rules_that_are_none(name: str) -> None:
    for komi in ("7.5", None, [7.5], 10**400):
        assert "komi" in refuses_call(name, komi=komi)
    for rules in (-1, _core.ALL_RULES + 1, None, 1.0, *HUGE):
        refuses_call(name, rules=rules)
    for komi in (math.nan, math.inf, -math.inf, 1e300, 7, np.float32(6.5)):
        call(name, komi=komi)


@pytest.mark.parametrize(
    ("key", "shape"), [("own", (2, 47)), ("opponent", (3, 48)), ("labels", (2, 360)), ("labels", (1, 361))]
)
def test_chains_of_a_wrong_shape(key: str, shape: tuple[int, ...]) -> None:
    right = label_chains_arguments()[key]
    assert "shape" in refuses_call("label_chains", **{key: np.zeros(shape, right.dtype)})


def test_chains_on_planes_that_overlap() -> None:
    opponent = label_chains_arguments()["opponent"]
    opponent[1, 45] = 1
    assert "position 1" in refuses_call("label_chains", opponent=opponent)
    shared = np.zeros((2, 361), np.int16)
    own = shared.view(np.uint8).ravel()[:96].reshape(2, 48)
    assert "memory" in refuses_call("label_chains", own=own, labels=shared)

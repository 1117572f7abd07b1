"""A write that fails in the middle of a run: nothing that is there is lost, and the same command continues.

The kernel refuses to let a file grow beyond RLIMIT_FSIZE, in the middle of a write, as it does on a full disk.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shicho.training.config import Muon
from shicho.training.data.store import GameStore
from shicho.training.run.checkpoint import checkpoints_in, load_checkpoint
from shicho.training.run.loop import NotWritten
from tests.support.runs import assert_same, metrics, run
from tests.support.training import ALL_HEADS, BATCH, SGD, tiny_preset

resource = pytest.importorskip("resource")

PRESET = tiny_preset(optimiser=Muon(others=SGD), ema_samples=4 * BATCH)
SMALLER_THAN_WEIGHTS = 20_000


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Inside, no file can grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("named", ["checkpoint-000000000048", "metrics.jsonl"])
def test_a_failed_write_loses_nothing(store: GameStore, tmp_path: Path, named: str) -> None:
    """In the middle of the weights, or in the middle of a line."""
    whole = run(PRESET, store, tmp_path / "whole")
    out = tmp_path / "parts"
    good = run(PRESET, store, out, 2).checkpoint
    assert (good / "weights-000.npz").stat().st_size > SMALLER_THAN_WEIGHTS
    before = {path: path.read_bytes() for path in good.iterdir()}
    size = (out / "metrics.jsonl").stat().st_size + 100 if named == "metrics.jsonl" else SMALLER_THAN_WEIGHTS
    with no_file_over(size), pytest.raises(NotWritten) as raised:
        run(PRESET, store, out, keep_at=(3 * BATCH,))
    message = str(raised.value)
    assert named in message
    assert f"the last good checkpoint is {good};" in message
    assert "the same command continues" in message
    assert "\n" not in message
    assert checkpoints_in(out) == [good]
    assert not [*out.glob(".*")]
    assert {path: path.read_bytes() for path in good.iterdir()} == before

    parts = run(PRESET, store, out)
    assert parts.finished
    ours, theirs = load_checkpoint(parts.checkpoint), load_checkpoint(whole.checkpoint)
    assert_same(ours.weights, theirs.weights)
    assert_same(ours.average, theirs.average)
    assert_same(ours.optimiser, theirs.optimiser)
    assert [line["samples"] for line in metrics(out)] == [BATCH * n for n in range(1, 7)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_events_that_cannot_be_written_end_a_run_in_the_same_way(store: GameStore, tmp_path: Path) -> None:
    """TensorBoard writes them in a thread of its own, which tells of it later."""
    pytest.importorskip("tensorboard")
    with no_file_over(500), pytest.raises(NotWritten, match="cannot write"):
        run(tiny_preset(heads=ALL_HEADS), store, tmp_path, 1, tensorboard=True)
    assert metrics(tmp_path)[0]["samples"] == BATCH


def test_without_a_checkpoint_it_says_so(store: GameStore, tmp_path: Path) -> None:
    with no_file_over(SMALLER_THAN_WEIGHTS), pytest.raises(NotWritten, match="there is no checkpoint yet"):
        run(PRESET, store, tmp_path, 1)
    assert checkpoints_in(tmp_path) == []

"""Runs that start from the weights of another one, and cool-downs."""

from pathlib import Path

import numpy as np
import pytest

from shicho.engine.errors import BadCheckpoint, BadConfig
from shicho.training.config import AdamW, Constant, Cooldown, Muon, Optimiser, Residual, Sgd, SpatialDropout
from shicho.training.data.store import GameStore
from shicho.training.export import publish_weights
from shicho.training.run.checkpoint import checkpoints_in, load_checkpoint
from tests.support.runs import assert_same, metrics, run
from tests.support.training import ALL_HEADS, BATCH, SGD, tiny_preset, with_network

ADAMW = AdamW(learning_rate=0.003, weight_decay=0.01)


def test_a_cooldown_ends_the_run_with_a_learning_rate_that_falls_to_0(store: GameStore, tmp_path: Path) -> None:
    muon = Muon(learning_rate=0.02, others=SGD)
    open_ended = tiny_preset(samples=1000 * BATCH, optimiser=muon, schedule=Constant(), ema_samples=4 * BATCH)
    start = run(open_ended, store, tmp_path / "open", 3)
    assert not start.finished
    cooled = open_ended.changed(cooldown={"start": 3 * BATCH, "samples": 4 * BATCH})
    outcome = run(cooled, store, tmp_path / "cooled", start_from=tmp_path / "open")
    assert outcome.finished
    assert outcome.state.samples == 7 * BATCH
    assert outcome.state.total_samples == 7 * BATCH
    lines = metrics(tmp_path / "cooled")
    assert [line["samples"] // BATCH for line in lines] == [4, 5, 6, 7]
    assert [line["of"] for line in lines] == [7 * BATCH] * 4
    assert [line["learning_rate"] for line in lines] == pytest.approx([0.02, 0.015, 0.01, 0.005])
    assert load_checkpoint(outcome.checkpoint).average["steps"] == 7
    assert run(cooled, store, tmp_path / "cooled").finished


def test_a_cooldown_from_the_start_on_needs_no_weights(store: GameStore, tmp_path: Path) -> None:
    preset = tiny_preset(samples=10 * BATCH, schedule=Constant(), cooldown=Cooldown(start=2 * BATCH, samples=2 * BATCH))
    outcome = run(preset, store, tmp_path)
    assert (outcome.finished, outcome.state.samples) == (True, 4 * BATCH)
    rates = [line["learning_rate"] for line in metrics(tmp_path)]
    assert rates == pytest.approx([0.016, 0.016, 0.016, 0.008])


def test_starting_from_a_checkpoint_takes_its_optimiser_and_average_along(store: GameStore, tmp_path: Path) -> None:
    """Another folder and a longer constant schedule: the same as not stopping, bit for bit."""
    preset = tiny_preset(samples=6 * BATCH, schedule=Constant(), optimiser=Muon(others=ADAMW), ema_samples=4 * BATCH)
    whole = load_checkpoint(run(preset, store, tmp_path / "whole").checkpoint)
    run(preset, store, tmp_path / "first", 2)
    onwards = load_checkpoint(run(preset, store, tmp_path / "on", start_from=tmp_path / "first").checkpoint)
    assert_same(onwards.weights, whole.weights)
    assert_same(onwards.optimiser, whole.optimiser)
    assert_same(onwards.average, whole.average)


@pytest.mark.parametrize(
    "optimiser", [SGD, Sgd(learning_rate=0.016, momentum=0.0), Muon(others=SGD), Muon(others=ADAMW)], ids=str
)
def test_another_optimiser_starts_afresh(store: GameStore, tmp_path: Path, optimiser: Optimiser) -> None:
    for number, other in enumerate((ADAMW, Muon(others=Sgd(learning_rate=0.016, momentum=0.0)))):
        run(tiny_preset(optimiser=other), store, tmp_path / f"from-{number}", 2)
        preset = tiny_preset(optimiser=optimiser)
        outcome = run(preset, store, tmp_path / f"on-{number}", start_from=tmp_path / f"from-{number}")
        assert outcome.finished
        restored = run(preset, store, tmp_path / f"restored-{number}", 0, start_from=tmp_path / f"from-{number}")
        assert load_checkpoint(restored.checkpoint).optimiser == {}


def test_heads_may_be_new_or_gone_in_a_run_that_starts_from_weights(store: GameStore, tmp_path: Path) -> None:
    first = tiny_preset(ema_samples=4 * BATCH)
    run(first, store, tmp_path / "first", 3)
    weights = load_checkpoint(tmp_path / "first")
    more = tiny_preset(heads=ALL_HEADS, ema_samples=4 * BATCH)
    random = load_checkpoint(run(more, store, tmp_path / "random", 0).checkpoint).weights
    begun = load_checkpoint(run(more, store, tmp_path / "more", 0, start_from=tmp_path / "first").checkpoint)
    for name, array in begun.weights.items():
        new = name.startswith("heads.") and not name.startswith("heads.policy.")
        np.testing.assert_array_equal(array, (random if new else weights.weights)[name], err_msg=name)
        np.testing.assert_array_equal(array, begun.average[name], err_msg=name)
    assert begun.average["steps"] == 0
    assert run(more, store, tmp_path / "more").finished
    fewer = load_checkpoint(run(first, store, tmp_path / "fewer", 0, start_from=begun_folder(tmp_path)).checkpoint)
    assert set(fewer.weights) == set(weights.weights)
    assert_same(fewer.weights, weights.weights)


def begun_folder(tmp_path: Path) -> Path:
    """The checkpoint that the run with more heads began with."""
    return checkpoints_in(tmp_path / "more")[0]


def test_batch_norm_is_frozen_from_a_checkpoint_on(store: GameStore, tmp_path: Path) -> None:
    """`--from` a run with batch norm: its statistics, scales and offsets stay, and can be thawed again."""
    first = run(tiny_preset(), store, tmp_path / "first")
    frozen = with_network(tiny_preset(samples=9 * BATCH), norm="batch-frozen")
    outcome = run(frozen, store, tmp_path / "frozen", start_from=tmp_path / "first")
    before, after = load_checkpoint(first.checkpoint).weights, load_checkpoint(outcome.checkpoint).weights
    assert set(before) == set(after)
    for name, array in before.items():
        kept = name.endswith(("norm.running_mean", "norm.running_var", "norm.bias")) or "norm.num" in name
        kept = kept or name.endswith("norm.weight")
        assert np.array_equal(array, after[name]) is kept, name
    thawed = tiny_preset(samples=12 * BATCH)
    moved = load_checkpoint(run(thawed, store, tmp_path / "thawed", start_from=tmp_path / "frozen").checkpoint).weights
    for name in ("trunk.0.first.norm.running_mean", "trunk.0.first.norm.weight"):
        assert not np.array_equal(moved[name], after[name]), name
    other = with_network(tiny_preset(samples=9 * BATCH), norm="none")
    with pytest.raises(BadCheckpoint, match=r"network\.norm = 'none', not 'batch' as there"):
        run(other, store, tmp_path / "other", start_from=tmp_path / "first")


def test_dropout_may_come_or_go_in_a_run_that_starts_from_weights(store: GameStore, tmp_path: Path) -> None:
    dropped = tiny_preset(dropout=SpatialDropout(rate=0.5), samples=9 * BATCH)
    first = load_checkpoint(run(tiny_preset(), store, tmp_path / "first").checkpoint)
    begun = load_checkpoint(run(dropped, store, tmp_path / "on", 0, start_from=tmp_path / "first").checkpoint)
    assert_same(begun.weights, first.weights)
    assert_same(begun.optimiser, first.optimiser)
    assert run(dropped, store, tmp_path / "on").finished
    assert run(tiny_preset(samples=12 * BATCH), store, tmp_path / "off", start_from=tmp_path / "on").finished


def test_going_on_from_published_weights(store: GameStore, tmp_path: Path) -> None:
    first = run(tiny_preset(), store, tmp_path / "first", 3)
    publish_weights(first.checkpoint, tmp_path / "published")
    longer = tiny_preset(samples=9 * BATCH)
    restored = run(longer, store, tmp_path / "restored", 0, start_from=tmp_path / "published")
    assert (restored.state.samples, restored.state.batch, restored.state.total_samples) == (3 * BATCH, 3, 3 * BATCH)
    weights, halves = load_checkpoint(restored.checkpoint).weights, load_checkpoint(tmp_path / "published").weights
    for name, array in weights.items():
        np.testing.assert_array_equal(array, halves[name].astype(array.dtype), err_msg=name)
    chosen = run(longer, store, tmp_path / "chosen", start_from=tmp_path / "published", start_at=7 * BATCH)
    assert chosen.finished
    assert chosen.state.total_samples == 5 * BATCH
    with pytest.raises(BadConfig, match=r"samples = 48: \S+ is at 48 already"):
        run(tiny_preset(samples=48), store, tmp_path / "over", start_from=tmp_path / "published")
    with pytest.raises(BadCheckpoint, match=r"published is another network: network\.blocks"):
        run(tiny_preset(Residual()), store, tmp_path / "other", start_from=tmp_path / "published")
    with pytest.raises(BadConfig, match=r"at = 5: .*--from"):
        run(tiny_preset(), store, tmp_path / "nothing", start_at=5)

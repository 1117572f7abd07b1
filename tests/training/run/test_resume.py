"""Stopping and going on changes nothing; and what a run does not go on from."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shicho.engine.errors import BadCheckpoint
from shicho.training.config import (
    AdamW,
    AlphaDropout,
    ChainPooling,
    Condition,
    Dropout,
    Muon,
    Optimiser,
    Residual,
    Sgd,
    SpatialDropout,
)
from shicho.training.data.store import TEST, TRAIN, GameStore
from shicho.training.run.checkpoint import load_checkpoint
from shicho.training.run.loop import Diverged
from tests.support.runs import assert_same, metrics, run
from tests.support.training import ALL_HEADS, BATCH, SGD, tiny_preset, with_network

ADAMW = AdamW(learning_rate=0.003, weight_decay=0.01)
OPTIMISERS = [SGD, ADAMW, Muon(others=SGD), Muon(others=ADAMW)]


@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=str)
def test_stopping_changes_nothing(store: GameStore, tmp_path: Path, optimiser: Optimiser) -> None:
    """Weights, statistics, moving averages and the optimiser's state: the same bit for bit, one session or three."""
    preset = tiny_preset(heads=ALL_HEADS, optimiser=optimiser, ema_samples=4 * BATCH)
    whole = run(preset, store, tmp_path / "whole")
    for steps in (1, 3):
        assert not run(preset, store, tmp_path / "parts", steps).finished
    parts = run(preset, store, tmp_path / "parts")
    assert whole.finished
    assert parts.finished
    assert (parts.state.sessions, parts.state.samples, parts.state.batch) == (3, 6 * BATCH, 6)
    one, other = load_checkpoint(whole.checkpoint), load_checkpoint(parts.checkpoint)
    assert_same(one.weights, other.weights)
    assert_same(one.average, other.average)
    assert_same(one.optimiser, other.optimiser)
    assert one.average["steps"] == 6
    first = load_checkpoint(run(preset, store, tmp_path / "none", 0).checkpoint).weights
    for arrays in (one.weights, one.average):
        for name in ("stem.weight", "stem.centre", "trunk.0.pooled.weight", "heads.win.last.weight"):
            assert not np.array_equal(arrays[name], first[name]), name


def test_stopping_changes_nothing_of_what_is_drawn_in_a_step(store: GameStore, tmp_path: Path) -> None:
    """Half of the conditions are dropped at random: the same ones, however often the run is stopped."""
    condition = Condition(sources=("train",), dropout=0.5)
    preset = tiny_preset(Residual(), condition=condition, samples=10 * BATCH)
    whole = run(preset, store, tmp_path / "whole")
    for steps in (1, 4):
        run(preset, store, tmp_path / "parts", steps)
    parts = run(preset, store, tmp_path / "parts")
    one, other = load_checkpoint(whole.checkpoint).weights, load_checkpoint(parts.checkpoint).weights
    assert_same(one, other)
    assert np.abs(one["condition.source.weight"][1]).max() > 0
    never = run(
        tiny_preset(Residual(), condition=Condition(sources=("train",), dropout=0.0), samples=10 * BATCH),
        store,
        tmp_path / "never",
    )
    assert not np.array_equal(load_checkpoint(never.checkpoint).weights["stem.weight"], one["stem.weight"])


@pytest.mark.parametrize("dropout", [SpatialDropout(rate=0.5), AlphaDropout(rate=0.5)], ids=str)
def test_stopping_changes_nothing_of_what_is_dropped(store: GameStore, tmp_path: Path, dropout: Dropout) -> None:
    """The same weights, statistics and averages bit for bit, one session or three, and other ones without dropout."""
    preset = tiny_preset(heads=ALL_HEADS, ema_samples=4 * BATCH, dropout=dropout)
    whole = run(preset, store, tmp_path / "whole")
    for steps in (1, 3):
        run(preset, store, tmp_path / "parts", steps)
    parts = run(preset, store, tmp_path / "parts")
    assert (parts.state.sessions, parts.finished) == (3, True)
    one, other = load_checkpoint(whole.checkpoint), load_checkpoint(parts.checkpoint)
    assert_same(one.weights, other.weights)
    assert_same(one.average, other.average)
    assert_same(one.optimiser, other.optimiser)
    without = run(tiny_preset(heads=ALL_HEADS, ema_samples=4 * BATCH), store, tmp_path / "without")
    assert not np.array_equal(load_checkpoint(without.checkpoint).weights["stem.weight"], one.weights["stem.weight"])


@pytest.mark.parametrize("norm", ["batch-without-scale", "batch-frozen", "batch-at-end", "none"])
def test_stopping_changes_nothing_with_other_norms(store: GameStore, tmp_path: Path, norm: str) -> None:
    optimiser = Muon(others=SGD)
    preset = with_network(tiny_preset(optimiser=optimiser, ema_samples=4 * BATCH), norm=norm, centre_factor=1.3)
    whole = run(preset, store, tmp_path / "whole")
    run(preset, store, tmp_path / "parts", 2)
    parts = run(preset, store, tmp_path / "parts")
    one, other = load_checkpoint(whole.checkpoint), load_checkpoint(parts.checkpoint)
    assert_same(one.weights, other.weights)
    assert_same(one.average, other.average)
    assert_same(one.optimiser, other.optimiser)


def test_stopping_changes_nothing_with_chain_pooling(store: GameStore, tmp_path: Path) -> None:
    preset = tiny_preset(Residual(), ChainPooling(channels=4), ema_samples=4 * BATCH)
    whole = run(preset, store, tmp_path / "whole")
    run(preset, store, tmp_path / "parts", 2)
    one, other = (load_checkpoint(found.checkpoint) for found in (whole, run(preset, store, tmp_path / "parts")))
    assert_same(one.weights, other.weights)
    assert_same(one.average, other.average)


def test_what_a_killed_session_left_is_cleared_away(store: GameStore, tmp_path: Path) -> None:
    """Metrics beyond the last checkpoint come only once, a line cut short and a checkpoint half written go."""
    whole = run(tiny_preset(), store, tmp_path / "whole")
    run(tiny_preset(), store, tmp_path / "killed", 2)
    with (tmp_path / "killed/metrics.jsonl").open("a") as file:
        file.write(json.dumps(metrics(tmp_path / "whole")[2]) + '\n{"samples": 64, "of')
    (tmp_path / "killed/.checkpoint-000000000064.123.part").mkdir()
    run(tiny_preset(), store, tmp_path / "killed")
    assert [line["samples"] for line in metrics(tmp_path / "killed")] == [BATCH * n for n in range(1, 7)]
    assert sorted(path.name for path in (tmp_path / "killed").iterdir()) == [
        "checkpoint-000000000032",
        whole.checkpoint.name,
        "metrics.jsonl",
    ]


def test_a_finished_run_stays_as_it_is(store: GameStore, tmp_path: Path) -> None:
    first = run(tiny_preset(), store, tmp_path)
    lines = metrics(tmp_path)
    again = run(tiny_preset(), store, tmp_path)
    assert (again.finished, again.checkpoint, metrics(tmp_path)) == (True, first.checkpoint, lines)


def test_another_config_is_refused_by_name(store: GameStore, tmp_path: Path) -> None:
    run(tiny_preset(), store, tmp_path, 1)
    for changed, message in (
        (tiny_preset().changed(seed=2), r"another config: training\.seed = 2, not 1 as there"),
        (tiny_preset(Residual()), r"network\.blocks = \["),
        (tiny_preset(heads=ALL_HEADS), r"network\.heads\.win = \{"),
        (tiny_preset(optimiser=Muon(others=SGD)), r"training\.optimiser\."),
        (tiny_preset(ema_samples=5), r"training\.ema_samples = 5, not None as there"),
    ):
        with pytest.raises(BadCheckpoint, match=message):
            run(changed, store, tmp_path)


def test_other_games_are_refused(store: GameStore, tmp_path: Path) -> None:
    run(tiny_preset(), store, tmp_path, 1)
    split = store.split.copy()
    split[np.flatnonzero(split == TRAIN)[0]] = TEST
    other = replace(store, split=split)
    with pytest.raises(BadCheckpoint, match="begun with other games"):
        run(tiny_preset(), other, tmp_path)


def test_divergence_stops_and_keeps_the_last_good_checkpoint(store: GameStore, tmp_path: Path) -> None:
    wild = tiny_preset(samples=10**6, optimiser=Sgd(learning_rate=1e30))
    with pytest.raises(Diverged, match="there is no checkpoint yet"):
        run(wild, store, tmp_path / "at-once")
    run(wild, store, tmp_path / "later", 0)
    good = load_checkpoint(tmp_path / "later")
    with pytest.raises(
        Diverged, match=r"(loss is|is not finite).*the last good checkpoint is \S+checkpoint-000000000000"
    ):
        run(wild, store, tmp_path / "later")
    assert all(np.isfinite(array).all() for array in load_checkpoint(tmp_path / "later").weights.values())
    assert load_checkpoint(tmp_path / "later").state == good.state

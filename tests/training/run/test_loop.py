"""Training runs: what they learn, that stopping changes nothing, and how they refuse and end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer

from shicho.engine.errors import BadCheckpoint, BadConfig
from shicho.tools.commands.train import parse_count, parse_duration
from shicho.training.config import (
    AdamW,
    Condition,
    Constant,
    Cooldown,
    DataConfig,
    Heads,
    Muon,
    Optimiser,
    Preset,
    Residual,
    Sgd,
    Win,
)
from shicho.training.data.dataset import evaluation_batches
from shicho.training.data.store import SPLITS, TEST, TRAIN, GameStore, write_store
from shicho.training.evaluate import measure, open_checkpoint
from shicho.training.export import publish_weights
from shicho.training.network.heads import HEADS
from shicho.training.run.checkpoint import checkpoints_in, load_checkpoint, save_checkpoint
from shicho.training.run.device import Precision, missing_for_compile
from shicho.training.run.loop import Diverged, Outcome, RunOptions, Trainer, train
from shicho.training.run.metrics import Progress
from tests.support.stores import small_store
from tests.support.training import ALL_HEADS, BATCH, POLICY_ALONE, SGD, TINY_POLICY, tiny_preset

CPU = torch.device("cpu")
ADAMW = AdamW(learning_rate=0.003, weight_decay=0.01)
OPTIMISERS = [SGD, ADAMW, Muon(others=SGD), Muon(others=ADAMW)]
CLI = "import typer; from shicho.tools.commands.train import train; typer.run(train)"


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()


def options(out: Path, **changes: Any) -> RunOptions:
    usual = {"compile": False, "threads": 1, "device": "cpu", "precision": Precision.FLOAT32}
    return RunOptions(**{"out": out, **usual, "log_every": 0.0, "validation_positions": 64, **changes})


def stop_after(steps: int) -> Callable[[], bool]:
    """A question that is answered with no so many times."""
    answers = iter([False] * steps)
    return lambda: next(answers, True)


def run(preset: Preset, store: GameStore, out: Path, steps: int | None = None, **changes: Any) -> Outcome:
    stopped = stop_after(steps) if steps is not None else lambda: False
    return train(preset, store, options(out, **changes), stopped=stopped)


def metrics(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert set(ours) == set(theirs)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


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


QUICK = [AdamW(learning_rate=0.03), Muon(others=Sgd(learning_rate=0.05)), Muon(others=AdamW(learning_rate=0.02))]


@pytest.mark.parametrize("optimiser", QUICK, ids=str)
def test_every_optimiser_learns(store: GameStore, tmp_path: Path, optimiser: Optimiser) -> None:
    preset = tiny_preset(Residual(), samples=60 * BATCH, optimiser=optimiser)
    run(preset, store, tmp_path)
    losses = [line["loss"] for line in metrics(tmp_path)]
    assert np.mean(losses[:10]) - np.mean(losses[-10:]) > 0.2


def test_a_run_learns(store: GameStore, tmp_path: Path) -> None:
    preset = tiny_preset(Residual(), samples=60 * BATCH)
    run(preset, store, tmp_path)
    losses = [line["loss"] for line in metrics(tmp_path)]
    assert np.mean(losses[:10]) - np.mean(losses[-10:]) > 0.2


def test_metrics_and_checkpoint_tell_of_the_run(store: GameStore, tmp_path: Path) -> None:
    seen: list[Progress] = []
    outcome = train(tiny_preset(), store, options(tmp_path, validate_every=0.0), report=seen.append)
    lines = metrics(tmp_path)
    assert [line["samples"] for line in lines] == [BATCH * n for n in range(1, 7)]
    assert [progress.samples for progress in seen] == [line["samples"] for line in lines]
    keys = {"samples", "seconds", "learning_rate", "loss", "losses", "top1", "samples_per_s"}
    assert all(set(line) >= keys for line in lines)
    assert all(line["losses"] == {"policy": line["loss"]} and line["of"] == 6 * BATCH for line in lines)
    assert set(lines[-1]["validation"]) == {"top1", "top4", "cross_entropy", "n"}
    state = load_checkpoint(outcome.checkpoint).state
    assert state.figures["validation"]["n"] > 0
    assert state.data.positions > 0
    assert set(state.data.sources) == {"train", "folder/b"}
    assert state.environment["torch"] == torch.__version__
    assert (state.environment["precision"], state.environment["compile"]) == ("float32", False)
    assert state.total_seconds > 0


def test_metrics_tell_of_every_head(store: GameStore, tmp_path: Path) -> None:
    outcome = run(tiny_preset(heads=ALL_HEADS), store, tmp_path, validate_every=0.0)
    for line in metrics(tmp_path):
        assert set(line["losses"]) == {*HEADS}
        assert line["loss"] == line["losses"]["policy"]
        assert all(np.isfinite(loss) for loss in line["losses"].values())
    figures = outcome.state.figures["validation"]
    assert set(figures) > {"top1", "win_accuracy", "win_cross_entropy", "next_moves_cross_entropy", "win_accuracy_n"}


def test_a_head_without_weight_leaves_the_rest_alone(store: GameStore, tmp_path: Path) -> None:
    """From the same weights, with and without it."""
    publish_weights(run(tiny_preset(), store, tmp_path / "first", 1).checkpoint, tmp_path / "published")
    idle = Heads(policy=TINY_POLICY, win=Win(channels=4, hidden=6, loss_weight=0.0))
    found = {}
    for name, heads in (("alone", POLICY_ALONE), ("both", idle)):
        outcome = run(tiny_preset(heads=heads), store, tmp_path / name, start_from=tmp_path / "published")
        found[name] = load_checkpoint(outcome.checkpoint).weights
    assert set(found["alone"]) < set(found["both"])
    for name, array in found["alone"].items():
        np.testing.assert_allclose(found["both"][name], array, rtol=1e-4, atol=1e-4, err_msg=name)


def test_the_settings_of_the_data_reach_the_loader(store: GameStore, tmp_path: Path) -> None:
    data = DataConfig(plies=(5, 12), history_dropout=False, mix={"train": 1.0})
    running = Trainer(tiny_preset(data=data), store, options(tmp_path), CPU, time.monotonic())
    with running._loader() as loader:
        games, plies = running.positions.locate(loader.numbers(0))
    assert (plies >= 5).all()
    assert (plies <= 12).all()
    assert (store.source[games] == 0).all()
    assert (store.split[games] == TRAIN).all()
    for wrong, named in ((DataConfig(mix={"nix": 1.0}), "'nix'"), (DataConfig(years=(2020, 1990)), "years")):
        with pytest.raises(BadConfig, match=named):
            run(tiny_preset(data=wrong), store, tmp_path / "wrong")


def test_the_average_is_what_is_validated(store: GameStore, tmp_path: Path) -> None:
    preset = tiny_preset(optimiser=Sgd(learning_rate=0.2), ema_samples=100 * BATCH)
    outcome = run(preset, store, tmp_path / "run", validate_every=0.0)
    validated = outcome.state.figures["validation"]
    found = load_checkpoint(outcome.checkpoint)
    save_checkpoint(tmp_path / "weights-alone", replace(found, average={}))
    measured = {}
    for folder in (outcome.checkpoint, tmp_path / "weights-alone"):
        opened = open_checkpoint(folder, CPU)
        batches = evaluation_batches(store, opened.features, split="validation", positions=64, targets=opened.targets)
        measured[folder.name] = measure(opened.predict, batches)["cross_entropy"]
    assert measured[outcome.checkpoint.name] == pytest.approx(validated["cross_entropy"], rel=1e-6)
    assert measured["weights-alone"] != pytest.approx(validated["cross_entropy"], rel=1e-3)


def test_validation_leaves_the_weights_alone(store: GameStore, tmp_path: Path) -> None:
    often = run(tiny_preset(), store, tmp_path / "often", validate_every=0.0)
    never = run(tiny_preset(), store, tmp_path / "never", validation_positions=0)
    assert_same(load_checkpoint(often.checkpoint).weights, load_checkpoint(never.checkpoint).weights)


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


def test_the_time_budget_stops_a_run_with_a_checkpoint(store: GameStore, tmp_path: Path) -> None:
    outcome = run(tiny_preset(samples=10**9), store, tmp_path, time_budget=1.0)
    assert not outcome.finished
    assert 0 < outcome.state.samples < 10**9
    assert outcome.state.samples % BATCH == 0
    assert load_checkpoint(tmp_path).state.samples == outcome.state.samples


def test_checkpoints_are_written_on_the_way(store: GameStore, tmp_path: Path) -> None:
    run(tiny_preset(), store, tmp_path, checkpoint_every=0.0)
    assert [folder.name for folder in checkpoints_in(tmp_path)] == [
        "checkpoint-000000000080",
        "checkpoint-000000000096",
    ]


def test_checkpoints_that_are_to_be_kept_are_kept(store: GameStore, tmp_path: Path) -> None:
    """The first one at or after each point, also in a later session, besides the newest two."""
    keep_at = (BATCH, 2 * BATCH + 1, 1000 * BATCH)

    def samples() -> list[int]:
        return [int(folder.name.removeprefix("checkpoint-")) // BATCH for folder in checkpoints_in(tmp_path)]

    run(tiny_preset(samples=8 * BATCH), store, tmp_path, 4, keep_at=keep_at)
    assert samples() == [1, 3, 4]
    run(tiny_preset(samples=8 * BATCH), store, tmp_path, checkpoint_every=0.0, keep_at=keep_at)
    assert samples() == [1, 3, 7, 8]


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


def with_network(preset: Preset, **options: Any) -> Preset:
    return preset.model_copy(update={"network": preset.network.model_copy(update=options)})


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


def test_validation_is_left_out_where_no_game_counts(store: GameStore, tmp_path: Path) -> None:
    """All games of the validation split are handicap games: training goes on without figures."""
    handicap = np.where(store.split == SPLITS.index("validation"), 2, store.handicap).astype(np.uint8)
    columns = {**store.columns(), "handicap": handicap}
    uneven = GameStore(sources=store.sources, command="", **columns)
    assert run(tiny_preset(), uneven, tmp_path, 2).state.figures == {}


def test_bfloat16_trains_too(store: GameStore, tmp_path: Path) -> None:
    outcome = run(tiny_preset(heads=ALL_HEADS), store, tmp_path, 2, precision=Precision.BFLOAT16)
    assert outcome.state.environment["precision"] == "bfloat16"
    assert all(np.isfinite(line["loss"]) for line in metrics(tmp_path))
    assert load_checkpoint(outcome.checkpoint).weights["stem.weight"].dtype == np.float32


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("9m", 540), ("2h", 7200), ("1.5h", 5400), ("7", 7)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "9x", "-1m", "1h30", "0s"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "samples"),
    [("64000", 64000), ("300k", 300_000), ("2.5M", 2_500_000), ("1", 1), ("1_000", 1000), ("0.5k", 500)],
)
def test_counts(text: str, samples: int) -> None:
    assert parse_count(text) == samples


@pytest.mark.parametrize("text", ["", "M", "0", "-1", "1.5", "0.0001k", "1e6", "3 M", "3G"])
def test_bad_counts(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="number of samples"):
        parse_count(text)


TOML = """
[network]
channels = 8
blocks = [{ type = "residual" }]
heads.policy = { channels = 6, pool_channels = 4 }
[training]
samples = 96
batch_size = 16
optimiser = { type = "sgd", learning_rate = 0.016 }
schedule = { type = "one-cycle" }
"""


@contextmanager
def command(store: GameStore, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`shicho train` in a process of its own, on a store and a preset in `folder`."""
    if not (folder / "games.h5").exists():
        write_store(folder / "games.h5", store, store.sources, "test")
    (folder / "tiny.toml").write_text(TOML)
    line = [sys.executable, "-c", CLI, "games.h5", "--preset", "tiny.toml", "--no-compile", "--threads", "1"]
    line += ["--precision", "float32", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(line, cwd=folder, env=environment, stdout=-1, stderr=-1, text=True) as process:
        yield process


def test_an_interrupt_writes_a_checkpoint_and_ends_well(store: GameStore, tmp_path: Path) -> None:
    endless = ("--out", "run", "--set", "training.samples=1000000000", "--checkpoint-every", "0.1s")
    with command(store, tmp_path, *endless) as process:
        deadline = time.monotonic() + 60
        while not checkpoints_in(tmp_path / "run") and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "of 1,000,000,000 samples" in output
    assert "the same command continues" in output
    assert load_checkpoint(tmp_path / "run").state.samples > 0
    assert "Traceback" not in errors


def test_the_command_trains_and_cools_down(store: GameStore, tmp_path: Path) -> None:
    settings = ("--set", 'training.schedule={ type = "constant" }', "--set", "network.heads.win={ channels = 4 }")
    with command(store, tmp_path, "--out", "run", "--seed", "3", "--keep-at", "40", *settings) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert [folder.name for folder in checkpoints_in(tmp_path / "run")] == [
        "checkpoint-000000000048",
        "checkpoint-000000000096",
    ]
    state = load_checkpoint(tmp_path / "run").state
    assert (state.seed, state.preset.training.schedule) == (3, Constant())
    assert state.preset.network.heads.win == Win(channels=4)
    more = ("--out", "cooled", "--seed", "3", "--from", "run/checkpoint-000000000048", "--cooldown", "0.032k")
    with command(store, tmp_path, *more, *settings) as process:
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    cooled = load_checkpoint(tmp_path / "cooled").state
    assert cooled.preset.training.cooldown == Cooldown(start=48, samples=32)
    assert (cooled.samples, cooled.sessions) == (80, 2)
    assert "80 of 80 samples" in output


def test_training_evaluation_and_export_need_no_sgfmill() -> None:
    code = (
        "import sys; sys.modules['sgfmill'] = None\n"
        "import shicho.training.run.loop, shicho.training.evaluate, shicho.training.export\n"
        "import shicho.tools.commands.train, shicho.tools.commands.evaluate, shicho.tools.commands.export\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_commands_import_no_torch_before_they_run() -> None:
    code = (
        "import sys, shicho.tools.commands.train, shicho.tools.commands.evaluate, shicho.tools.commands.export\n"
        "assert not {'torch', 'h5py', 'onnx', 'pydantic'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("compiled", [False, True])
def test_bfloat16_with_pooling_stays_finite(store: GameStore, tmp_path: Path, compiled: bool) -> None:
    """Sixty steps; compiled where this machine can. A pool of `amax` made compiled bfloat16 training diverge."""
    can_compile = not missing_for_compile(CPU)
    preset = tiny_preset(Residual(pool=True), Residual(), samples=60 * BATCH)
    outcome = run(preset, store, tmp_path, compile=compiled and can_compile, precision=Precision.BFLOAT16)
    assert outcome.state.environment["compile"] is (compiled and can_compile)
    losses = [line["loss"] for line in metrics(tmp_path)]
    assert len(losses) == 60
    assert np.isfinite(losses).all()
    assert np.mean(losses[:10]) - np.mean(losses[-10:]) > 0.1
    found = load_checkpoint(outcome.checkpoint)
    assert all(np.isfinite(array).all() for array in [*found.weights.values(), *found.optimiser.values()])

"""Training runs: what they learn, and what they tell and keep."""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from shicho.engine.errors import BadConfig
from shicho.engine.moves import move_is_white
from shicho.training.config import AdamW, ChainPooling, DataConfig, Heads, Muon, Optimiser, Residual, Sgd, Win
from shicho.training.data.dataset import evaluation_batches
from shicho.training.data.store import SPLITS, TRAIN, GameStore
from shicho.training.evaluate import measure, open_checkpoint
from shicho.training.export import publish_weights
from shicho.training.network.heads import HEADS
from shicho.training.run.checkpoint import checkpoints_in, load_checkpoint, save_checkpoint
from shicho.training.run.device import Precision, missing_for_compile
from shicho.training.run.loop import Trainer, train
from shicho.training.run.metrics import Progress
from tests.support.runs import assert_same, metrics, options, run
from tests.support.training import ALL_HEADS, BATCH, POLICY_ALONE, TINY_POLICY, tiny_preset

CPU = torch.device("cpu")
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


def test_a_network_with_chain_pooling_learns(store: GameStore, tmp_path: Path) -> None:
    """And is validated on the way as it is evaluated afterwards."""
    preset = tiny_preset(Residual(), ChainPooling(channels=4), samples=60 * BATCH)
    outcome = run(preset, store, tmp_path)
    lines = metrics(tmp_path)
    losses = [line["loss"] for line in lines]
    assert np.mean(losses[:10]) - np.mean(losses[-10:]) > 0.2
    opened = open_checkpoint(outcome.checkpoint, CPU)
    batches = evaluation_batches(store, opened.features, split="validation", positions=64)
    assert measure(opened.predict, batches) == pytest.approx(lines[-1]["validation"], abs=1e-4)


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
    counts: Counter[str] = Counter()
    for game in np.flatnonzero(store.split == TRAIN):
        counts[store.sources[store.source[game]].group] += int(store.lengths[game])
    assert state.data.positions_by_group == counts
    assert state.data.positions == sum(counts.values())
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
    data = DataConfig(plies=(5, 12), min_rank=4, max_rank=6, history_dropout=False, mix={"train": 1.0})
    running = Trainer(tiny_preset(data=data), store, options(tmp_path), CPU, time.monotonic())
    with running._loader() as loader:
        games, plies = running.positions.locate(loader.numbers(0))
    assert (plies >= 5).all()
    assert (plies <= 12).all()
    assert (store.source[games] == 0).all()
    assert (store.split[games] == TRAIN).all()
    white = move_is_white(store.moves[store.game_start[games] + plies])
    ranks = np.where(white, store.white_rank[games], store.black_rank[games])
    assert set(ranks) == {4, 5, 6}
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


def test_all_threads_compute_unless_fewer_are_asked_for(store: GameStore, tmp_path: Path) -> None:
    """The loader replays games far faster than any processor trains, so no core is kept back for it."""
    preset = tiny_preset(Residual(), samples=BATCH)
    torch.set_num_threads(3)
    try:
        counts = [
            run(preset, store, tmp_path / str(threads), threads=threads).state.environment["threads"]
            for threads in (None, 2)
        ]
    finally:
        torch.set_num_threads(1)
    assert counts == [3, 2]


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

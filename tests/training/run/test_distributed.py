"""Two processes train as one does: losses, weights, resuming, stopping."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from shicho.engine.errors import BadConfig
from shicho.training.config import ChainPooling, Muon, Optimiser, Preset, Residual, SpatialDropout, to_json
from shicho.training.data.store import GameStore, write_store
from shicho.training.network.heads import build_heads
from shicho.training.network.synchronised import SynchronisedBatchNorm, synchronise_norms
from shicho.training.run.checkpoint import checkpoints_in, load_checkpoint
from shicho.training.run.distributed import ALONE, Processes, joined
from shicho.training.run.loop import Trainer, _step_seed
from tests.support import distributed_worker as worker
from tests.support.stores import small_store
from tests.support.training import ALL_BLOCKS, ALL_HEADS, BATCH, SGD, random_network, tiny_preset

ROOT = Path(__file__).resolve().parents[3]
STEPS = 8
OPTIMISERS: dict[str, Optimiser] = {"sgd": SGD, "muon": Muon(others=SGD)}
# Runs in float64 differ by rounding alone: losses are reported in float32, weights are not. In float32 rounding errors
# grow in training, since the gradients of PReLU and of the maximum of a pool jump.
LOSS_TOLERANCE, WEIGHT_TOLERANCE = 1e-6, 1e-11
FLOAT32_LOSS_TOLERANCE = 5e-3
DROPPED = tiny_preset(Residual(), Residual(), samples=3 * BATCH, dropout=SpatialDropout(rate=0.5))


def preset_of(name: str) -> Preset:
    blocks, optimiser = (*ALL_BLOCKS, ChainPooling(channels=4)), OPTIMISERS[name]
    return tiny_preset(*blocks, samples=STEPS * BATCH, heads=ALL_HEADS, optimiser=optimiser, ema_samples=4 * BATCH)


def torchrun(*line: str, **environment: str) -> list[Any]:
    """The arguments of Popen for two processes that run a command line, without a fixed port."""
    start = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    path = os.pathsep.join([str(ROOT), *(place for place in sys.path if place)])
    return [[*start, *line], {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **environment}]


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all runs: by two processes, by one (`NAME-one`), and by two, one and two again (`NAME-parts`)."""
    folder = tmp_path_factory.mktemp("runs")
    jobs: list[dict[str, Any]] = []
    for name in OPTIMISERS:
        usual = {"preset": to_json(preset_of(name)), "alone": False, "steps": None, "double": True}
        jobs.append({**usual, "name": name})
        jobs.append({**usual, "name": f"{name}-float32", "double": False})
        jobs.append({**usual, "name": f"{name}-float32-one", "double": False, "alone": True})
        jobs.append({**usual, "name": f"{name}-one", "alone": True})
        for alone, steps in ((False, 3), (True, 2), (False, None)):
            jobs.append({**usual, "name": f"{name}-parts", "alone": alone, "steps": steps})
    jobs.append({"name": "dropout", "preset": to_json(DROPPED), "alone": False, "steps": None, "double": False})
    (folder / "jobs.json").write_text(json.dumps(jobs))
    line, environment = torchrun(str(ROOT / "tests/support/distributed_worker.py"), str(folder))
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def assert_same_losses(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], tolerance: float) -> None:
    assert [line["samples"] for line in ours] == [line["samples"] for line in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one["losses"] == pytest.approx(other["losses"], rel=tolerance, abs=1e-7)
        assert one["top1"] == pytest.approx(other["top1"], abs=1e-6)


def assert_close(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert set(ours) == set(theirs)
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], rtol=0, atol=WEIGHT_TOLERANCE, err_msg=name)


@pytest.mark.parametrize("parts", ["", "-parts"])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_two_processes_train_as_one_does(runs: Path, name: str, parts: str) -> None:
    """Every head's loss at every step, weights, statistics, averages; also where one process has made some steps."""
    assert_same_losses(lines(runs / f"{name}{parts}"), lines(runs / f"{name}-one"), LOSS_TOLERANCE)
    found, expected = load_checkpoint(runs / f"{name}{parts}"), load_checkpoint(runs / f"{name}-one")
    assert_close(found.weights, expected.weights)
    assert_close(found.average, expected.average)
    assert_close(found.optimiser, expected.optimiser)
    assert (found.state.samples, found.state.batch) == (STEPS * BATCH, STEPS)
    assert found.state.environment["processes"] == 2
    assert found.state.sessions == (3 if parts else 1)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_in_float32_the_losses_stay_close(runs: Path, name: str) -> None:
    two, one = lines(runs / f"{name}-float32"), lines(runs / f"{name}-float32-one")
    assert_same_losses(two[:2], one[:2], 1e-5)
    assert_same_losses(two, one, FLOAT32_LOSS_TOLERANCE)


@pytest.mark.parametrize("name", [f"{name}{kind}" for name in OPTIMISERS for kind in ("", "-parts", "-float32")])
def test_all_processes_hold_the_same_weights(runs: Path, name: str) -> None:
    """Bit for bit, and they are those of the checkpoint."""
    saved = load_checkpoint(runs / name).weights
    for rank in (0, 1):
        with np.load(runs / f"{name}-{rank}.npz") as held:
            assert set(held) == set(saved)
            for key, array in saved.items():
                np.testing.assert_array_equal(held[key], array, err_msg=key)


def test_processes_drop_different_channels_and_hold_the_same_weights(runs: Path) -> None:
    """In every step and block, and each sample of a process drops its own."""
    first, second = (np.load(runs / f"dropout-dropped-{rank}.npy") for rank in (0, 1))
    assert first.shape == second.shape == (3 * 2, BATCH // 2, 8)
    for one, other in zip(first, second, strict=True):
        known = ~np.isnan(one) & ~np.isnan(other)
        assert known.mean() > 0.5
        assert 0.2 < np.mean(one[known] != other[known]) < 0.8
        assert 0.2 < np.nanmean(one) < 0.8
    weights = [dict(np.load(runs / f"dropout-{rank}.npz")) for rank in (0, 1)]
    for name, array in load_checkpoint(runs / "dropout").weights.items():
        np.testing.assert_array_equal(weights[0][name], array, err_msg=name)
        np.testing.assert_array_equal(weights[1][name], array, err_msg=name)


@pytest.mark.parametrize("name", ["norm", "compiled-norm"])
def test_the_norm_is_the_batch_norm_of_all_samples(runs: Path, name: str) -> None:
    """Output, gradients and running statistics, also of channels far from 0 or without deviation."""
    norm = torch.nn.BatchNorm2d(4, eps=1e-3, momentum=0.01)
    torch.nn.init.constant_(norm.weight, 1.5)
    expected = worker.norm_results(norm, worker.norm_input(), norm)
    parts = [dict(np.load(runs / f"{name}-{rank}.npz")) for rank in (0, 1)]
    assert set(parts[0]) == set(expected)
    for key, array in expected.items():
        ours = parts[0][key]
        if key in ("output", "input_gradient"):
            ours = np.empty_like(array)
            ours[0::2], ours[1::2] = parts[0][key], parts[1][key]
        elif key.endswith("_gradient"):
            ours = parts[0][key] + parts[1][key]
        np.testing.assert_allclose(ours, array, rtol=1e-3, atol=2e-3, err_msg=key)


def test_synchronised_norms_keep_weights_and_names() -> None:
    network, twin = random_network(tiny_preset(heads=ALL_HEADS)), random_network(tiny_preset(heads=ALL_HEADS))
    synchronise_norms(network)
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert norms
    assert all(type(norm) is SynchronisedBatchNorm and not norm.training for norm in norms)
    ours, theirs = network.state_dict(), twin.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    planes = torch.rand(2, 26, 19, 19)
    for name, output in network(planes).items():
        torch.testing.assert_close(output, twin(planes)[name], rtol=0, atol=0)


@pytest.mark.parametrize("name", [*build_heads(ALL_HEADS, 8, "relu")])
def test_the_losses_of_parts_add_up(store: GameStore, name: str) -> None:
    """With the counts of the whole batch, also where one part knows no target."""
    head = random_network(tiny_preset(heads=ALL_HEADS)).head(name)
    trainer = Trainer(tiny_preset(heads=ALL_HEADS), store, worker.options(Path("none")), worker.CPU, 0.0)
    with trainer._loader() as loader:
        target = torch.from_numpy(loader.batch(0).targets[head.target].copy())
    unknown = {"win": float("nan"), "next_moves": -1, "ownership": 0}
    if name in unknown:
        target[::2] = unknown[name]
    if name == "ladder":
        target = (torch.rand(BATCH, 361) < 0.3).to(torch.uint8)
    shape = {"policy": (362,), "win": (), "next_moves": (2, 361), "ownership": (361,), "ladder": (361,)}[name]
    output = torch.randn(BATCH, *shape)
    parts = [head.loss(output[rank::2], target[rank::2], head.known(target)) for rank in (0, 1)]
    assert sum(part.item() for part in parts) == pytest.approx(head.loss(output, target).item(), rel=1e-5)


def test_a_batch_that_cannot_be_divided_is_refused(store: GameStore, tmp_path: Path) -> None:
    three = Processes(rank=0, count=3, local_rank=0)
    with pytest.raises(BadConfig, match=r"batch_size = 16: .* 3 processes"):
        Trainer(tiny_preset(), store, worker.options(tmp_path), worker.CPU, 0.0, three)


def test_the_environment_says_which_process_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    with joined() as processes:
        assert processes is ALONE
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(BadConfig, match="torchrun"), joined():
        pass
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("LOCAL_RANK", "0")
    with pytest.raises(BadConfig, match="RANK = 2"), joined():
        pass


def test_processes_draw_different_numbers_in_a_step() -> None:
    seeds = [_step_seed(seed, batch, rank) for seed in (1, 2) for batch in (0, 1) for rank in (0, 1)]
    assert len(set(seeds)) == 8
    assert seeds == [_step_seed(seed, batch, rank) for seed in (1, 2) for batch in (0, 1) for rank in (0, 1)]


TINY = """
[network]
channels = 8
blocks = [{ type = "residual" }]
heads = { policy = { channels = 6, pool_channels = 4 } }
[training]
samples = 1_000_000_000
batch_size = 16
optimiser = { type = "sgd", learning_rate = 0.016 }
schedule = { type = "constant" }
"""


def test_sigterm_ends_the_command_with_a_checkpoint(store: GameStore, tmp_path: Path) -> None:
    """Under torchrun, on a machine without typer, rich and sgfmill: the command writes, and ends with a checkpoint."""
    write_store(tmp_path / "games.h5", store, store.sources, "test")
    (tmp_path / "tiny.toml").write_text(TINY)
    for missing in ("typer", "rich", "sgfmill"):
        (tmp_path / "missing" / missing).mkdir(parents=True)
        (tmp_path / "missing" / missing / "__init__.py").write_text("raise ImportError\n")
    run = ("-m", "shicho.training", "games.h5", "--preset", "tiny.toml", "--out", "run", "--no-compile")
    line, environment = torchrun(*run, "--device", "cpu", "--precision", "float32", "--validation-positions", "0")
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path / "missing"), environment["PYTHONPATH"]])
    line += ["--checkpoint-every", "0.1s"]
    with subprocess.Popen(line, cwd=tmp_path, env=environment, stdout=-1, stderr=-1, text=True) as process:
        deadline = time.monotonic() + 100
        while not checkpoints_in(tmp_path / "run") and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
    assert "the same command continues" in output, errors
    assert output.count("of 1,000,000,000 samples") == 1
    assert "rank 1" not in errors
    assert not [path for path in (tmp_path / "run").iterdir() if path.name.startswith(".")]
    last = checkpoints_in(tmp_path / "run")[-1]
    assert str(last.relative_to(tmp_path)) in output
    state = load_checkpoint(last).state
    assert 0 < state.samples == state.batch * 16
    assert lines(tmp_path / "run")[-1]["samples"] == state.samples

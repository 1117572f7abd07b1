"""Training runs: what they learn, that stopping changes nothing, and how they refuse and end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer

from shicho.engine.errors import BadCheckpoint, BadConfig
from shicho.tools.commands.train import parse_duration
from shicho.training import train as training
from shicho.training.checkpoint import checkpoints_in, load_checkpoint
from shicho.training.config import Precision, Preset, Residual, to_json
from shicho.training.export import publish_weights
from shicho.training.metrics import Progress
from shicho.training.store import SPLITS, TEST, TRAIN, GameStore, write_store
from shicho.training.train import Diverged, Outcome, RunOptions, train
from tests.support.stores import small_store
from tests.support.training import BATCH, tiny_preset

CLI = "import typer; from shicho.tools.commands.train import train; typer.run(train)"


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()


def options(out: Path, **changes: Any) -> RunOptions:
    usual = {"compile": False, "threads": 1, "device": "cpu", "log_every": 0.0, "validation_positions": 64}
    return RunOptions(**{"out": out, **usual, **changes})


def stop_after(steps: int) -> Callable[[], bool]:
    """A question that is answered with no so many times."""
    answers = iter([False] * steps)
    return lambda: next(answers, True)


def run(preset: Preset, store: GameStore, out: Path, steps: int | None = None, **changes: Any) -> Outcome:
    stopped = stop_after(steps) if steps is not None else lambda: False
    return train(preset, store, options(out, **changes), stopped=stopped)


def metrics(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_stopping_changes_nothing(store: GameStore, tmp_path: Path) -> None:
    """Weights, statistics and momentum are the same bit for bit, one session or three."""
    whole = run(tiny_preset(), store, tmp_path / "whole")
    for steps in (1, 3):
        assert not run(tiny_preset(), store, tmp_path / "parts", steps).finished
    parts = run(tiny_preset(), store, tmp_path / "parts")
    assert whole.finished
    assert parts.finished
    assert (parts.state.sessions, parts.state.samples, parts.state.batch) == (3, 6 * BATCH, 6)
    one, other = load_checkpoint(whole.checkpoint), load_checkpoint(parts.checkpoint)
    for ours, theirs in ((one.weights, other.weights), (one.optimiser, other.optimiser)):
        assert set(ours) == set(theirs)
        for name, array in ours.items():
            np.testing.assert_array_equal(array, theirs[name], err_msg=name)
    assert any(not np.array_equal(one.weights[n], load_first(store, tmp_path)[n]) for n in one.weights)


def load_first(store: GameStore, tmp_path: Path) -> dict[str, Any]:
    return load_checkpoint(run(tiny_preset(), store, tmp_path / "none", 0).checkpoint).weights


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
    assert all(set(line) >= {"samples", "seconds", "rate", "loss", "top1", "samples_per_s"} for line in lines)
    assert set(lines[-1]["validation"]) == {"top1", "top4", "cross_entropy", "n"}
    state = load_checkpoint(outcome.checkpoint).state
    assert state.figures["validation"]["n"] > 0
    assert state.data.positions > 0
    assert set(state.data.sources) == {"train", "folder/b"}
    assert state.environment["torch"] == torch.__version__


def test_validation_leaves_the_weights_alone(store: GameStore, tmp_path: Path) -> None:
    often = run(tiny_preset(), store, tmp_path / "often", validate_every=0.0)
    never = run(tiny_preset(), store, tmp_path / "never", validation_positions=0)
    ours, theirs = load_checkpoint(often.checkpoint).weights, load_checkpoint(never.checkpoint).weights
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


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


def test_another_config_is_refused_by_name(store: GameStore, tmp_path: Path) -> None:
    run(tiny_preset(), store, tmp_path, 1)
    for changed, message in (
        (tiny_preset().with_training(seed=2), r"another config: training\.seed = 2, not 1 as there"),
        (tiny_preset(Residual()), r"network\.blocks = \["),
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
    wild = tiny_preset(samples=10**6).with_training(rate_per_sample=1e30)
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
    with pytest.raises(BadConfig, match="at = 5: means something only with"):
        run(tiny_preset(), store, tmp_path / "nothing", start_at=5)


def test_auto_precision_suits_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    auto = tiny_preset().with_training(precision="auto")
    for amx, expected in ((True, Precision.BFLOAT16), (False, Precision.FLOAT32)):
        monkeypatch.setattr(training, "has_amx", lambda amx=amx: amx)
        assert training.resolve_precision(auto, torch.device("cpu")).training.precision is expected
    assert training.resolve_precision(auto, torch.device("cuda")).training.precision is Precision.BFLOAT16


def test_validation_is_left_out_where_no_game_counts(store: GameStore, tmp_path: Path) -> None:
    """All games of the validation split are handicap games: training goes on without figures."""
    handicap = np.where(store.split == SPLITS.index("validation"), 2, store.handicap).astype(np.uint8)
    columns = {**store.columns(), "handicap": handicap}
    uneven = GameStore(sources=store.sources, command="", **columns)
    assert run(tiny_preset(), uneven, tmp_path, 2).state.figures == {}


def test_bfloat16_trains_too(store: GameStore, tmp_path: Path) -> None:
    outcome = run(tiny_preset().with_training(precision="bfloat16"), store, tmp_path, 2)
    assert all(np.isfinite(line["loss"]) for line in metrics(tmp_path))
    assert load_checkpoint(outcome.checkpoint).weights["first.weight"].dtype == np.float32


def test_compiling_needs_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cpu = torch.device("cpu")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(training.sys, "platform", "linux")
    monkeypatch.setattr(training.torch, "__file__", "/usr/lib/torch/__init__.py")
    monkeypatch.setattr(training.sysconfig, "get_path", lambda name: str(tmp_path))
    (tmp_path / "Python.h").touch()
    for found in (True, False):
        monkeypatch.setattr(training.shutil, "which", lambda name, found=found: name if found else None)
        assert training.pick_compile(None, cpu) is found
        assert training.pick_compile(False, cpu) is False
    with pytest.raises(BadConfig, match=r"needs g\+\+ here"):
        training.pick_compile(True, cpu)
    monkeypatch.setattr(training.shutil, "which", lambda name: name if name == "clang++" else None)
    assert not training.pick_compile(None, cpu)  # Inductor takes $CXX or g++ and looks for nothing else
    monkeypatch.setenv("CXX", "clang++")
    assert training.pick_compile(True, cpu)
    (tmp_path / "Python.h").unlink()
    with pytest.raises(BadConfig, match=r"needs .*Python\.h"):
        training.pick_compile(True, cpu)


def test_compiling_for_cuda_needs_triton_and_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cuda = torch.device("cuda")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(training.sysconfig, "get_path", lambda name: str(tmp_path))
    (tmp_path / "Python.h").touch()
    monkeypatch.setattr(training.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(training.shutil, "which", lambda name: name)
    assert training.missing_for_compile(cuda) == "Triton"
    monkeypatch.setattr(training.importlib.util, "find_spec", lambda name: object())
    assert training.pick_compile(None, cuda)
    monkeypatch.setattr(training.shutil, "which", lambda name: None)
    assert training.missing_for_compile(cuda) == "gcc or clang or cc"


def test_unknown_devices_are_named() -> None:
    for name in ("tpu9", "mps", "meta", "cuda:99"):
        with pytest.raises(BadConfig, match=f"device '{name}'"):
            training.pick_device(name)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("9m", 540), ("2h", 7200), ("1.5h", 5400), ("7", 7)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "9x", "-1m", "1h30", "0s"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="no duration"):
        parse_duration(text)


def test_an_interrupt_writes_a_checkpoint_and_ends_well(store: GameStore, tmp_path: Path) -> None:
    write_store(tmp_path / "games.h5", store, store.sources, "test")
    preset = to_json(tiny_preset(Residual()))
    text = "".join(
        f"[{table}]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in preset[table].items())
        for table in ("network", "training")
    )
    (tmp_path / "tiny.toml").write_text(text.replace(f"samples = {6 * BATCH}", "samples = 1000000000"))
    command = [sys.executable, "-c", CLI, "games.h5", "--preset", "tiny.toml", "--out", "run", "--no-compile"]
    command += ["--checkpoint-every", "0.1s", "--threads", "1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=-1, stderr=-1, text=True) as process:
        deadline = time.monotonic() + 60
        while not checkpoints_in(tmp_path / "run") and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "of 1,000,000,000 samples" in output
    assert "the same command goes on" in output
    assert load_checkpoint(tmp_path / "run").state.samples > 0
    assert "Traceback" not in errors


def toml(value: Any) -> str:
    """A JSON value as TOML writes it."""
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def test_training_evaluation_and_export_need_no_sgfmill() -> None:
    code = (
        "import sys; sys.modules['sgfmill'] = None\n"
        "import shicho.training.train, shicho.training.evaluate, shicho.training.export\n"
        "import shicho.tools.commands.train, shicho.tools.commands.evaluate, shicho.tools.commands.export\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_commands_import_no_torch_before_they_run() -> None:
    code = (
        "import sys, shicho.tools.commands.train, shicho.tools.commands.evaluate, shicho.tools.commands.export\n"
        "assert not {'torch', 'h5py', 'onnx'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_space_in_the_way_to_torch_means_no_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(training.torch, "__file__", "/my projects/torch/__init__.py")
    assert not training.pick_compile(None, cpu)
    with pytest.raises(BadConfig, match="without a space in its path"):
        training.pick_compile(True, cpu)

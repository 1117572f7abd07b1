"""`shicho train` in a process of its own, and the numbers on its command line."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer

from shicho.tools.commands.train import parse_count, parse_duration, parse_mix
from shicho.training.config import Constant, Cooldown, DataConfig, Win
from shicho.training.data.store import GameStore, write_store
from shicho.training.run.checkpoint import checkpoints_in, load_checkpoint
from tests.support.experiments import PRESET
from tests.support.runs import assert_same

CLI = "import typer; from shicho.tools.commands.train import train; typer.run(train)"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("9m", 540), ("2h", 7200), ("1.5h", 5400), ("7", 7)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "9x", "-1m", "1h30", "0s"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "shares"), [("pro=3,kgs-6d=2", {"pro": 3, "kgs-6d": 2}), (" a=b=0.5 , c=1", {"a=b": 0.5, "c": 1})]
)
def test_mixes(text: str, shares: dict[str, float]) -> None:
    assert parse_mix(text) == shares


@pytest.mark.parametrize("text", ["", "pro", "pro=", "=3", "pro=0", "pro=-1", "pro=nan", "pro=1,", "pro=1,pro=2"])
def test_bad_mixes(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="not a mix"):
        parse_mix(text)


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


@contextmanager
def command(store: GameStore, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`shicho train` in a process of its own, on a store and a preset in `folder`."""
    if not (folder / "games.h5").exists():
        write_store(folder / "games.h5", store, store.sources, "test")
    (folder / "tiny.toml").write_text(PRESET)
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


def test_a_killed_run_continues_where_it_was(store: GameStore, tmp_path: Path) -> None:
    """SIGKILL in the middle, then the same command: the weights of a run that was not killed."""
    settings = ("--set", "training.samples=1600", "--checkpoint-every", "0.05s", "--validation-positions", "0")
    with command(store, tmp_path, "--out", "whole", *settings) as process:
        assert process.wait(timeout=120) == 0
    with command(store, tmp_path, "--out", "killed", *settings) as process:
        deadline = time.monotonic() + 60
        while not checkpoints_in(tmp_path / "killed") and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert 0 < load_checkpoint(tmp_path / "killed").state.samples < 1600
    with command(store, tmp_path, "--out", "killed", *settings) as process:
        assert process.wait(timeout=120) == 0
    ours, theirs = load_checkpoint(tmp_path / "killed"), load_checkpoint(tmp_path / "whole")
    assert ours.state.samples == 1600
    assert_same(ours.weights, theirs.weights)
    assert_same(ours.optimiser, theirs.optimiser)


def test_the_command_trains_and_cools_down(store: GameStore, tmp_path: Path) -> None:
    settings = ("--set", 'training.schedule={ type = "constant" }', "--set", "network.heads.win={ channels = 4 }")
    settings += ("--mix", "train=2")
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
    assert state.preset.training.data == DataConfig(mix={"train": 2.0})
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

"""Experiments from end to end, killed, stopped and failing: the same command always finishes them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from shicho.engine.errors import BadConfig
from shicho.engine.features import SANDBOX_26
from shicho.training.data.dataset import evaluation_batches
from shicho.training.data.store import GameStore
from shicho.training.evaluate import measure, open_checkpoint
from shicho.training.experiments.executors import JobFailed, LocalProcesses, local_slots, run_job
from shicho.training.experiments.job import STATISTICS_POSITIONS, Result, read_result
from shicho.training.experiments.report import gather
from shicho.training.experiments.runner import job_order, speed_name
from shicho.training.run.checkpoint import checkpoints_in, load_checkpoint
from tests.support.experiments import Here, run_tiny, tiny_experiment


def test_in_processes_and_again(games: Path, tmp_path: Path) -> None:
    """Two arms, two seeds, each in a process of its own; the second call trains nothing."""
    experiment, seen = tiny_experiment(tmp_path), []
    processes = LocalProcesses(local_slots(1, ()))
    ended = run_tiny(experiment, games, tmp_path / "out", processes, report=lambda name, result: seen.append(name))
    processes.shutdown()
    assert not ended.problems
    assert seen == ["slow-seed1", "fast-seed1", "slow-seed2", "fast-seed2"]
    assert list(ended.results) == [("slow", 1), ("fast", 1), ("slow", 2), ("fast", 2)]
    losses = [result.figures["cross_entropy"] for result in ended.results.values() if result.figures]
    assert len(set(losses)) == 4
    for result in ended.results.values():
        assert (result.samples, result.environment["threads"], result.failed) == (96, 1, None)
        assert result.parameters > 1000
        assert result.samples_per_s
    again = Here()
    assert run_tiny(experiment, games, tmp_path / "out", again).results == ended.results
    assert again.done == []
    here = run_tiny(experiment.changed(seeds=1), games, tmp_path / "here", Here())
    assert [result.figures for result in here.results.values()] == [
        ended.results[arm, 1].figures for arm in experiment.arms
    ]


def test_jobs_go_seed_by_seed_and_seeds_can_be_added(games: Path, tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path, samples=16)
    assert job_order(experiment, {"slow": 1, "fast": 1}) == [("slow", 1), ("fast", 1), ("slow", 2), ("fast", 2)]
    here = Here()
    run_tiny(experiment.changed(seeds=1), games, tmp_path / "out", here)
    ended = run_tiny(experiment, games, tmp_path / "out", here)
    assert here.done == ["slow-seed1", "fast-seed1", "slow-seed2", "fast-seed2"]
    again = run_tiny(experiment.changed(seeds=1), games, tmp_path / "out", here)
    assert again.results == ended.results
    assert list(again.results) == [("slow", 1), ("fast", 1), ("slow", 2), ("fast", 2)]


def test_results_of_arms_that_are_gone_are_named_and_left_out(
    games: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = tiny_experiment(tmp_path, samples=16, seeds=1)
    run_tiny(tiny_experiment(tmp_path, samples=16, seeds=1, arms={"slow": [], "old": []}), games, tmp_path, Here())
    assert not caplog.messages
    ended = run_tiny(experiment, games, tmp_path, Here())
    assert list(ended.results) == [("slow", 1), ("fast", 1)]
    assert "old" in caplog.messages[-1]


def test_a_killed_job_continues_where_it_was(games: Path, tmp_path: Path) -> None:
    """SIGKILL in the middle, then the same command: the figures of a run that was not killed."""
    samples = 16 * 60
    whole = run_tiny(tiny_experiment(tmp_path, seeds=1, samples=samples), games, tmp_path / "whole", Here())
    experiment = tiny_experiment(tmp_path, seeds=1, samples=samples)
    out = tmp_path / "killed"
    run_tiny(experiment, games, out, Here(never=True), stopped=lambda: True, checkpoint_every=0.05)
    (out / "tiny" / "stop").unlink()
    folder = out / "tiny" / "fast-seed1"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "shicho.training.experiments.job", str(folder), "--device", "cpu"]
    with subprocess.Popen(command, env=environment) as process:
        deadline = time.monotonic() + 60
        while not checkpoints_in(folder) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert read_result(folder) is None
    ended = run_tiny(experiment, games, out, Here())
    assert {key: result.figures for key, result in ended.results.items()} == {
        key: result.figures for key, result in whole.results.items()
    }


def test_a_stop_leaves_the_rest_for_later(games: Path, tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path)
    processes = LocalProcesses(local_slots(1, ()))
    endless = experiment.changed(samples=10**9)
    started = time.monotonic()
    folder = tmp_path / "out" / "tiny" / "slow-seed1"
    ended = run_tiny(
        endless,
        games,
        tmp_path / "out",
        processes,
        stopped=lambda: bool(checkpoints_in(folder)) or time.monotonic() > started + 60,
        checkpoint_every=0.1,
    )
    processes.shutdown()
    assert (ended.stopped, ended.results, ended.problems) == (True, {}, [])
    assert checkpoints_in(folder)
    assert not (tmp_path / "out" / "tiny" / "fast-seed1" / "log.txt").exists()


def test_an_arm_can_be_measured_with_dropout(games: Path, tmp_path: Path) -> None:
    """The same network as that of the arm without passes, with other figures; the number of passes must stay."""
    dropout = ['network.dropout={ type = "spatial", rate = 0.3 }']
    arms = {"none": [], "dropped": dropout, "three-passes": dropout}
    experiment = tiny_experiment(tmp_path, arms=arms, dropout_passes={"three-passes": 3}, seeds=1)
    ended = run_tiny(experiment, games, tmp_path / "out", Here())
    assert ended.problems == []
    none, dropped, passes = (ended.results[arm, 1].figures for arm in arms)
    assert none is not None
    assert dropped is not None
    assert passes is not None
    assert set(passes) - set(dropped) == {f"deviation_{move}{end}" for move in ("played", "best") for end in ("", "_n")}
    assert passes["deviation_best"] > 0
    assert len({figures["cross_entropy"] for figures in (none, dropped, passes)}) == 3
    weights = [load_checkpoint(tmp_path / f"out/tiny/{arm}-seed1").weights for arm in ("dropped", "three-passes")]
    assert all((weights[0][name] == weights[1][name]).all() for name in weights[0])
    store = GameStore.open(games)
    opened = open_checkpoint(
        tmp_path / "out/tiny/dropped-seed1",
        torch.device("cpu"),
        dropout_passes=3,
        seed=1,
        statistics=evaluation_batches(store, SANDBOX_26, split="train", positions=STATISTICS_POSITIONS),
    )
    batches = evaluation_batches(store, opened.features, split="validation", positions=64)
    assert measure(opened.predict, batches) == passes
    with pytest.raises(BadConfig, match="dropout_passes = 4, not 3"):
        run_tiny(experiment.changed(dropout_passes={"three-passes": 4}), games, tmp_path / "out", Here())


def test_an_arm_that_diverges_is_a_result_and_the_others_go_on(games: Path, tmp_path: Path) -> None:
    arms = {"slow": [], "wild": ["training.optimiser.learning_rate=1e30"], "fast": []}
    experiment = tiny_experiment(tmp_path, arms=arms, seeds=1)
    ended = run_tiny(experiment, games, tmp_path / "out", Here())
    assert ended.problems == []
    failed = ended.results["wild", 1]
    assert failed.figures is None
    assert failed.failed
    assert "\n" not in failed.failed
    assert ended.results["fast", 1].figures
    again = Here()
    run_tiny(experiment, games, tmp_path / "out", again)
    assert again.done == []
    report = gather(tmp_path / "out" / "tiny")
    assert any(text.startswith("wild, seed 1, failed:") for text in report.sentences)


def test_an_error_of_one_job_is_a_problem_and_is_tried_again(games: Path, tmp_path: Path) -> None:
    arms = {"slow": [], "wrong": ["training.data.mix={ nix = 1 }"]}
    experiment = tiny_experiment(tmp_path, arms=arms, seeds=1)
    ended = run_tiny(experiment, games, tmp_path / "out", Here())
    assert list(ended.results) == [("slow", 1)]
    (problem,) = ended.problems
    assert "nix" in problem
    with pytest.raises(JobFailed, match=r"wrong-seed1: .*nix"):
        run_job(str(tmp_path / "out" / "tiny" / "wrong-seed1"), ("--device", "cpu"))


def test_equal_time_gives_every_arm_what_it_trains_in_it(games: Path, tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path, samples=None, seconds=0.1, seeds=1)
    here = Here()
    ended = run_tiny(experiment, games, tmp_path / "out", here, speed_seconds=0.3)
    assert here.done == ["slow-speed", "fast-speed", "slow-seed1", "fast-seed1"]
    for (arm, _), result in ended.results.items():
        speed = read_result(tmp_path / "out" / "tiny" / speed_name(arm))
        assert isinstance(speed, Result)
        assert speed.samples_per_s
        wanted = max(16, int(0.1 * speed.samples_per_s))
        assert wanted <= result.samples < wanted + 16
    again = Here()
    assert run_tiny(experiment, games, tmp_path / "out", again, speed_seconds=0.3).results == ended.results
    assert again.done == []


def test_other_settings_or_games_in_the_same_folder_are_refused(games: Path, tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path, seeds=1, samples=16)
    run_tiny(experiment, games, tmp_path / "out", Here())
    for changed, named in (
        (experiment.changed(samples=32), r"preset\.training\.samples = 32, not 16"),
        (experiment.changed(validation_positions=32), "validation_positions = 32"),
        (tiny_experiment(tmp_path, arms={"slow": ["network.channels=4"], "fast": []}, seeds=1, samples=16), "channels"),
    ):
        with pytest.raises(BadConfig, match=named):
            run_tiny(changed, games, tmp_path / "out", Here())
    assert gather(tmp_path / "out" / "tiny").experiment == experiment.changed(base="tiny")


def test_slots() -> None:
    cores = len(os.sched_getaffinity(0))
    assert len(local_slots(cores, ())) == cores
    assert local_slots(None, ["cuda:0", "cuda:1"]) == [("--device", "cuda:0"), ("--device", "cuda:1")]
    for jobs, devices in ((cores + 1, []), (3, ["cuda:0"])):
        with pytest.raises(BadConfig, match=f"jobs = {jobs}"):
            local_slots(jobs, devices)

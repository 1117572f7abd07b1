"""Experiments on a Dask cluster of two worker processes, one of which is killed in the middle of its job."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from shicho.engine.errors import BadConfig
from shicho.training.cluster import dask_executor
from shicho.training.run.checkpoint import checkpoints_in, load_checkpoint
from shicho.training.run.curves import read_metrics
from tests.support.experiments import Here, run_tiny, tiny_experiment

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[distributed.LocalCluster]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path)
    ) as started:
        yield started


def test_a_killed_worker_costs_no_result(games: Path, tmp_path: Path, cluster: distributed.LocalCluster) -> None:
    """All results, each reported once, and the same figures as without a cluster."""
    experiment = tiny_experiment(tmp_path, samples=16 * 150, seeds=1)
    out, reported = tmp_path / "out", list[str]()
    killed: list[int] = []

    def kill_a_worker() -> bool:
        begun = [arm for arm in experiment.arms if checkpoints_in(out / "tiny" / f"{arm}-seed1")]
        if len(begun) == 2 and not killed:
            with distributed.Client(cluster) as client:
                busy = next(worker for worker, tasks in client.processing().items() if tasks)
                killed.extend(client.run(os.getpid, workers=[busy]).values())
            os.kill(killed[0], signal.SIGKILL)
        return False

    with dask_executor(cluster.scheduler_address) as executor:
        ended = run_tiny(
            experiment,
            games,
            out,
            executor,
            report=lambda name, result: reported.append(name),
            stopped=kill_a_worker,
            checkpoint_every=0.02,
        )
    assert killed
    assert ended.problems == []
    assert sorted(reported) == ["fast-seed1", "slow-seed1"]
    here = run_tiny(experiment, games, tmp_path / "here", Here())
    assert {run: result.figures for run, result in ended.results.items()} == {
        run: result.figures for run, result in here.results.items()
    }
    folders = [out / "tiny" / name for name in reported]
    for folder in folders:
        samples = [line["samples"] for line in read_metrics(folder)]
        assert samples == sorted(set(samples))
    sessions = [load_checkpoint(folder).state.sessions for folder in folders]
    assert sorted(sessions) == [1, 2]


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(BadConfig, match="--scheduler nowhere"), dask_executor("nowhere://here"):
        pass

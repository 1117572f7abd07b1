"""A job that another experiment has done is taken over: only if it is the same job, done by the same code."""

from pathlib import Path
from typing import Any

import pytest

from shicho.engine.version import shicho_version
from shicho.training.experiments import reuse
from shicho.training.experiments.job import Result, read_result, write_config
from shicho.training.experiments.report import gather
from shicho.training.run.curves import read_curve
from tests.support.experiments import Here, run_tiny, tiny_experiment

COMMIT = "0" * 40


@pytest.fixture
def done(games: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the experiment `tiny` has been run with one seed, by a known commit."""
    monkeypatch.setattr(reuse, "shicho_commit", lambda: COMMIT)
    run_tiny(tiny_experiment(tmp_path, samples=32, seeds=1), games, tmp_path / "out", Here())
    for place in (tmp_path / "out" / "tiny").glob("*-seed1"):
        found = read_result(place)
        assert found
        environment = {**found.environment, "git_commit": COMMIT, "shicho_version": shicho_version()}
        write_config(place / "result.json", found.model_copy(update={"environment": environment}))
    return tmp_path / "out"


def test_the_same_job_is_not_done_again(done: Path, games: Path, tmp_path: Path) -> None:
    """The arms have other names, and there is one more seed."""
    arms = {"usual": [], "wide": ["network.channels=16"]}
    second = tiny_experiment(tmp_path, name="second", arms=arms, samples=32)
    here = Here()
    seen: dict[str, Result | str] = {}
    ended = run_tiny(second, games, done, here, report=lambda name, result: seen.update({name: result}))
    assert here.done == ["wide-seed1", "usual-seed2", "wide-seed2"]
    origin = read_result(done / "tiny" / "slow-seed1")
    assert origin
    expected = origin.model_copy(update={"arm": "usual", "taken_from": "tiny/slow-seed1"})
    assert ended.results["usual", 1] == seen["usual-seed1"] == expected
    assert len(ended.results) == 4
    assert read_curve(done / "second" / "usual-seed1") == read_curve(done / "tiny" / "slow-seed1")
    assert "tiny/slow-seed1" in [run.result.taken_from for run in gather(done / "second").runs]


@pytest.mark.parametrize(
    "changes",
    [{"settings": ["training.batch_size=8"]}, {"samples": 48}, {"validation_positions": 32}],
    ids=str,
)
def test_another_job_is_done(done: Path, games: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    here = Here()
    run_tiny(tiny_experiment(tmp_path, **{"name": "second", "seeds": 1, "samples": 32, **changes}), games, done, here)
    assert here.done == ["slow-seed1", "fast-seed1"]


@pytest.mark.parametrize("commit", ["1" * 40, f"{COMMIT}+", None])
def test_other_or_unknown_code_does_it_again(
    done: Path, games: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: str | None
) -> None:
    monkeypatch.setattr(reuse, "shicho_commit", lambda: commit)
    here = Here()
    run_tiny(tiny_experiment(tmp_path, name="second", seeds=1, samples=32), games, done, here)
    assert here.done == ["slow-seed1", "fast-seed1"]

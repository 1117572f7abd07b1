"""Results as JSON, the page and pictures made from them, and those that are published with Shicho."""

import json
import platform
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from shicho.engine.errors import BadConfig
from shicho.tools.cli import app
from shicho.training.experiments.compare import compare
from shicho.training.experiments.definition import experiment_names
from shicho.training.experiments.job import read_result, write_config
from shicho.training.experiments.page import page, section, verdict, write_page
from shicho.training.experiments.pictures import DIGEST_KEY, digest, draw_experiment, half_interval, mean_curve
from shicho.training.experiments.report import Report, Run, compare_all, gather, read_report, read_reports, write_report
from shicho.training.run.curves import read_curve
from tests.support.experiments import Here, made_result, run_tiny, tiny_experiment

ROOT = Path(__file__).resolve().parents[3]
PUBLISHED = ROOT / "training" / "experiments" / "results"
MOST_BYTES = 60_000


@pytest.fixture(scope="module")
def folder(games: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny experiment that has ended."""
    place = tmp_path_factory.mktemp("experiment")
    run_tiny(tiny_experiment(place), games, place / "out", Here())
    return place / "out" / "tiny"


def made_report(folder: Path, losses: dict[str, list[float | None]], **changes: Any) -> Report:
    """A report with these losses by arm, one for each seed, and a straight curve for each run."""
    experiment = tiny_experiment(folder, arms={arm: [] for arm in losses}, **changes)
    made = [(arm, seed, loss) for arm, values in losses.items() for seed, loss in enumerate(values, start=1)]
    results = {(arm, seed): made_result(arm, seed, loss) for arm, seed, loss in made}
    curve = ((16.0, 5.0), (96.0, 3.0))
    return Report(
        experiment=experiment,
        presets={},
        games_sha256="0",
        precision="float32",
        processor="a slow one",
        versions={},
        runs=tuple(Run(result=result, curve=curve if result.figures else ()) for result in results.values()),
        comparisons=compare_all(experiment, results),
        sentences=(),
    )


def test_the_report_holds_everything_and_comes_back(folder: Path, tmp_path: Path) -> None:
    report = gather(folder)
    assert write_report(report, tmp_path) == tmp_path / "tiny.json"
    assert read_reports(tmp_path) == [report]
    assert list(report.results) == [("slow", 1), ("fast", 1), ("slow", 2), ("fast", 2)]
    assert report.runs[0].curve == tuple(read_curve(folder / "slow-seed1"))
    assert report.presets["fast"]["training"]["optimiser"]["learning_rate"] == 0.05
    assert report.comparisons == (
        *compare(report.experiment, report.results, "cross_entropy"),
        *compare(report.experiment, report.results, "top1"),
    )


def test_all_seeds_are_reported_whatever_the_last_call_asked_for(games: Path, tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path, samples=16)
    run_tiny(experiment, games, tmp_path, Here())
    run_tiny(experiment.changed(seeds=1), games, tmp_path, Here())
    assert gather(tmp_path / "tiny").seeds == 2


def test_runs_that_are_missing_or_failed_are_said(games: Path, tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path, samples=16, seeds=1)
    run_tiny(experiment, games, tmp_path, Here())
    place = tmp_path / "tiny" / "fast-seed1"
    found = read_result(place)
    assert found
    failed = f"stopped; the last good checkpoint is {place}/checkpoint-1"
    write_config(place / "result.json", found.model_copy(update={"figures": None, "failed": failed}))
    assert "fast, seed 1, failed: stopped; the last good checkpoint is checkpoint-1." in gather(place.parent).sentences
    (place / "result.json").unlink()
    assert gather(place.parent).sentences == ("1 of 2 runs have no result.",)


def test_no_machine_is_named(folder: Path, tmp_path: Path) -> None:
    """Not even by results that have the name of a host in them."""
    found = read_result(folder / "slow-seed1")
    assert found
    environment = {**found.environment, "host": "a-host"}
    write_config(folder / "slow-seed1" / "result.json", found.model_copy(update={"environment": environment}))
    text = write_report(gather(folder), tmp_path).read_text()
    assert not [name for name in ("a-host", f'"{platform.node()}"', str(folder.parents[1]), "system") if name in text]
    assert '"torch"' in text


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda data: data["runs"].append(data["runs"][0]), "twice"),
        (lambda data: data["runs"].pop(), "comparisons are not those of the runs"),
        (lambda data: data["comparisons"][0].update(mean=0.5), "comparisons are not those of the runs"),
        (lambda data: data["comparisons"].pop(), "comparisons are not those of the runs"),
        (lambda data: data["runs"][1]["result"].update(arm="nix"), "nix"),
        (lambda data: data["runs"][0]["result"]["figures"].pop("top1"), "arm slow, seed 1: cross_entropy and top1"),
        (lambda data: data["runs"][0]["result"].update(figures=None), "neither figures nor a reason"),
        (lambda data: data["runs"][0]["result"]["environment"].update(host="x"), "environment has host"),
        (lambda data: data["experiment"].update(name="other"), "holds the experiment other"),
        (lambda data: data.update(more=1), "more = 1: unknown"),
        (lambda data: data.pop("runs"), "runs: missing"),
    ],
)
def test_spoilt_results_are_refused_in_one_line(folder: Path, tmp_path: Path, spoil: Any, named: str) -> None:
    path = write_report(gather(folder), tmp_path)
    data = json.loads(path.read_text())
    spoil(data)
    path.write_text(json.dumps(data))
    with pytest.raises(BadConfig) as caught:
        read_report(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert named in message
    assert "\n" not in message


def test_damaged_and_missing_results_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tiny.json").write_text("{")
    with pytest.raises(BadConfig, match=r"tiny\.json"):
        read_reports(tmp_path)
    with pytest.raises(BadConfig, match="no experiment"):
        gather(tmp_path)


def test_the_page_shows_every_arm_and_the_verdict(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    report = gather(folder)
    text = write_page([report], tmp_path).read_text(encoding="utf-8")
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in tables] == ["experiment", "[tiny](#tiny)", "arm", "slow", "fast"]
    assert len({row.count("|") for row in tables[2:]}) == 1
    parts = ["Does a faster rate help?", "GoNN's figure: none", "a slow one", "96 samples a run, 2 seeds", "## tiny"]
    for part in (*parts, f"{report.runs[0].result.parameters:,}", *report.sentences):
        assert part in text
    assert (tmp_path / "experiments" / "tiny.png").read_bytes().startswith(b"\x89PNG")


def test_publish_adds_to_what_is_there_and_report_writes_nothing(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out, results, docs = str(folder.parent), str(tmp_path / "results"), str(tmp_path / "docs")
    for place in (results, docs):
        Path(place).mkdir()
    other = made_report(tmp_path, {"a": [2.0, 2.1], "b": [1.0, 1.2]}, name="other")
    write_report(other, tmp_path / "results")
    ended = CliRunner().invoke(app, ["experiment", "report", "tiny", "--out", out], catch_exceptions=False)
    assert section(gather(folder)) in ended.stdout
    assert [path.name for path in tmp_path.rglob("*.*")] == ["tiny.toml", "other.json"]
    places = ["--out", out, "--results", results, "--docs", docs]
    for names in (["tiny"], []):
        ended = CliRunner().invoke(app, ["experiment", "publish", *names, *places], catch_exceptions=False)
        assert ended.exit_code == 0
        assert (tmp_path / "docs" / "experiments.md").read_text(encoding="utf-8") == page([other, gather(folder)])
    assert {path.name for path in (tmp_path / "docs" / "experiments").iterdir()} == {"other.png", "tiny.png"}


def test_the_verdict_groups_arms_by_what_the_seeds_show(tmp_path: Path) -> None:
    losses: dict[str, list[float | None]] = {
        "base": [2.10, 2.20, 2.30],
        "low": [2.08, 2.17, 2.26],
        "high": [2.12, 2.23, 2.34],
        "like": [2.08, 2.21, 2.30],
        "single": [2.0],
        "lost": [None, None, None],
    }
    found = verdict(made_report(tmp_path, losses, seeds=3))
    assert found == "against base: better: low; worse: high; cannot tell: like; no interval: single; no figures: lost"
    assert "| lost |" in section(made_report(tmp_path, losses))


def test_a_curve_is_the_mean_of_the_seeds_in_samples_or_seconds(tmp_path: Path) -> None:
    report = made_report(tmp_path, {"a": [2.0, 2.2], "b": [2.0, None]})
    curve, length = mean_curve(report, "a")
    assert length == 96
    assert len(curve) == 1 + 200 * 80 // 96
    np.testing.assert_allclose(curve[20:-20], np.linspace(5, 3, len(curve))[20:-20], atol=0.02)
    timed = made_report(tmp_path, {"a": [2.0], "b": [2.0]}, samples=None, seconds=50.0)
    assert mean_curve(timed, "b")[1] == 50


def test_the_interval_of_a_mean() -> None:
    values = [2.0, 2.1, 2.3, 2.2]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=np.std(values, ddof=1) / 2)
    assert half_interval(values) == pytest.approx((high - low) / 2)
    assert half_interval([2.0]) == 0


@pytest.mark.parametrize("losses", [{"a": [2.0, 2.2], "b": [None, None], "c": [2.1]}, {"a": [None], "b": [None]}])
def test_pictures_of_failures_and_single_seeds(tmp_path: Path, losses: dict[str, list[float | None]]) -> None:
    """An arm without figures, one of a single seed, and an experiment without any figures."""
    pytest.importorskip("matplotlib")
    image = pytest.importorskip("PIL.Image")
    report = made_report(tmp_path, losses)
    draw_experiment(tmp_path / "picture.png", report)
    with image.open(tmp_path / "picture.png") as picture:
        assert picture.size == (675, 405)
        assert picture.text[DIGEST_KEY] == digest(report)


def test_the_published_page_and_pictures_are_those_of_the_results() -> None:
    """If this fails, run `shicho experiment publish`."""
    reports = read_reports(PUBLISHED)
    assert (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8") == page(reports)
    pictures = sorted((ROOT / "docs" / "experiments").glob("*"))
    assert [path.name for path in pictures] == [f"{report.experiment.name}.png" for report in reports]
    image = pytest.importorskip("PIL.Image")
    for path, report in zip(pictures, reports, strict=True):
        assert path.stat().st_size < MOST_BYTES, path.name
        with image.open(path) as picture:
            assert picture.text[DIGEST_KEY] == digest(report), path.name


def test_published_results_are_of_known_experiments_and_name_no_machine() -> None:
    assert {path.stem for path in PUBLISHED.glob("*.json")} <= {*experiment_names()}
    for path in PUBLISHED.glob("*.json"):
        assert not re.findall(r'(?:"|\s)/\w+/|"host"', path.read_text(encoding="utf-8")), path.name

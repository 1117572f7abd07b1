"""`shicho evaluate --chart`: reliability and groups as a picture."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from shicho.engine.errors import BadConfig
from shicho.tools.commands.evaluate import evaluate
from shicho.training.evaluation_chart import draw_chart
from tests.support.commands import invoke
from tests.support.experiments import write_games
from tests.support.networks import write_network
from tests.support.training import ALL_HEADS, tiny_preset, write_checkpoint

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_games(tmp_path_factory.mktemp("store"))


def command(*arguments: object) -> Result:
    return invoke(evaluate, *arguments)


def test_the_chart_shows_every_source_head_and_group(store_file: Path, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "c", tiny_preset(heads=ALL_HEADS))
    chart = tmp_path / "chart.svg"
    options = ["--positions", 100, "--source", "train", "--source", "ranked", "--by", "phase", "--by", "source"]
    result = command(checkpoint, store_file, "--json", *options, "--chart", chart)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    text = chart.read_text()
    for name in ("the most probable move is played", "the likelier side wins", "moves played", "top-1", "ranked"):
        assert name in text, name
    for group in figures["train"]["by_phase"]:
        assert f"<!-- {group} -->" in text, group
    for error in ("calibration_error", "win_calibration_error"):
        assert f"train (calibration error {figures['train'][error]:.1%}" in text


def test_a_policy_alone_without_groups(store_file: Path, tmp_path: Path) -> None:
    network = write_network(tmp_path / "n.onnx")
    result = command(network, store_file, "--positions", 30, "--chart", tmp_path / "chart.png")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_suffix_that_is_not_known_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    network = write_network(tmp_path / "n.onnx")
    result = command(network, tmp_path / "no-store.h5", "--chart", tmp_path / "chart.nix")
    assert isinstance(result.exception, BadConfig)
    assert "chart.nix" in str(result.exception)


def test_groups_that_only_one_source_has(tmp_path: Path) -> None:
    """Years of two archives need not overlap."""

    def group(top1: float) -> dict[str, Any]:
        intervals = {"top1": [top1 - 0.1, top1 + 0.1], "cross_entropy": [1.5, 2.5]}
        return {"top1": top1, "cross_entropy": 2.0, "n": 10, "intervals": intervals}

    bins = {"reliability": {"policy": [(0.2, 0.25, 5), (0.6, 0.5, 5)]}}
    figures = {
        "a": {**bins, "by_year": {"2001": group(0.4), "2003": group(0.5)}},
        "b": {**bins, "by_year": {"2002": group(0.3)}},
    }
    draw_chart(tmp_path / "chart.svg", "title", figures)
    text = (tmp_path / "chart.svg").read_text()
    places = [text.index(f"<!-- {year} -->") for year in (2001, 2002, 2003)]
    assert places == sorted(places)
    assert "calibration error 7.5%" in text

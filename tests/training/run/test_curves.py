"""Learning curves: read from metrics, thinned, drawn; and `shicho train plot` beside `shicho train`."""

import json
import sys
from pathlib import Path

import pytest

from shicho.engine.errors import BadConfig
from shicho.tools import cli
from shicho.training.run.curves import LOSS, TOP1, Measured, draw_curves, read_curve, read_panels, thin

VALIDATED = {"validation": {"cross_entropy": 0.75, "top1": 0.125, "top4": 0.5, "n": 8}}


def write_metrics(run: Path, count: int) -> Path:
    run.mkdir()
    lines = [
        {"samples": 10 * n, "loss": 1 / n, "top1": 0.01 * n, "samples_per_s": 5.0, **({} if n % 2 else VALIDATED)}
        for n in range(1, count + 1)
    ]
    (run / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n{"samples": 99')
    return run


def test_thinning_takes_means_and_keeps_the_end() -> None:
    assert thin([(1, 2.0), (2, 4.0), (3, 6.0)], 3) == [(1, 2.0), (2, 4.0), (3, 6.0)]
    assert thin([(1, 2.0), (2, 4.0), (3, 6.0), (4, 8.0), (5, 1.0)], 3) == [(2, 3.0), (4, 7.0), (5, 1.0)]
    many = [(float(n), 1.0) for n in range(1, 1002)]
    assert len(thin(many, 100)) <= 100
    assert thin(many, 100)[-1][0] == 1001


def test_reading_leaves_out_a_line_cut_short(tmp_path: Path) -> None:
    assert read_curve(write_metrics(tmp_path / "run", 3)) == [(10, 1.0), (20, 0.5), (30, 0.3333)]
    with pytest.raises(BadConfig, match=r"metrics\.jsonl"):
        read_curve(tmp_path)


def test_training_and_validation_are_read_of_every_run(tmp_path: Path) -> None:
    runs = [write_metrics(tmp_path / "a", 4), write_metrics(tmp_path / "b", 1)]
    panels = read_panels(runs)
    assert set(panels) == {LOSS, TOP1}
    loss, top1 = panels[LOSS][str(runs[0])], panels[TOP1][str(runs[0])]
    assert loss == Measured(
        training=[(10, 1.0), (20, 0.5), (30, 0.3333), (40, 0.25)], validation=[(20, 0.75), (40, 0.75)]
    )
    assert top1.training == [(10, 0.01), (20, 0.02), (30, 0.03), (40, 0.04)]
    assert top1.validation == [(20, 0.125), (40, 0.125)]
    short = panels[LOSS][str(runs[1])]
    assert (short.training, short.validation) == ([(10, 1.0)], [])


def test_several_runs_are_drawn_with_their_names(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    runs = [write_metrics(tmp_path / "first-run", 400), write_metrics(tmp_path / "other-run", 1)]
    draw_curves(tmp_path / "curves.svg", "a title", read_panels(runs))
    text = (tmp_path / "curves.svg").read_text()
    for name in ("first-run", "other-run", "a title", "validation", "training", "top-1"):
        assert name in text, name


def shicho(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["shicho", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


def test_plot_beside_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    runs = [str(write_metrics(tmp_path / name, 20)) for name in ("a", "b")]
    assert not shicho(monkeypatch, "train", "plot", *runs, "-o", str(tmp_path / "curves.png"))
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert shicho(monkeypatch, "train", "layers", runs[0], "-o", str(tmp_path / "layers.png")) == 1
    assert "--layer-statistics" in capsys.readouterr().err
    assert shicho(monkeypatch, "train", "plot", *runs, "-o", str(tmp_path / "curves.nix")) == 1
    assert "curves.nix" in capsys.readouterr().err
    assert shicho(monkeypatch, "train", "--preset", "small", str(tmp_path / "none.h5")) == 1
    assert "none.h5" in capsys.readouterr().err
    assert shicho(monkeypatch, "train") == 2
    assert "GAMES.h5" in capsys.readouterr().err


def test_drawing_needs_a_known_suffix(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(BadConfig, match="nix"):
        draw_curves(tmp_path / "a.nix", "title", {LOSS: {"a": Measured(training=[(1, 2.0), (2, 1.0)])}})

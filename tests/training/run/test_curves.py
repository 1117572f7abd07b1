"""Learning curves: read from metrics, thinned, drawn; and `shicho train plot` beside `shicho train`."""

import json
import sys
from pathlib import Path

import pytest

from shicho.engine.errors import BadConfig
from shicho.tools import cli
from shicho.training.run.curves import draw_curves, read_curve, thin


def write_metrics(run: Path, count: int) -> Path:
    run.mkdir()
    lines = [json.dumps({"samples": 10 * n, "loss": 1 / n, "samples_per_s": 5.0}) for n in range(1, count + 1)]
    (run / "metrics.jsonl").write_text("\n".join(lines) + '\n{"samples": 99')
    return run


def test_thinning_takes_means_and_keeps_the_end() -> None:
    assert thin([(1, 2.0), (2, 4.0), (3, 6.0)], 3) == [(1, 2.0), (2, 4.0), (3, 6.0)]
    assert thin([(1, 2.0), (2, 4.0), (3, 6.0), (4, 8.0), (5, 1.0)], 3) == [(2, 3.0), (4, 7.0), (5, 1.0)]
    many = [(float(n), 1.0) for n in range(1, 1002)]
    assert len(thin(many, 100)) <= 100
    assert thin(many, 100)[-1][0] == 1001


def test_reading_leaves_out_a_line_cut_short(tmp_path: Path) -> None:
    assert read_curve(write_metrics(tmp_path / "run", 3)) == [(10, 1.0), (20, 0.5), (30, 0.3333)]
    with pytest.raises(BadConfig, match=r"metrics\.jsonl: no metrics"):
        read_curve(tmp_path)


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
    assert shicho(monkeypatch, "train", "plot", *runs, "-o", str(tmp_path / "curves.nix")) == 1
    assert "curves.nix" in capsys.readouterr().err
    assert shicho(monkeypatch, "train", "--preset", "small", str(tmp_path / "none.h5")) == 1
    assert "none.h5" in capsys.readouterr().err
    assert shicho(monkeypatch, "train") == 2
    assert "GAMES.h5" in capsys.readouterr().err


def test_drawing_needs_a_known_suffix(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(BadConfig, match="nix"):
        draw_curves(tmp_path / "a.nix", "title", {"a": [[(1, 2.0), (2, 1.0)]]})

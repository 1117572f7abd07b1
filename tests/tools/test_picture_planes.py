"""Pictures of planes, and the documentation pages with them."""

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from shicho.engine import Game
from shicho.engine.features import FEATURE_SETS, SANDBOX_26, SHICHO_V2, FeatureSet
from shicho.tools import cli
from shicho.tools.console import run
from shicho.tools.picture.pages import page_text
from shicho.tools.picture.planes import save_plane, save_planes

ROOT = Path(__file__).parents[2]
GAME = ROOT / "tests" / "data" / "games" / "09-seed001.sgf"
DRAWN_ON = "19-seed016, after move 227, white to play"
RED = (0.839, 0.153, 0.157)


def command(monkeypatch: pytest.MonkeyPatch, *options: object) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["shicho", "picture", *map(str, options)])
    with pytest.raises(SystemExit) as ended:
        run(cli.app)
    return ended.value.code


def red_pixels(path: Path) -> int:
    return int((np.abs(np.asarray(imread(path))[..., :3] - RED).max(axis=-1) < 0.02).sum())


@pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=str)
def test_every_point_of_every_plane_is_drawn(features: FeatureSet, tmp_path: Path) -> None:
    """Each 1 in a plane adds the same number of red pixels, with or without a stone under it."""
    each = []
    for stones in (0, 9, 40):
        game = Game(9)
        for point in range(stones):
            game.play(game.to_play, 2 * point)
        save_planes(tmp_path / "planes.png", game, features, "a title")
        each.append(red_pixels(tmp_path / "planes.png") / float(features.compute(game).sum()))
    assert min(each) > 10
    assert max(each) < 1.15 * min(each)


def test_one_plane_on_a_large_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The red area grows with the points that are 1, and the stones are there."""
    game = Game(9)
    for point in (0, 1, 20, 30):
        game.play(game.to_play, point)
    each = []
    for name, count in (("own_stone", 2), ("on_board", 81)):
        save_plane(tmp_path / "plane.png", game, name, "a title")
        each.append(red_pixels(tmp_path / "plane.png") / count)
    assert each[0] == pytest.approx(each[1], rel=0.05)
    assert each[0] > 500
    assert command(monkeypatch, "plane", GAME, "--plane", "own_pass_alive", "-o", tmp_path / "seen.svg") == 0
    assert "Benson" in (tmp_path / "seen.svg").read_text(encoding="utf-8")


def test_the_commands_draw_planes_and_write_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for options, name in (([], "first.png"), (["--features", "shicho-v2"], "second.png")):
        assert command(monkeypatch, "planes", GAME, "--move", 7, "-o", tmp_path / name, *options) == 0
    sizes = [imread(tmp_path / name).shape for name in ("first.png", "second.png")]
    assert sizes[0][1] == sizes[1][1]
    assert sizes[0][0] < sizes[1][0]
    (tmp_path / "pages").mkdir()
    assert command(monkeypatch, "pages", GAME, "--move", 7, "-o", tmp_path / "pages") == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "pages")
    names = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert names == ["sandbox-26.md", "sandbox-26.png", "shicho-v2.md", "shicho-v2.png"]
    page = (tmp_path / "pages" / "shicho-v2.md").read_text(encoding="utf-8")
    assert page == page_text(SHICHO_V2, "09-seed001, after move 7, white to play")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["planes", GAME, "-o", "x.png", "--features", "shicho-9"],
            "'shicho-9'",
        ),
        (["planes", GAME, "-o", "x.png", "--move", "900"], "900"),
        (["plane", GAME, "--plane", "atari", "-o", "x.png"], "own_liberties_1"),
        (["pages", GAME, "-o", "nowhere"], "nowhere"),
    ],
)
def test_errors_are_one_line(
    options: list[object],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, *options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=str)
def test_the_pages_are_up_to_date(features: FeatureSet) -> None:
    page = ROOT / "docs" / "features" / f"{features.name}.md"
    if not page.parent.is_dir():
        pytest.skip("only the repository has the documentation")
    assert page.read_text(encoding="utf-8") == page_text(features, DRAWN_ON), "make pages"
    picture = page.with_suffix(".png")
    assert picture.stat().st_size < 200_000
    height, width = imread(picture).shape[:2]
    rows = -(-len(features) // 6)
    assert height / width == pytest.approx((0.4 + rows * 1.56) / (6 * 1.36), abs=0.02)


def test_a_page_has_a_row_for_every_plane() -> None:
    rows = [line for line in page_text(SANDBOX_26, "x").splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == 26
    assert rows[23].startswith("| 23 | `ladder_captured` | stone of a chain in atari")

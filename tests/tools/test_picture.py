"""Pictures of move probabilities."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from shicho.engine import Game
from shicho.engine.policy import Evaluation
from shicho.tools import cli
from shicho.tools.console import run
from shicho.tools.picture.policy import save_policy
from tests.support.networks import write_network

GAME = Path(__file__).parents[1] / "data" / "games" / "09-seed001.sgf"


def picture_of(folder: Path, game: Game, probabilities: np.ndarray) -> np.ndarray:
    path = folder / "position.png"
    save_policy(path, game, Evaluation(probabilities.astype(np.float32)), "a title")
    assert [file.name for file in folder.iterdir()] == ["position.png"]
    return np.asarray(imread(path))[..., :3]


def pixels(picture: np.ndarray, colour: tuple[float, float, float]) -> int:
    return int((np.abs(picture - colour).max(axis=-1) < 0.02).sum())


def test_stones_and_probable_moves_are_drawn(tmp_path: Path) -> None:
    game = Game(9)
    nothing = np.zeros(82)
    empty = picture_of(tmp_path, game, nothing)
    for point in (20, 24, 60):
        game.play(game.to_play, point)
    stones = picture_of(tmp_path, game, nothing)
    black, white = (0.067, 0.067, 0.067), (0.98, 0.98, 0.98)
    one_stone = pixels(stones, white) - pixels(empty, white)
    assert one_stone > 500
    assert 1.5 * one_stone < pixels(stones, black) - pixels(empty, black) < 2.5 * one_stone

    likely = nothing.copy()
    likely[40] = 0.6
    assert (picture_of(tmp_path, game, likely) != stones).any(axis=-1).sum() > 500
    likely[40] = 0.005
    assert (picture_of(tmp_path, game, likely) == stones).all()


def command(monkeypatch: pytest.MonkeyPatch, *options: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["shicho", "picture", "policy", *options])
    with pytest.raises(SystemExit) as ended:
        run(cli.app)
    return ended.value.code


def test_the_command_draws_a_game(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    network, out = write_network(tmp_path / "net.onnx"), tmp_path / "seen.svg"
    assert command(monkeypatch, str(GAME), "-o", str(out), "--move", "7", "--network", str(network)) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert "<svg" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--move", "900", "-o", "x.png"], "900"),
        (["-o", "x.bmpx"], "x.bmpx: "),
        (["-o", "x"], "x: "),
        (["-o", "."], ".: "),
        (["-o", "nowhere/x.png"], "nowhere: "),
    ],
)
def test_errors_are_one_line(
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = write_network(tmp_path / "net.onnx")
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, str(GAME), "--network", str(network), *options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert ".part" not in error
    assert list(tmp_path.iterdir()) == [network]


def test_set_up_stones_are_drawn_in_any_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures of a game with set-up stones after moves and of its last position set up at once are the same."""
    network = write_network(tmp_path / "net.onnx")
    edited, at_once = tmp_path / "game.sgf", tmp_path / "same" / "game.sgf"
    at_once.parent.mkdir()
    edited.write_text("(;SZ[9];B[dd];W[ff];AB[cc][gg]AE[dd]PL[W])")
    at_once.write_text("(;SZ[9]AB[cc][gg]AW[ff]PL[W];B[hh];W[hb];AE[hh][hb]PL[W])")
    pictures = []
    for file in (edited, at_once):
        out = file.with_suffix(".png")
        assert command(monkeypatch, str(file), "-o", str(out), "--move", "2", "--network", str(network)) == 0
        pictures.append(np.asarray(imread(out)))
    assert (pictures[0] == pictures[1]).all()

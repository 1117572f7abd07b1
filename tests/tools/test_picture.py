"""Pictures of move probabilities."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from shicho.engine import Colour, Game, Move
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


def test_the_move_played_is_marked(tmp_path: Path) -> None:
    """By a frame around its point, also where the network does not expect it; a pass only in the title."""
    game = Game(9)
    nothing = np.zeros(82, np.float32)
    pictures = []
    for played in (None, Move(Colour.BLACK, 40), Move(Colour.BLACK, 81)):
        path = tmp_path / "position.png"
        save_policy(path, game, Evaluation(nothing), "a title", played)
        pictures.append(np.asarray(imread(path))[..., :3])
    framed = np.argwhere((pictures[1] != pictures[2]).any(axis=-1) & (np.abs(pictures[1] - 0.067).max(axis=-1) < 0.02))
    rows, columns = framed[framed[:, 0] > 80].T
    assert rows.max() - rows.min() == pytest.approx(columns.max() - columns.min(), abs=3)
    assert rows.max() - rows.min() == pytest.approx(70, abs=10), "a point of 9x9"
    assert pictures[0].shape == pictures[1].shape
    assert (pictures[0] != pictures[2]).any()


def test_percent_numbers_stand_out(tmp_path: Path) -> None:
    """On a red point, the number is black with white around it."""
    game, likely = Game(9), np.zeros(82)
    likely[40] = 0.77
    picture = picture_of(tmp_path, game, likely)
    rows, columns = np.nonzero(np.abs(picture - (0.8, 0, 0)).max(axis=-1) < 0.02)
    inside = picture[rows.min() : rows.max(), columns.min() : columns.max()]
    assert pixels(inside, (0, 0, 0)) > 20
    assert (inside.min(axis=-1) > 0.8).sum() > 40


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

"""Pictures of the channels of a network with taps: a sheet, one channel, a filmstrip, an animation."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

from shicho.engine.palette import signed_colours
from shicho.engine.policy import Policy
from shicho.engine.sgf import read_game
from shicho.engine.taps import Taps
from shicho.tools import cli
from shicho.tools.console import run
from tests.support.networks import write_network

GAME = Path(__file__).parents[1] / "data" / "games" / "05-seed001.sgf"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("network") / "net.onnx", taps=True)


def command(monkeypatch: pytest.MonkeyPatch, network: Path, *options: object) -> int | str | None:
    arguments = ["shicho", "picture", "channels", GAME, "--network", network, *options]
    monkeypatch.setattr("sys.argv", [str(argument) for argument in arguments])
    with pytest.raises(SystemExit) as ended:
        run(cli.app)
    return ended.value.code


def areas(picture: np.ndarray, colours: np.ndarray) -> list[int]:
    """The number of pixels of each of the colours uint8 [..., 3] in a picture uint8 [h, w, 3]."""
    return [int((np.abs(picture.astype(int) - colour).max(axis=-1) <= 1).sum()) for colour in colours.reshape(-1, 3)]


def rgb(path: Path) -> np.ndarray:
    return np.rint(255 * np.asarray(imread(path))[..., :3]).astype(np.uint8)


def test_one_channel_has_the_colour_of_every_value(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, game = tmp_path / "channel.png", read_game(GAME, plies=9)
    values = Taps(Policy(network, threads=1)).boards(game, "stem")[2]
    for options, scale in (([], float(np.abs(values).max())), (["--scale", "9"], 9.0)):
        assert command(monkeypatch, network, "--layer", "stem", "--channel", 2, "--move", 9, "-o", path, *options) == 0
        seen = areas(rgb(path), signed_colours(values, scale))
        assert min(seen) > 3_000, "a point of 5x5 has more than 10,000 pixels, a stone covers a part of it"
    assert capsys.readouterr().out == f"{path}\n" * 2


def test_the_sheet_has_every_channel(network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sheet.png"
    assert command(monkeypatch, network, "--layer", "stem", "--move", 9, "-o", path) == 0
    game = read_game(GAME, plies=9)
    for values in Taps(Policy(network, threads=1)).boards(game, "stem"):
        assert min(areas(rgb(path), signed_colours(values, float(np.abs(values).max())))) > 100


def test_a_filmstrip_and_an_animation_show_the_game(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fifth position on one scale, in the animation each for as long as asked."""
    strip, moving = tmp_path / "strip.png", tmp_path / "moving.gif"
    shared = ("--layer", "stem", "--channel", 1, "--every", 5, "--move", 21)
    assert command(monkeypatch, network, *shared, "--filmstrip", "-o", strip) == 0
    assert command(monkeypatch, network, *shared, "--seconds", 0.25, "-o", moving) == 0
    taps = Taps(Policy(network, threads=1))
    values = [taps.boards(read_game(GAME, plies=ply), "stem")[1] for ply in (0, 5, 10, 15, 20)]
    scale = float(np.abs(values).max())
    strip_pixels = rgb(strip)
    with Image.open(moving) as animation:
        assert animation.n_frames == 5
        assert animation.info["duration"] == 250
        for frame, board in enumerate(values):
            colours = signed_colours(board, scale)
            assert min(areas(strip_pixels, colours)) > 100
            animation.seek(frame)
            pixels = np.asarray(animation.convert("RGB")).astype(int)
            nearest = [np.abs(pixels - colour).max(axis=-1).min() for colour in colours.reshape(-1, 3).astype(int)]
            assert max(nearest) <= 8, "256 colours in all"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--layer", "stem", "--filmstrip", "-o", "x.png"], "--channel"),
        (["--layer", "stem", "-o", "x.gif"], "--channel"),
        (["--layer", "stem", "--channel", "4", "-o", "x.png"], "0 to 3"),
        (["--layer", "stem.mean", "-o", "x.png"], "stem.mean"),
        (["--layer", "block1", "-o", "x.png"], "'block1'"),
        (["--layer", "stem", "-o", "x.bmpx"], "x.bmpx: "),
        (["--layer", "stem", "--channel", "0", "-o", "nowhere/x.gif"], "nowhere"),
    ],
)
def test_errors_are_one_line(
    options: list[str],
    message: str,
    network: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, network, *options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_network_without_taps_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = write_network(tmp_path / "net.onnx")
    assert command(monkeypatch, plain, "--layer", "stem", "-o", tmp_path / "x.png") == 1
    assert "--taps" in capsys.readouterr().err

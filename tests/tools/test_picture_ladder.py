"""Pictures of ladders."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from shicho.engine import Board, Colour, Move, ladder
from shicho.engine.ladder import LadderReading
from shicho.tools import cli
from shicho.tools.console import run
from shicho.tools.picture.ladder import save_ladder
from shicho.tools.picture.moves import number_points

CORNER = """
    . . . . .
    . O . . .
    O X . . .
    O . . . .
    . . . . ."""
RECORD = "(;SZ[5]AW[bb][ac][ad]AB[bc];W[ee])"


def pixels(path: Path, grey: float) -> int:
    """Return the number of pixels of this grey level."""
    picture = np.asarray(imread(path))[..., :3]
    return int((np.abs(picture - grey).max(axis=-1) < 0.02).sum())


def test_moves_are_drawn_as_stones(tmp_path: Path) -> None:
    """The picture has six more stones than the position, three per colour; the seventh move is a pass."""
    board = Board.from_text(CORNER)
    reading = ladder.read(board, "B3")
    assert [move.point == 25 for move in reading.moves].count(True) == 1
    bare, drawn = tmp_path / "bare.png", tmp_path / "drawn.png"
    save_ladder(bare, board, 11, LadderReading(False, (), 0, False), "no moves")
    save_ladder(drawn, board, 11, reading, "seven moves")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare.png", "drawn.png"]
    white_stone = (pixels(drawn, 0.98) - pixels(bare, 0.98)) / sum(m.colour is Colour.WHITE for m in reading.moves)
    assert white_stone > 1_000
    assert pixels(drawn, 0.067) > pixels(bare, 0.067) + 1_000


def test_every_move_is_drawn_or_listed() -> None:
    moves = [(1, 3), (2, 4), (1, 25), (2, 3), (1, 9), (2, 3)]
    played = [Move(Colour(colour), point) for colour, point in moves]
    assert number_points(played, 5) == ({3: 1, 4: 2, 9: 5}, ["3 passes", "4 at 1", "6 at 1"])
    assert number_points(played, 5, first=8, stones=[4]) == (
        {3: 8, 9: 12},
        ["9 at E5", "10 passes", "11 at 8", "13 at 8"],
    )


def command(monkeypatch: pytest.MonkeyPatch, *options: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["shicho", "picture", "ladder", *options])
    with pytest.raises(SystemExit) as ended:
        run(cli.app)
    return ended.value.code


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A game of one move in the current directory."""
    monkeypatch.chdir(tmp_path)
    path = Path("game.sgf")
    path.write_text(RECORD, encoding="utf-8")
    return path


def test_the_command(record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(monkeypatch, str(record), "--at", "b3", "--move", "0", "-o", "seen.svg") == 0
    assert capsys.readouterr().out == "seen.svg\n"
    assert "<svg" in Path("seen.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--at", "C3", "-o", "x.png"], "C3"),
        (["--at", "Z3", "-o", "x.png"], "'Z3'"),
        (["--at", "B3", "--move", "9", "-o", "x.png"], "game.sgf: "),
        (["--at", "B3", "-o", "x.bmpx"], "x.bmpx: "),
        (["--at", "B3", "-o", "nowhere/x.png"], "nowhere"),
    ],
)
def test_errors_are_one_line(
    options: list[str],
    message: str,
    record: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(monkeypatch, str(record), *options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(Path().iterdir()) == [record]

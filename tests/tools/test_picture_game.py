"""Diagrams of games with numbered moves."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.image import imread

from shicho.engine.sgf import read_game
from shicho.tools import cli
from shicho.tools.console import run
from shicho.tools.picture.record import save_record

# Black takes a stone at B5 and white retakes there after an exchange; then white passes.
KO = "(;SZ[5];B[ba];W[ca];B[ab];W[db];B[bc];W[cc];B[cb];W[bb];B[ee];W[ea];B[cb];W[])"
SET_UP = "(;SZ[5];B[aa];W[bb];AE[aa]AB[dd];B[cc];W[ee])"


def texts(path: Path) -> list[str]:
    """The texts of an .svg file, in which they are written as text."""
    return [node.text or "" for node in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]


def numbers(path: Path, record: str, *, plies: int | None = None, first: int = 1) -> tuple[set[int], str]:
    """The numbers on stones, and what is written below the board."""
    with rc_context({"svg.fonttype": "none"}):
        save_record(path, read_game(record, plies=plies), "title", first=first)
    written = texts(path)
    coordinates = [str(number) for number in range(1, 6)] * 2
    for text in coordinates:
        written.remove(text)
    notes = [text for text in written if " at " in text or "passes" in text]
    return {int(text) for text in written if text.isdigit()}, ", ".join(notes)


def test_every_move_has_its_number_or_a_note(tmp_path: Path) -> None:
    path = tmp_path / "game.svg"
    assert numbers(path, KO) == ({*range(1, 11)}, "11 at 7, 12 passes")
    assert numbers(path, KO, plies=5) == ({1, 2, 3, 4, 5}, "")
    assert numbers(path, KO, first=8) == ({8, 9, 10}, "11 at C4, 12 passes")
    assert numbers(path, KO, plies=0) == (set(), "")


def test_moves_before_set_up_stones_have_no_numbers(tmp_path: Path) -> None:
    assert numbers(tmp_path / "game.svg", SET_UP) == ({3, 4}, "")


def command(monkeypatch: pytest.MonkeyPatch, *options: object) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["shicho", "picture", "game", *map(str, options)])
    with pytest.raises(SystemExit) as ended:
        run(cli.app)
    return ended.value.code


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    record, out = tmp_path / "game.sgf", tmp_path / "out.png"
    record.write_text(KO)
    pictures = []
    for options in ([], ["--from", 6], ["--no-numbers"], ["--no-numbers", "--move", 8]):
        assert command(monkeypatch, record, "-o", out, *options) == 0
        pictures.append(np.asarray(imread(out))[..., :3])
    assert len({picture.tobytes() for picture in pictures}) == 4
    red = [int((np.abs(picture - (0.8, 0, 0)).max(axis=-1) < 0.02).sum()) for picture in pictures]
    assert red[:3] == [0, 0, 0]
    assert red[3] > 50, "the last move is marked"
    capsys.readouterr()
    assert command(monkeypatch, record, "-o", out, "--from", 13) == 1
    error = capsys.readouterr().err
    assert "13" in error
    assert error.count("\n") == 1

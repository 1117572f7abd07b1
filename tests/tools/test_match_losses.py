"""`shicho match losses`: which games count, what was lost, the page and its pictures, with a real GNU Go."""

import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.coords import vertex_to_point
from shicho.engine.errors import BadRecord
from shicho.engine.sgf import read_game, write_game
from shicho.tools import cli
from shicho.tools.losses.games import games_of
from shicho.tools.losses.leads import WINDOW, course_of, largest_fall, lost_stones, without_spikes
from shicho.tools.match.engines import find_gnugo, gnugo

RECORD = Path(__file__).parents[1] / "data" / "games" / "19-seed001.sgf"


def record(black: str, white: str, result: str, *, passes: int = 0, plies: int = 60) -> str:
    """The first moves of a game of GNU Go; then White plays on, down a column, while Black passes."""
    game = read_game(RECORD, plies=plies)
    for point in range(6, 6 + 19 * passes, 19):
        if game.why_illegal("w", point) is None:
            game.play("b", game.board.pass_point)
            game.play("w", point)
    return write_game(game, black=black, white=white, result=result).decode()


def board(size: int, black: str, white: str) -> Board:
    """A board with stones on these vertices."""
    made = Board(size)
    for colour, vertices in ((Colour.BLACK, black), (Colour.WHITE, white)):
        for vertex in vertices.split():
            made.play(colour, vertex_to_point(vertex, size))
    return made


def points(vertices: str, size: int = 9) -> tuple[int, ...]:
    return tuple(sorted(vertex_to_point(vertex, size) for vertex in vertices.split()))


def test_the_games_of_a_player(tmp_path: Path) -> None:
    (tmp_path / "match.sgf").write_text(
        record("Mine 2", "Other", "W+R") + record("Other", "Mine 2", "W+3.5") + record("Other", "Mine 2", "0")
    )
    (tmp_path / "others.sgf").write_text(record("Mine 1", "Mine 2", "B+R") + record("A", "B", "B+R"))
    found = games_of("Mine", [tmp_path])
    assert [(game.colour, game.winner, game.result, game.lost) for game in found] == [
        (Colour.BLACK, Colour.WHITE, "W+R", True),
        (Colour.WHITE, Colour.WHITE, "W+3.5", False),
        (Colour.WHITE, None, "0", False),
    ]
    assert len({game.place for game in found}) == 3
    with pytest.raises(BadRecord, match="begins with 'Nobody'"):
        games_of("Nobody", [tmp_path])


def test_names_in_other_encodings_and_bad_records(tmp_path: Path) -> None:
    (tmp_path / "a.sgf").write_bytes(b"(;SZ[19]CA[UTF-8]PB[Mine]PW[Gr\xfcn]RE[White wins];B[dd];W[pp])")
    (game,) = games_of("Mine", [tmp_path])
    assert game.lost
    (tmp_path / "b.sgf").write_text("(;SZ[19]PB[Mine]PW[Other]RE[W+R];B[dd];W[dd])")
    with pytest.raises(BadRecord, match=r"b\.sgf: .*D16"):
        games_of("Mine", [tmp_path])


def test_set_up_stones_are_estimated(tmp_path: Path) -> None:
    (tmp_path / "a.sgf").write_text(
        "(;SZ[19]KM[0.5]HA[4]AB[dd][pd][dp][pp]PB[Mine]PW[Other]RE[W+R];W[qf];B[nc];W[rd];B[qh])"
    )
    (played,) = games_of("Mine", [tmp_path])
    assert course_of(played, gnugo(find_gnugo(), 1), every=10).leads[0] > 20


def test_stones_that_were_captured_or_became_dead_are_lost() -> None:
    before = board(9, "E5 A1 G7 G8 J1", "C3")
    after = board(9, "G7 G8 J1 D4", "C3 E5")  # E5 is White's now, A1 empty, D4 came later
    dead = {*points("G7 G8"), *points("D4")}
    assert lost_stones(before, set(), after, dead, Colour.BLACK) == points("E5 A1 G7 G8")
    assert lost_stones(before, set(points("G7 G8")), after, dead, Colour.BLACK) == points("E5 A1")
    assert lost_stones(before, set(), after, dead, Colour.WHITE) == ()


def test_a_single_wrong_estimate_is_no_loss() -> None:
    assert without_spikes([-30, -28, -33, 18, -36, -35]) == [-30, -30, -28, -33, -35, -35]
    assert without_spikes([5, 4, -20, -21]) == [5, 4, -20, -21]
    assert without_spikes([1.0]) == [1.0]
    assert without_spikes([1.0, 2.0]) == [1.0, 2.0]


def test_the_largest_fall_lies_within_the_window() -> None:
    moves = (0, 10, 20, 30, 40, 43)
    assert largest_fall(moves, (0, 5, -3, -4, -30, -31)) == (2, 4)
    assert largest_fall(moves, (31, 20, 10, 0, -10, -20)) == (0, 2)  # more is lost from 0 to 30, in too many moves
    assert largest_fall((0, 50), (1.0, -4.0)) == (0, 1)
    assert largest_fall((0,), (1.0,)) == (0, 0)


def test_gnu_go_sees_what_passing_costs(tmp_path: Path) -> None:
    path = tmp_path / "a.sgf"
    path.write_text(record("Mine", "Other", "W+R", passes=12))
    (played,) = games_of("Mine", [path])
    course = course_of(played, gnugo(find_gnugo(), 1), every=10)
    assert course.moves[:7] == (0, 10, 20, 30, 40, 50, 60)
    assert course.moves[-1] == played.game.ply > 70
    assert course.fall.first >= 50
    assert course.fall.last - course.fall.first <= WINDOW
    assert course.fall.points == pytest.approx(
        course.lead_after(course.fall.first) - course.lead_after(course.fall.last)
    )
    assert course.fall.points > 20
    assert abs(course.leads[0]) < 15
    assert course.lead_after(5) is None


def test_the_page_and_its_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    games = tmp_path / "games.sgf"
    games.write_text(
        record("Mine", "Other", "W+R", passes=12) + record("Other", "Mine", "B+R") + record("Mine", "Other", "B+R")
    )
    page = tmp_path / "losses.md"
    arguments = ["match", "losses", str(games), "--player", "Mine", "-o", str(page), "--level", "1", "--every", "20"]
    monkeypatch.setattr(sys, "argv", ["shicho", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code in (0, None)
    text = page.read_text()
    assert "Mine lost 2 of 3 games. GNU Go 3.8 level 1 estimates the score" in text
    assert "after every 20 moves" in text
    assert "| 60 | 2 |" in text
    for name in re.findall(r"\]\((losses/[^)]+)\)", text):
        assert Image.open(tmp_path / name).size[0] > 500
    assert len(re.findall(r"^\| [12] \| games\.sgf", text, re.MULTILINE)) == 2


def test_a_player_without_losses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.sgf").write_text(record("Mine", "Other", "B+R"))
    page = tmp_path / "losses.md"
    monkeypatch.setattr(
        sys, "argv", ["shicho", "match", "losses", str(tmp_path / "a.sgf"), "--player", "Mine", "-o", str(page)]
    )
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().out == "Mine lost none of 1 games\n"
    assert not page.exists()

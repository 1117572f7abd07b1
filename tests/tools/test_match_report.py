"""report.html without a browser, results.csv, and the figures behind them."""

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.coords import sgf_to_point
from shicho.engine.game import Game
from shicho.engine.sgf import read_game
from shicho.tools.match.record import VOID, Reason, SideRecord
from shicho.tools.match.report.figures import axis_ticks, curve, divisions
from shicho.tools.match.report.html import render, write_report
from shicho.tools.match.report.moves import moves_text, setup_text
from shicho.tools.match.report.table import COLUMNS, write_csv
from shicho.tools.match.sprt import Sprt
from shicho.tools.match.statistics import Tally
from tests.support.match_records import game_record, match_records
from tests.support.match_reports import engine, record_of, report, suicide_game

GAMES = sorted((Path(__file__).parents[1] / "data" / "games").glob("*.sgf"))


def replay(game: Game) -> Board:
    """The last position of a game, built from the texts for the viewer without the rules."""
    stones: dict[int, Colour] = {}
    for text in re.findall("..", setup_text(game)):
        stones[sgf_to_point(text.lower(), game.size)] = Colour.BLACK if text.islower() else Colour.WHITE
    for entry in moves_text(game).split():
        move, *captured = re.findall("..", entry)
        if move.lower() != "tt":
            point = sgf_to_point(move.lower(), game.size)
            assert point not in stones
            stones[point] = Colour.BLACK if move.islower() else Colour.WHITE
        for point in (sgf_to_point(text, game.size) for text in captured):
            del stones[point]
    return Board(game.size).edited((colour, point) for point, colour in stones.items())


@pytest.mark.parametrize("path", GAMES[::3], ids=lambda path: path.stem)
def test_texts_of_real_games_give_the_last_position(path: Path) -> None:
    game = read_game(path)
    assert (replay(game).stones == game.board.stones).all()


def test_text_of_a_suicide_names_its_own_stones() -> None:
    game = suicide_game()
    assert (replay(game).stones == game.board.stones).all()
    assert moves_text(game).split()[-1] == "aeadbdaebe"


def test_the_curve_ends_with_the_score_of_all_games() -> None:
    records = match_records([1.0, 0.5, None, 0.0, 1.0, 1.0])
    points = curve(records, "A")
    assert [point.games for point in points] == [1, 2, 3, 4, 5]
    assert [point.value for point in points] == [1, 0.75, 0.5, 0.625, 0.7]
    assert all(0 <= point.low < point.value <= point.high <= 1 for point in points)


def test_divisions_hold_every_finished_game_once() -> None:
    records = [
        game_record(0, "A", "B", "B+R", plies=101, opening="Chinese"),
        game_record(1, "B", "A", "B+R", plies=118, opening="Chinese"),
        game_record(2, "A", "C", "0", plies=140),
        game_record(3, "C", "A", VOID, plies=1),
        game_record(4, "B", "C", "B+R"),
    ]
    by_title = {division.title: division.parts for division in divisions(records, "A")}
    assert by_title == {
        "By colour": {"as black": Tally(wins=1, draws=1), "as white": Tally(losses=1)},
        "By opponent": {"B": Tally(wins=1, losses=1), "C": Tally(draws=1)},
        "By number of moves": {
            "100 to 109": Tally(wins=1),
            "110 to 119": Tally(losses=1),
            "140 to 149": Tally(draws=1),
        },
        "By opening": {"Chinese": Tally(wins=1, losses=1), "empty board": Tally(draws=1)},
    }
    assert not divisions(records[:1], "A")


@pytest.mark.parametrize(
    ("last", "ticks"),
    [
        (1, [0, 1]),
        (6, [0, 1, 2, 3, 4, 5, 6]),
        (7, [0, 2, 4, 6]),
        (99, [0, 20, 40, 60, 80]),
        (1000, [0, 200, 400, 600, 800, 1000]),
    ],
)
def test_ticks_are_round_numbers(last: int, ticks: list[int]) -> None:
    assert axis_ticks(last) == ticks


class Addresses(HTMLParser):
    """Collects every address that a page names and the names of its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "srcset", "action", "poster")]


def embedded(page: str) -> dict[str, object]:
    """The data for the scripts of a page."""
    found = re.search(r'<script type="application/json" id="match-data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


def test_the_page_needs_no_other_file() -> None:
    game = read_game(GAMES[0])
    page = render(report([record_of(index, game) for index in range(4)], [game], sprt=Sprt(elo0=0, elo1=20)))
    addresses = Addresses(page)
    assert "link" in addresses.tags
    assert all(address.startswith(("#", "data:")) for address in addresses.found)
    assert not re.findall(r"@import|url\((?!#|%23|\"data:)", page)


def test_names_from_engines_are_text() -> None:
    """Names, details and openings are shown as they are, wherever they stand."""
    evil = "<img src=x onerror=alert(1)></script>{{ 7 * 7 }}"
    game = read_game(GAMES[0])
    records = [
        record_of(
            0, game, evil, "B", opening=evil, result=VOID, reason=Reason.CRASH, detail=evil, at_fault=Colour.BLACK
        ),
        record_of(1, game, "B", evil, opening="", referee_score="B+1", area_score=evil),
    ]
    page = render(report(records, [game], evil, "B", settings={evil: evil}, environment={evil: evil}))
    assert "img" not in Addresses(page).tags
    assert embedded(page)["names"] == [evil, "B"]
    assert page.count("&lt;img") > 10


@pytest.mark.parametrize("names", [("A", "B"), ("A", "B", "C")])
def test_a_match_without_games_has_a_page(names: tuple[str, ...]) -> None:
    page = render(report([], [], *names, sprt=Sprt(elo0=0, elo1=20) if len(names) == 2 else None))
    assert embedded(page)["games"] == []


def test_a_match_of_many_engines_has_ratings_and_a_cross_table() -> None:
    game = read_game(GAMES[0])
    names = ("A", "B", "C")
    records = [
        record_of(3 * number + index, game, one, other, result="B+R" if number else "W+R")
        for number in range(4)
        for index, (one, other) in enumerate((("A", "B"), ("B", "C"), ("C", "A")))
    ]
    page = render(report(records, [game], *names, anchor=("B", 1238.0)))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.partition("<main>")[2]))
    assert "B is fixed at 1238" in text
    assert re.search(r"\bA 1238 50\.0 %", text)
    assert "3 / 4" in text


def test_a_page_that_cannot_be_written_names_its_path(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such-folder"):
        write_report(tmp_path / "no-such-folder" / "report.html", report([], []))


def test_the_table_of_games_reads_back(tmp_path: Path) -> None:
    records = [
        replace(
            game_record(0, opening='a "b", c', referee_score="B+1.5", area_score="B+2.5"),
            black=SideRecord(engine="Ä", seed=7, moves=3, seconds=1.5, cpu_seconds=0.25, peak_mib=30.5),
        ),
        game_record(1, result=VOID, at_fault=Colour.WHITE, detail="two\nlines"),
    ]
    write_csv(tmp_path / "results.csv", records)
    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert tuple(first) == COLUMNS
    assert (first["game"], first["black"], first["white"], first["winner"]) == ("1", "Ä", "B", "Ä")
    assert (first["opening"], first["result"], first["reason"]) == ('a "b", c', "B+R", "resignation")
    assert (first["black_seed"], first["black_cpu_seconds"], first["white_peak_mib"]) == ("7", "0.25", "")
    assert (second["winner"], second["at_fault"], second["detail"]) == ("", "B", "two\nlines")


def test_a_command_line_is_shown_as_one_types_it() -> None:
    game = read_game(GAMES[0])
    spaced = [engine("A"), engine("B")]
    page = render(report([record_of(0, game)], [game], engines=spaced))
    assert "a --mode gtp" in page

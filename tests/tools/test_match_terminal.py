"""The output of a match on the terminal."""

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.console import Console, RenderableType

from shicho.engine.colour import Colour
from shicho.tools.match.record import VOID, GameRecord, Reason
from shicho.tools.match.report.terminal import Display, duel_table, standings_table
from shicho.tools.match.sprt import Sprt
from tests.support.match_records import game_record, match_records


def printed(what: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=140)
    console.print(what)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def lines(engines: Sequence[str], *records: GameRecord, terminal: bool = False) -> str:
    """What a display prints for games that finish after a first one."""
    stream = io.StringIO()
    with Display(Console(file=stream, force_terminal=terminal, width=140), engines, 9, [game_record(0)]) as display:
        display.ply(records[0].index, 5)
        for record in records:
            display.finished(record)
    return stream.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_every_finished_game_is_printed(terminal: bool) -> None:
    broken = game_record(1, "B", "A", VOID, detail="it [b]died[/b]", at_fault=Colour.WHITE)
    text = lines(("A", "B"), broken, terminal=terminal)
    assert "game 2 (2 of 9 done), A white, other: Void by crash (it [b]died[/b]), 100 moves" in text
    assert ("\x1b" in text) == terminal


def test_lines_say_who_won_and_how_it_was_counted() -> None:
    won = game_record(1, "B", "A", "W+3.5", reason=Reason.SCORE, referee_score="W+3.5", area_score="B+0.5")
    drawn = game_record(2, "A", "B", "0", reason=Reason.DRAW)
    text = lines(("A", "B"), won, drawn)
    assert "A white, win: W+3.5 by score, 100 moves, Shicho counts B+0.5\n" in text
    assert "A black, other: 0 by draw, 100 moves\n" in text
    text = lines(("B", "A"), won)
    assert "B black, loss: W+3.5 by score" in text


def test_lines_of_many_engines_name_both() -> None:
    text = lines(("A", "B", "C"), game_record(4, "C", "A", "B+R"))
    assert text == "game 5 (2 of 9 done), C (black) against A (white), B+R by resignation, 100 moves\n"


def test_the_table_of_two_engines() -> None:
    records = match_records([1.0, 0.0, None, 0.5])
    table = duel_table(
        ("A 1.0", "B 2.0 level 3"), records, ("A", "B"), settings="on 9x9, komi 7.5, seed 7", referee="GNU Go 3.8"
    )
    text = printed(table)
    for part in (
        "A 1.0 against B 2.0 level 3",
        "4 on 9x9, komi 7.5, seed 7",
        "1 won, 1 lost, 2 other, of 4",
        "as white",
        "25.0 %, Wilson 95 % interval 4.6 to 69.9 %",
        "100.0 moves",
        "A 0.300, B 0.300",
        "GNU Go 3.8",
    ):
        assert part in text
    assert "counted by Shicho" not in text
    counted = game_record(result="W+3.5", reason=Reason.SCORE, referee_score="W+3.5", area_score="B+0.5")
    text = printed(duel_table(("A", "B"), [counted], ("A", "B"), settings="on 9x9", referee="GNU Go"))
    assert "GNU Go; counted by Shicho: 1 other winners, 1 other scores in 1 games" in text
    text = printed(table)
    assert "sequential" not in text
    assert "repeated" not in text


def test_the_table_names_repeated_games_and_the_sequential_test() -> None:
    records = [replace(record, moves_digest="same") for record in match_records([1.0] * 60)]
    test = Sprt(elo0=0, elo1=20)
    text = printed(duel_table(("A", "B"), records, ("A", "B"), settings="on 9x9", referee="GNU Go", sprt=test))
    assert "58; without them 2 won, 0 lost, 0 other, of 2" in text
    assert str(test.decide(records, "A").decision) in text


def test_standings_are_sorted_by_rating() -> None:
    records = [game_record(0, "A", "B", "W+R"), game_record(1, "B", "C", "B+R"), game_record(2, "C", "A", "B+R")]
    records += [game_record(3, "A", "C", "W+R"), game_record(4, "A", "B", VOID)]
    text = printed(standings_table("three engines", records, ("A", "B", "C", "D"), anchor=("A", 1000.0)))
    names = [line.split("│")[1].strip() for line in text.split("\n") if line.startswith("│")]
    assert names == ["B", "C", "A", "D"]
    assert "1000 to 1000" in text


def test_brackets_in_names_are_not_markup() -> None:
    odd = "odd [/engine]"
    records = [game_record(0, odd, "B")]
    table = duel_table((odd, "B"), records, (odd, "B"), settings="on 9x9", referee=odd)
    assert printed(table).count(odd) == 3
    assert odd in printed(standings_table(odd, records, (odd, "B", "C")))
    assert odd in lines((odd, "B"), game_record(1, odd, "B"))

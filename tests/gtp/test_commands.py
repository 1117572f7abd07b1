"""Commands against independent references, and those whose answers change from run to run."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sgfmill import sgf

from shicho.engine import Colour, Game, Rules
from shicho.engine.ending import score_as_judged
from shicho.engine.sgf import read_game
from shicho.engine.status import Status, final_status
from shicho.gtp.client import GtpClient
from shicho.gtp.clock import Clock, TimeLeft, TimeSettings, TimeSystem
from shicho.gtp.commands import REGISTRY
from shicho.gtp.commands.registry import AnalyzeCommand, Command, Family, Registry
from shicho.gtp.documentation import page, split_docstring
from shicho.gtp.protocol import Response, format_response
from shicho.gtp.server import answer
from shicho.gtp.session import Session
from shicho.tools.match.engines import find_gnugo
from tests.support.streaming_engine import new_session

ROOT = Path(__file__).resolve().parents[2]
GAMES = sorted((ROOT / "tests" / "data" / "games").glob("*.sgf"))


def ask(session: Session, line: str) -> str:
    """Return the text of a response; fails for an error."""
    answered = answer(session, line)
    assert isinstance(answered, Response)
    assert answered.ok, answered.text
    return answered.text


def test_gnu_go_gives_the_same_answers() -> None:
    """All that GNU Go's commands tell about random positions under simple ko."""
    rng, session = random.Random(7), new_session()
    with GtpClient([find_gnugo(), "--mode", "gtp"]) as gnugo:
        for line in ("boardsize 5", "kgs-rules japanese", "komi 5.5"):
            ask(session, line)
        gnugo.send("boardsize", 5)
        gnugo.send("komi", 5.5)
        for _ in range(150):
            side, vertex = rng.choice("bw"), rng.choice("ABCDE") + rng.choice("12345")
            legal = ask(session, f"is_legal {side} {vertex}")
            assert legal == gnugo.send("is_legal", side, vertex)
            if legal == "1" and rng.random() < 0.8:
                ask(session, f"play {side} {vertex}")
                gnugo.send("play", side, vertex)
            elif rng.random() < 0.3 and len(session.game.moves) > 2:
                ask(session, "gg-undo 2")
                gnugo.send("gg-undo", 2)
            for command in ("all_legal", "list_stones"):
                ours = ask(session, f"{command} {side}").split()
                assert sorted(ours) == sorted(gnugo.send(command, side).split()), command
            assert ask(session, "move_history") == gnugo.send("move_history")
        assert float(gnugo.send("get_komi")) == float(ask(session, "get_komi")) == 5.5


def test_printsgf_writes_what_other_programs_read(tmp_path: Path) -> None:
    session = new_session()
    for line in ("boardsize 9", "komi 0.5", "set_free_handicap C3 G7", "play w E5", "play b pass"):
        ask(session, line)
    printed = sgf.Sgf_game.from_string(ask(session, "printsgf"))
    assert (printed.get_size(), printed.get_komi(), printed.get_handicap()) == (9, 0.5, 2)
    assert [node.get_move() for node in printed.get_main_sequence()[1:]] == [("w", (4, 4)), ("b", None)]
    for number, name in enumerate((f"{tmp_path}/game.sgf", f"{tmp_path}/my game.sgf", f'"{tmp_path}/my  game 2"'), 1):
        assert ask(session, f"printsgf {name}") == ""
        assert len(list(tmp_path.iterdir())) == number
        assert read_game(Path(name.strip('"'))).moves == session.game.moves
        again = new_session()
        ask(again, f"loadsgf {name}")
        assert again.game.moves == session.game.moves


def test_a_failed_loadsgf_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert answer(new_session(), "loadsgf no such file.sgf 3") == Response(None, False, "cannot load file")
    (record,) = caplog.records
    assert "no such file.sgf" in record.getMessage()


def test_processor_time() -> None:
    session = new_session()
    assert ask(session, "gomill-cpu_time") == "0.000"
    ask(session, "genmove b")
    moves, whole = (float(ask(session, command)) for command in ("gomill-cpu_time", "cputime"))
    assert 0 < moves < whole
    assert float(ask(session, "gomill-cpu_time")) == moves


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("time_settings 600 0 0", TimeSettings(system=TimeSystem.ABSOLUTE, main_time=600)),
        ("time_settings 600 30 0", TimeSettings()),
        ("time_settings 600.5 30 25", CANADIAN := TimeSettings(
            system=TimeSystem.CANADIAN, main_time=600.5, period_time=30, stones=25
        )),
        ("kgs-time_settings canadian 600.5 30 25", CANADIAN),
        ("kgs-time_settings none", TimeSettings()),
        ("kata-time_settings byoyomi 60 30 5", TimeSettings(
            system=TimeSystem.BYO_YOMI, main_time=60, period_time=30, periods=5
        )),
        ("kata-time_settings fischer 60 2.5", TimeSettings(system=TimeSystem.FISCHER, main_time=60, increment=2.5)),
        ("kata-time_settings fischer-capped 60 2.5 120 -1", TimeSettings(
            system=TimeSystem.FISCHER_CAPPED, main_time=60, increment=2.5, most_main_time=120
        )),
    ],
)  # fmt: skip
def test_the_session_keeps_the_clock(line: str, settings: TimeSettings) -> None:
    session = new_session()
    ask(session, line)
    ask(session, "time_left b 10.5 0")
    ask(session, "time_left w 3 2")
    ask(session, "time_left b 9 0")
    assert session.clock.settings == settings
    assert dict(session.clock.left) == {Colour.BLACK: TimeLeft(9, 0), Colour.WHITE: TimeLeft(3, 2)}
    ask(session, "time_settings 1 0 0")
    assert session.clock == Clock(TimeSettings(system=TimeSystem.ABSOLUTE, main_time=1))


@pytest.mark.parametrize("name", ["tromp-taylor", "japanese", "aga", "new-zealand", "chinese-ogs"])
def test_rules_as_json_set_the_rules_that_they_describe(name: str) -> None:
    session, other = new_session(), new_session()
    ask(session, f"kata-set-rules {name}")
    ask(other, f"kata-set-rules {ask(session, 'kata-get-rules')}")
    named = replace(Rules.named(name.removesuffix("-ogs")), komi=7.5)
    assert other.game.rules == session.game.rules == named
    assert set(json.loads(ask(other, "kata-get-rules"))) == {
        "friendlyPassOk", "hasButton", "ko", "scoring", "suicide", "tax", "whiteHandicapBonus",
    }  # fmt: skip


def dead_stones(game: Game, colour: Colour) -> set[int]:
    """Return the stones of a colour that are judged dead."""
    chains = final_status(game.board).chains
    return {
        stone for chain in chains if chain.status is Status.DEAD and chain.colour is colour for stone in chain.stones
    }


@pytest.mark.parametrize("path", [path for path in GAMES if path.name < "13"], ids=lambda path: path.stem)
def test_cleanup_removes_the_opponents_dead_stones(path: Path) -> None:
    """Against passes: never a pass while there are dead stones, then none of them is left, and no point is lost."""
    for side in Colour:
        session = new_session()
        session.game = read_game(path)
        sign = 1 if side is Colour.BLACK else -1
        first = final_status(session.game.board)
        margin = sign * score_as_judged(session.game, first).black_minus_white
        for _ in range(session.game.board.pass_point):
            left = dead_stones(session.game, side.opponent)
            vertex = ask(session, f"kgs-genmove_cleanup {side}")
            if vertex == "pass":
                break
            ask(session, f"play {side.opponent} pass")
        assert (vertex, left) == ("pass", set())
        last = final_status(session.game.board)
        assert sign * score_as_judged(session.game, last).black_minus_white >= margin


def test_a_registry_refuses_two_commands_of_one_name() -> None:
    twice = Command("name", lambda session, args: "")
    with pytest.raises(ValueError, match="'name'"):
        Registry([Family("One", "", (twice,)), Family("Two", "", (twice,))])
    with pytest.raises(ValueError, match="'known_command'"):
        Registry([Family("One", "", (Command("known_command", twice.handler),))])


def test_gogui_is_offered_what_commands_declare() -> None:
    shown = (AnalyzeCommand("gfx", "Seen", "%p"), AnalyzeCommand("string", "All"))
    registry = Registry([Family("One", "", (Command("see", lambda session, args: "", "[VERTEX]", shown),))])
    response = answer(new_session(), "gogui-analyze_commands", registry)
    assert response == Response(None, True, "gfx/Seen/see %p\nstring/All/see")
    for line in ask(new_session(), "gogui-analyze_commands").splitlines():
        _, label, command = line.split("/")
        assert label
        assert ask(new_session(), f"known_command {command.split()[0]}") == "true"


def test_the_page_of_commands_is_up_to_date() -> None:
    assert (ROOT / "docs" / "gtp.md").read_text(encoding="utf-8") == page(REGISTRY), "run make pages"


@pytest.mark.parametrize("command", list(REGISTRY), ids=lambda command: command.name)
def test_documentation_and_its_example(command: Command) -> None:
    """Every handler is documented, and answers as the example in its docstring shows."""
    text, example = split_docstring(command)
    assert text.endswith(".")
    session, asked, expected = new_session(), [], []
    for block in re.split(r"^> ", example, flags=re.MULTILINE)[1:]:
        line, _, shown = block.rstrip("\n").partition("\n")
        answered = answer(session, line)
        assert isinstance(answered, Response)
        asked.append(re.sub(r" +$", "", format_response(answered), flags=re.MULTILINE))
        expected.append(f"{shown}\n\n")
    assert asked == expected
    assert not example or command.name in example

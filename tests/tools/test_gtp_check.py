"""`shicho gtp-check`: an engine for every check that fails it, engines of others, the report and the command line."""

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from shicho.engine.errors import EngineCrashed, EngineTimeout
from shicho.tools.commands.gtp_check import gtp_check
from shicho.tools.console import find_command, shicho_gtp, split_command
from shicho.tools.gtp_check.check import Check, Severity
from shicho.tools.gtp_check.clients import CLIENTS
from shicho.tools.gtp_check.engine import Engine
from shicho.tools.gtp_check.families import CHECKS
from shicho.tools.gtp_check.families.commands import REQUIRED
from shicho.tools.gtp_check.position import stones
from shicho.tools.gtp_check.run import Report, State, examine
from shicho.tools.match.engines import find_gnugo
from tests.support.commands import invoke

ROOT = Path(__file__).resolve().parents[2]
FAULTY = (sys.executable, "-m", "tests.support.faulty_engine")
BY_ID = {check.id: check for check in CHECKS}

OK, NO = "={id} \\n\\n", "?{id} no\\n\\n"
LISTED = "={id} " + "\\n".join(REQUIRED)
KO = "play white C4"

FAULTS: list[tuple[str, str, Severity, list[str]]] = [
    ("commands.required", "genmove", Severity.ERROR, ["--instead", "list_commands", "= name\\nplay\\n\\n"]),
    ("commands.tournament", "undo", Severity.INFO, ["--instead", "list_commands", LISTED + "\\n\\n"]),
    ("commands.regression", "loadsgf", Severity.INFO, ["--instead", "list_commands", LISTED + "\\n\\n"]),
    ("commands.one-a-line", "not one name", Severity.ERROR, ["--instead", "list_commands", "= name play\\n\\n"]),
    ("commands.one-a-line", "twice: name", Severity.WARNING, ["--instead", "list_commands", "= name\\nname\\n\\n"]),
    ("commands.protocol-version", '"1"', Severity.ERROR, ["--instead", "protocol_version", "= 1\\n\\n"]),
    ("commands.name", "2 lines", Severity.WARNING, ["--instead", "version", "= 1\\n2\\n\\n"]),
    ("commands.name", "0 lines", Severity.WARNING, ["--instead", "name", "=\\n\\n"]),
    ("commands.known-command", "play is listed", Severity.ERROR, ["--instead", "known_command play", "= false\\n\\n"]),
    ("commands.known-command", "no-such", Severity.ERROR, ["--instead", "known_command no-.*", "= true\\n\\n"]),
    ("commands.unknown", "succeeds", Severity.ERROR, ["--instead", "no-such-command", OK]),
    ("commands.unknown", '"what"', Severity.WARNING, ["--instead", "no-such-command", "? what\\n\\n"]),
    ("format.ids", "no id", Severity.ERROR, ["--instead", "7 name", "= Fake\\n\\n"]),
    ("format.ids", "id 3", Severity.ERROR, ["--instead", "name", "=3 Fake\\n\\n"]),
    ("format.answer", "is b'=7Fake", Severity.ERROR, ["--instead", "7 name", "=7Fake\\n\\n"]),
    ("format.answer", "carriage", Severity.WARNING, ["--instead", "clear_board", "=\\r\\n\\r\\n"]),
    ("format.characters", "0xe9", Severity.ERROR, ["--instead", "version", "= \xe9\\n\\n"]),
    ("format.empty-lines", "an empty line", Severity.ERROR, ["--instead", "", NO]),
    ("format.empty-lines", "a comment", Severity.ERROR, ["--instead", "#.*", NO]),
    ("format.comment", "# of", Severity.ERROR, ["--instead", "name #.*", NO]),
    ("format.whitespace", "tname", Severity.ERROR, ["--instead", "7\tname", "?7 no\\n\\n"]),
    ("format.crlf", "with CRLF", Severity.ERROR, ["--instead", "name\r", NO]),
    ("format.control-characters", "0x07", Severity.ERROR, ["--instead", "na\x07me", NO]),
    ("format.other-bytes", "fails", Severity.ERROR, ["--instead", ".*\xff.*", NO]),
    ("format.pipelining", "`2 no-", Severity.ERROR, ["--instead", "2 no-such-command", "=1 x\\n\\n"]),
    ("format.case", "NAME", Severity.INFO, ["--instead", "NAME", OK]),
    ("format.leading-zeros", "as 7", Severity.INFO, ["--instead", "007 name", "=7 Fake\\n\\n"]),
    ("format.long-lines", "more than once", Severity.ERROR, ["--after", "name # x{99}.*", NO]),
    ("format.long-lines", "7227 characters, fails", Severity.ERROR, ["--instead", "name # x{99}.*", NO]),
    ("format.stray", "hello", Severity.ERROR, ["--instead", "name", "hello\\n= Fake\\n\\n"]),
    ("format.stray", "empty lines", Severity.WARNING, ["--after", "name", "\\n"]),
    ("setup.sizes", "13x13", Severity.INFO, ["--instead", "boardsize 13", NO]),
    ("setup.bad-size", "succeeds", Severity.ERROR, ["--instead", "boardsize 1000", OK]),
    ("setup.size-syntax", '"no"', Severity.WARNING, ["--instead", "boardsize nine", NO]),
    ("setup.komi", "-3.5", Severity.ERROR, ["--instead", "komi -3.5", NO]),
    ("setup.komi-syntax", "much", Severity.ERROR, ["--instead", "komi much", OK]),
    ("setup.komi-stays", "komi is 0", Severity.ERROR, ["--instead", "get_komi", "= 0\\n\\n"]),
    ("setup.clear-board", "still there", Severity.ERROR, ["--instead", "clear_board", OK]),
    ("setup.fixed-handicap", "C3 G8", Severity.ERROR, ["--instead", "fixed_handicap 2", "= C3 G8\\n\\n"]),
    ("setup.handicap-refusals", "succeeds", Severity.ERROR, ["--instead", "set_free_handicap D4 D4", OK]),
    ("setup.handicap-refusals", "succeeds", Severity.ERROR, ["--instead", "fixed_handicap 10", OK]),
    ("setup.free-handicap", "C3 C3", Severity.ERROR, ["--instead", "place_free_handicap 2", "= C3 C3\\n\\n"]),
    ("setup.free-handicap", "still empty", Severity.ERROR, ["--instead", "place_free_handicap 2", "= C3 C4\\n\\n"]),
    ("setup.free-handicap", "places 2", Severity.INFO, ["--instead", "place_free_handicap 5", "= C3 C4\\n\\n"]),
    ("setup.set-handicap", "a handicap stone", Severity.ERROR, ["--instead", "set_free_handicap .*", OK]),
    ("moves.case", "BLACK", Severity.ERROR, ["--instead", "play BLACK .*", NO]),
    ("moves.bad-vertex", "I5", Severity.ERROR, ["--instead", "play b I5", OK]),
    ("moves.bad-arguments", "red", Severity.ERROR, ["--instead", "genmove red", OK]),
    ("moves.occupied", "stone is there", Severity.ERROR, ["--instead", "play w D4", OK]),
    ("moves.out-of-turn", "alternate", Severity.ERROR, ["--instead", "play w E4", NO]),
    ("moves.capture", "white has stones", Severity.ERROR, ["--instead", "list_stones w", "= D4\\n\\n"]),
    ("moves.suicide", "single stone", Severity.WARNING, ["--instead", "play w A1", OK]),
    ("moves.suicide", "several", Severity.INFO, ["--instead", "play w B1", OK]),
    ("moves.ko", "at once", Severity.ERROR, ["--instead", KO, OK]),
    ("moves.ko", "another move", Severity.ERROR, ["--instead", KO, "? illegal move\\n\\n"]),
    ("moves.superko", "refuses", Severity.INFO, ["--instead", KO, "? illegal move\\n\\n"]),
    ("moves.legality", "E5", Severity.ERROR, ["--instead", "is_legal w E5", "= 0\\n\\n"]),
    ("moves.genmove", "answers", Severity.ERROR, ["--instead", "genmove .*", "= I5\\n\\n"]),
    ("moves.genmove", "occupied", Severity.ERROR, ["--instead", "genmove .*", "= D4\\n\\n"]),
    ("moves.genmove", "has played", Severity.ERROR, ["--instead", "genmove b", "= D4\\n\\n"]),
    ("moves.game", "occupied", Severity.ERROR, ["--instead", "genmove .*", "= D4\\n\\n"]),
    ("moves.after-passes", "disagree", Severity.ERROR, ["--instead", "play b C3", NO]),
    ("moves.undo", "captured stone back", Severity.ERROR, ["--instead", "play b A1", OK]),
    ("moves.undo", "takes the move of genmove back", Severity.ERROR, ["--instead", "undo", OK]),
    ("moves.nothing-to-undo", "succeeds", Severity.ERROR, ["--instead", "undo", OK]),
    ("moves.refused-changes-nothing", "E5", Severity.ERROR, ["--instead", "list_stones b", "= D4 E5\\n\\n"]),
    ("result.time-settings", "0 1 0", Severity.ERROR, ["--instead", "time_settings 0 1 0", NO]),
    ("result.time-left", "white", Severity.ERROR, ["--instead", "time_left white .*", NO]),
    ("result.time-syntax", "succeeds", Severity.ERROR, ["--instead", "time_left b", OK]),
    ("result.score", "of the form", Severity.ERROR, ["--instead", "final_score", "= White wins\\n\\n"]),
    ("result.score", "W+9.5", Severity.ERROR, ["--instead", "final_score", "= B+9.5\\n\\n"]),
    ("result.scoring", "territory", Severity.INFO, ["--instead", "final_score", "= W+10.5\\n\\n"]),
    ("result.scoring", "neither", Severity.INFO, ["--instead", "final_score", "= W+1\\n\\n"]),
    ("result.status-list", "without a status", Severity.ERROR, ["--instead", "final_status_list alive", OK]),
    ("result.status-list", "twice", Severity.ERROR, ["--instead", "final_status_list seki", "= D1\\n\\n"]),
    ("result.status-syntax", "asleep", Severity.ERROR, ["--instead", "final_status_list asleep", OK]),
    ("result.loadsgf", "at move 1", Severity.ERROR, ["--instead", "loadsgf .*", OK]),
    ("result.no-file", "succeeds", Severity.ERROR, ["--instead", "loadsgf .*", OK]),
    ("result.no-file", "missing.sgf", Severity.WARNING, ["--instead", "loadsgf .*", NO]),
    ("result.reg-genmove", "D4", Severity.ERROR, ["--instead", "reg_genmove w", "= D4\\n\\n"]),
    ("shutdown.quit", "fails", Severity.ERROR, ["--instead", "7 quit", "?7 no\\n\\n"]),
    ("shutdown.quit-behind-genmove", "1 genmove", Severity.ERROR, ["--instead", "1 genmove b", "=2 D4\\n\\n"]),
    ("shutdown.end-of-input", "still runs", Severity.ERROR, ["--deaf-to", "end"]),
    ("shutdown.sigterm", "still runs", Severity.WARNING, ["--deaf-to", "sigterm"]),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("shicho.tools.gtp_check.families.shutdown.END_SECONDS", 1.0)


def finding_lines(report: Report) -> Iterator[str]:
    """Yield one line for each problem and each check that does not apply: "warning setup.komi-syntax: ..."."""
    for outcome in report.outcomes:
        if outcome.state is State.NOT_APPLICABLE:
            yield f"not applicable {outcome.check.id}: {outcome.reason}"
        for problem in outcome.problems:
            yield f"{problem.severity} {outcome.check.id}: {problem.text}"


def checks(*ids: str) -> list[Check]:
    return [BY_ID[id] for id in ids]


@pytest.mark.parametrize(("id", "text", "severity", "options"), FAULTS, ids=lambda value: str(value)[:40])
def test_a_fault_is_found_by_its_check(id: str, text: str, severity: Severity, options: list[str]) -> None:
    [outcome] = examine([*FAULTY, *options], checks=checks(id), timeout=10).outcomes
    found = [problem for problem in outcome.problems if text in problem.text]
    assert [problem.severity for problem in found] == [severity], outcome.problems


def test_every_check_has_an_engine_that_fails_it() -> None:
    slow = {"result.in-time"}  # see the test of a slow engine
    assert {id for id, *_ in FAULTS} | slow == set(BY_ID)
    assert len(BY_ID) == len(CHECKS)


def test_an_engine_without_faults_has_only_notes() -> None:
    report = examine(FAULTY)
    assert list(finding_lines(report)) == [
        "info moves.superko: play accepts a position that recurs (after two passes)",
        "info result.scoring: counts area",
    ]


def test_shicho_has_only_notes() -> None:
    report = examine(shicho_gtp("--threads", "1", "--symmetries", "1", "--seed", "1"))
    assert (report.name, report.size) == ("Shicho", 9)
    assert report.count(Severity.ERROR) == report.count(Severity.WARNING) == 0, list(finding_lines(report))
    assert all(outcome.state is not State.NOT_APPLICABLE for outcome in report.outcomes)
    assert all(not client.missing(report.commands) for client in CLIENTS)


def test_what_is_found_in_gnu_go(golden) -> None:  # type: ignore[no-untyped-def]
    report = examine([find_gnugo(), *["--mode", "gtp", "--level", "1", "--seed", "1"]])
    golden("gtp-check-gnugo-3.8.txt", "".join(f"{line}\n" for line in finding_lines(report)))


@pytest.mark.parametrize("name", ["shicho", "gnugo"])
def test_the_diagram_of_showboard_is_read_where_there_is_no_list_of_stones(name: str) -> None:
    command = shicho_gtp("--threads", "1") if name == "shicho" else (find_gnugo(), "--mode", "gtp")
    with Engine(command, timeout=20, start_timeout=60) as engine:
        engine.new_game(None, "b D4", "w E5", "w A1", "b A2", "b B1", "w J9")
        listed = stones(engine)
        engine.commands -= {"list_stones"}
        assert stones(engine) == listed == {"b": {"D4", "A2", "B1"}, "w": {"E5", "J9"}}
        engine.commands -= {"showboard"}
        assert stones(engine) is None


def test_a_crash_is_reported_once_and_the_next_check_has_a_fresh_engine() -> None:
    ids = ("setup.komi", "setup.clear-board", "moves.undo")
    options = ("--instead", "komi -3.5", "!crash", "--instead", "undo", "!hang")
    report = examine([*FAULTY, *options], checks=checks(*ids), timeout=2)
    assert [outcome.state for outcome in report.outcomes] == [State.FAILED, State.PASSED, State.FAILED]
    crash, hang = (outcome.problems[-1].text for outcome in report.outcomes if outcome.problems)
    assert "code 3" in crash
    assert "life is short" in crash
    assert "undo" in hang
    assert "no answer" in hang


def test_an_answer_too_many_does_not_reach_the_next_check() -> None:
    report = examine([*FAULTY, "--after", "komi 7", NO], checks=checks("setup.komi", "commands.protocol-version"))
    first, second = report.outcomes
    assert ["too many" in problem.text for problem in first.problems] == [True]
    assert second.state is State.PASSED


def test_an_engine_that_does_not_start_again_ends_the_examination(tmp_path: Path) -> None:
    ids = ("setup.komi", "moves.undo", "moves.ko")
    report = examine(
        [*FAULTY, "--once", str(tmp_path / "started"), "--instead", "komi 0", "!crash"], checks=checks(*ids)
    )
    assert [outcome.state for outcome in report.outcomes] == [State.FAILED, State.FAILED, State.NOT_APPLICABLE]
    assert all("code 3" in outcome.problems[-1].text for outcome in report.outcomes[:2])


def test_a_slow_engine_runs_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shicho.tools.gtp_check.families.result._LEFT_SECONDS", 0)
    [outcome] = examine(FAULTY, checks=checks("result.in-time")).outcomes
    assert [problem.severity for problem in outcome.problems] == [Severity.WARNING]


def test_a_check_that_needs_a_missing_command_does_not_apply() -> None:
    options = ("--instead", "list_commands", LISTED + "\\n\\n")
    report = examine([*FAULTY, *options], checks=checks("moves.undo", "result.loadsgf"))
    assert [outcome.reason for outcome in report.outcomes] == ["no undo", "no loadsgf"]


@pytest.mark.parametrize(
    ("options", "error"),
    [(["--instead", ".*", "!crash"], EngineCrashed), (["--instead", ".*", "!hang"], EngineTimeout)],
)
def test_an_engine_that_never_answers_cannot_be_examined(options: list[str], error: type[Exception]) -> None:
    with pytest.raises(error):
        examine([*FAULTY, *options], start_timeout=3)


def test_clients_tell_what_is_missing_and_lost() -> None:
    by_name = {client.name: client for client in CLIENTS}
    assert by_name["CGOS"].missing(["play", "genmove", "komi", "quit", "boardsize"]) == ("list_commands", "clear_board")
    lost = {use.commands for use in by_name["GoGui"].lost(["gg-undo", "komi"])}
    assert ("undo", "gg-undo") not in lost
    assert ("final_status_list",) in lost
    assert all(client.source for client in CLIENTS)


def test_the_command_prints_tables_and_json_and_tells_errors_by_its_exit_code(tmp_path: Path) -> None:
    fine = " ".join(FAULTY)
    result = invoke(gtp_check, fine, "--json", "-", "--only", "commands", "--only", "moves.ko")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["name"] == "Shicho"
    assert {check["id"].split(".")[0] for check in report["checks"]} == {"commands", "moves"}
    assert {client["name"]: client["plays"] for client in report["clients"]} == {
        client.name: client.speaks_gtp for client in CLIENTS
    }
    file = tmp_path / "report.json"
    result = invoke(gtp_check, f"{fine} --instead 'play white C4' '=\\n\\n'", "--only", "moves.ko", "--json", file)
    assert result.exit_code == 1
    assert "moves.ko" in result.stdout
    assert "Sabaki" in result.stdout
    assert json.loads(file.read_text())["counts"] == {"error": 1, "warning": 0, "info": 0}


@pytest.mark.parametrize("command", ["no-such-program-at-all", f"{sys.executable} -c pass"])
def test_an_engine_that_does_not_start_is_one_line_and_exit_code_2(command: str) -> None:
    result = invoke(gtp_check, command)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("arguments", [("",), ("'",), ("gnugo", "--only", "nothing")])
def test_bad_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    result = invoke(gtp_check, *arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_programs_are_found_beside_python_and_among_the_games(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PATH", "")
    assert find_command(split_command("gnugo --mode 'g t p'")) == (find_gnugo(), "--mode", "g t p")


def test_the_page_counts_the_checks_and_names_what_clients_require() -> None:
    page = (ROOT / "docs" / "gtp-check.md").read_text(encoding="utf-8")
    counted = {family: int(count) for family, count in re.findall(r"^\| `([a-z]+)` \| ([0-9]+) \|", page, re.MULTILINE)}
    assert counted == Counter(check.id.split(".")[0] for check in CHECKS)
    needs = page.partition("## What clients need")[2]
    for client in CLIENTS:
        row = next(line for line in needs.splitlines() if line.startswith(f"| {client.name} |"))
        assert re.findall("`([a-z_]+)`", row.split("|")[2]) == list(client.required)

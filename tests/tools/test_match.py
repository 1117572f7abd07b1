"""A whole match: schedule, files, interruption, resumption, statistics, command line."""

import io
import json
import math
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sgfmill import sgf

from shicho.engine.colour import Colour
from shicho.engine.errors import BadConfig
from shicho.engine.game import Game
from shicho.tools.match import engines, main
from shicho.tools.match.engines import find_gnugo, gnugo
from shicho.tools.match.game import GameRecord, Outcome, Reason
from shicho.tools.match.report import Display, result_table
from shicho.tools.match.results import MatchFolder
from shicho.tools.match.schedule import MatchSettings, schedule
from shicho.tools.match.statistics import Tally, summarise
from shicho.tools.match.workers import play_games
from tests.support.networks import write_network
from tests.tools.match_support import BLACK_MOVES, FAKE, WHITE_MOVES, fake, match


def record(index: int = 0, **changes: Any) -> GameRecord:
    values: dict[str, Any] = {
        "index": index,
        "our_colour": "white" if index % 2 else "black",
        "our_seed": 1,
        "opponent_seed": 2,
        "outcome": Outcome.WIN,
        "result": "B+R",
        "reason": Reason.RESIGNATION,
        "detail": "",
        "plies": 100,
        "our_moves": 50,
        "our_seconds": 5.0,
        "opponent_moves": 50,
        "opponent_seconds": 25.0,
    }
    return GameRecord(**values | changes)


def test_colours_alternate_and_seeds_depend_on_seed_and_index_alone() -> None:
    games = schedule(7, 40)
    assert [job.our_colour for job in games[:4]] == [Colour.BLACK, Colour.WHITE] * 2
    seeds = [seed for job in games for seed in (job.our_seed, job.opponent_seed)]
    assert len(set(seeds)) == 80
    assert all(1 <= seed < 2**31 for seed in seeds)
    assert schedule(7, 40, done={0, 2}) == [job for job in games if job.index not in (0, 2)]
    assert schedule(8, 1)[0] != games[0]


@pytest.mark.parametrize(("wins", "games"), [(0, 1), (3, 4), (247, 250), (250, 250)])
def test_wilson_interval(wins: int, games: int) -> None:
    """Wilson 1927: both ends p satisfy |p - wins / games| = z sqrt(p (1 - p) / games)."""
    tally = Tally(games=games, wins=wins, losses=games - wins, other=0)
    low, high = tally.wilson_interval()
    assert 0 <= low <= wins / games <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert abs(end - wins / games) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / games), rel=1e-5)


def test_statistics_of_a_match() -> None:
    records = [
        record(0),
        record(1, outcome=Outcome.LOSS, plies=200, our_moves=100, our_seconds=40.0),
        record(2, outcome=Outcome.OTHER, reason=Reason.CRASH),
        record(3, reason=Reason.SCORE, referee_score="W+3.5", area_score="B+2.5"),
        record(4, reason=Reason.SCORE, referee_score="B+3.5", area_score="B+3.5"),
    ]
    summary = summarise(records)
    assert summary.total == Tally(games=5, wins=3, losses=1, other=1)
    assert summary.by_colour == {
        "black": Tally(games=3, wins=2, losses=0, other=1),
        "white": Tally(games=2, wins=1, losses=1, other=0),
    }
    assert summary.total.win_rate == 0.6
    assert summary.mean_plies == 120
    assert summary.our_seconds_a_move == 60 / 300
    assert summary.opponent_seconds_a_move == 0.5
    assert summary.reasons == {"crash": 1, "resignation": 2, "score": 2}
    assert (summary.games_scored, summary.winners_disputed, summary.scores_disputed) == (2, 1, 1)


def test_statistics_without_games() -> None:
    summary = summarise([])
    assert (summary.total.win_rate, summary.mean_plies, summary.our_seconds_a_move) == (None, None, None)
    assert summary.total.wilson_interval() == (0.0, 1.0)


def fakes(*ours: str) -> MatchSettings:
    return match(fake(*ours, moves=BLACK_MOVES, name="Ours"), fake(moves=WHITE_MOVES, name="Theirs"))


def play_all(folder: MatchFolder, games: int, workers: int = 1, stop_after: int | None = None) -> None:
    def keep(record: GameRecord, game: Game) -> None:
        folder.add(record, game)
        if len(folder.records) == stop_after:
            raise KeyboardInterrupt

    done = {record.index for record in folder.records}
    jobs = schedule(folder.settings.seed, games, done)
    play_games(folder.settings, jobs, workers=workers, keep=keep, on_ply=lambda index, ply: None)


def test_a_match_leaves_results_and_readable_games(tmp_path: Path) -> None:
    folder = MatchFolder(tmp_path / "out", fakes())
    play_all(folder, 3, workers=2)
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert {name: results[name] for name in ("games", "wins", "losses", "other", "seed", "komi", "size")} == {
        "games": 3,
        "wins": 2,
        "losses": 1,
        "other": 0,
        "seed": 7,
        "komi": 7.5,
        "size": 9,
    }
    assert results["by_colour"] == {
        "black": {"games": 2, "wins": 2, "losses": 0, "other": 0},
        "white": {"games": 1, "wins": 0, "losses": 1, "other": 0},
    }
    assert results["engines"]["opponent"]["name"] == "Theirs"
    assert results["engines"]["referee"]["version"] == "1.0"
    assert [game["index"] for game in results["game_list"]] == [0, 1, 2]
    assert sorted(os.listdir(tmp_path / "out" / "games")) == ["0001.sgf", "0002.sgf", "0003.sgf"]
    second = results["game_list"][1]
    game = sgf.Sgf_game.from_bytes((tmp_path / "out" / second["sgf"]).read_bytes())
    root = game.get_root()
    assert (root.get("PB"), root.get("PW")) == ("Theirs 1.0", "Ours 1.0")
    assert (root.get("RE"), root.get("KM"), root.get_size()) == ("B+1.5", 7.5, 9)
    assert str(second["our_seed"]) in root.get("C")
    assert "Referee Referee 1.0: B+1.5" in root.get("C")
    assert [node.get_move()[0] for node in game.get_main_sequence()[1:]] == ["b", "w"] * 5


def test_games_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    program = find_gnugo()
    settings = replace(match(gnugo(program, 1), gnugo(program, 0)), size=5)
    played: list[list[str]] = []
    for workers in (1, 3):
        folder = MatchFolder(tmp_path / str(workers), settings)
        play_all(folder, 3, workers=workers)
        played.append([record.result for record in folder.records])
        for name in ("0001", "0002", "0003"):
            played[-1].append((folder.path / "games" / f"{name}.sgf").read_text())
    assert played[0] == played[1]
    assert played[0][3] != played[0][5]


def test_an_interrupted_match_is_resumed(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    settings = fakes("--log-starts", str(starts))
    folder = MatchFolder(tmp_path / "out", settings)
    with pytest.raises(KeyboardInterrupt):
        play_all(folder, 4, stop_after=2)
    assert json.loads(folder.results.read_text())["games"] == 2
    started = len(starts.read_text().splitlines())
    again = MatchFolder(tmp_path / "out", settings)
    assert again.records == folder.records
    play_all(again, 4)
    assert [record.index for record in again.records] == [0, 1, 2, 3]
    assert len(starts.read_text().splitlines()) == started + 2
    assert not list((tmp_path / "out").rglob("*.part"))


def test_a_match_with_other_settings_is_not_continued(tmp_path: Path) -> None:
    settings = fakes()
    MatchFolder(tmp_path, settings).save()
    for changed, parts in (
        (replace(settings, seed=8), ("seed", "7", "8")),
        (replace(settings, komi=6.5), ("komi", "7.5", "6.5")),
        (replace(settings, ours=replace(settings.ours, version="2")), ("engines.ours.version", "'1.0'", "'2'")),
    ):
        with pytest.raises(BadConfig) as caught:
            MatchFolder(tmp_path, changed)
        for part in (str(tmp_path), *parts):
            assert part in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"format": "another", "version": 1}',
        '{"format": "shicho-match"}',
        '{"format": "shicho-match", "version": 1, "game_list": [1]}',
    ],
)
def test_damaged_results_raise_with_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(BadConfig, match=r"results\.json") as caught:
        MatchFolder(tmp_path, fakes())
    assert "\n" not in str(caught.value)


def test_an_exception_while_saving_ends_the_match() -> None:
    def keep(record: GameRecord, game: Game) -> None:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        play_games(fakes(), schedule(7, 50), workers=2, keep=keep, on_ply=lambda index, ply: None)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("game")]


def test_brackets_in_names_are_not_markup() -> None:
    settings = match(replace(gnugo("gnugo", 3), name="odd [/engine]"), gnugo("gnugo", 10))
    console = Console(file=io.StringIO(), width=140)
    console.print(result_table(settings, [record(0)]))
    with Display(console, settings, 1, []) as display:
        display.finished(record(0))
    assert console.file.getvalue().count("odd [/engine]") == 3  # type: ignore[attr-defined]


def test_the_final_table() -> None:
    settings = match(gnugo("gnugo", 3), gnugo("gnugo", 10))
    console = Console(file=io.StringIO(), width=140)
    console.print(result_table(settings, [record(0), record(1, outcome=Outcome.LOSS, result="B+2.5")]))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for part in (
        "GNU Go level 3 against GNU Go level 10",
        "2 on 9x9, komi 7.5, seed 7",
        "1 won, 1 lost, 0 other, of 2",
        "as white",
        "50.0 %, Wilson 95 % interval 9.5 to 90.5 %",
        "100.0 moves",
        "0.100",
        "0.500",
    ):
        assert part in text


@pytest.mark.parametrize("terminal", [True, False])
def test_every_finished_game_is_printed(terminal: bool) -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=140)
    with Display(console, fakes(), 2, [record(0)]) as display:
        display.ply(1, 5)
        display.finished(record(1, outcome=Outcome.OTHER, result="Void", reason=Reason.CRASH, detail="it [b]died[/b]"))
    text = stream.getvalue()
    line = "game 2 (2 of 2 done), Ours white, other: Void by crash (it [b]died[/b]), 100 moves"
    assert line in text
    assert ("\x1b" in text) == terminal


def run_main(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["play-vs-gnugo", *options])
    with pytest.raises(SystemExit) as caught:
        main.main()
    code = caught.value.code
    assert isinstance(code, int)
    return code


def test_missing_gnugo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(engines.shutil, "which", lambda name, path: None)
    assert run_main(monkeypatch) == 1
    error = capsys.readouterr().err
    assert "apt-get install gnugo" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--engine", "no-such-engine --x"), "'no-such-engine'"),
        (("--engine", "'open"), '--engine "\'open"'),
        (("--engine", ""), "command line is empty"),
        (("--engine", "x", "--style", "argmax"), "--style"),
        (("--engine", "x", "--symmetries", "1"), "--symmetries"),
        (("--symmetries", "4"), "symmetries is not 1 or 8: 4"),
        (("--network", "no-such.onnx"), "no-such.onnx"),
        (("--komi", "nan", "--engine", shlex.join([sys.executable, FAKE])), "komi"),
    ],
)
def test_bad_options_are_one_line(
    options: tuple[str, ...], part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(monkeypatch, *options) == 1
    error = capsys.readouterr().err
    assert part in error
    assert error.count("\n") == 1


def test_a_style_that_the_network_does_not_suit_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    network = write_network(tmp_path / "plain.onnx")
    assert run_main(monkeypatch, "--style", "look-ahead", "--network", str(network)) == 1
    error = capsys.readouterr().err
    assert "style look-ahead" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "style", "symmetries"),
    [((), "beta", 1), (("--style", "argmax"), "argmax", 1), (("--symmetries", "8"), "beta", 8)],
)
def test_a_match_of_shicho_names_style_and_symmetries(
    options: tuple[str, ...], style: str, symmetries: int, tmp_path: Path
) -> None:
    network = write_network(tmp_path / "tiny.onnx")
    settings = ("--games", "1", "--level", "0", "--size", "5", "--out", "match", "--network", str(network))
    command = (sys.executable, "-m", "shicho.tools.match.main", *settings, *options)
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    ours = json.loads((tmp_path / "match" / "results.json").read_text())["engines"]["ours"]
    assert f"style {style}, symmetries {symmetries}, sha256 " in ours["detail"]
    assert ours["command"][-4:] == ["--style", style, "--symmetries", str(symmetries)]


def test_gnugo_against_gnugo_from_the_command_line(tmp_path: Path) -> None:
    program = find_gnugo()
    ours = f"{program} --mode gtp --level 1 --seed {{seed}} --chinese-rules --positional-superko"
    options = ("--games", "2", "--level", "0", "--size", "7", "--seed", "3", "--out", "a match", "--engine", ours)
    command = (sys.executable, "-m", "shicho.tools.match.main", *options)
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    results = json.loads((tmp_path / "a match" / "results.json").read_text())
    assert results["games"] == 2
    assert results["wins"] + results["losses"] == 2
    assert results["engines"]["opponent"] == {
        "command": [
            program,
            *["--mode", "gtp", "--level", "0", "--seed", "{seed}", "--chinese-rules", "--positional-superko"],
        ],
        "name": "GNU Go",
        "version": "3.8",
        "detail": "level 0",
    }
    assert results["engines"]["referee"]["detail"] == "level 10"
    assert f"{results['wins']} won, {results['losses']} lost, 0 other, of 2" in ended.stdout
    assert "game 1 (" in ended.stderr
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads((tmp_path / "a match" / "results.json").read_text())["game_list"] == results["game_list"]
    assert again.stdout == ended.stdout
    assert again.stderr == ""


def restore_sigint() -> None:
    """Restore SIGINT: a test run in the background ignores it, and child processes inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_one_line_and_leaves_no_process(number: int, tmp_path: Path) -> None:
    """Interrupt a match while our engine, which has written its process id, hangs at its first move."""
    pid_file = tmp_path / "pid"
    ours = shlex.join([sys.executable, FAKE, "--deaf", "--hang-at", "1", "--pid-at-hang", str(pid_file)])
    options = ("--games", "3", "--jobs", "1", "--size", "9", "--level", "0", "--out", "match", "--engine", ours)
    command = (sys.executable, "-m", "shicho.tools.match.main", *options)
    started = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, preexec_fn=restore_sigint)
    with started as process:
        deadline = time.monotonic() + 30
        while not pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert error == "\ninterrupted with 3 games to play; the same command with --out match goes on\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)

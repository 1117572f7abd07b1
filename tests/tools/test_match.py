"""A whole match: its files, interruption and resumption, what is printed, and the command `play-vs-gnugo`."""

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from sgfmill import sgf

from shicho.engine.errors import BadConfig
from shicho.tools.match import engines, gnugo
from shicho.tools.match.engines import find_gnugo
from shicho.tools.match.executors import LocalExecutor, played
from shicho.tools.match.pairing import game_jobs
from shicho.tools.match.results import MatchFolder
from shicho.tools.match.runner import MatchOptions, table
from shicho.tools.match.settings import MatchSettings
from tests.support.match_records import game_record
from tests.support.networks import write_network
from tests.support.signals import restore_sigint
from tests.tools.match_support import BLACK_MOVES, FAKE, WHITE_MOVES, fake, match


def fakes(*options: str) -> MatchSettings:
    return match(fake(*options, moves=BLACK_MOVES, name="Ours"), fake(moves=WHITE_MOVES, name="Theirs"))


def play_all(folder: MatchFolder, games: int, at_once: int = 1, stop_after: int | None = None) -> None:
    jobs = game_jobs(folder.settings, games, {record.index for record in folder.records})
    with LocalExecutor(folder.settings, at_once) as executor:
        for record, game in played(executor, jobs):
            folder.add(record, game)
            if len(folder.records) == stop_after:
                raise KeyboardInterrupt


def test_a_match_leaves_results_and_readable_games(tmp_path: Path) -> None:
    with MatchFolder(tmp_path / "out", fakes()) as folder:
        play_all(folder, 3, at_once=2)
        folder.report()
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (results["format"], results["version"], results["games"]) == ("shicho-match", 2, 3)
    settings = results["settings"]
    assert (settings["seed"], settings["size"], settings["rules"]["komi"]) == (7, 9, 7.5)
    assert [engine["name"] for engine in settings["engines"]] == ["Ours", "Theirs"]
    assert settings["referee"]["version"] == "1.0"
    ours = results["engines"]["Ours"]
    assert {name: ours["total"][name] for name in ("games", "wins", "losses", "draws", "broken")} == {
        "games": 3,
        "wins": 2,
        "losses": 1,
        "draws": 0,
        "broken": 0,
    }
    assert (ours["by_colour"]["black"]["wins"], ours["by_colour"]["white"]["losses"]) == (2, 1)
    head, *lines = [json.loads(line) for line in (tmp_path / "out" / "games.jsonl").read_text().splitlines()]
    assert head["settings"] == settings
    assert head["versions"]["python"]
    assert sorted(line["index"] for line in lines) == [0, 1, 2]
    assert sorted(os.listdir(tmp_path / "out" / "games")) == ["0001.sgf", "0002.sgf", "0003.sgf"]
    second = next(line for line in lines if line["index"] == 1)
    assert second["game"] == (tmp_path / "out" / second["sgf"]).read_text()
    root = sgf.Sgf_game.from_bytes((tmp_path / "out" / second["sgf"]).read_bytes()).get_root()
    assert (root.get("PB"), root.get("PW")) == ("Theirs 1.0", "Ours 1.0")
    assert (root.get("RE"), root.get("KM"), root.get_size()) == ("B+1.5", 7.5, 9)
    assert str(second["black"]["seed"]) in root.get("C")
    assert "Referee Referee 1.0: B+1.5" in root.get("C")
    assert (tmp_path / "out" / "results.csv").read_text().count("\n") == 4
    assert "Ours" in (tmp_path / "out" / "report.html").read_text()


def test_games_do_not_depend_on_how_many_are_played_at_once(tmp_path: Path) -> None:
    program = find_gnugo()
    settings = match(engines.gnugo(program, 1), engines.gnugo(program, 0).model_copy(update={"name": "other"}), size=5)
    texts: list[list[str]] = []
    for at_once in (1, 3):
        with MatchFolder(tmp_path / str(at_once), settings) as folder:
            play_all(folder, 3, at_once=at_once)
            texts.append([(folder.path / record.sgf).read_text() for record in folder.records])
    assert texts[0] == texts[1]
    assert texts[0][0] != texts[0][2]


def test_an_interrupted_match_is_resumed_with_more_games(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    settings = fakes("--log-starts", str(starts))
    with MatchFolder(tmp_path / "out", settings) as folder:
        with pytest.raises(KeyboardInterrupt):
            play_all(folder, 3, stop_after=2)
        records = folder.records
    started = len(starts.read_text().splitlines())
    with MatchFolder(tmp_path / "out", settings) as again:
        assert again.records == records
        play_all(again, 4)
        assert [record.index for record in again.records] == [0, 1, 2, 3]
    assert len(starts.read_text().splitlines()) == started + 2
    assert not list((tmp_path / "out").rglob("*.part*"))


def played_match(tmp_path: Path, games: int = 3) -> tuple[MatchSettings, Path]:
    """A finished match and its folder."""
    settings = fakes()
    with MatchFolder(tmp_path / "out", settings) as folder:
        play_all(folder, games)
    return settings, tmp_path / "out"


@pytest.mark.parametrize("torn", [1, 100, 10_000])
def test_a_torn_last_line_costs_its_game_alone(torn: int, tmp_path: Path) -> None:
    settings, out = played_match(tmp_path)
    lines = (out / "games.jsonl").read_bytes().splitlines(keepends=True)
    last = lines[-1][: min(torn, len(lines[-1]) - 1)]
    (out / "games.jsonl").write_bytes(b"".join(lines[:-1]) + last)
    with MatchFolder(out, settings) as folder:
        assert [record.index for record in folder.records] == [0, 1]
        play_all(folder, 3)
    with MatchFolder(out, settings) as folder:
        assert [record.index for record in folder.records] == [0, 1, 2]


def test_a_torn_first_line_is_no_match_yet(tmp_path: Path) -> None:
    (tmp_path / "games.jsonl").write_text('{"format": "shicho-ma')
    with MatchFolder(tmp_path, fakes()) as folder:
        assert folder.records == []
    assert json.loads((tmp_path / "games.jsonl").read_text())["version"] == 2


def test_a_file_of_another_program_is_kept(tmp_path: Path) -> None:
    (tmp_path / "games.jsonl").write_text('{"moves": []}')
    with pytest.raises(BadConfig, match="not a match"):
        MatchFolder(tmp_path, fakes())
    assert (tmp_path / "games.jsonl").read_text() == '{"moves": []}'


def test_a_deleted_sgf_is_written_again(tmp_path: Path) -> None:
    settings, out = played_match(tmp_path)
    text = (out / "games" / "0002.sgf").read_bytes()
    (out / "games" / "0002.sgf").unlink()
    with MatchFolder(out, settings):
        assert (out / "games" / "0002.sgf").read_bytes() == text


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("{", "games.jsonl:3: damaged"),
        ("[1]", "games.jsonl:3: damaged"),
        ('{"index": 1}', "games.jsonl:3: game: "),
        ('{"index": 1, "game": "(;SZ[9])"}', "games.jsonl:3: pair: missing"),
    ],
)
def test_a_damaged_line_is_named(line: str, part: str, tmp_path: Path) -> None:
    settings, out = played_match(tmp_path)
    lines = (out / "games.jsonl").read_text().splitlines()
    lines[2] = line
    (out / "games.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(BadConfig) as caught:
        MatchFolder(out, settings)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_match_with_other_settings_is_not_continued(tmp_path: Path) -> None:
    settings, out = played_match(tmp_path, games=1)
    ours = settings.engines[0].model_copy(update={"version": "2"})
    for changed, parts in (
        (replace(settings, seed=8), ("seed", "7", "8")),
        (replace(settings, rules=replace(settings.rules, komi=6.5)), ("komi", "7.5", "6.5")),
        (replace(settings, engines=(ours, settings.engines[1])), ("version", "1.0", "2")),
        (replace(settings, keep_engines=True), ("keep_engines", "False", "True")),
    ):
        with pytest.raises(BadConfig) as caught:
            MatchFolder(out, changed)
        for part in (str(out), *parts):
            assert part in str(caught.value)
    with MatchFolder(out, replace(settings, move_timeout=1)) as folder:
        assert len(folder.records) == 1


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("", "results.json"),
        ("{", "results.json"),
        ("[]", "results.json"),
        ('{"format": "another", "version": 1}', "results.json"),
        ('{"format": "shicho-match"}', "results.json"),
        ('{"format": "shicho-match", "version": 1, "game_list": [1]}', "earlier version"),
    ],
)
def test_results_without_games_are_refused_in_one_line(content: str, part: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(BadConfig, match=r"results\.json") as caught:
        MatchFolder(tmp_path, fakes())
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_in_use_names_the_process_that_holds_it(tmp_path: Path) -> None:
    with MatchFolder(tmp_path, fakes()), pytest.raises(BadConfig, match=rf"in use by process {os.getpid()}$"):
        MatchFolder(tmp_path, fakes())
    with MatchFolder(tmp_path, fakes()):
        pass


def test_an_exception_ends_the_match() -> None:
    def play() -> None:
        settings = fakes()
        with LocalExecutor(settings, 2) as executor:
            for _ in played(executor, game_jobs(settings, 50)):
                raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        play()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("game")]


def test_the_final_table() -> None:
    settings = match(
        engines.gnugo("gnugo", 3).model_copy(update={"name": "GNU Go 3"}), engines.gnugo("gnugo", 10), seed=7
    )
    first, second = settings.names
    records = [game_record(0, first, second, "B+R"), game_record(1, second, first, "B+2.5")]
    console = Console(file=io.StringIO(), width=140)
    console.print(table(settings, records, MatchOptions(games=2)))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for part in (
        "GNU Go 3 level 3 against GNU Go level 10",
        "2 on 9x9, komi 7.5, seed 7",
        "1 won, 1 lost, 0 other, of 2",
        "as white",
        "50.0 %, Wilson 95 % interval 9.5 to 90.5 %",
        "100.0 moves",
        "0.300",
    ):
        assert part in text


# --------------------------------------------------------------------------------------------------- play-vs-gnugo


def run_main(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["play-vs-gnugo", *options])
    with pytest.raises(SystemExit) as caught:
        gnugo.main()
    code = caught.value.code
    assert isinstance(code, int)
    return code


def test_missing_gnugo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(engines, "find_program", lambda name: None)
    assert run_main(monkeypatch) == 1
    error = capsys.readouterr().err
    assert "apt-get install gnugo" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--engine", "no-such-engine --x"), "'no-such-engine'"),
        (("--engine", "'open"), '"\'open"'),
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
    command = (sys.executable, "-m", "shicho.tools.match.gnugo", *settings, *options)
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    ours = json.loads((tmp_path / "match" / "results.json").read_text())["settings"]["engines"][0]
    assert f"style {style}, symmetries {symmetries}, sha256 " in ours["detail"]
    assert ours["command"][-4:] == ["--style", style, "--symmetries", str(symmetries)]


def test_gnugo_against_gnugo_from_the_command_line(tmp_path: Path) -> None:
    program = find_gnugo()
    ours = f"{program} --mode gtp --level 1 --seed {{seed}} --chinese-rules --positional-superko"
    options = ("--games", "2", "--level", "0", "--size", "7", "--seed", "3", "--out", "a match", "--engine", ours)
    command = (sys.executable, "-m", "shicho.tools.match.gnugo", *options)
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    results = json.loads((tmp_path / "a match" / "results.json").read_text())
    assert results["games"] == 2
    first, second = results["settings"]["engines"]
    assert (first["name"], second["name"]) == ("GNU Go 3.8", "GNU Go 3.8 level 0")
    assert second["command"] == [program, *["--mode", "gtp", "--level", "0", "--seed", "{seed}"]]
    assert second["rules"] == "gnugo"
    assert results["settings"]["referee"]["detail"] == "level 10"
    total = results["engines"]["GNU Go 3.8"]["total"]
    assert total["wins"] + total["losses"] == 2
    assert f"{total['wins']} won, {total['losses']} lost, 0 other, of 2" in ended.stdout
    assert "game 1 (" in ended.stderr
    games = (tmp_path / "a match" / "games.jsonl").read_bytes()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (tmp_path / "a match" / "games.jsonl").read_bytes() == games
    assert again.stdout == ended.stdout
    assert again.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_one_line_and_leaves_no_process(number: int, tmp_path: Path) -> None:
    """Interrupt a match while our engine, which has written its process id, hangs at its first move."""
    pid_file = tmp_path / "pid"
    ours = shlex.join([sys.executable, FAKE, "--deaf", "--hang-at", "1", "--pid-at-hang", str(pid_file)])
    options = ("--games", "3", "--jobs", "1", "--size", "9", "--level", "0", "--out", "match", "--engine", ours)
    command = (sys.executable, "-m", "shicho.tools.match.gnugo", *options)
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

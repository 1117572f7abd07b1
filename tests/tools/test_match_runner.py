"""`shicho match` from its command line: kills, faults, full disks, replays, and games on a Dask cluster."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.main import get_command

from shicho.engine.colour import Colour
from shicho.engine.errors import BadConfig
from shicho.tools.cli import app
from shicho.tools.match.executors import DaskExecutor, LocalExecutor, WorkersDied, played, shares_of_cores
from shicho.tools.match.pairing import game_jobs
from shicho.tools.match.record import GameRecord, Reason
from shicho.tools.match.runner import EngineKeepsFailing, Faults, MatchOptions, run_match
from tests.support.match_records import game_record
from tests.tools.match_support import BLACK_MOVES, WHITE_MOVES, fake, fake_command, match

PAGE = Path(__file__).parents[2] / "docs" / "matches.md"
BY_SEED = (fake_command("--resign-by-seed", name="A"), fake_command("--resign-by-seed", moves="A1 B1 C1 D1", name="B"))
"""Two engines whose games are over in a moment, and depend on their seeds."""


def command(*options: str, engines: tuple[str, ...] = BY_SEED) -> list[str]:
    """The command line of a match on 9x9 that is counted by Shicho."""
    given = [word for engine in engines for word in ("--engine", engine)]
    return [sys.executable, "-m", "shicho.tools.cli", "match", *given, "--size", "9", "--referee", "shicho", *options]


def run(
    tmp_path: Path, *options: str, engines: tuple[str, ...] = BY_SEED, **changes: Any
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*options, engines=engines), cwd=tmp_path, capture_output=True, text=True, timeout=120, **changes
    )


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """The games in `games.jsonl`, in the order of their numbers."""
    lines = [json.loads(line) for line in (folder / "games.jsonl").read_text().splitlines()]
    return sorted(lines[1:], key=lambda line: line["index"])


def facts(line: dict[str, Any]) -> tuple[Any, ...]:
    """What is the same each time a game is played."""
    sides = [(line[colour]["engine"], line[colour]["seed"], line[colour]["moves"]) for colour in ("black", "white")]
    return line["index"], line["pair"], *sides, line["result"], line["plies"], line["moves_digest"]


def test_a_match_killed_twice_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    options = ("--games", "40", "--jobs", "2", "--draw", "3", "--plies", "2")
    assert run(tmp_path, *options, "--out", "unbroken").returncode == 0
    log = tmp_path / "killed" / "games.jsonl"
    for stop_after in (7, 23):
        with subprocess.Popen(
            command(*options, "--out", "killed"), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            deadline = time.monotonic() + 60
            while not log.exists() or log.read_bytes().count(b"\n") <= stop_after:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            process.kill()
        assert log.read_bytes().count(b"\n") < 41
    assert run(tmp_path, *options, "--out", "killed").returncode == 0
    unbroken, killed = lines_of(tmp_path / "unbroken"), lines_of(tmp_path / "killed")
    assert [line["index"] for line in killed] == list(range(40))
    assert list(map(facts, killed)) == list(map(facts, unbroken))
    assert len({line["result"] for line in killed}) > 1
    for name in ("games/0040.sgf", "results.json", "results.csv", "report.html"):
        assert (tmp_path / "killed" / name).exists()


def test_a_folder_in_use_is_refused_in_one_line(tmp_path: Path) -> None:
    slow = (fake_command("--seconds", "0.2", moves=BLACK_MOVES, name="A"), BY_SEED[1])
    options = ("--games", "200", "--out", "match")
    with subprocess.Popen(
        command(*options, engines=slow), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not (tmp_path / "match" / "games.jsonl").exists():
            assert process.poll() is None
            time.sleep(0.02)
        second = run(tmp_path, *options, engines=slow)
        process.kill()
    assert second.returncode == 1
    assert f"in use by process {process.pid}" in second.stderr
    assert second.stderr.count("\n") == 1


def limit_files() -> None:
    """Let no file of the process grow over 20,000 bytes, as if the disk were full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_full_disk_names_the_file_and_costs_no_game(tmp_path: Path) -> None:
    options = ("--games", "40", "--out", "match")
    full = run(tmp_path, *options, preexec_fn=limit_files)
    assert full.returncode == 1
    last = full.stderr.splitlines()[-1]
    for part in (str(Path("match") / "games.jsonl"), "too large", "--out match goes on"):
        assert part in last
    kept = lines_of(tmp_path / "match")
    assert 0 < len(kept) < 40
    assert f"{len(kept)} games are kept" in last
    assert run(tmp_path, *options).returncode == 0
    assert [line["index"] for line in lines_of(tmp_path / "match")] == list(range(40))


@pytest.mark.parametrize(
    ("broken", "games", "part"),
    [
        (("--refuse", "boardsize"), 0, "boardsize 9: no boardsize here"),
        (("--refuse", "komi"), 0, "komi 7.5: no komi here"),
        (("--crash-at", "1"), 3, "A broke 3 games in a row: A (black): genmove black: the engine exited with code 3"),
    ],
)
def test_an_engine_that_cannot_play_ends_the_match(
    broken: tuple[str, ...], games: int, part: str, tmp_path: Path
) -> None:
    ended = run(
        tmp_path,
        "--jobs",
        "1",
        "--games",
        "20",
        "--out",
        "match",
        engines=(fake_command(*broken, name="A"), BY_SEED[1]),
    )
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert part in last
    assert f"{games} games are kept" in last
    assert "Traceback" not in ended.stderr
    assert f"0 won, 0 lost, {games} other, of {games}" in " ".join(ended.stdout.split())
    assert len(lines_of(tmp_path / "match")) == games


def broken_game(index: int, reason: Reason = Reason.CRASH) -> GameRecord:
    """A game that its black side, engine A, broke."""
    return game_record(index, "A", "B", "Void", reason=reason, at_fault=Colour.BLACK, detail="it broke")


def test_only_the_same_fault_three_times_in_a_row_counts() -> None:
    faults = Faults()
    for record in (
        *(broken_game(0), broken_game(1), game_record(2, "A", "B")),
        *(broken_game(3), broken_game(4), broken_game(5, Reason.TIMEOUT), broken_game(6)),
        *(broken_game(7), game_record(8, "B", "C")),
    ):
        faults.add(record)
    with pytest.raises(EngineKeepsFailing, match="A broke 3 games"):
        faults.add(broken_game(9))


def test_a_referee_that_cannot_count_ends_the_match() -> None:
    uncounted = [game_record(index, "A", "B", "Void", reason=Reason.NO_SCORE, detail="no komi") for index in range(6)]
    faults = Faults()
    for record in (*uncounted[:2], game_record(2, reason=Reason.SCORE), uncounted[3], broken_game(4), uncounted[4]):
        faults.add(record)
    with pytest.raises(EngineKeepsFailing, match="referee failed 3 times in a row: no komi"):
        faults.add(uncounted[5])


def test_a_crash_now_and_then_costs_one_game_each(tmp_path: Path) -> None:
    """The engine crashes when its seed says so; every other game is played by a fresh process."""
    script = tmp_path / "sometimes.sh"
    engine = fake_command(name="A").replace("'{seed}'", '"$1"')
    script.write_text(f"#!/bin/sh\n[ $(($1 % 2)) = 0 ] && exec {engine} --crash-at 1\nexec {engine} --resign-at 2\n")
    engines = (f"sh {script} {{seed}}", BY_SEED[1])
    ended = run(tmp_path, "--games", "4", "--jobs", "1", "--seed", "3", "--out", "match", engines=engines)
    assert ended.returncode == 0, ended.stderr
    lines = lines_of(tmp_path / "match")
    seeds = [next(line[side]["seed"] for side in ("black", "white") if line[side]["engine"] == "A") for line in lines]
    assert [line["reason"] == "crash" for line in lines] == [seed % 2 == 0 for seed in seeds]
    assert len({seed % 2 for seed in seeds}) == 2


def test_games_that_are_counted_differently_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engines = fake(moves=BLACK_MOVES, name="A"), fake(moves=WHITE_MOVES, name="B")
    for score, listed in (("B+99", 2), ("W+7.5", 0)):
        settings = match(*engines, referee=fake("--final-score", score, name="Referee"))
        run_match(tmp_path / score, settings, MatchOptions(games=2, jobs=1))
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("counted differently: ")]
        assert len(lines) == listed
        for line, name in zip(lines, ("0001.sgf", "0002.sgf"), strict=False):
            assert all(part in line for part in (name, "B+99", "W+7.5"))


def test_one_game_is_played_again(tmp_path: Path) -> None:
    options = ("--games", "6", "--out", "match")
    assert run(tmp_path, *options).returncode == 0
    before = (tmp_path / "match" / "games.jsonl").read_bytes()
    again = run(tmp_path, *options, "--only", "4")
    assert again.returncode == 0, again.stderr
    assert "the same moves" in again.stdout
    assert (tmp_path / "match" / "games.jsonl").read_bytes() == before
    first, second = (
        (tmp_path / "match" / folder / "0004.sgf").read_text().partition("Ended")[0] for folder in ("games", "replays")
    )
    assert first == second
    missing = run(tmp_path, *options, "--only", "7")
    assert (missing.returncode, missing.stderr) == (1, "--only 7: match has no game of that number\n")
    assert run(tmp_path, "--only", "4").returncode == 1


def test_a_decided_sequential_test_ends_the_match(tmp_path: Path) -> None:
    engines = (fake_command("--resign-at", "1", name="A"), fake_command(name="B"))
    options = ("--games", "1000", "--jobs", "2", "--sprt", "elo0=0,elo1=400", "--out", "match")
    ended = run(tmp_path, *options, engines=engines)
    assert ended.returncode == 0, ended.stderr
    assert "accept H0" in ended.stdout
    games = len(lines_of(tmp_path / "match"))
    assert games < 50
    assert run(tmp_path, *options, engines=engines).returncode == 0
    assert len(lines_of(tmp_path / "match")) == games


def test_a_round_robin_with_handicap_time_and_cores(tmp_path: Path) -> None:
    engines = (*BY_SEED, fake_command(moves="E5 E4 D5 D4", name="C"))
    options = ("--handicap", "2", "--time", "1m+10s/5", "--jobs", "1", "--affinity", "--keep-engines")
    ended = run(tmp_path, *options, "--anchor", "C=1238", "--out", "match", engines=engines)
    assert ended.returncode == 0, ended.stderr
    lines = lines_of(tmp_path / "match")
    assert [(line["black"]["engine"], line["white"]["engine"]) for line in lines] == [
        ("A", "B"),
        ("B", "A"),
        ("A", "C"),
        ("C", "A"),
        ("B", "C"),
        ("C", "B"),
    ]
    assert {line["opening"] for line in lines} == {"handicap 2"}
    assert "HA[2]" in (tmp_path / "match" / "games" / "0001.sgf").read_text()
    assert "1238" in ended.stdout
    settings = json.loads((tmp_path / "match" / "results.json").read_text())["settings"]
    assert (settings["keep_engines"], settings["time_control"]) == (True, "1m+10s/5")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("unknown",), "engine unknown"),
        (("--komi", "nan"), "komi"),
        (("--rules", "ing"), "'ing'"),
        (("--time", "soon"), "'soon'"),
        (("--sprt", "elo0=1"), "elo1"),
        (("--sprt", "elo0=0,elo1=20"), "--games"),
        (("--anchor", "A"), "--anchor"),
        (("--anchor", "Z=5", "--games", "1"), "'Z'"),
        (("--plies", "3"), "--plies"),
        (("--handicap", "9", "--size", "5"), "handicap"),
        (("--openings", "nowhere"), "nowhere"),
        (("--affinity", "--jobs", "999", "--games", "999"), "999"),
        (("--scheduler", "tcp://127.0.0.1:1", "--jobs", "2"), "--scheduler"),
        (("--scheduler", "nowhere://here"), "nowhere://here"),
        (("--referee", "nobody"), "nobody"),
    ],
)
def test_bad_options_of_a_match_are_one_line(options: tuple[str, ...], part: str, tmp_path: Path) -> None:
    ended = run(tmp_path, *options, "--out", "match")
    assert ended.returncode == 1
    assert part in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_cores_are_shared_equally(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 4, 5, 6})
    assert shares_of_cores(2) == [(0, 1), (4, 5)]
    with pytest.raises(BadConfig, match="6 games"):
        shares_of_cores(6)


def test_engines_run_on_the_cores_of_their_game(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    core = min(before)
    code = "import os, sys; open(sys.argv[1], 'a').write(f'{os.sched_getaffinity(0)}\\n'); "
    script = tmp_path / "engine.py"
    script.write_text(code + f"os.execv(sys.executable, [sys.executable, *{list(fake().command[1:])!r}])")
    engines = [
        fake(name=name).model_copy(update={"command": (sys.executable, str(script), str(tmp_path / "cores"))})
        for name in "AB"
    ]
    settings = match(*engines)
    with LocalExecutor(settings, 1, cores=[(core,)]) as executor:
        assert len(list(played(executor, game_jobs(settings, 2)))) == 2
    assert set((tmp_path / "cores").read_text().splitlines()) == {str({core})}
    assert os.sched_getaffinity(0) == before


# ------------------------------------------------------------------------------------------------------------ Dask


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path)
    ) as started:
        yield started


def ends_of(records: list[GameRecord]) -> dict[int, tuple[str, str]]:
    return {record.index: (record.result, record.moves_digest) for record in records}


def test_a_worker_killed_in_mid_game_costs_no_game(tmp_path: Path, cluster: Any) -> None:
    """A worker dies while both play; every game is finished once, and as without a cluster."""
    import distributed

    starts = tmp_path / "starts"
    first = fake("--seconds", "0.1", "--log-starts", str(starts), "--resign-by-seed", moves=BLACK_MOVES, name="A")
    settings = match(first, fake("--resign-by-seed", moves=WHITE_MOVES, name="B"))
    jobs = game_jobs(settings, 12)
    records: list[GameRecord] = []
    with DaskExecutor(settings, cluster.scheduler_address) as executor:
        for record, _ in played(executor, jobs):
            records.append(record)
            if len(records) == 3:
                with distributed.Client(cluster) as client:
                    busy = next(worker for worker, tasks in client.processing().items() if tasks)
                    process = client.run(os.getpid, workers=[busy])[busy]
                os.kill(process, signal.SIGKILL)
    assert sorted(record.index for record in records) == list(range(12))
    assert len(starts.read_text().splitlines()) > 12
    with LocalExecutor(settings, 2) as executor:
        here = [record for record, _ in played(executor, jobs)]
    assert ends_of(records) == ends_of(here)


def test_workers_that_die_too_often_end_the_match_in_one_line(cluster: Any) -> None:
    from distributed import KilledWorker

    settings, worker = match(fake(name="A"), fake(name="B")), SimpleNamespace(address="tcp://127.0.0.1:1")
    with pytest.raises(WorkersDied, match="game-3"), DaskExecutor(settings, cluster.scheduler_address):
        raise KilledWorker("game-3", worker, 3)


def test_engines_cannot_be_kept_on_a_cluster() -> None:
    with pytest.raises(BadConfig, match="--keep-engines"):
        DaskExecutor(match(fake(name="A"), fake(name="B"), keep_engines=True), "nowhere")


def test_the_page_about_matches_names_every_option() -> None:
    page, group = PAGE.read_text(), get_command(app).commands["match"]  # type: ignore[attr-defined]
    parameters = [parameter for command in group.commands.values() for parameter in command.params]
    options = {option for parameter in parameters for option in parameter.opts if option.startswith("--")}
    assert {"--sprt", "--style"} <= options
    assert [option for option in sorted(options) if option not in page] == []

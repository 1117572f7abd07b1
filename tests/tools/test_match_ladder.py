"""`shicho match ladder`: its opponents, how Pachi is recognised, and the ratings."""

import json
import os
import sys
from pathlib import Path

import pytest

from shicho.tools import cli
from shicho.tools.match import ladder
from shicho.tools.match.ladder import NoPachi, find_pachi, gauntlet
from shicho.tools.match.pairing import game_jobs, games_in_a_round
from shicho.tools.match.rating import GNU_GO_LEVEL_10
from tests.support.networks import write_network
from tests.tools.match_support import FAKE, fake


def install_pachi(monkeypatch: pytest.MonkeyPatch, folder: Path, *options: str) -> None:
    """Put a program `pachi` first on PATH: a fake engine, which ignores the options of the real one."""
    program = folder / "pachi"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} {FAKE} {' '.join(options)}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def run_ladder(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["shicho", "match", "ladder", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


def test_pachi_is_known_by_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_pachi(monkeypatch, tmp_path, "--name", "'Pachi UCT'", "--version", "'12.60: Have a nice game!'")
    pachi = find_pachi()
    assert (pachi.name, pachi.version, pachi.detail) == ("Pachi UCT", "12.60", "5000 playouts")
    assert "threads=1" in pachi.command
    assert pachi.start_timeout == 60


@pytest.mark.parametrize(
    ("options", "part"),
    [(("--name", "Platform"), "Platform"), (("--nonsense",), "exited"), (("--hang-at-command", "name"), "1 s")],
)
def test_another_program_of_that_name_is_not_taken(
    options: tuple[str, ...], part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "_PACHI_SECONDS", 1.0)
    install_pachi(monkeypatch, tmp_path, *options)
    with pytest.raises(NoPachi, match=part):
        find_pachi()


def test_the_network_meets_every_opponent_with_both_colours() -> None:
    settings, anchor = gauntlet(fake(name="Shicho"), fake(name="Pachi UCT"), seed=1, size=19)
    opponents = ["GNU Go 3.8 level 1", "GNU Go 3.8 level 5", "GNU Go 3.8 level 10", "Pachi UCT"]
    assert list(settings.names) == ["Shicho", *opponents]
    assert anchor == ("GNU Go 3.8 level 10", GNU_GO_LEVEL_10)
    jobs = game_jobs(settings, 2 * games_in_a_round(settings))
    for number in range(1, 5):
        assert [(job.black, job.white) for job in jobs if number in (job.black, job.white)] == [
            (0, number),
            (number, 0),
            (0, number),
            (number, 0),
        ]


def test_a_ladder_rates_all_engines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install_pachi(monkeypatch, tmp_path, "--name", "'Pachi UCT'")
    network, out = write_network(tmp_path / "tiny.onnx"), tmp_path / "out"
    options = ("--games", "2", "--size", "3", "--style", "argmax", "--jobs", "2", "--out", str(out))
    assert not run_ladder(monkeypatch, str(network), *options)
    results = json.loads((out / "results.json").read_text())
    assert results["games"] == 8
    assert results["settings"]["engines"][0]["detail"].startswith("style argmax, symmetries 1, sha256 ")
    assert {opponent: tally["games"] for opponent, tally in results["engines"]["Shicho"]["by_opponent"].items()} == {
        "GNU Go 3.8 level 1": 2,
        "GNU Go 3.8 level 5": 2,
        "GNU Go 3.8 level 10": 2,
        "Pachi UCT": 2,
    }
    ratings = results["ratings"]
    assert ratings["GNU Go 3.8 level 10"] == {"value": 1238, "low": 1238, "high": 1238}
    assert ratings["Shicho"]["low"] < ratings["Shicho"]["value"] < ratings["Shicho"]["high"]
    assert f"{ratings['Shicho']['value']:.0f}" in capsys.readouterr().out
    assert "is fixed at 1238" in (out / "report.html").read_text()


def test_without_pachi_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ladder, "find_program", lambda name: None)
    network = write_network(tmp_path / "tiny.onnx")
    assert not run_ladder(monkeypatch, str(network), "--games", "2", "--size", "3", "--out", str(tmp_path / "out"))
    first, *games = capsys.readouterr().err.splitlines()
    assert first == "Pachi is left out: no program pachi"
    assert len(games) == 6


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("no-such.onnx",), "no-such.onnx"),
        (("NETWORK", "--games", "3"), "--games is not even: 3"),
        (("NETWORK", "--symmetries", "4"), "symmetries is not 1 or 8: 4"),
        (("NETWORK", "--style", "look-ahead"), "style look-ahead"),
    ],
)
def test_bad_arguments_are_one_line(
    arguments: tuple[str, ...],
    part: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = str(write_network(tmp_path / "plain.onnx"))
    assert run_ladder(monkeypatch, *(network if word == "NETWORK" else word for word in arguments)) == 1
    error = capsys.readouterr().err
    assert part in error
    assert error.count("\n") == 1

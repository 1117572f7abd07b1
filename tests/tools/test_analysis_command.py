"""`shicho analysis` as a process with pipes, as KaTrain and Ogatak start it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.analysis_clients import katrain_query, ogatak_query
from tests.support.networks import write_network
from tests.support.signals import restore_sigint

COMMAND = [sys.executable, "-P", "-m", "shicho.tools.cli", "analysis"]
MOVES = [["B", "Q16"], ["W", "D4"], ["B", "Q4"]]
TIMEOUT = 60


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("network") / "win.onnx", win=True)


def environment() -> dict[str, str]:
    """The environment with the tested modules on PYTHONPATH."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(place) for place in sys.path if place)}


def run(queries: list[dict[str, Any]], *options: object) -> subprocess.CompletedProcess[str]:
    text = "".join(json.dumps(query) + "\n" for query in queries)
    command = [*COMMAND, *map(str, options)]
    return subprocess.run(command, input=text, capture_output=True, text=True, env=environment(), timeout=TIMEOUT)


def answers(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [answer for answer in map(json.loads, result.stdout.splitlines()) if "warning" not in answer]


def own_lines(errors: str) -> list[str]:
    """The lines of stderr without ONNX Runtime's warnings about devices, which some machines print."""
    return [line for line in errors.splitlines() if "onnxruntime" not in line]


def test_katrain_s_command_line(network: Path, tmp_path: Path) -> None:
    """What waits at the end of the input is answered."""
    config = tmp_path / "analysis_config.cfg"
    config.write_text("# a comment\nnumAnalysisThreads = 12  # KaTrain's\nreportAnalysisWinratesAs = BLACK\n")
    options = ("-model", network, "-config", config, "-override-config", "homeDataDir=/home/me/.katrain")
    query = katrain_query(1, MOVES, analyzeTurns=[0, 1, 2, 3], overrideSettings={})
    result = run([query], *options)
    assert result.returncode == 0, result.stderr
    reported = answers(result)
    assert [answer["turnNumber"] for answer in reported] == [0, 1, 2, 3]
    (line,) = own_lines(result.stderr)
    assert line.startswith("shicho analysis: version")
    assert answers(run([query], *options, "-analysis-threads", "4")) == reported
    of_white = answers(run([query], *options[:5], "homeDataDir=/x,reportAnalysisWinratesAs=WHITE"))
    for black, white in zip(reported, of_white, strict=True):
        assert black["rootInfo"]["winrate"] == pytest.approx(1 - white["rootInfo"]["winrate"], abs=1e-5)


def test_ogatak_s_command_line_ends_with_the_input(network: Path) -> None:
    queries = [ogatak_query(number, MOVES, analyzeTurns=[0, 1, 2, 3]) for number in range(300)]
    started = time.monotonic()
    result = run(queries, "-config", os.devnull, "-model", network, "-quit-without-waiting")
    assert result.returncode == 0, result.stderr
    assert len(answers(result)) < 1200
    assert time.monotonic() - started < TIMEOUT / 2


def test_a_client_that_writes_while_it_is_answered(network: Path) -> None:
    command = [*COMMAND, "--network", str(network), "--symmetries", "1", "--threads", "1"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, env=environment(), **pipes) as engine:
        assert engine.stdin
        assert engine.stdout
        finals = []

        def read_until(id: str) -> None:
            for line in engine.stdout or ():
                answer = json.loads(line)
                if answer.get("isDuringSearch") is False:
                    finals.append((answer["id"], answer["turnNumber"], "noResults" in answer))
                if answer["id"] == id:
                    return

        for number in range(5):
            queries = (ogatak_query(10 * number + n, MOVES, analyzeTurns=[0, 1, 2, 3]) for n in range(10))
            engine.stdin.writelines(json.dumps(query) + "\n" for query in queries)
            engine.stdin.write(json.dumps({"id": f"stop {number}", "action": "terminate_all"}) + "\n")
            engine.stdin.flush()
            read_until(f"stop {number}")
            assert len(finals) == 40 * (number + 1)
        engine.stdin.write(json.dumps(ogatak_query(99, MOVES)) + "\n")
        engine.stdin.close()
        read_until("node_99:99")
        assert engine.wait(timeout=TIMEOUT) == 0
    expected = [(f"node_{number}:{number}", turn) for number in range(50) for turn in range(4)]
    assert sorted(final[:2] for final in finals[:-1]) == sorted(expected)
    assert finals[-1] == ("node_99:99", 3, False)


def test_bad_lines_do_not_end_the_session(network: Path) -> None:
    command = [*COMMAND, "--network", str(network)]
    version, cache = b'{"id":"v","action":"query_version"}', b'{"id":"c","action":"clear_cache"}'
    lines = [b"nonsense", b"\xff\xfe", b"", version, b"x" * 70_000, cache]
    result = subprocess.run(command, input=b"\n".join(lines), capture_output=True, env=environment(), timeout=TIMEOUT)
    kinds = [answer.get("action", "error") for answer in map(json.loads, result.stdout.splitlines())]
    assert kinds == ["error", "error", "query_version", "error", "clear_cache"]
    assert result.returncode == 0


def test_a_network_without_win_probabilities_must_be_asked_for(tmp_path: Path) -> None:
    plain = write_network(tmp_path / "plain.onnx")
    result = run([], "--network", plain)
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = own_lines(result.stderr)
    assert "plain.onnx" in line
    assert "--policy-only" in line
    result = run([katrain_query(1, MOVES)], "--network", plain, "--policy-only")
    assert [answer["rootInfo"]["winrate"] for answer in answers(result)] == [0.5]
    assert "not estimated" in result.stderr


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["-model", "no-such.onnx"], "no-such.onnx"),
        (["-config", "no-such.cfg"], "no-such.cfg"),
        (["--symmetries", "3"], "symmetries"),
        (["--threads", "0"], "threads"),
        (["-override-config", "reportAnalysisWinratesAs=RED"], "reportAnalysisWinratesAs"),
    ],
)
def test_bad_options_are_one_line(options: list[str], part: str, network: Path) -> None:
    result = run([], *(options if "-model" in options else ["--network", network, *options]))
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = own_lines(result.stderr)
    assert part in line


def test_an_interrupt_is_one_line(network: Path) -> None:
    command = [*COMMAND, "--network", str(network)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment(), preexec_fn=restore_sigint, **pipes) as engine:
        assert engine.stdin
        assert engine.stdout
        engine.stdin.write('{"id":"v","action":"query_version"}\n')
        engine.stdin.flush()
        engine.stdout.readline()
        engine.send_signal(signal.SIGINT)
        _, errors = engine.communicate(timeout=TIMEOUT)
    assert engine.returncode == 130
    assert own_lines(errors)[-1] == "shicho analysis: interrupted"


def test_a_client_that_stops_reading_ends_it(network: Path) -> None:
    command = [*COMMAND, "--network", str(network)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as engine:
        assert engine.stdin
        assert engine.stdout
        engine.stdout.close()
        engine.stdin.write(json.dumps(ogatak_query(1, MOVES)).encode() + b"\n")
        engine.stdin.flush()
        assert engine.wait(timeout=TIMEOUT) == 0


def test_it_starts_without_torch(network: Path) -> None:
    code = """
import sys
for name in ("torch", "h5py", "onnx", "matplotlib"):
    sys.modules[name] = None
sys.argv = ["shicho", "analysis", "--network", sys.argv[1]]
from shicho.tools.cli import main
main()
"""
    command = [sys.executable, "-P", "-c", code, str(network)]
    result = subprocess.run(command, input="", capture_output=True, text=True, env=environment(), timeout=TIMEOUT)
    assert result.returncode == 0, result.stderr

"""`shicho-gtp` as a process with pipes, as a controller runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.networks import write_network
from tests.support.signals import restore_sigint

COMMAND = [sys.executable, "-m", "shicho.gtp.main"]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("network") / "tiny.onnx")


def speak(network: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "--network", str(network), *options]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)


MOVES = "".join(f"genmove {'bw'[ply % 2]}\n" for ply in range(40))


def own_lines(errors: str) -> list[str]:
    """The lines of stderr without ONNX Runtime's warnings about devices, which some machines print."""
    return [line for line in errors.splitlines() if "onnxruntime" not in line]


def game(network: Path, *options: str) -> list[str]:
    return speak(network, f"boardsize 9\n{MOVES}", *options).stdout.split()


def test_a_session(network: Path) -> None:
    result = speak(network, "name\n2 boardsize 9\nplay b E5\ngenmove w\nnonsense\n9 quit\n", "--style", "argmax")
    first, second, third, fourth, *rest = result.stdout.split("\n\n")
    assert (first, second, third) == ("= Shicho", "=2 ", "= ")
    assert fourth.startswith("= ")
    assert rest == ["? unknown command", "=9 ", ""]
    assert result.returncode == 0
    assert "Traceback" not in result.stderr


def test_the_end_of_input_ends_the_server(network: Path) -> None:
    result = speak(network, "name")
    assert (result.stdout, result.returncode) == ("= Shicho\n\n", 0)
    result = speak(network, "")
    assert (result.stdout, result.returncode) == ("", 0)


def test_stderr_names_version_network_and_seed(network: Path) -> None:
    lines = own_lines(speak(network, "quit\n", "--seed", "17").stderr)
    assert len(lines) == 1
    assert "(tiny), style beta, symmetries 8, seed 17" in lines[0]
    assert "(tiny)" in speak(network, "version\n").stdout


def test_the_seed_determines_the_moves(network: Path) -> None:
    first = game(network, "--seed", "1")
    assert first == game(network, "--seed", "1")
    assert first != game(network, "--seed", "2")
    assert game(network, "--style", "argmax", "--seed", "1") == game(network, "--style", "argmax", "--threads", "1")
    seeded = f"boardsize 9\nshicho-set seed 1\n{MOVES}"
    assert speak(network, seeded, "--seed", "2").stdout.split()[2:] == first[1:]


def test_a_missing_network_is_one_line_and_code_2(tmp_path: Path) -> None:
    result = speak(tmp_path / "none.onnx", "name\n")
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"shicho-gtp: network {tmp_path / 'none.onnx'}: ")


def test_a_network_for_other_features_is_one_line_and_code_2(tmp_path: Path) -> None:
    result = speak(write_network(tmp_path / "other.onnx", metadata={"feature_version": "9"}), "name\n")
    assert result.returncode == 2
    assert len(own_lines(result.stderr)) == 1
    assert "sandbox-26 version 9" in result.stderr
    assert "sandbox-26 version 1" in result.stderr


def test_settings_that_the_network_does_not_suit_are_one_line_and_code_2(network: Path) -> None:
    for options in (["--style", "look-ahead"], ["--resign-threshold", "0.05"]):
        result = speak(network, "name\n", *options)
        assert (result.returncode, result.stdout) == (2, "")
        (line,) = own_lines(result.stderr)
        assert options[0].removeprefix("--") in line
        assert "win output" in line


def test_looking_ahead_and_resigning_with_settings_from_a_file(tmp_path: Path) -> None:
    """The network's win output is the number of own stones, so white without a stone is at one half."""
    write_network(tmp_path / "win.onnx", win=True)
    config = tmp_path / "shicho.toml"
    config.write_text('network = "win.onnx"\nstyle = "look-ahead"\nresign-threshold = 0.6\nresign-patience = 2\n')
    moves = "boardsize 5\nplay b D4\nplay w pass\nplay b E5\nplay w pass\nplay b C3\n"
    answers = f"{moves}genmove w\nundo\nundo\nundo\ngenmove w\ngenmove b\n"
    result = subprocess.run(
        [*COMMAND, "--config", str(config), "--seed", "1"], input=answers, capture_output=True, text=True, timeout=60
    )
    assert "(win), style look-ahead, symmetries 8, seed 1" in result.stderr
    resigned, *undone, too_early, black = result.stdout.split("\n\n")[6:12]
    assert (resigned, *undone) == ("= resign", "= ", "= ", "= ")
    assert "resign" not in too_early + black
    assert "=" in too_early


@pytest.mark.parametrize("options", [["--seed", "-1"], ["--seed", "x"], ["--threads", "0"], ["--what"], ["extra"]])
def test_bad_options_are_named(options: list[str]) -> None:
    result = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    assert options[-1] in result.stderr
    assert "Traceback" not in result.stderr


def test_the_option_rules(network: Path) -> None:
    session = "boardsize 3\nkomi 0\nplay b B2\nfinal_score\n"
    assert "= B+9\n" in speak(network, session).stdout
    assert "= B+8\n" in speak(network, session, "--rules", "Japanese").stdout


def test_an_unknown_rule_set(network: Path) -> None:
    result = speak(network, "name\n", "--rules", "ing")
    assert (result.returncode, result.stdout) == (2, "")
    line = result.stderr.splitlines()[-1]
    for part in ("--rules", "'ing'", "chinese", "tromp-taylor"):
        assert part in line


def test_version() -> None:
    result = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0
    assert result.stdout.startswith("shicho-gtp ")


def test_a_closed_stdout_ends_the_server_without_an_error(network: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--network", str(network)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as engine:
        assert engine.stdin
        assert engine.stdout
        assert engine.stderr
        engine.stdin.write(b"name\n")
        engine.stdin.flush()
        assert engine.stdout.readline() == b"= Shicho\n"
        engine.stdout.close()
        engine.stdin.write(b"name\n" * 100)
        engine.stdin.flush()
        assert engine.wait(timeout=20) == 0
        errors = engine.stderr.read().decode()
        assert len(own_lines(errors)) == 1, errors


def test_ctrl_c_is_quiet(network: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--network", str(network)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=restore_sigint,
    ) as engine:
        assert engine.stdin
        assert engine.stdout
        assert engine.stderr
        engine.stdin.write(b"name\n")
        engine.stdin.flush()
        engine.stdout.readline()
        engine.send_signal(signal.SIGINT)
        assert engine.wait(timeout=20) == 130
        assert b"Traceback" not in engine.stderr.read()


@pytest.mark.parametrize(
    ("redirection", "code", "message"),
    [
        ("<&-", 2, "standard input is closed"),
        (">&-", 2, "standard output is closed"),
        ("<&- >&- 2>&-", 2, ""),
        (">/dev/full", 1, "cannot write to standard output: No space left on device"),
        ("--version >/dev/full", 1, "cannot write to standard output: No space left on device"),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full and a POSIX shell")
def test_unusable_standard_streams_are_one_line(network: Path, redirection: str, code: int, message: str) -> None:
    command = f'echo name | "$0" -m shicho.gtp.main --network "$1" {redirection}'
    result = subprocess.run(
        ["sh", "-c", command, sys.executable, str(network)], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == code
    assert result.stdout == ""
    lines = [line for line in own_lines(result.stderr) if "seed" not in line]
    assert lines == ([f"shicho-gtp: {message}"] if message else [])


@pytest.mark.parametrize("imports", [1, 2, 3, 5, 10, 20, 50, 100, 150, 200, 300])
def test_an_interrupt_at_the_start_is_one_line(network: Path, imports: int) -> None:
    """The interrupt comes at that import since the program's own first statement."""
    code = f"""
import signal, sys
from shicho.gtp.main import main

def interrupt(event, arguments, left=[{imports}]):
    if event == "import":
        left[0] -= 1
        if left[0] == 0:
            signal.raise_signal(signal.SIGINT)

sys.argv[1:] = ["--network", {str(network)!r}]
sys.addaudithook(interrupt)
sys.exit(main())
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=restore_sigint,
    )
    assert own_lines(result.stderr) == ["shicho-gtp: interrupted"]
    assert result.returncode == 130


def test_a_process_told_to_ignore_interrupts_ignores_them(network: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--network", str(network)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    ) as engine:
        assert engine.stdin
        assert engine.stdout
        engine.stdin.write(b"name\n")
        engine.stdin.flush()
        assert engine.stdout.readline() == b"= Shicho\n"
        engine.send_signal(signal.SIGINT)
        assert b"(tiny)" in engine.communicate(b"version\n")[0]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_start_time_and_memory(network: Path) -> None:
    started = time.monotonic()
    with subprocess.Popen(
        [*COMMAND, "--network", str(network)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as engine:
        assert engine.stdin
        assert engine.stdout
        for line in (b"name\n", b"genmove b\n"):
            engine.stdin.write(line)
            engine.stdin.flush()
            assert engine.stdout.readline().startswith(b"= ")
            engine.stdout.readline()
        seconds = time.monotonic() - started
        status = Path(f"/proc/{engine.pid}/status").read_text()
        engine.stdin.close()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak < 250_000, f"{peak} kB"
    assert seconds < 1.5 or os.getloadavg()[0] > (os.cpu_count() or 1), f"{seconds:.2f} s"

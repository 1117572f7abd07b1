"""Streamed answers: when they begin and end, in what order answers come, and what waiting costs."""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = [sys.executable, "-m", "tests.support.streaming_engine"]


class Engine:
    """The engine of tests.support.streaming_engine as a process with pipes; reading fails after 20 s."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            ENGINE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
        )
        self.guard = threading.Timer(20, self.process.kill)
        self.guard.start()

    def send(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().decode()

    def end(self) -> tuple[str, str, int]:
        """Close stdin and return the rest of stdout, stderr and the exit code."""
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        output = self.process.stdout.read()
        code = self.process.wait()
        self.guard.cancel()
        return output.decode(), self.process.stderr.read().decode(), code


@pytest.fixture
def engine() -> Iterator[Engine]:
    started = Engine()
    with started.process:
        yield started
        started.guard.cancel()
        started.process.kill()


@pytest.mark.parametrize("line", ["protocol_version\n", "\n", "# interrupt\n", "7 nonsense\n", "quit\n"])
def test_any_line_ends_a_stream_and_is_answered_after_it(engine: Engine, line: str) -> None:
    engine.send("12 test-count 2\n")
    assert [engine.line() for _ in range(3)] == ["=12\n", "number 1\n", "number 2\n"]
    engine.send(line)
    assert engine.line() == "\n"
    answers = {"protocol_version\n": "= 2\n\n", "7 nonsense\n": "?7 unknown command\n\n", "quit\n": "= \n\n"}
    assert engine.end() == (answers.get(line, ""), "", 0)


def test_a_stream_that_goes_on_ends_too(engine: Engine) -> None:
    engine.send("test-forever\n")
    assert [engine.line() for _ in range(4)] == ["=\n", "again\n", " \n", "and again\n"]
    engine.send("3 name\n")
    output, _, code = engine.end()
    assert re.fullmatch(r"(again\n \nand again\n)*\n=3 Shicho\n\n", output)
    assert code == 0


def test_waiting_input_ends_a_stream_after_its_first_part(engine: Engine) -> None:
    engine.send("test-busy 100\n1 test-count 5\n2 test-forever\n3 test-count 0\n4 name\n")
    expected = "= done\n\n=1\nnumber 1\n\n=2\nagain\n \nand again\n\n=3\n\n=4 Shicho\n\n"
    assert engine.end()[0] == expected


def test_a_stream_that_fails_is_answered_once(engine: Engine) -> None:
    engine.send("1 test-fail-early\n2 test-fail-late\n")
    assert [engine.line() for _ in range(2)] == ["?1 internal error: MemoryError: no room\n", "\n"]
    assert [engine.line() for _ in range(3)] == ["=2\n", "so far\n", "\n"]
    engine.send("3 name\n")
    output, errors, code = engine.end()
    assert (output, code) == ("=3 Shicho\n\n", 0)
    assert errors.count("internal error at: 1 test-fail-early") == 1
    assert errors.count("internal error at: 2 test-fail-late") == 1


@pytest.mark.parametrize("command", ["lz-analyze b 10", "kata-analyze interval 1", "analyze w 50"])
def test_analyses_are_one_line_and_end_at_once(engine: Engine, command: str) -> None:
    for number in range(100):
        engine.send(f"{number} {command}\n")
        assert engine.line() == f"={number}\n"
        assert engine.line().startswith("info move A19 visits 3 winrate ")
        started = time.monotonic()
        engine.send("protocol_version\n")
        assert [engine.line() for _ in range(3)] == ["\n", "= 2\n", "\n"]
        assert time.monotonic() - started < 0.1 or os.getloadavg()[0] > (os.cpu_count() or 1)


def test_bad_arguments_of_a_stream(engine: Engine) -> None:
    engine.send("test-count x\nname\n")
    assert engine.end()[0] == "? syntax error\n\n= Shicho\n\n"


def test_a_thousand_commands_at_once_while_busy_and_streaming(engine: Engine) -> None:
    names = ["name", "test-count 3", "showboard", "test-busy 1", "play b A1", "nonsense", "undo", "test-fail-late"]
    lines = [f"{number} {names[number % len(names)]}\n" for number in range(1000)]
    sending = threading.Thread(target=engine.send, args=("test-busy 200\n" + "".join(lines),))
    sending.start()
    sending.join()
    blocks = engine.end()[0].split("\n\n")
    assert [block.split()[0].lstrip("=?") for block in blocks[1:-1]] == [str(number) for number in range(1000)]


@pytest.mark.parametrize("command", ["", "test-count 3", "test-forever", "test-busy 300", "name"])
def test_the_end_of_input_ends_the_process(engine: Engine, command: str) -> None:
    engine.send(f"name\n{command}\n")
    assert engine.line() + engine.line() == "= Shicho\n\n"
    if command in ("test-count 3", "test-forever"):
        assert engine.line() == "=\n"
    started = time.monotonic()
    output, errors, code = engine.end()
    assert (code, errors) == (0, "")
    assert output.endswith("\n\n") if command else output == ""
    assert time.monotonic() - started < 1 or os.getloadavg()[0] > (os.cpu_count() or 1)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processor time from /proc")
@pytest.mark.parametrize("command", ["test-count 3", "name", "lz-analyze b 10", "kata-analyze interval 1"])
def test_waiting_uses_no_processor_time(engine: Engine, command: str) -> None:
    engine.send(f"{command}\n")
    for _ in range(4 if "count" in command else 2):
        engine.line()
    before = ticks(engine.process.pid)
    time.sleep(0.5)
    assert ticks(engine.process.pid) - before <= 1


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_a_flood_of_input_waits_in_the_pipe(engine: Engine) -> None:
    """The engine reads about a MiB ahead while it is busy; a line without an end is cut."""
    engine.send("name\n")
    engine.line()
    before = resident(engine.process.pid)
    engine.send("test-busy 1000\n")
    flood = threading.Thread(target=flood_with, args=(engine, "x" * (1 << 24) + "\n" + "8 name\n" * (1 << 20)))
    flood.start()
    time.sleep(0.8)
    grown, alive = resident(engine.process.pid) - before, flood.is_alive()
    engine.process.kill()
    flood.join()
    assert grown < 8 << 10
    assert alive


def test_a_line_that_is_too_long_is_refused(engine: Engine) -> None:
    longest = 1 << 16
    engine.send("1 name" + " " * (longest - 6) + "\n2 name" + " " * (longest - 5) + "\n3 name\n")
    engine.send("4 " + "é" * longest + "\n# " + "5 name " * longest + "\n6 name\n")
    refusal = f"a line is longer than {longest} bytes"
    expected = f"=1 Shicho\n\n?2 {refusal}\n\n=3 Shicho\n\n?4 {refusal}\n\n=6 Shicho\n\n"
    assert engine.end()[0] == expected


def flood_with(engine: Engine, text: str) -> None:
    """Send a text until the engine ends."""
    with contextlib.suppress(BrokenPipeError):
        engine.send(text)


def ticks(pid: int) -> int:
    """User and system time of a process in clock ticks."""
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))


def resident(pid: int) -> int:
    """Resident memory of a process in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

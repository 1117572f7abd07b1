"""The GTP client with working and with broken engines."""

import os
import re
import sys
import threading
import time
from pathlib import Path

import pytest

from shicho.engine.errors import EngineCrashed, EngineTimeout, GtpError
from shicho.gtp.client import GtpClient

FAKE = (sys.executable, str(Path(__file__).parents[1] / "support" / "fake_engine.py"))


def client(*options: str, timeout: float = 10.0, **more: object) -> GtpClient:
    return GtpClient([*FAKE, *options], name="fake", timeout=timeout, **more)  # type: ignore[arg-type]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


@pytest.mark.parametrize("options", [(), ("--crlf",), ("--noise",)])
def test_responses_are_read_completely(options: tuple[str, ...]) -> None:
    with client(*options) as engine:
        assert engine.send("name") == "Fake"
        assert engine.send("boardsize", 19) == ""
        assert engine.send("lines").splitlines() == ["one", "two", "three"]
        assert engine.send("echo", "komi", 7.5) == "komi 7.5"


def test_a_line_may_be_longer_than_what_is_read_at_once() -> None:
    with client() as engine:
        assert engine.send("echo", "é" * 50_000) == "é" * 50_000
        assert engine.send("name") == "Fake"


def test_a_failure_response_raises_and_the_engine_can_still_be_used() -> None:
    with client("--refuse-play") as engine:
        with pytest.raises(GtpError, match=r"^fake: play b Q16: illegal move$"):
            engine.send("play", "b", "Q16")
        assert engine.send("version") == "1.0"


@pytest.mark.parametrize("option", ["--crash-at", "--crash-in-answer-at"])
def test_a_crash_reports_exit_code_and_stderr_in_one_line(option: str) -> None:
    with client("--moves", "D4", option, "2") as engine:
        assert engine.send("genmove", "b") == "D4"
        with pytest.raises(EngineCrashed) as caught:
            engine.send("genmove", "b")
        message = str(caught.value)
        assert message.startswith("fake: genmove b: ")
        assert "code 3" in message
        assert message.endswith("stderr: assertion failed: life is short")
        assert "\n" not in message
        with pytest.raises(EngineCrashed, match=r"^fake: name: "):
            engine.send("name")


def test_a_hanging_engine_is_killed_after_the_timeout() -> None:
    with client("--hang-at", "1") as engine:
        started = time.monotonic()
        with pytest.raises(EngineTimeout, match=r"^fake: genmove b: .* 0\.3 s$"):
            engine.send("genmove", "b", timeout=0.3)
        assert time.monotonic() - started < 3
        assert wait_until_gone(engine.pid)


def test_a_wait_can_be_cancelled_from_another_thread() -> None:
    cancel = threading.Event()
    with client("--hang-at", "1", cancel=cancel) as engine:
        threading.Timer(0.1, cancel.set).start()
        started = time.monotonic()
        with pytest.raises(EngineTimeout, match="cancelled"):
            engine.send("genmove", "b", timeout=30)
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("command", "value"), [("flood", "1048576 bytes"), ("garbage", "'Segmentation fault (not really)'")]
)
def test_an_invalid_response_ends_the_engine(command: str, value: str) -> None:
    with client() as engine:
        with pytest.raises(EngineCrashed, match=rf"^fake: {command}: .*{re.escape(value)}$"):
            engine.send(command)
        assert wait_until_gone(engine.pid)


@pytest.mark.parametrize("options", [(), ("--deaf",)])
def test_close_ends_the_whole_process_tree(options: tuple[str, ...]) -> None:
    with client(*options) as engine:
        child = int(engine.send("spawn"))
        assert is_running(child)
    assert wait_until_gone(engine.pid)
    assert wait_until_gone(child)
    engine.close()


def test_an_engine_killed_from_outside_is_a_crash() -> None:
    with client() as engine:
        engine.send("name")
        os.kill(engine.pid, 9)
        with pytest.raises(EngineCrashed, match=r"^fake: name: .* code -9"):
            engine.send("name")


@pytest.mark.parametrize(("command", "part"), [(("no-such-engine-here",), "'no-such-engine-here'"), ((), "empty")])
def test_a_missing_program(command: tuple[str, ...], part: str) -> None:
    with pytest.raises(EngineCrashed, match=part):
        GtpClient(command)


def test_stderr_can_be_written_to_a_file(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    with client("--noise", stderr=log) as engine:
        engine.send("name")
    assert b"thinking about name" in log.read_bytes()


def test_lines_are_read_as_they_came_and_the_end_stays_the_end() -> None:
    with client("--crlf") as engine:
        engine.write(b"name\nquit\n")
        deadline = time.monotonic() + 10
        lines = [engine.read_line(deadline) for _ in range(6)]
        assert lines == [b"= Fake\r\n", b"\r\n", b"=\r\n", b"\r\n", b"", b""]
        assert engine.wait(10) == 0
        assert engine.read_line(time.monotonic() - 1) is None

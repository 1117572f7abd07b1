"""The controller against engines that behave, and engines that do not."""

import os
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
def test_answers_are_read_whole(options: tuple[str, ...]) -> None:
    with client(*options) as engine:
        assert engine.send("name") == "Fake"
        assert engine.send("boardsize", 19) == ""
        assert engine.send("lines").splitlines() == ["one", "two", "three"]
        assert engine.send("echo", "komi", 7.5) == "komi 7.5"


def test_a_refusal_names_engine_command_and_reason_and_the_engine_lives_on() -> None:
    with client("--refuse-play") as engine:
        with pytest.raises(GtpError) as caught:
            engine.send("play", "b", "Q16")
        assert str(caught.value) == "fake: play b Q16: illegal move"
        assert engine.send("version") == "1.0"


@pytest.mark.parametrize(("option", "what"), [("--crash-at", ""), ("--crash-in-answer-at", " in mid-answer")])
def test_a_crash_tells_exit_code_and_last_words(option: str, what: str) -> None:
    with client("--moves", "D4", option, "2") as engine:
        assert engine.send("genmove", "b") == "D4"
        with pytest.raises(EngineCrashed) as caught:
            engine.send("genmove", "b")
        expected = f"fake: genmove b: the engine ended with exit code 3{what}; stderr: assertion failed: life is short"
        assert str(caught.value) == expected
        with pytest.raises(EngineCrashed, match="name: the engine was ended before"):
            engine.send("name")


def test_a_hanging_engine_is_given_up_and_ended() -> None:
    with client("--hang-at", "1") as engine:
        started = time.monotonic()
        with pytest.raises(EngineTimeout, match=r"^fake: genmove b: no answer in 0.3 s$"):
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
    ("command", "what"), [("flood", "no end of the answer"), ("garbage", "no GTP response: 'Segm")]
)
def test_what_is_no_gtp_ends_the_engine(command: str, what: str) -> None:
    with client() as engine:
        with pytest.raises(EngineCrashed, match=what):
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


def test_an_engine_killed_by_others_is_a_crash() -> None:
    with client() as engine:
        engine.send("name")
        os.kill(engine.pid, 9)
        with pytest.raises(EngineCrashed, match=r"^fake: name: the engine ended with exit code -9"):
            engine.send("name")


@pytest.mark.parametrize(("command", "what"), [(("no-such-engine-here",), "cannot start 'no-such"), ((), "empty")])
def test_a_program_that_is_not_there(command: tuple[str, ...], what: str) -> None:
    with pytest.raises(EngineCrashed, match=what):
        GtpClient(command)


def test_stderr_can_be_kept(tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    with client("--noise", stderr=log) as engine:
        engine.send("name")
    assert b"thinking about name" in log.read_bytes()

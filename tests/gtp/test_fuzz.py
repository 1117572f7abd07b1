"""Random lines through a pipe: every command is answered once, in order, and the engine never fails inside.

`--fuzz-lines N` sends N lines instead of 1500 (make fuzz-gtp: 100,000), `--fuzz-seed S` other ones.
"""

import contextlib
import os
import random
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shicho.gtp.commands import REGISTRY
from tests.support.networks import write_network
from tests.support.streaming_engine import TESTING

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [command for command in REGISTRY if command.name not in ("quit", "place_free_handicap")]
STREAMS = ["test-count", "test-forever", "test-fail-late", "test-fail-early"]
USUAL = {
    "COLOUR": ["b", "w", "black", "White"],
    "VERTEX": ["A1", "B2", "c3", "D4", "e5", "B4", "D2", "pass", "PASS", "T19"],
    "SIZE": ["2", "3", "5", "5", "7", "9", "13", "19"],
    "STATUS": ["dead", "alive", "seki", "dame"],
    "SYSTEM": ["none", "absolute 60", "byoyomi 60 30.5 5", "canadian 60 30 25", "fischer 60 2"],
    "RULES": ["japanese", "chinese", '{"ko":"SIMPLE"}', '{"scoring":"TERRITORY"}'],
    "NAME": ["japanese", "aga", "alice", "name"],
    "FILE": ["game.sgf", "a game.sgf", '"a game.sgf"', "no/such.sgf"],
    "game|private": ["game", "private"],
    "KEY": ["interval", "minmoves", "maxmoves", "rootInfo", "ownership", "avoid b A1,pass", "allow w C3"],
    "SYMMETRY": ["0", "0", "all"],
}
NUMBERS = ["0", "1", "2", "3", "5", "7.5", "10"]
ODD = ["-1", "1e9", "nan", "inf", "99999999999", "Z99", "I5", '"', '""', "{}", "[", "é", "囲碁", "x", "e", "B+R"]
LONGEST = 1 << 16


def environment() -> dict[str, str]:
    """The environment with the tests and the tested modules on PYTHONPATH, from whatever folder an engine runs in."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(place) for place in [ROOT, *sys.path] if place)}


def random_command(rng: random.Random) -> str:
    """Return a command with the arguments that its documentation names, now and then some more, fewer or odd ones."""
    command = rng.choice(COMMANDS)
    names = command.arguments.replace("[", "").replace("]", "").replace(" ...", "").split()
    words = [command.name, *(rng.choice(USUAL.get(name, NUMBERS)) for name in names)]
    if rng.random() < 0.2:
        words[1:] = words[1 : rng.randrange(1, 1 + len(words))]
    if rng.random() < 0.1:
        words.insert(rng.randrange(1, 1 + len(words)), rng.choice(ODD))
    return " ".join(words)


def random_line(rng: random.Random) -> bytes:
    """Return a line without its line feed: mostly commands, some of them with an id, some damaged, some no command."""
    kind = rng.random()
    if kind < 0.04:
        return rng.randbytes(rng.randrange(40)).replace(b"\n", b"")
    if kind < 0.08:
        return rng.choice((b"", b" ", b"\t", b"\r", b"# interrupt", b"  # 7 name", b"#", b"\x00\x07"))
    if kind < 0.081:
        return b"x" * rng.choice((LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST))
    if kind < 0.12:
        line = "".join(chr(rng.randrange(32, 127)) for _ in range(rng.randrange(60)))
    elif kind < 0.17:
        line = f"{rng.choice(STREAMS)} {rng.randrange(4)}"
    elif kind < 0.35:
        line = f"play {rng.choice(USUAL['COLOUR'])} {rng.choice(USUAL['VERTEX'])}"
    elif kind < 0.4:
        line = f"genmove {rng.choice(USUAL['COLOUR'])}"
    else:
        line = random_command(rng)
    if rng.random() < 0.6:
        line = f"{rng.choice(('', '0', '000'))}{rng.choice((rng.randrange(10), rng.randrange(10**9), 10**80))} {line}"
    if rng.random() < 0.1:
        line = line.replace(" ", rng.choice(("\t", "  ", " \t ")))
    if rng.random() < 0.1:
        line += rng.choice((" # comment", "#", "\r", " ", "\x00", "\x7f\x1b"))
    data = line.encode()
    if rng.random() < 0.05:
        data = data[: rng.randrange(len(data) + 1)]
    return data if b"quit" not in data else b""


def expected_id(line: bytes) -> bytes | None:
    """Return the id that the answer to a line begins with, b"" without an id, None if the line is no command."""
    text = bytes(byte for byte in line.replace(b"\t", b" ") if 32 <= byte != 127).split(b"#")[0]
    words = [word for word in text.split(b" ") if word]
    return None if not words else words[0] if re.fullmatch(rb"[0-9]+", words[0]) else b""


def pieces(rng: random.Random, data: bytes) -> Iterator[bytes]:
    """Cut data into pieces of random lengths, so that many end within a line."""
    place = 0
    while place < len(data):
        length = rng.choice((1, 7, 100, 1000, 5000))
        yield data[place : place + length]
        place += length


@pytest.fixture(params=["streaming_engine", "shicho-gtp"])
def engine_command(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The engine of the tests, which has commands that stream and fail, and the real one with a small network."""
    if request.param == "streaming_engine":
        return [sys.executable, "-m", "tests.support.streaming_engine", str(tmp_path)]
    return [sys.executable, "-m", "shicho.gtp.main", "--network", str(write_network(tmp_path / "tiny.onnx"))]


def test_every_command_is_answered_once_and_in_order(
    request: pytest.FixtureRequest, tmp_path: Path, engine_command: list[str]
) -> None:
    count, seed = request.config.getoption("--fuzz-lines"), request.config.getoption("--fuzz-seed")
    rng = random.Random(seed)
    lines = [random_line(rng) for _ in range(count)]
    data = b"\n".join(lines) + rng.choice((b"", b"\n"))
    errors = tmp_path / "stderr"
    with errors.open("wb") as log, subprocess.Popen(
        engine_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=tmp_path, env=environment()
    ) as engine:  # fmt: skip
        assert engine.stdin
        assert engine.stdout
        guard = threading.Timer(30 + count / 100, engine.kill)
        guard.start()
        output: list[bytes] = []
        reading = threading.Thread(target=lambda stdout: output.append(stdout.read()), args=(engine.stdout,))
        reading.start()
        with contextlib.suppress(BrokenPipeError):  # an engine that has ended is seen by its exit code
            for piece in pieces(rng, data):
                engine.stdin.write(piece)
                engine.stdin.flush()
            engine.stdin.close()
        reading.join()
        guard.cancel()
        assert engine.wait(timeout=5) == 0, f"seed {seed}"
    *blocks, rest = output[0].split(b"\n\n")
    assert rest == b""
    ids = [id for line in lines if (id := expected_id(line)) is not None]
    for number, (block, id) in enumerate(zip(blocks, ids, strict=False)):
        head = re.fullmatch(rb"[=?]([0-9]*)(?: .*|\n.*)?", block, re.DOTALL)
        assert head, f"seed {seed}, answer {number}: {block[:200]!r}"
        assert head[1] == id, f"seed {seed}, answer {number}: {block[:200]!r}"
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", block)
    assert len(blocks) == len(ids), f"seed {seed}"
    assert b"internal error" not in re.sub(rb"internal error: MemoryError: no room", b"", output[0]), f"seed {seed}"
    logged = errors.read_text(errors="replace")
    unexpected = re.sub(r"internal error at: .*test-fail", "", logged)
    assert "internal error" not in unexpected, unexpected[:2000]
    assert not re.search(r"^\w*Error: (?!no room)|^KeyboardInterrupt", unexpected, re.MULTILINE)


def test_the_streams_of_the_fuzz_exist() -> None:
    assert set(STREAMS) <= {command.name for command in TESTING.commands}

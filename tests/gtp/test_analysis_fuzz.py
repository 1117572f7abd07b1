"""Random lines for the analysis engine: every query gets its answers once, and nothing but JSON comes out.

`--fuzz-lines N` sends N lines instead of 1500, `--fuzz-seed S` other ones.
"""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shicho.engine.policy import Policy
from shicho.gtp.analysis_engine.server import AnalysisServer
from tests.support.analysis_clients import BAD_FIELDS, katrain_query, katrain_terminate, ogatak_query
from tests.support.networks import write_network

VERTICES = ["A1", "B2", "c3", "D4", "E5", "B4", "D2", "pass", "PASS", "T19", "I5", "", "Z99"]
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    1e300,
    10**40,
    "",
    "x",
    "é",
    "\ud800",
    [],
    [[]],
    {},
    {"player": "B"},
    "B",
    [1, 2],
]
FIELDS = [*(name for name, _ in BAD_FIELDS), "action", "id", "terminateId", "turnNumbers", "priorities", "nonsense"]


def random_query(rng: random.Random) -> dict[str, Any]:
    """Return a query of one of the clients, often with some fields replaced, added or missing."""
    number = rng.randrange(30)
    moves = [["BW"[n % 2], rng.choice(VERTICES[:8])] for n in range(rng.choice((0, 1, 2, 3, 8)))]
    make = rng.choice((katrain_query, ogatak_query))
    query = make(number, moves, boardXSize=5, boardYSize=5)
    kind = rng.random()
    if kind < 0.1:
        return katrain_terminate(number, rng.randrange(30))
    if kind < 0.2:
        actions = ("query_version", "query_models", "clear_cache", "terminate", "terminate_all", "cache_dump")
        query = {"id": str(number), "action": rng.choice(actions)}
    elif kind < 0.3:
        query["analyzeTurns"] = [rng.randrange(len(moves) + 1) for _ in range(rng.randrange(6))]
    for _ in range(rng.choice((0, 0, 1, 2))):
        name, value = rng.choice(BAD_FIELDS) if rng.random() < 0.5 else (rng.choice(FIELDS), rng.choice(ODD))
        query[name] = value
    for _ in range(rng.choice((0, 0, 0, 1))):
        query.pop(rng.choice(list(query)), None)
    return query


def random_line(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.05:
        return rng.randbytes(rng.randrange(40)).replace(b"\n", b"")
    if kind < 0.1:
        return rng.choice(
            (b"", b" ", b"\t", b"\r", b"{}", b"null", b"[" * 5000, b"NaN", b"1e999", b"9" * 5000, b"x" * 70000)
        )
    line = json.dumps(random_query(rng)).encode()
    return line[: rng.randrange(len(line))] if kind < 0.15 else line


def test_every_position_is_answered_once(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    count, seed = request.config.getoption("--fuzz-lines"), request.config.getoption("--fuzz-seed")
    server = AnalysisServer(Policy(write_network(tmp_path / "tiny.onnx", win=True), threads=1))
    rng = random.Random(seed)
    waiting: Counter[str] = Counter()
    for number in range(count):
        line = random_line(rng)
        place = f"seed {seed}, line {number}: {line[:200]!r}"
        before = server.waiting
        replies = server.accept(line)
        finished = [reply for reply in replies if reply.get("noResults")]
        added = server.waiting - before + len(finished)
        assert bool(replies) or added or not line.strip(b" \t\r"), place
        if added:
            waiting[json.loads(line)["id"]] += added
            assert not any("error" in reply for reply in replies), place
        while server.waiting > (0 if number == count - 1 else rng.randrange(40)):
            answers = server.work()
            assert not any("error" in answer for answer in answers), place
            finished += answers
            replies += answers
        waiting.subtract(reply["id"] for reply in finished)
        for reply in replies:
            text = json.dumps(reply, allow_nan=False)
            assert text.isascii(), place
            assert "internal error" not in text, place
        assert min(waiting.values(), default=0) >= 0, place
    assert server.waiting == 0
    assert not any(waiting.values())

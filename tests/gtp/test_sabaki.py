"""The engine behind Sabaki's own controller, from the npm package @sabaki/gtp, run by Node.

`npm ci` in tests/gtp/sabaki installs what package-lock.json pins there; `make test` does it. Without it the tests are
skipped, or fail if SHICHO_REQUIRE_NODE is set, as it is in CI.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("sabaki")


def run(script: str) -> dict[str, int]:
    """Run a script of tests/gtp/sabaki on the engine and return the figures that it prints."""
    node = shutil.which("node")
    if not node or not (FOLDER / "node_modules").exists():
        missing = f"`npm ci` in {FOLDER}" if node else "Node (on Debian: apt-get install nodejs npm)"
        (pytest.fail if os.environ.get("SHICHO_REQUIRE_NODE") else pytest.skip)(f"this test needs {missing}")
    engine = [sys.executable, "-m", "shicho.gtp.main", "--seed", "1", "--threads", "1"]
    ended = subprocess.run([node, str(FOLDER / script), *engine], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    figures: dict[str, int] = json.loads(ended.stdout)
    return figures


def test_jumps_between_the_positions_of_game_trees() -> None:
    """Handicap, undo, other board sizes and komi, a position that recurs, and the engine's own moves."""
    figures = run("sync.js")
    assert figures["nothing"] + figures["undo"] + figures["replay"] == 200
    assert figures["commands"] > 5000


def test_commands_while_the_engine_is_busy() -> None:
    assert run("busy.js")["commands"] > 1200


def test_analysis_is_started_and_interrupted_a_hundred_times() -> None:
    figures = run("analysis.js")
    assert figures["interrupted"] == 100
    assert figures["lines"] >= 50

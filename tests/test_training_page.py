"""docs/training.md: its commands, run in order in a shell, on small data and a small network."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.real_games import FOLDER

PAGE = Path(__file__).resolve().parents[1] / "docs" / "training.md"
PROGRAMS = {
    "shicho": "shicho.tools.cli",
    "shicho-gtp": "shicho.gtp.main",
    "play-vs-gnugo": "shicho.tools.match.gnugo",
    "torchrun": "torch.distributed.run",
}
SMALLER = {
    "--preset small": "--preset small.toml --no-compile --precision float32 --threads 1",
    "--time-budget 9h": "--time-budget 60s",
    "--samples 300k": "--samples 64",
    "--cooldown 2M": "--cooldown 64",
    "shicho finetune": "shicho finetune --no-compile --precision float32 --threads 1 --epochs 0.1",
    "--games 250": "--games 1 --level 0 --size 5",
}
"""What is replaced in the commands. The preset is `small` with fewer channels and samples."""

PRESET = """
[network]
channels = 8
blocks = [{ type = "residual", pool = true }]
[network.heads]
policy = { channels = 6, pool_channels = 4 }
ownership = { channels = 4 }
[training]
samples = 160
batch_size = 32
optimiser = { type = "sgd", learning_rate = 0.02 }
schedule = { type = "constant" }
"""


def commands() -> list[str]:
    """Every command of the page's `sh` blocks, continued lines joined."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def small_data(folder: Path) -> None:
    """Games of GNU Go in the folders that the page names, and the small preset."""
    games = sorted(FOLDER.glob("19-seed0??.sgf"))
    dated = {"games/pro": "DT[2001]BR[9p]WR[9p]", "games/kgs-6d": "BR[6d]WR[6d]", "tests": "", "my-games": ""}
    for number, path in enumerate(games):
        place, tags = list(dated.items())[number % len(dated)]
        (folder / place).mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8").replace("SZ[19]", f"SZ[19]{tags}", 1)
        (folder / place / path.name).write_text(text, encoding="utf-8")
    (folder / "small.toml").write_text(PRESET, encoding="utf-8")


def environment(folder: Path) -> dict[str, str]:
    """The environment with the page's programs on PATH, as they are installed by pip."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for name, module in PROGRAMS.items():
        script = bin_folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m {module} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    path = os.pathsep.join([str(bin_folder), os.environ.get("PATH", os.defpath)])
    modules = os.pathsep.join(place for place in sys.path if place)
    return {**os.environ, "PATH": path, "PYTHONPATH": modules, "OMP_NUM_THREADS": "1"}


def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    found = commands()
    assert len(found) >= 14
    text = "\n".join(found)
    assert not [name for name in SMALLER if name not in text]
    small_data(tmp_path)
    variables = environment(tmp_path)
    for command in found:
        smaller = command
        for given, replacement in SMALLER.items():
            smaller = smaller.replace(given, replacement)
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", smaller],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    for name in ("games.h5", "curves.png", "figures.json", "mine.onnx", "mine.md", "tuned.onnx", "kept.onnx"):
        assert (tmp_path / name).stat().st_size > 0, name
    assert (tmp_path / "matches" / "mine" / "results.json").exists()

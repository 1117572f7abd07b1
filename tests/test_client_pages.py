"""docs/sabaki.md, gogui.md and servers.md: their command lines start the engine, their config files can be read."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from shicho.engine.player import Player
from shicho.engine.policy import Policy
from shicho.engine.rules import RULE_SETS
from shicho.gtp.commands import REGISTRY
from shicho.gtp.session import Session
from tests.support.networks import write_network

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = ("sabaki.md", "gogui.md", "servers.md")
CGOS_KEYS = {"Name", "CommandLine", "ServerHost", "ServerPort", "ServerUser", "ServerPassword", "NumberOfGames"}
KGS_REQUIRED = {"name", "password", "engine"}
KGS_OPTIONS = {
    *("room", "mode", "opponent", "automatch.rank", "automatch.speed", "rules", "rules.boardSize", "rules.time"),
    *("komi", "gameNotes", "talk", "undo", "hint.cleanup", "hint.noArguing", "reconnect", "verbose", "logFile"),
}
KGS_TIME = r"\d+:\d\d(\+\d+[x/]\d+:\d\d)?"


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language, without their indentation."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def cgos_config() -> dict[str, dict[str, str]]:
    """The sections of the CGOS client's file: `Name:`, then `key = value` lines."""
    sections: dict[str, dict[str, str]] = {}
    (block,) = blocks("servers.md", "ini")
    for line in filter(None, map(str.strip, block.splitlines())):
        if line.endswith(":"):
            section = sections[line[:-1]] = {}
        else:
            key, value = line.split("=", 1)
            section[key.strip()] = value.strip()
    return sections


def kgs_properties() -> dict[str, str]:
    (block,) = blocks("servers.md", "properties")
    return dict(line.split("=", 1) for line in block.splitlines())


def command_lines() -> list[list[str]]:
    """Every command line of the engine, split as the program splits it that the page is about."""
    found = []
    for block in blocks("sabaki.md", "text"):
        fields = dict(re.findall(r"^(\w+): +(.*)$", block, re.MULTILINE))
        found.append([fields["Path"], *shlex.split(fields["Arguments"])])
    for block in blocks("gogui.md", "text"):
        found += [shlex.split(line) for line in re.findall("^Command: (.*)$", block, re.MULTILINE)]
    found += [json.loads(block)["bot"]["command"] for block in blocks("servers.md", "json5")]  # JSON is JSON5
    found.append(cgos_config()["GTPEngine"]["CommandLine"].split())
    found.append(kgs_properties()["engine"].split())
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the pages call /home/me: the engine in a path with a space, a network, and the link to it."""
    home = tmp_path_factory.mktemp("home")
    engine = home / "my programs" / "shicho" / ".venv" / "bin" / "shicho-gtp"
    engine.parent.mkdir(parents=True)
    engine.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m shicho.gtp.main "$@"\n', encoding="utf-8")
    engine.chmod(0o755)
    (home / "my networks").mkdir()
    write_network(home / "my networks" / "tuned.onnx")
    for page in PAGES:
        for line in "".join(blocks(page, "sh")).splitlines():
            if line.startswith("ln "):
                subprocess.run(["sh", "-c", line.replace("/home/me", str(home))], check=True)
    return home


def environment() -> dict[str, str]:
    """The environment with the tested modules on PYTHONPATH, from whatever folder the engine is started."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(place) for place in sys.path if place)}


@pytest.mark.parametrize("command", command_lines(), ids=" ".join)
def test_command_lines_start_the_engine(command: list[str], home: Path) -> None:
    ended = subprocess.run(
        [part.replace("/home/me", str(home)) for part in command],
        input="name\nkata-get-rules\n",
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("= Shicho\n\n= {")
    assert '"scoring":"TERRITORY"' in ended.stdout or "japanese" not in command


def test_each_page_shows_a_command_line_and_a_path_with_a_space() -> None:
    assert len(command_lines()) >= 6
    for page in PAGES:
        assert "/home/me/my programs/shicho/.venv/bin/shicho-gtp" in (DOCS / page).read_text(encoding="utf-8")


def test_the_first_step_prints_the_version(home: Path) -> None:
    (command,) = [line for line in "".join(blocks("sabaki.md", "sh")).splitlines() if "--version" in line]
    line = command.replace("/home/me", str(home))
    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=environment())
    assert ended.stdout.startswith("shicho-gtp ")


def test_config_files_have_what_their_readers_require() -> None:
    config = json.loads(blocks("servers.md", "json5")[0])
    assert {"apikey", "bot"} <= config.keys()
    assert config["bot"]["manager"] in ("pool", "persistent")
    assert set(cgos_config()["GTPEngine"]) >= CGOS_KEYS
    assert "KillFile" in cgos_config()["Common"]
    properties = kgs_properties()
    assert KGS_REQUIRED <= properties.keys() <= KGS_REQUIRED | KGS_OPTIONS
    assert re.fullmatch(KGS_TIME, properties["rules.time"])
    assert len(properties["gameNotes"]) <= 80


def test_each_config_file_is_the_one_that_the_client_is_started_with() -> None:
    text = (DOCS / "servers.md").read_text(encoding="utf-8")
    started = "".join(blocks("servers.md", "sh"))
    for name in ("shicho.json5", "shicho.cfg", "shicho.properties"):
        assert f"Write `{name}`" in text
        assert name in started


def test_the_commands_rules_and_entries_named_exist(tmp_path: Path) -> None:
    sabaki = (DOCS / "sabaki.md").read_text(encoding="utf-8")
    names = {command.name for command in REGISTRY}
    table = sabaki.partition("| command | answer |")[2].partition("\n\n")[0]
    assert {row.split()[0] for row in re.findall(r"^\| `(.*?)`", table, re.MULTILINE)} <= names
    (rules,) = re.findall(r"other rules: (.*?) \(", sabaki)
    assert {"chinese", *re.findall("`(.*?)`", rules)} == set(RULE_SETS)
    gogui = (DOCS / "gogui.md").read_text(encoding="utf-8")
    table = gogui.partition("| entry | shows |")[2].partition("\n\n")[0]
    shown = {entry for row in table.splitlines() if row for entry in re.findall(r"\*(.*?)\*", row.split("|")[1])}
    policy = Policy(write_network(tmp_path / "net.onnx", win=True, taps=True), threads=1)
    offered = REGISTRY.analyze_commands(Session(Player(policy, np.random.default_rng(0))), [])
    assert shown == {entry_on_the_page(line.split("/")[1]) for line in offered.splitlines()}


def entry_on_the_page(label: str) -> str:
    """Planes and layers stand on the page under one name."""
    return re.sub("^Channel of .*", "Channel of LAYER", re.sub("^Plane .*", "Plane NAME", label))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert links
    for link in links:
        assert (DOCS / link).exists(), link

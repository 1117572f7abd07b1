"""docs/katrain.md: its command lines start, and its tables name the options and fields that there are."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shicho.engine.policy import Policy
from shicho.gtp.analysis_engine.queries import FIELDS
from shicho.gtp.analysis_engine.server import AnalysisServer
from shicho.gtp.kata_rules import rules_named
from shicho.tools.cli import app
from tests.support.analysis_clients import katrain_query
from tests.support.networks import write_network

PAGE = Path(__file__).resolve().parents[1] / "docs" / "katrain.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, without their indentation."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", TEXT, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def table(head: str) -> list[str]:
    """The first cells of the rows of the table that begins with this line."""
    rows = TEXT.partition(f"{head}\n")[2].partition("\n\n")[0].splitlines()[1:]
    return [row.split("|")[1] for row in rows]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the page calls /home/me: the program in a path with a space, and a network."""
    home = tmp_path_factory.mktemp("home")
    program = home / "my programs" / "shicho" / ".venv" / "bin" / "shicho"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m shicho.tools.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (home / "my networks").mkdir()
    write_network(home / "my networks" / "tuned.onnx", win=True)
    return home


@pytest.mark.parametrize("command", [*blocks("sh"), *blocks("text")], ids=lambda command: " ".join(command.split()))
def test_commands_start_the_engine(command: str, home: Path) -> None:
    """As KaTrain runs its command, in a shell, and Ogatak a script."""
    network = str(home / "my networks" / "tuned.onnx")
    ogatak = ("analysis", "-config", os.devnull, "-model", network, "-quit-without-waiting")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(p) for p in sys.path if p)}
    result = subprocess.run(
        ["sh", "-c", command.replace("/home/me", str(home)), "sh", *(ogatak if "$@" in command else ())],
        input='{"id":"v","action":"query_version"}\n',
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["action"] == "query_version"


def test_the_options_are_those_of_the_command() -> None:
    named = {word for cell in table("| option | effect |") for word in re.findall(r"(?<=`)--?[a-z-]+", cell)}
    shown = CliRunner().invoke(app, ["analysis", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert named == set(re.findall(r"(?<=\s)--?[a-z]+(?:-[a-z]+)*(?=[\s,])", shown)) - {"--help"}


def test_the_fields_are_those_of_an_answer(tmp_path: Path) -> None:
    server = AnalysisServer(Policy(write_network(tmp_path / "win.onnx", win=True), threads=1))
    server.accept(json.dumps(katrain_query(1, [])).encode())
    (answer,) = server.work()
    there = {*answer, *answer["rootInfo"], *(field for move in answer["moveInfos"] for field in move)}
    named = {name for cell in table("| field | what it is |") for name in re.findall("`(.*?)`", cell)}
    assert named == there - {"currentPlayer"}


def test_every_field_of_a_query_and_every_name_of_rules_is_there() -> None:
    section = TEXT.partition("## Queries")[2]
    assert set(re.findall("`(.*?)`", section)) >= FIELDS
    for name in re.findall("`(.*?)`", section.partition("`rules` are a name, ")[2].partition(", or an object")[0]):
        assert rules_named(name)


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", TEXT):
        if "://" not in link and not link.startswith("#"):
            assert (PAGE.parent / link.partition("#")[0]).exists(), link

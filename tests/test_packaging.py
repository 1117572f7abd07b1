"""The sdist and the wheel: the wheel is built from the sdist, holds only shicho, and works from any folder."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "gtp", "training", "tools")
FILES = (
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "constraints.txt",
    "Makefile",
)
IMPORTS = """
from pathlib import Path
import shicho.engine, shicho.engine._core, shicho.gtp.client, shicho.tools.cli, shicho.tools.match.gnugo
import shicho.training.config, shicho.training.data.store, shicho.training.presets
from shicho.engine.policy import default_network
for module in (shicho.engine, shicho.engine._core, shicho.gtp.client, shicho.tools.cli, shicho.training.config):
    print(Path(module.__file__).parents[2])
print(Path(shicho.training.data.store.__file__).parents[3])
print(default_network().parents[3])
"""


def run(*command: str, cwd: Path, stdin: str = "", path: Path | None = None) -> str:
    """Run a command and return its stdout, with `path` (or nothing) instead of this checkout on PYTHONPATH."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path:
        environment["PYTHONPATH"] = str(path)
    ended = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, env=environment)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of a copy of this checkout, and the wheel built from that sdist."""
    copy = tmp_path_factory.mktemp("copy")
    ignore = shutil.ignore_patterns("*.so", "__pycache__", "*.h5")
    for name in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignore)
    for name in (*FILES, ".clang-format"):
        shutil.copy(ROOT / name, copy)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), cwd=copy)
    return out


@pytest.fixture(scope="module")
def sdist(built: Path) -> set[str]:
    """The names of the files in the sdist, without its top folder."""
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        return {name.partition("/")[2] for name in file.getnames()}


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The path of the wheel."""
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    """The names of the files in the wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel; its dependencies come from the Python that runs the tests."""
    target = tmp_path_factory.mktemp("target")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target))
    run(*pip, str(wheel), cwd=target)
    return target


def sources(*patterns: str) -> set[str]:
    """The names in the wheel of the packages' files; checkpoints are not part of it."""
    return {
        f"shicho/{path.relative_to(ROOT).as_posix()}"
        for package in PACKAGES
        for pattern in patterns
        for path in (ROOT / package).rglob(pattern)
        if "checkpoints" not in path.parts
    }


def test_sdist_holds_all_files_for_build_and_tests(sdist: set[str]) -> None:
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "engine" / "csrc").glob("*.[ch]")} <= sdist
    assert {"engine/_core.pyi", "tests/conftest.py", "tests/support/slow_board.py", *FILES} <= sdist
    assert not [name for name in sdist if name.startswith("training/checkpoints/")]


def test_wheel_holds_only_shicho_and_its_metadata(in_wheel: set[str]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {name.partition("/")[0] for name in in_wheel} == {"shicho", f"shicho-{version}.dist-info"}


def test_wheel_holds_all_package_files(in_wheel: set[str]) -> None:
    inside = {name for name in in_wheel if name.startswith("shicho/")}
    extension = {name for name in inside if re.fullmatch(r"shicho/engine/_core\..*(so|pyd)", name)}
    assert len(extension) == 1
    expected = sources("*.py", "*.pyi", "py.typed", "*.toml", "*.onnx", "page/*", "templates/*")
    expected |= sources("networks/*.md")
    assert inside - extension == expected
    assert {"shicho/engine/_core.pyi", "shicho/engine/py.typed", "shicho/training/presets/small.toml"} <= inside
    assert [name for name in inside if name.endswith(".onnx")]


def test_wheel_works_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    places = run(sys.executable, "-c", IMPORTS, cwd=tmp_path, path=installed).split("\n")
    assert set(filter(None, places)) == {str(installed)}


def test_commands_are_installed_and_the_engine_plays(installed: Path, tmp_path: Path) -> None:
    commands = {path.name for path in (installed / "bin").iterdir()}
    assert {"shicho", "shicho-gtp", "play-vs-gnugo"} <= commands
    engine = str(installed / "bin" / "shicho-gtp")
    answers = run(engine, "--seed", "1", cwd=tmp_path, path=installed, stdin="name\ngenmove b\nquit\n")
    assert re.fullmatch(r"= Shicho\n\n= [A-HJ-T][0-9]{1,2}\n\n=\s*\n\n", answers)
    for command in ("shicho", "play-vs-gnugo"):
        assert "Usage" in run(str(installed / "bin" / command), "--help", cwd=tmp_path, path=installed)

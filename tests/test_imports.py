"""Imports go from upper to lower layers only, and the GTP server needs only numpy, onnxruntime and sgfmill."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = {
    "engine": {"engine"},
    "gtp": {"engine", "gtp"},
    "training": {"engine", "training"},
    "tools": {"engine", "gtp", "training", "tools"},
}
LIBRARIES = {
    "engine": {"numpy", "onnxruntime", "sgfmill"},
    "gtp": {"numpy"},
    "training": {
        "numpy",
        "pydantic",
        "torch",
        "h5py",
        "onnx",
        "onnxruntime",
        "onnxscript",
        "tensorboard",
        "rich",
        "scipy",
        "matplotlib",
        "distributed",
    },
}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, module) of every import in a file, including those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: relative import"
            assert node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def sources(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_downwards(layer: str) -> None:
    assert sources(layer)
    for path in sources(layer):
        for line, module in imports(path):
            top, *rest = module.split(".")
            assert top not in LAYERS, f"{path}:{line}: import {module} as shicho.{module}"
            if top == "shicho":
                assert rest[0] in LAYERS[layer], f"{path}:{line}: {layer} must not import {module}"


@pytest.mark.parametrize("layer", LIBRARIES)
def test_layers_import_only_their_libraries(layer: str) -> None:
    for path in sources(layer):
        for line, module in imports(path):
            top = module.split(".")[0]
            known = top == "shicho" or top in sys.stdlib_module_names or top in LIBRARIES[layer]
            assert known, f"{path}:{line}: {layer} must not import {module}"


def test_only_the_engine_imports_the_c_core() -> None:
    """The C core belongs to engine/; only its own tests and their references may use it directly."""
    allowed = [ROOT / "engine", ROOT / "tests" / "engine", ROOT / "tests" / "support"]
    for folder in ("gtp", "training", "tools", "tests"):
        for path in sources(folder):
            if not any(path.is_relative_to(place) for place in allowed):
                for line, module in imports(path):
                    assert "_core" not in module.split("."), f"{path}:{line}: use shicho.engine instead of {module}"


@pytest.mark.parametrize("library", ["torch", "h5py", "onnx", "scipy", "typer", "rich", "matplotlib"])
def test_engine_and_gtp_work_without(library: str) -> None:
    """Import every module of engine and gtp while the library cannot be imported."""
    modules = [
        ".".join(["shicho", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")
        for layer in ("engine", "gtp")
        for path in sources(layer)
    ]
    assert "shicho.gtp.server" in modules
    lines = [f"sys.modules[{library!r}] = None", *(f"import {module}" for module in modules), "print('fine')"]
    result = subprocess.run([sys.executable, "-c", "\n".join(["import sys", *lines])], capture_output=True, text=True)
    assert result.stdout == "fine\n", result.stderr


def test_starting_the_server_loads_no_heavy_library() -> None:
    code = """
import sys
import shicho.gtp.main, shicho.gtp.server, shicho.engine.player
heavy = "torch h5py onnx onnxruntime sgfmill scipy typer rich".split()
print([name for name in heavy if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "[]\n", result.stderr


def test_matches_checks_and_the_page_need_no_extra() -> None:
    """A finder hides the extras, because scipy looks at `sys.modules["torch"]` and would not stand None there."""
    code = """
import sys

class Extras:
    def find_spec(self, name, path=None, target=None):
        if name in ("torch", "h5py", "onnx", "onnxscript", "tensorboard", "matplotlib", "PIL", "distributed"):
            raise ImportError(name)

sys.meta_path.insert(0, Extras())
import shicho.tools.cli, shicho.tools.match.gnugo, shicho.tools.match.runner, shicho.tools.match.report.html
import shicho.tools.gtp_check.run, shicho.tools.look.server, shicho.gtp.analysis_engine.server
print("fine")
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "fine\n", result.stderr


@pytest.mark.parametrize("module", ["data.store", "data.dataset", "run.loop", "evaluate", "export"])
def test_training_from_hdf5_works_without_sgfmill(module: str) -> None:
    pytest.importorskip("torch")
    code = f"import sys\nsys.modules['sgfmill'] = None\nimport shicho.training.{module}\nprint('fine')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "fine\n", result.stderr

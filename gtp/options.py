"""The options of `shicho-gtp`, from the command line and from a TOML file with the same names."""

import argparse
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from shicho.engine import Rules
from shicho.engine.errors import BadConfig, brief, one_line
from shicho.engine.policy import MAX_THREADS
from shicho.engine.rules import RULE_SETS
from shicho.engine.settings import SETTINGS, PlaySettings, parse_whole

_SYMMETRIES: Final = 8


@dataclass(frozen=True, kw_only=True)
class Options:
    """How `shicho-gtp` starts. Averages the eight symmetries, unlike `PlaySettings`, and draws a seed, unless told."""

    network: Path | None = None
    rules: Rules = field(default_factory=Rules)
    seed: int | None = None
    threads: int | None = None
    settings: PlaySettings = field(default_factory=lambda: PlaySettings(symmetries=_SYMMETRIES))

    def with_texts(self, texts: Mapping[str, str]) -> Self:
        """Return the options with values as texts; raises BadConfig, with a message that begins with the name."""
        own = {name: _parse(name, text) for name, text in texts.items() if name in _OWN}
        others = {name: text for name, text in texts.items() if name not in _OWN}
        return replace(self, **own, settings=self.settings.with_texts(others))


def read_options(arguments: list[str] | None = None) -> Options | None:
    """Return the options of a command line (default: sys.argv), and of its `--config` file where it is silent.

    Returns None if it asks for the version. Raises BadConfig for a value or a file that is not valid, and SystemExit
    after `--help` and for an unknown option.
    """
    given = vars(_parser().parse_args(arguments))
    if given.pop("version"):
        return None
    texts = {name.replace("_", "-"): text for name, text in given.items() if text is not None}
    config = texts.pop("config", None)
    options = Options() if config is None else _read_file(Path(config))
    try:
        return options.with_texts(texts)
    except BadConfig as error:
        raise BadConfig(f"--{error}") from None


def _read_file(path: Path) -> Options:
    """Return the options of a TOML file, in which the path of a network is relative to the file's folder."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadConfig(one_line(error) if isinstance(error, OSError) else f"{path}: {one_line(error)}") from None
    texts = {}
    for name, value in values.items():
        if name not in (*_OWN, *SETTINGS):
            raise BadConfig(f"{path}: unknown key {brief(name)}: there are {', '.join((*_OWN, *SETTINGS))}")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadConfig(f"{path}: {name} is neither a text nor a number: {brief(value)}")
        texts[name] = str(path.parent / str(value)) if name == "network" else str(value)
    try:
        return Options().with_texts(texts)
    except BadConfig as error:
        raise BadConfig(f"{path}: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shicho-gtp", description="The Go engine Shicho, as a GTP 2 server.")
    parser.add_argument("--config", metavar="FILE", help="TOML file with the same names as the options below")
    for name, (_, about) in _OWN.items():
        parser.add_argument(f"--{name}", metavar=name.upper(), help=about)
    defaults = Options().settings.as_texts()
    for name, setting in SETTINGS.items():
        about = f"{setting.about} (default: {defaults[name]})"
        parser.add_argument(f"--{name}", metavar=name.upper().replace("-", "_"), help=about)
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser


def _parse(name: str, text: str) -> Any:
    try:
        return _OWN[name][0](text)
    except ValueError:
        raise BadConfig(f"{name} is not valid: {brief(text)} ({_OWN[name][1]})") from None
    except BadConfig as error:
        raise BadConfig(f"{name}: {error}") from None


def _threads(text: str) -> int:
    threads = parse_whole(text)
    if not 1 <= threads <= MAX_THREADS:
        raise ValueError("out of range")
    return threads


_OWN: Final[Mapping[str, tuple[Callable[[str], Any], str]]] = {
    "network": (Path, "ONNX file (default: the included network)"),
    "rules": (Rules.named, f"{', '.join(RULE_SETS)} (default: chinese)"),
    "seed": (parse_whole, "random seed, 0 or greater (default: a new one each time)"),
    "threads": (_threads, f"threads for the network, 1 to {MAX_THREADS} (default: 2)"),
}

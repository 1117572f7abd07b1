"""The options of `shicho-gtp`: command line, TOML file, and which of them wins."""

from pathlib import Path

import pytest

from shicho.engine import Rules
from shicho.engine.errors import BadConfig
from shicho.engine.settings import SETTINGS, PlaySettings, Style
from shicho.gtp.options import Options, read_options


def options(arguments: list[str]) -> Options:
    read = read_options(arguments)
    assert read is not None
    return read


def test_without_options_it_averages_eight_symmetries() -> None:
    assert read_options([]) == Options()
    assert Options().settings == PlaySettings(symmetries=8)
    assert (Options().network, Options().seed, Options().threads, Options().rules) == (None, None, None, Rules())


def test_the_version_needs_no_options() -> None:
    assert read_options(["--version"]) is None
    assert read_options(["--seed", "x", "--version"]) is None


def test_every_setting_is_an_option() -> None:
    texts = PlaySettings(
        style=Style.TEMPERATURE, temperature=0.5, resign_threshold=0.1, look_ahead_weight=0.25
    ).as_texts()
    given = options([part for name in SETTINGS for part in (f"--{name}", texts[name])])
    assert given.settings == PlaySettings().with_texts(texts)
    others = read_options(["--network", "a b.onnx", "--rules", "aga", "--seed", "7", "--threads", "3"])
    assert others == Options(network=Path("a b.onnx"), rules=Rules.named("aga"), seed=7, threads=3)


FILE = """
network = "nets/other.onnx"
rules = "japanese"
seed = 12
style = "temperature"
temperature = 0.5
symmetries = 1
resign-threshold = 0
"""


def write(folder: Path, text: str) -> str:
    path = folder / "shicho.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_file_has_the_same_names_and_the_command_line_wins(tmp_path: Path) -> None:
    config = write(tmp_path, FILE)
    settings = PlaySettings(style=Style.TEMPERATURE, temperature=0.5, symmetries=1, resign_threshold=0)
    expected = Options(
        network=tmp_path / "nets" / "other.onnx", rules=Rules.named("japanese"), seed=12, settings=settings
    )
    assert read_options(["--config", config]) == expected
    for arguments in (["--config", config, "--seed", "3"], ["--seed", "3", "--config", config]):
        assert options(arguments).seed == 3
    given = options(["--config", config, "--style", "argmax", "--resign-threshold", "none", "--network", "x"])
    assert (given.settings.style, given.settings.resign_threshold, given.network) == (Style.ARGMAX, None, Path("x"))
    assert (given.settings.temperature, given.settings.symmetries) == (0.5, 1)


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    network = tmp_path / "elsewhere" / "net.onnx"
    config = write(tmp_path, f"network = {str(network)!r}")
    assert options(["--config", config]).network == network


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("stile = 'beta'", ("'stile'", "style", "network")),
        ("argmax = true", ("'argmax'",)),
        ("style = 'bold'", ("style", "'bold'")),
        ("symmetries = 8.0", ("symmetries", "'8.0'")),
        ("symmetries = true", ("symmetries", "True")),
        ("temperature = [1]", ("temperature", "[1]")),
        ("temperature = -1", ("temperature", "-1")),
        ("seed = -1", ("seed", "'-1'")),
        ("threads = 0", ("threads", "'0'")),
        ("rules = 'ing'", ("rules", "'ing'", "chinese")),
        ("[style]\nx = 1", ("style", "{'x': 1}")),
        ("style = beta", ("line 1",)),
    ],
)
def test_a_bad_file_is_one_line_with_its_name(text: str, parts: tuple[str, ...], tmp_path: Path) -> None:
    config = write(tmp_path, text)
    with pytest.raises(BadConfig) as error:
        read_options(["--config", config])
    for part in (config, *parts):
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"style = '\xff'")
    for path in (tmp_path / "none.toml", tmp_path, tmp_path / "latin.toml"):
        with pytest.raises(BadConfig) as error:
            read_options(["--config", str(path)])
        assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--style", "bold"], "--style"),
        (["--temperature", "0"], "--temperature"),
        (["--resign-patience", "0"], "--resign-patience"),
        (["--threads", "9999"], "--threads"),
        (["--rules", "ing"], "--rules"),
    ],
)
def test_a_bad_option_is_named(arguments: list[str], part: str) -> None:
    with pytest.raises(BadConfig) as error:
        read_options(arguments)
    assert str(error.value).startswith(part)

"""Presets and configs: what is read, what is refused, and what the refusal says."""

from pathlib import Path

import pytest

from shicho.engine.errors import BadConfig
from shicho.training.config import (
    Ladder,
    NetworkConfig,
    Precision,
    Residual,
    ScheduleKind,
    Wide,
    first_difference,
    from_json,
    load_preset,
    preset_names,
    to_json,
)

GOOD = """
[network]
channels = 8
blocks = [{ type = "residual", pool = true }, { type = "ladder" }, { type = "wide", channels = 4, length = 5 }]
[training]
samples = 1000
batch_size = 10
rate_per_sample = 0.001
schedule = "one-cycle"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_toml_file_becomes_a_preset(tmp_path: Path) -> None:
    preset = load_preset(write(tmp_path, GOOD))
    assert preset.name == "mine"
    assert preset.network.blocks == (Residual(pool=True), Ladder(channels=6), Wide(channels=4, length=5))
    assert preset.training.schedule is ScheduleKind.ONE_CYCLE
    assert preset.training.precision is Precision.BFLOAT16


@pytest.mark.parametrize("name", preset_names())
def test_presets_survive_json(name: str) -> None:
    preset = load_preset(name)
    assert from_json(to_json(preset), "there") == preset


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("channels = 8", "channels = 0", "network.channels = 0: must be at least 1"),
        ("channels = 8", 'channels = "8"', "network.channels = '8': must be of type int"),
        ("channels = 8", "channels = true", "network.channels = True: must be of type int"),
        ("channels = 8", "channel = 8", "network.channel = 8: unknown setting"),
        ("channels = 8", "", "network: missing 1 required keyword-only argument: 'channels'"),
        ('type = "ladder"', 'type = "laddder"', "network.blocks[1].type = 'laddder': must be one of residual, ladder"),
        ('type = "ladder"', "channels = 3", "network.blocks[1].type = 'None'"),
        ("length = 5", "length = 4", "wide length = 4: must be odd"),
        ('{ type = "ladder" }', "7", "network.blocks[1] = 7: must be a table"),
        ("samples = 1000", "samples = -1", "training.samples = -1: must be at least 1"),
        ("rate_per_sample = 0.001", "rate_per_sample = 0", "training.rate_per_sample = 0.0: must be above 0"),
        ('"one-cycle"', '"two-cycle"', "training.schedule = 'two-cycle': must be one of sandbox, one-cycle"),
        ("samples = 1000", "samples = 1000\nmomentum = 1", "training.momentum = 1.0: must be from 0 to below 1"),
        ("[training]", "[trainer]", "trainer = "),
        ("[network]", "[network", "mine.toml: "),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(BadConfig) as raised:
        load_preset(path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_unknown_presets_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="'nix': unknown; there are sandbox, small"):
        load_preset("nix")
    with pytest.raises(BadConfig, match=r"none\.toml: no such file"):
        load_preset(tmp_path / "none.toml")


def test_configs_made_in_code_are_checked_too() -> None:
    with pytest.raises(BadConfig, match=r"blocks = \(\)"):
        NetworkConfig(channels=8, blocks=())
    with pytest.raises(BadConfig, match="ladder channels = 0"):
        Ladder(channels=0)


def test_training_settings_can_be_replaced() -> None:
    preset = load_preset("small").with_training(samples=7, seed=None, schedule="sandbox")
    assert (preset.training.samples, preset.training.seed) == (7, load_preset("small").training.seed)
    assert preset.training.schedule is ScheduleKind.SANDBOX
    with pytest.raises(BadConfig, match=r"training\.batch_size = 1: must be at least 2"):
        preset.with_training(batch_size=1)


def test_the_first_difference_is_named() -> None:
    ours, theirs = to_json(load_preset("small")), to_json(load_preset("small").with_training(seed=4))
    assert first_difference(ours, ours) is None
    assert first_difference(ours, theirs) == "training.seed = 1, not 4"

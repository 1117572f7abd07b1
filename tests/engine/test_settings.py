"""Settings: their ranges, and their texts."""

from dataclasses import fields, replace
from typing import Any

import pytest

from shicho.engine.errors import BadConfig
from shicho.engine.settings import SETTINGS, PlaySettings, Style, parse_whole

OTHERS = PlaySettings(
    style=Style.LOOK_AHEAD,
    symmetries=8,
    beta_start=0,
    beta_sharpness=2.5,
    temperature=0.25,
    look_ahead_weight=0.123456789,
    look_ahead_minimum=0.0,
    look_ahead_moves=12,
    resign_threshold=0.05,
    resign_patience=1,
)


def test_every_setting_has_a_text() -> None:
    assert [field.name.replace("_", "-") for field in fields(PlaySettings)] == list(SETTINGS)
    assert all(getattr(OTHERS, field.name) != field.default for field in fields(PlaySettings))


def test_texts_and_back() -> None:
    for settings in (PlaySettings(), OTHERS):
        assert list(settings.as_texts()) == list(SETTINGS)
        assert PlaySettings().with_texts(settings.as_texts()) == settings
        assert OTHERS.with_texts(settings.as_texts()) == settings
    assert PlaySettings().as_texts()["resign-threshold"] == "none"
    assert PlaySettings().with_texts({"beta-start": "7"}) == replace(PlaySettings(), beta_start=7)
    assert PlaySettings().with_texts({}) == PlaySettings()


def test_defaults_are_those_of_the_baseline() -> None:
    settings = PlaySettings()
    assert (settings.style, settings.symmetries, settings.resign_threshold) == (Style.BETA, 1, None)
    assert (settings.beta_start, settings.beta_sharpness) == (20, 1.0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("style", "bold"),
        ("style", ""),
        ("symmetries", "4"),
        ("symmetries", "8.0"),
        ("symmetries", "-1"),
        ("beta-start", "-1"),
        ("beta-start", "1001"),
        ("beta-sharpness", "-0.1"),
        ("temperature", "0"),
        ("temperature", "nan"),
        ("temperature", "hot"),
        ("temperature", "none"),
        ("look-ahead-weight", "1.1"),
        ("look-ahead-minimum", "inf"),
        ("look-ahead-moves", "0"),
        ("resign-threshold", "2"),
        ("resign-threshold", "never"),
        ("resign-patience", "0"),
        ("resign-patience", "1.5"),
        ("resign-patience", "9" * 5000),
    ],
)
def test_a_bad_text_is_one_line_with_the_name(name: str, text: str) -> None:
    with pytest.raises(BadConfig) as error:
        PlaySettings().with_texts({name: text})
    assert str(error.value).startswith(f"{name} is not ")
    assert text[:40] in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    with pytest.raises(BadConfig, match=r"'argmax'.*symmetries"):
        PlaySettings().with_texts({"argmax": "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("style", "beta"),
        ("style", None),
        ("symmetries", "8"),
        ("symmetries", True),
        ("symmetries", 8.0),
        ("beta_start", 1.5),
        ("temperature", "1"),
        ("temperature", None),
        ("look_ahead_weight", True),
        ("look_ahead_moves", None),
        ("resign_threshold", "none"),
        ("resign_patience", True),
    ],
)
def test_values_of_other_types(name: str, value: Any) -> None:
    with pytest.raises(BadConfig, match=name.replace("_", "-")):
        PlaySettings(**{name: value})


@pytest.mark.parametrize("text", ["", " 1", "+1", "1_0", "٣", "-0", "1e3"])
def test_whole_numbers(text: str) -> None:
    assert parse_whole("0042") == 42
    with pytest.raises(ValueError, match="whole"):
        parse_whole(text)

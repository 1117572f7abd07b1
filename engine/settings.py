"""The settings that decide how the engine plays, by the names that options, TOML files and GTP commands use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

from shicho.engine.errors import BadConfig, brief
from shicho.engine.numbers import number_in_range
from shicho.engine.policy import checked_symmetries

NONE: Final = "none"
"""The text of a setting that is None."""


class Style(StrEnum):
    """How a move is chosen from the network's probabilities."""

    BETA = "beta"
    """Drawn, varied in the opening and sharper later, as the GoNN baseline did (`sampling.beta_choice`)."""
    ARGMAX = "argmax"
    """The most probable move."""
    TEMPERATURE = "temperature"
    """Drawn in proportion to probability ^ (1 / temperature)."""
    LOOK_AHEAD = "look-ahead"
    """The best mix of probability and win probability after the move (`search.LookAhead`)."""


def parse_whole(text: str) -> int:
    """Return the whole number, 0 or greater, that decimal digits write; raises ValueError."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError("not a whole number")
    return int(text)


def _number_or_none(text: str) -> float | None:
    return None if text == NONE else float(text)


@dataclass(frozen=True, kw_only=True)
class PlaySettings:
    """How the engine plays. `SETTINGS` describes each setting with its range; raises BadConfig outside the range."""

    style: Style = Style.BETA
    symmetries: int = 1
    beta_start: int = 20
    beta_sharpness: float = 1.0
    temperature: float = 1.0
    look_ahead_weight: float = 0.8
    look_ahead_minimum: float = 0.03
    look_ahead_moves: int = 8
    resign_threshold: float | None = None
    resign_patience: int = 3

    def __post_init__(self) -> None:
        if not isinstance(self.style, Style):
            raise BadConfig(f"style is not {', '.join(Style)}: {brief(self.style)}")
        checked_symmetries(self.symmetries)
        number_in_range("beta-start", self.beta_start, 0, 1000)
        number_in_range("look-ahead-moves", self.look_ahead_moves, 1, 361)
        number_in_range("resign-patience", self.resign_patience, 1, 100)
        _check("beta-sharpness", self.beta_sharpness, 0, 100)
        _check("temperature", self.temperature, 0.01, 100)
        _check("look-ahead-weight", self.look_ahead_weight, 0, 1)
        _check("look-ahead-minimum", self.look_ahead_minimum, 0, 1)
        if self.resign_threshold is not None:
            _check("resign-threshold", self.resign_threshold, 0, 1)

    @property
    def needs_win(self) -> bool:
        """Whether a network is needed that estimates the probability of winning."""
        return self.style is Style.LOOK_AHEAD or self.resign_threshold is not None

    def with_texts(self, texts: Mapping[str, str]) -> Self:
        """Return the settings with values as texts, such as {"resign-threshold": "0.05"}.

        Raises BadConfig for an unknown name and for a value that is not valid.
        """
        values = {}
        for name, text in texts.items():
            if name not in SETTINGS:
                raise BadConfig(f"no setting {brief(name)}: there are {', '.join(SETTINGS)}")
            try:
                values[_attribute(name)] = SETTINGS[name].parse(text)
            except ValueError:
                raise BadConfig(f"{name} is not valid: {brief(text)} ({SETTINGS[name].about})") from None
        return replace(self, **values)

    def as_texts(self) -> dict[str, str]:
        """Return all settings by name as texts, which `with_texts` understands."""
        values = {name: getattr(self, _attribute(name)) for name in SETTINGS}
        return {name: NONE if value is None else str(value) for name, value in values.items()}


class Setting(NamedTuple):
    """How a setting is written as text: `parse` converts it and raises ValueError, `about` describes it to users."""

    parse: Callable[[str], Any]
    about: str


SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType(
    {
        "style": Setting(Style, "how moves are chosen: beta, argmax, temperature or look-ahead"),
        "symmetries": Setting(parse_whole, "over how many of its eight transforms a position is averaged: 1 or 8"),
        "beta-start": Setting(parse_whole, "style beta: the ply from which play becomes sharper, 0 to 1000"),
        "beta-sharpness": Setting(float, "style beta: by how much, 0 to 100"),
        "temperature": Setting(float, "style temperature: from 0.01, nearly always the most probable move, to 100"),
        "look-ahead-weight": Setting(
            float, "style look-ahead: weight of the win probability after a move against its probability, 0 to 1"
        ),
        "look-ahead-minimum": Setting(
            float, "style look-ahead: the smallest probability of a move that is considered, 0 to 1"
        ),
        "look-ahead-moves": Setting(parse_whole, "style look-ahead: the most moves that are considered, 1 to 361"),
        "resign-threshold": Setting(_number_or_none, "resign below this win probability, 0 to 1; none: never resign"),
        "resign-patience": Setting(parse_whole, "how many own turns in a row it must be below the threshold, 1 to 100"),
    }
)
"""What options, TOML files and GTP commands may set, by name: the fields of `PlaySettings` with hyphens."""


def _attribute(name: str) -> str:
    return name.replace("-", "_")


def _check(name: str, value: float, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadConfig(f"{name} is not {low:g} to {high:g}: {brief(value)}")

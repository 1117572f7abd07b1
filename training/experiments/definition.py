"""The definition of an experiment: its question and the networks that it trains; one TOML file in `definitions/`.

>>> experiment = load_experiment("optimiser")
>>> experiment.baseline, experiment.others
('muon', ('sgd', 'adamw'))
>>> experiment.preset("sgd", seed=2, samples=300_000).training.seed
2
"""

import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from shicho.engine.errors import BadConfig
from shicho.training.config import Config, Positive, Preset, load_preset, parse, to_json

BASELINE_AND_ONE = 2


def _is_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", value):
        raise ValueError("must be small letters and digits, with single hyphens between them")
    return value


Name = Annotated[str, AfterValidator(_is_name)]


class Experiment(Config):
    """A question, and the arms that answer it.

    All arms start from the preset `base` with `settings`; each adds settings of its own, `SECTION.KEY=VALUE` as
    `shicho train --set` takes them. The first arm is the baseline. Either every run sees `samples`, or every run gets
    as many samples as its arm trains in `seconds`. Seeds are 1 to `seeds`. Arms in `dropout_passes` are measured with
    so many forward passes with dropout (`training.network.dropout`). `known_effect` is what the GoNN baseline's
    author found, if he tried it.
    """

    name: Name
    question: Annotated[str, Field(min_length=1)]
    base: str
    settings: tuple[str, ...] = ()
    arms: Annotated[Mapping[Name, tuple[str, ...]], Field(min_length=BASELINE_AND_ONE)]
    samples: Positive | None = None
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    seeds: Positive = 3
    validation_positions: Positive = 20_480
    dropout_passes: Mapping[Name, Annotated[int, Field(ge=2)]] = Field(default_factory=dict)
    known_effect: str | None = None

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.samples is None) == (self.seconds is None):
            raise ValueError("give either samples or seconds")
        return self

    @model_validator(mode="after")
    def _passes_of_arms(self) -> Self:
        for arm in self.dropout_passes:
            if arm not in self.arms:
                raise ValueError(f"dropout_passes: there is no arm {arm}")
        return self

    @property
    def baseline(self) -> str:
        """The arm that all others are compared with."""
        return next(iter(self.arms))

    @property
    def others(self) -> tuple[str, ...]:
        """All arms but the baseline."""
        return tuple(self.arms)[1:]

    def preset(self, arm: str, seed: int, samples: int) -> Preset:
        """Return the preset of one run, with its length and seed. Raises BadConfig that names experiment and arm.

        A cool-down keeps its share of the run, so that the run ends after `samples`.
        """
        try:
            preset = load_preset(self.base, [*self.settings, *self.arms[arm]])
            cooldown = preset.training.cooldown
            if cooldown is not None:
                length = max(1, round(samples * cooldown.samples / preset.training.end))
                return preset.changed(
                    samples=samples, seed=seed, cooldown={"start": samples - length, "samples": length}
                )
            return preset.changed(samples=samples, seed=seed)
        except BadConfig as error:
            raise BadConfig(f"experiment {self.name}: arm {arm}: {error}") from None

    def changed(self, **values: Any) -> "Experiment":
        """Return the same experiment with some values replaced; None changes nothing. Raises BadConfig.

        `samples` replaces `seconds`, and the other way round.
        """
        replaced = {key: value for key, value in values.items() if value is not None}
        if {"samples", "seconds"} <= replaced.keys():
            raise BadConfig(f"experiment {self.name}: give either samples or seconds")
        length = {"samples": None, "seconds": None} if {"samples", "seconds"} & replaced.keys() else {}
        return parse(Experiment, {**to_json(self), **length, **replaced}, f"experiment {self.name}")


def load_experiment(name_or_path: str | Path) -> Experiment:
    """Read the experiment of this name or TOML file, and check that its arms are valid presets. Raises BadConfig."""
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise BadConfig(f"experiment {path}: no such file")
        data, name = path.read_bytes(), path.stem
    else:
        name = str(name_or_path)
        if name not in experiment_names():
            raise BadConfig(
                f"experiment {name!r}: unknown; known are {', '.join(experiment_names())}, or give a .toml file"
            )
        data = resources.files("shicho.training.experiments.definitions").joinpath(f"{name}.toml").read_bytes()
    place = f"experiment {name_or_path}"
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{place}: {error}") from None
    experiment = parse(Experiment, {"name": name, **table}, place)
    for arm in experiment.arms:
        preset = experiment.preset(arm, seed=1, samples=experiment.samples or 1)
        if arm in experiment.dropout_passes and preset.network.dropout is None:
            raise BadConfig(f"{place}: dropout_passes: arm {arm} has no network.dropout")
    return experiment


def experiment_names() -> list[str]:
    """Return the experiments that come with Shicho, sorted."""
    files = resources.files("shicho.training.experiments.definitions").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))

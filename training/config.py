"""What a network is made of and how it is trained: frozen dataclasses, checked when made, written as TOML presets.

`load_preset("small")` reads `presets/small.toml`; any path to a TOML file of the same form works too. Every checkpoint
and every ONNX file carries its config as JSON (`to_json`), and `from_json` reads it back.
"""

import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any, cast, get_args, get_origin, get_type_hints

from shicho.engine.errors import BadConfig
from shicho.engine.features import FEATURE_SETS


class Activation(StrEnum):
    """The nonlinearity of the trunk; a PReLU has one slope a channel, started at 0."""

    RELU = "relu"
    PRELU = "prelu"


class ScheduleKind(StrEnum):
    """Which learning-rate curve `training.schedule` draws."""

    SANDBOX = "sandbox"
    ONE_CYCLE = "one-cycle"


class Precision(StrEnum):
    """What convolutions compute in (`auto`: what is faster there); weights, statistics and the loss are float32."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


def _require(holds: bool, key: str, value: object, expected: str) -> None:
    if not holds:
        raise BadConfig(f"{key} = {value!r}: must be {expected}")


@dataclass(frozen=True, kw_only=True)
class Residual:
    """Two 3x3 convolutions, pre-activated; `pool` adds the input's pooled mean and max to what the first gives."""

    pool: bool = False


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Diagonal moving averages that forget what lies beyond the first stones; `channels` for each direction."""

    channels: int = 6

    def __post_init__(self) -> None:
        """Raise BadConfig on a value out of range."""
        _require(self.channels >= 1, "ladder channels", self.channels, "at least 1")


@dataclass(frozen=True, kw_only=True)
class Wide:
    """A `length` x 1 and a 1 x `length` convolution through a narrow middle of `channels`, and the same transposed."""

    channels: int = 64
    length: int = 9

    def __post_init__(self) -> None:
        """Raise BadConfig on a value out of range."""
        _require(self.channels >= 1, "wide channels", self.channels, "at least 1")
        _require(1 <= self.length <= 37 and self.length % 2 == 1, "wide length", self.length, "odd, 1 to 37")


Block = Residual | Ladder | Wide
BLOCK_TYPES: Mapping[str, type[Block]] = types.MappingProxyType({"residual": Residual, "ladder": Ladder, "wide": Wide})


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """The planes of a feature set, a first convolution, the blocks in order, the policy head.

    `features` names the set; configs from before there were two do not, and mean `sandbox-26`. `logit_scale` is a
    constant factor on all logits; fast-training recipes set it below 1.
    """

    channels: int
    blocks: tuple[Block, ...]
    features: str = "sandbox-26"
    activation: Activation = Activation.PRELU
    policy_channels: int = 48
    pool_channels: int = 32
    logit_scale: float = 1.0

    def __post_init__(self) -> None:
        """Raise BadConfig on a value out of range."""
        _require(self.features in FEATURE_SETS, "features", self.features, f"one of {', '.join(FEATURE_SETS)}")
        for key in ("channels", "policy_channels", "pool_channels"):
            _require(getattr(self, key) >= 1, key, getattr(self, key), "at least 1")
        _require(self.logit_scale > 0, "logit_scale", self.logit_scale, "above 0")
        _require(len(self.blocks) >= 1, "blocks", self.blocks, "a list of at least one block")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How a network is trained: everything that decides the weights that come out, and nothing else.

    A step's rate is `rate_per_sample` x batch_size x the schedule's factor (the loss is a mean over the batch). Weights
    and PReLU slopes decay by `weight_decay` + `l2` / (positions in the training set); normalisation does not decay.
    """

    samples: int
    batch_size: int
    rate_per_sample: float
    schedule: ScheduleKind
    warmup: float = 0.15
    momentum: float = 0.9
    l2: float = 0.0
    weight_decay: float = 0.0
    history_dropout: bool = True
    precision: Precision = Precision.BFLOAT16
    seed: int = 1

    def __post_init__(self) -> None:
        """Raise BadConfig on a value out of range."""
        _require(self.samples >= 1, "samples", self.samples, "at least 1")
        _require(self.batch_size >= 2, "batch_size", self.batch_size, "at least 2")
        _require(self.rate_per_sample > 0, "rate_per_sample", self.rate_per_sample, "above 0")
        _require(0 <= self.warmup < 1, "warmup", self.warmup, "from 0 to below 1")
        _require(0 <= self.momentum < 1, "momentum", self.momentum, "from 0 to below 1")
        _require(self.l2 >= 0, "l2", self.l2, "0 or more")
        _require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "0 or more")
        _require(0 <= self.seed < 2**63, "seed", self.seed, "from 0 to below 2**63")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named network with the training that suits it."""

    name: str
    network: NetworkConfig
    training: TrainingConfig

    def with_training(self, **changes: Any) -> "Preset":
        """The same preset with some training settings replaced; a value None changes nothing."""
        given = {key: value for key, value in changes.items() if value is not None}
        training = _build(TrainingConfig, {**to_json(self.training), **given}, "training")
        return replace(self, training=training)


def load_preset(name_or_path: str | Path) -> Preset:
    """The preset of this name, or in this TOML file. BadConfig where there is none or it holds a bad setting."""
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise BadConfig(f"preset {path}: no such file")
        try:
            text, name = path.read_text(encoding="utf-8"), path.stem
        except UnicodeDecodeError as error:
            raise BadConfig(f"preset {path}: no UTF-8: {error.reason} at byte {error.start}") from None
    else:
        name = str(name_or_path)
        if name not in preset_names():
            raise BadConfig(f"preset {name!r}: unknown; there are {', '.join(preset_names())}, or give a .toml file")
        text = resources.files("shicho.training.presets").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"preset {name_or_path}: {error}") from None
    return cast(Preset, _build(Preset, {"name": name, **table}, f"preset {name_or_path}"))


def preset_names() -> list[str]:
    """The presets that come with Shicho, sorted."""
    files = resources.files("shicho.training.presets").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def to_json(config: Any) -> Any:
    """A config as JSON values: dataclasses become objects (blocks with their `type`), tuples lists, enums strings."""
    if is_dataclass(config):
        named = {field.name: to_json(getattr(config, field.name)) for field in fields(config)}
        kind = [name for name, cls in BLOCK_TYPES.items() if isinstance(config, cls)]
        return {"type": kind[0], **named} if kind else named
    if isinstance(config, tuple):
        return [to_json(item) for item in config]
    return str(config) if isinstance(config, StrEnum) else config


def from_json(value: Any, where: str) -> Preset:
    """The inverse of `to_json` for a preset; `where` begins the message of the BadConfig that a bad one raises."""
    return cast(Preset, _build(Preset, value, where))


def first_difference(ours: Any, theirs: Any, place: str = "") -> str | None:
    """`place = ours, not theirs` of the first setting that two `to_json` values differ in, None for equal ones."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            found = first_difference(ours.get(key), theirs.get(key), f"{place}.{key}" if place else str(key))
            if found:
                return found
        return None
    return None if ours == theirs else f"{place} = {ours!r}, not {theirs!r}"


def _build(kind: Any, value: Any, place: str) -> Any:
    """`value` (from TOML or JSON) as `kind`: a dataclass, a tuple of blocks, an enum or a plain type."""
    if kind == Block:
        return _build_block(value, place)
    if is_dataclass(kind):
        return _build_dataclass(cast(type, kind), value, place)
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise BadConfig(f"{place} = {value!r}: must be a list")
        return tuple(_build(get_args(kind)[0], item, f"{place}[{i}]") for i, item in enumerate(value))
    if issubclass(kind, StrEnum):
        try:
            return kind(value)
        except ValueError:
            raise BadConfig(f"{place} = {value!r}: must be one of {', '.join(kind)}") from None
    accepted = (int, float) if kind is float else (kind,)
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise BadConfig(f"{place} = {value!r}: must be of type {kind.__name__}")
    return kind(value)


def _build_block(value: Any, place: str) -> Block:
    if not isinstance(value, Mapping):
        raise BadConfig(f"{place} = {value!r}: must be a table with a type")
    name = str(value.get("type"))
    if name not in BLOCK_TYPES:
        raise BadConfig(f"{place}.type = {name!r}: must be one of {', '.join(BLOCK_TYPES)}")
    rest = {key: item for key, item in value.items() if key != "type"}
    return cast(Block, _build_dataclass(BLOCK_TYPES[name], rest, place))


def _build_dataclass(kind: type, value: Any, place: str) -> Any:
    if not isinstance(value, Mapping):
        raise BadConfig(f"{place} = {value!r}: must be a table")
    hints = get_type_hints(kind)
    for key in value:
        if key not in hints:
            raise BadConfig(f"{place}.{key} = {value[key]!r}: unknown setting; there are {', '.join(hints)}")
    try:
        return kind(**{key: _build(hints[key], item, f"{place}.{key}") for key, item in value.items()})
    except TypeError as error:
        raise BadConfig(f"{place}: {str(error).partition('__init__() ')[2] or error}") from None
    except BadConfig as error:
        raise error if str(error).startswith(place) else BadConfig(f"{place}.{error}") from None

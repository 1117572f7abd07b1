"""The configuration of a network and its training: frozen pydantic models, read from TOML presets and JSON.

`load_preset("small")` reads `presets/small.toml`; a path to a TOML file of the same form works too. Every checkpoint
and every ONNX file carries its config as JSON (`to_json`), and `parse` reads it back.

    >>> preset = load_preset("small", ["training.batch_size=256", "network.channels=96"])
    >>> preset.training.batch_size, preset.network.channels
    (256, 96)
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from shicho.engine.errors import BadConfig, brief
from shicho.engine.features import FEATURE_SETS

Positive = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
LearningRate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Decay = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Config(BaseModel):
    """Base of all configs: immutable, without unknown keys, without silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


# ---------------------------------------------------------------------------------------------------------- network


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("must be odd")
    return value


def _known_feature_set(value: str) -> str:
    if value not in FEATURE_SETS:
        raise ValueError(f"must be one of {', '.join(FEATURE_SETS)}")
    return value


Activation = Literal["relu", "prelu", "crelu", "leaky-relu", "elu", "selu", "mish"]
Initialisation = Literal[
    "truncated-normal",
    "kaiming-normal",
    "kaiming-uniform",
    "kaiming-normal-fan-out",
    "kaiming-uniform-fan-out",
    "lecun-normal",
    "respect-activation",
]
"""How initial weights are drawn, see `training.network.init`."""
FAN_IN_INITIALISATIONS: Final = ("truncated-normal", "kaiming-normal", "kaiming-uniform", "lecun-normal")
Norm = Literal["batch", "batch-without-scale", "batch-frozen", "batch-at-end", "none"]
"""The normalisation before every activation, see `training.network.norms`."""


class Residual(Config):
    """A residual block: two 3x3 convolutions, pre-activated.

    `pool` adds the pooled mean and maximum of the block's input between the convolutions. `dilation` is that of the
    first convolution.
    """

    type: Literal["residual"] = "residual"
    pool: bool = False
    dilation: Annotated[int, Field(ge=1, le=9)] = 1


class Bottleneck(Config):
    """KataGo's nested bottleneck: 1x1 down to `channels`, `depth` residual blocks, 1x1 up again, added.

    `pool` applies to the first inner residual block.
    """

    type: Literal["bottleneck"] = "bottleneck"
    channels: Positive
    depth: Positive = 2
    pool: bool = False


class Ladder(Config):
    """Moving averages along the four diagonal directions, `channels` for each direction."""

    type: Literal["ladder"] = "ladder"
    channels: Positive = 6


class Wide(Config):
    """A `length` x 1 and a 1 x `length` convolution with `channels` between them, and the same transposed."""

    type: Literal["wide"] = "wide"
    channels: Positive = 64
    length: Annotated[int, Field(ge=1, le=37), AfterValidator(_odd)] = 9


class ChainPooling(Config):
    """Pooling over chains: each stone gets the maximum over its chain, between two 3x3 convolutions.

    `channels` is the number of pooled channels.
    """

    type: Literal["chain-pooling"] = "chain-pooling"
    channels: Positive = 32


Block = Annotated[Residual | Bottleneck | Ladder | Wide | ChainPooling, Field(discriminator="type")]


class SpatialDropout(Config):
    """Dropout of whole channels (Tompson et al. 2015): each is 0 with probability `rate`, the others are scaled up."""

    type: Literal["spatial"] = "spatial"
    rate: Annotated[float, Field(gt=0, lt=1)] = 0.1


class AlphaDropout(Config):
    """Alpha dropout of whole channels, which keeps the mean and variance of SELU (Klambauer et al. 2017)."""

    type: Literal["alpha"] = "alpha"
    rate: Annotated[float, Field(gt=0, lt=1)] = 0.1


Dropout = Annotated[SpatialDropout | AlphaDropout, Field(discriminator="type")]


class Policy(Config):
    """The policy head, which predicts the next move. `logit_scale` multiplies all logits.

    `pool` adds features pooled over the board to the local ones of every point. In training, `label_smoothing` of the
    target's weight is spread evenly over the points of the board; reported losses are computed without it.
    """

    channels: Positive = 48
    pool: bool = True
    pool_channels: Positive = 32
    logit_scale: Annotated[float, Field(gt=0)] = 1.0
    label_smoothing: Fraction = 0.0
    loss_weight: Annotated[float, Field(gt=0)] = 1.0


class Win(Config):
    """The win head, which predicts whether the side to move wins; trained on games whose result is known."""

    channels: Positive = 32
    hidden: Positive = 48
    loss_weight: Decay = 0.2


class NextMoves(Config):
    """The head for the one or two moves after the next one; for training only, so it costs nothing in play."""

    moves: Annotated[int, Field(ge=1, le=2)] = 2
    channels: Positive = 32
    logit_scale: Annotated[float, Field(gt=0)] = 1.0
    loss_weight: Decay = 0.2


class Ownership(Config):
    """The head for the owner of each point at the end of games that ended by counting; for training only."""

    channels: Positive = 16
    loss_weight: Decay = 0.2


class LadderTarget(Config):
    """The head for stones that a ladder captures, now or if the attacker moves first; for training only.

    Every feature set has this target among its input planes, so hide the ladder planes (`NetworkConfig.hidden_planes`),
    or the network only has to copy them.
    """

    channels: Positive = 24
    loss_weight: Decay = 0.2


class Heads(Config):
    """The heads of a network: the policy, and the others whose table is present."""

    policy: Policy = Policy()
    win: Win | None = None
    next_moves: NextMoves | None = None
    ownership: Ownership | None = None
    ladder: LadderTarget | None = None


class Condition(Config):
    """Conditioning on the origin of a game: a vector for each source group and rank, added after the stem.

    `sources` are names of source groups; games of other groups are unknown. In training, the fraction `dropout` of the
    samples is treated as unknown.
    The rank is that of the side to move: unknown, 1 to 9 dan, or professional.
    """

    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    rank: bool = True
    dropout: Fraction = 0.1


class NetworkConfig(Config):
    """The planes of a feature set, an input convolution, the blocks in order, and the heads.

    `hidden_planes` are names of planes that the network does not see. `stem_centre` gives the input convolution a
    second weight for its centre. `centre_factor` multiplies the centre of every 3x3 kernel in the trunk, so it starts
    larger and learns faster (GoNN used 1.3). `dropout` applies to the trunk, see `training.network.dropout`.
    """

    features: Annotated[str, AfterValidator(_known_feature_set)] = "sandbox-26"
    channels: Positive
    activation: Activation = "prelu"
    norm: Norm = "batch"
    initialisation: Initialisation = "truncated-normal"
    stem_centre: bool = True
    centre_factor: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]
    heads: Heads = Heads()
    condition: Condition | None = None
    hidden_planes: tuple[str, ...] = ()
    dropout: Dropout | None = None

    @model_validator(mode="after")
    def _hidden_planes_exist(self) -> Self:
        for name in self.hidden_planes:
            FEATURE_SETS[self.features].index(name)
        return self

    @model_validator(mode="after")
    def _fixed_scales_know_the_initial_weights(self) -> Self:
        if self.norm in ("batch-at-end", "none") and self.initialisation not in FAN_IN_INITIALISATIONS:
            raise ValueError(f"norm {self.norm} needs an initialisation by fan-in: {', '.join(FAN_IN_INITIALISATIONS)}")
        return self


# --------------------------------------------------------------------------------------------------------- training


class Sgd(Config):
    """SGD with Nesterov momentum; weights decay by `weight_decay` + `l2` / (positions in the training set)."""

    type: Literal["sgd"] = "sgd"
    learning_rate: LearningRate
    momentum: Fraction = 0.9
    weight_decay: Decay = 0.0
    l2: Decay = 0.0


class AdamW(Config):
    """AdamW: Adam with decoupled weight decay."""

    type: Literal["adamw"] = "adamw"
    learning_rate: LearningRate
    betas: tuple[Fraction, Fraction] = (0.9, 0.99)
    eps: Annotated[float, Field(gt=0)] = 1e-8
    weight_decay: Decay = 0.0


class Muon(Config):
    """Muon for the weights of the stem and the trunk, `others` for the heads, norms, slopes and biases.

    Each update is orthogonalised, so `learning_rate` does not depend on the size of the gradient.
    """

    type: Literal["muon"] = "muon"
    learning_rate: LearningRate = 0.02
    momentum: Fraction = 0.95
    weight_decay: Decay = 0.0
    others: Annotated[Sgd | AdamW, Field(discriminator="type")]


Optimiser = Annotated[Sgd | AdamW | Muon, Field(discriminator="type")]


class SandboxSchedule(Config):
    """The GoNN baseline's step schedule, stretched to the length of the run."""

    type: Literal["sandbox"] = "sandbox"


class OneCycle(Config):
    """The factor rises from 0.1 to 1 over the `warmup` fraction of the run, then falls to 0, both linearly."""

    type: Literal["one-cycle"] = "one-cycle"
    warmup: Fraction = 0.15


class Cosine(Config):
    """The factor rises linearly from 0 to 1 over `warmup_samples`, then falls along half a cosine to `final`."""

    type: Literal["cosine"] = "cosine"
    warmup_samples: Annotated[int, Field(ge=0)] = 0
    final: Annotated[float, Field(ge=0, le=1)] = 0.0


class Constant(Config):
    """The factor rises linearly from 0 to 1 over `warmup_samples` and stays; a cool-down can end such a run."""

    type: Literal["constant"] = "constant"
    warmup_samples: Annotated[int, Field(ge=0)] = 0


Schedule = Annotated[SandboxSchedule | OneCycle | Cosine | Constant, Field(discriminator="type")]


class Cooldown(Config):
    """A linear fall of the learning rate to 0 over `samples`, from `start` samples on; the run ends there."""

    start: Annotated[int, Field(ge=0)]
    samples: Positive


class DataConfig(Config):
    """Which positions of the training split are used, and how.

    `mix` gives the shares of source groups (`{pro = 1, kgs-6d = 2}`); sources that it does not name are left out.
    `years` and `plies` are inclusive ranges; `min_rank` and `max_rank` keep the moves of players of at least and at
    most that rank (kyu negative, professional 20 + dan). `history_dropout` hides part of the last moves at random.
    """

    mix: Mapping[str, Annotated[float, Field(gt=0)]] | None = None
    years: tuple[int, int] | None = None
    min_rank: int | None = None
    max_rank: int | None = None
    plies: tuple[int, int] | None = None
    history_dropout: bool = True


class TrainingConfig(Config):
    """How a network is trained: everything that determines the trained weights, up to rounding.

    A step's learning rate is the optimiser's (for each of its groups) times the factor of the schedule. With
    `ema_samples`, an exponential moving average of the weights over that many samples is kept, evaluated and exported.
    """

    samples: Positive
    batch_size: Annotated[int, Field(ge=2)]
    optimiser: Optimiser
    schedule: Schedule
    cooldown: Cooldown | None = None
    ema_samples: Positive | None = None
    data: DataConfig = DataConfig()
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1

    @property
    def end(self) -> int:
        """The number of samples at which the run is complete: `samples`, or the end of the cool-down."""
        return self.samples if self.cooldown is None else self.cooldown.start + self.cooldown.samples


class Preset(Config):
    """A named network with the training that suits it."""

    name: str
    network: NetworkConfig
    training: TrainingConfig

    def changed(self, **training: Any) -> "Preset":
        """Return the same preset with some training settings replaced; a value None changes nothing.

        Raises BadConfig.
        """
        replaced = {key: value for key, value in training.items() if value is not None}
        values = to_json(self)
        return parse(Preset, {**values, "training": {**values["training"], **replaced}}, f"preset {self.name}")


# ---------------------------------------------------------------------------------------------------- reading, writing

Kind = TypeVar("Kind")


def load_preset(name_or_path: str | Path, settings: Iterable[str] = ()) -> Preset:
    """Read the preset of this name or TOML file, with `settings` (each `SECTION.KEY=VALUE`) replaced.

    Raises BadConfig if there is no such preset, or if it or a setting is not valid.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        if not path.is_file():
            raise BadConfig(f"preset {path}: no such file")
        try:
            text, name = path.read_text(encoding="utf-8"), path.stem
        except UnicodeDecodeError as error:
            raise BadConfig(f"preset {path}: not UTF-8: {error.reason} at byte {error.start}") from None
    else:
        name = str(name_or_path)
        if name not in preset_names():
            raise BadConfig(f"preset {name!r}: unknown; known are {', '.join(preset_names())}, or give a .toml file")
        text = resources.files("shicho.training.presets").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"preset {name_or_path}: {error}") from None
    for setting in settings:
        _apply_setting(table, setting)
    return parse(Preset, {"name": name, **table}, f"preset {name_or_path}")


def preset_names() -> list[str]:
    """Return the presets that come with Shicho, sorted."""
    files = resources.files("shicho.training.presets").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def _apply_setting(table: dict[str, Any], setting: str) -> None:
    """Put `SECTION.KEY=VALUE` into a nested table. The value is TOML (`0.1`, `true`, `[1, 2]`), or else plain text."""
    path, equals, text = setting.partition("=")
    *sections, key = path.split(".")
    if not equals or not all([*sections, key]):
        raise BadConfig(f"--set {setting}: must be SECTION.KEY=VALUE")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    place: Any = table
    for section in sections:
        place = place.setdefault(section, {}) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        raise BadConfig(f"--set {setting}: {'.'.join(sections)} is not a table")
    place[key] = value


def to_json(config: BaseModel) -> Any:
    """Return a config as JSON values: tables become objects, tuples lists."""
    return config.model_dump(mode="json")


def parse(kind: type[Kind], values: Any, place: str) -> Kind:
    """Return a config or dataclass of this kind made from JSON or TOML values.

    Raises BadConfig, one line that begins with `place`.
    """
    try:
        return TypeAdapter(kind).validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        raise BadConfig(f"{place}: {_first_error(error)}") from None
    except (TypeError, ValueError) as error:
        raise BadConfig(f"{place}: {error}") from None


def _first_error(error: ValidationError) -> str:
    """Return the first error: `network.blocks[1].ladder.channels = 0: input should be greater than or equal to 1`."""
    first = error.errors(include_url=False)[0]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).removeprefix(".")
    what = first["msg"].removeprefix("Value error, ")
    if not name:
        return what
    if first["type"] == "missing":
        return f"{name}: missing"
    if first["type"] == "extra_forbidden":
        return f"{name} = {brief(first['input'])}: unknown setting"
    return f"{name} = {brief(first['input'])}: {what[:1].lower()}{what[1:]}"


def first_difference(one: Any, other: Any, place: str = "") -> str | None:
    """Return the first setting in which two `to_json` values differ, as `place = one, not other`; None if equal."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            difference = first_difference(one.get(key), other.get(key), f"{place}.{key}" if place else str(key))
            if difference:
                return difference
        return None
    return None if one == other else f"{place} = {one!r}, not {other!r}"

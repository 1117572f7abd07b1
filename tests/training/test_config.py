"""Presets and configs: what is read, what is refused, and what the refusal names."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shicho.engine.errors import BadConfig
from shicho.training.config import (
    AdamW,
    AlphaDropout,
    Block,
    ChainPooling,
    Config,
    Constant,
    Cooldown,
    Cosine,
    DataConfig,
    Heads,
    Ladder,
    Muon,
    NetworkConfig,
    NextMoves,
    OneCycle,
    Policy,
    Preset,
    Residual,
    SandboxSchedule,
    Sgd,
    SpatialDropout,
    TrainingConfig,
    Wide,
    Win,
    first_difference,
    load_preset,
    parse,
    preset_names,
    to_json,
)

GOOD = """
[network]
channels = 8
blocks = [{ type = "residual", pool = true }, { type = "ladder" }, { type = "wide", channels = 4, length = 5 }]
heads.win = { hidden = 6 }
[training]
samples = 1000
batch_size = 10
optimiser = { type = "sgd", learning_rate = 0.01 }
schedule = { type = "one-cycle" }
"""
SGD = {"type": "sgd", "learning_rate": 0.1}
TRAINING: dict[str, Any] = {"samples": 100, "batch_size": 4, "optimiser": SGD, "schedule": {"type": "constant"}}


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(kind: type[Config], values: Any) -> str:
    """The one line with which `parse` refuses these values."""
    with pytest.raises(BadConfig) as raised:
        parse(kind, values, "there")
    message = str(raised.value)
    assert message.startswith("there: ")
    assert "\n" not in message
    return message.removeprefix("there: ")


def test_a_toml_file_becomes_a_preset(tmp_path: Path) -> None:
    preset = load_preset(write(tmp_path, GOOD))
    assert preset.name == "mine"
    assert preset.network.blocks == (Residual(pool=True), Ladder(channels=6), Wide(channels=4, length=5))
    assert preset.network.heads == Heads(policy=Policy(), win=Win(hidden=6))
    assert preset.training.optimiser == Sgd(learning_rate=0.01)
    assert preset.training.schedule == OneCycle()
    assert preset.training.end == 1000


@pytest.mark.parametrize("name", preset_names())
def test_presets_survive_json(name: str) -> None:
    preset = load_preset(name)
    assert parse(Preset, to_json(preset), "there") == preset


def test_every_kind_of_setting_survives_json() -> None:
    preset = Preset(
        name="all",
        network=NetworkConfig(
            channels=4,
            blocks=(Residual(), Ladder(), Wide(), ChainPooling()),
            heads=Heads(win=Win(loss_weight=0.0), next_moves=NextMoves(moves=1)),
        ),
        training=TrainingConfig(
            samples=10,
            batch_size=2,
            optimiser=Muon(others=AdamW(learning_rate=0.001, betas=(0.8, 0.95))),
            schedule=Cosine(warmup_samples=3, final=0.1),
            cooldown=Cooldown(start=8, samples=5),
            ema_samples=7,
            data=DataConfig(mix={"pro": 1.0, "kgs": 2.5}, years=(1990, 2020), min_rank=21, plies=(0, 100)),
            seed=2**63 - 1,
        ),
    )
    assert parse(Preset, to_json(preset), "there") == preset
    assert preset.training.end == 13


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        ("channels = 8", "channels = 0", "network.channels = 0", "greater than or equal to 1"),
        ("channels = 8", 'channels = "8"', "network.channels = '8'", "integer"),
        ("channels = 8", "channels = true", "network.channels = True", "integer"),
        ("channels = 8", "channels = 8.0", "network.channels = 8.0", "integer"),
        ("channels = 8", "channels = 8\nchannel = 8", "network.channel = 8", "unknown setting"),
        ("channels = 8", "", "network.channels", "missing"),
        ('type = "ladder"', 'type = "laddder"', "network.blocks[1] = {'type': 'laddder'}", "ladder"),
        ('type = "ladder"', "channels = 3", "network.blocks[1] = {'channels': 3}", "type"),
        ('type = "ladder"', 'type = "ladder", length = 3', "network.blocks[1].ladder.length = 3", "unknown setting"),
        ("length = 5", "length = 4", "network.blocks[2].wide.length = 4", "odd"),
        ("length = 5", "length = 39", "network.blocks[2].wide.length = 39", "37"),
        ('{ type = "ladder" }', "7", "network.blocks[1] = 7", "object"),
        ("hidden = 6", "hidden = 0", "network.heads.win.hidden = 0", "greater than or equal to 1"),
        ("heads.win", "heads.lose", "network.heads.lose = {'hidden': 6}", "unknown setting"),
        ("samples = 1000", "samples = -1", "training.samples = -1", "greater than or equal to 1"),
        ("batch_size = 10", "batch_size = 1", "training.batch_size = 1", "greater than or equal to 2"),
        ("rate = 0.01", "rate = 0", "training.optimiser.sgd.learning_rate = 0", "greater than 0"),
        ("rate = 0.01", "rate = inf", "training.optimiser.sgd.learning_rate = inf", "finite"),
        ("rate = 0.01", "rate = nan", "training.optimiser.sgd.learning_rate = nan", ""),
        ("rate = 0.01", "rate = 0.01, momentum = 1", "training.optimiser.sgd.momentum = 1", "less than 1"),
        ("rate = 0.01", "rate = 0.01, betas = [0.9, 0.9]", "training.optimiser.sgd.betas = [0.9, 0.9]", "unknown"),
        ('"sgd", learning_rate = 0.01', '"sgd"', "training.optimiser.sgd.learning_rate", "missing"),
        ('"sgd"', '"adam"', "training.optimiser = {'type': 'adam', 'learning_rate': 0.01}", "adamw"),
        ('"one-cycle"', '"two-cycle"', "training.schedule = {'type': 'two-cycle'}", "one-cycle"),
        ('"one-cycle"', '"one-cycle", warmup = 1', "training.schedule.one-cycle.warmup = 1", "less than 1"),
        ('"one-cycle"', '"sandbox", warmup = 0', "training.schedule.sandbox.warmup = 0", "unknown setting"),
        ("[training]", "[trainer]", "training", "missing"),
        ("[network]", "[network", "", "line 2"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, old: str, new: str, place: str, problem: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(BadConfig) as raised:
        load_preset(path)
    message = str(raised.value)
    assert message.startswith(f"preset {path}: {place}")
    assert problem in message.removeprefix(f"preset {path}: {place}")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (SGD, Sgd(learning_rate=0.1)),
        (
            {**SGD, "momentum": 0, "weight_decay": 1e-4, "l2": 2},
            Sgd(learning_rate=0.1, momentum=0.0, weight_decay=1e-4, l2=2.0),
        ),
        (
            {"type": "adamw", "learning_rate": 1e-3, "betas": [0.8, 0.9], "eps": 1e-9},
            AdamW(learning_rate=1e-3, betas=(0.8, 0.9), eps=1e-9),
        ),
        ({"type": "muon", "others": SGD}, Muon(learning_rate=0.02, momentum=0.95, others=Sgd(learning_rate=0.1))),
        (
            {"type": "muon", "learning_rate": 0.05, "others": {"type": "adamw", "learning_rate": 0.01}},
            Muon(learning_rate=0.05, others=AdamW(learning_rate=0.01)),
        ),
    ],
)
def test_optimisers_are_told_apart_by_their_type(values: dict[str, Any], expected: Config) -> None:
    assert parse(TrainingConfig, {**TRAINING, "optimiser": values}, "there").optimiser == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"type": "sandbox"}, SandboxSchedule()),
        ({"type": "one-cycle", "warmup": 0}, OneCycle(warmup=0.0)),
        ({"type": "cosine", "warmup_samples": 5, "final": 0.5}, Cosine(warmup_samples=5, final=0.5)),
        ({"type": "constant"}, Constant(warmup_samples=0)),
    ],
)
def test_schedules_are_told_apart_by_their_type(values: dict[str, Any], expected: Config) -> None:
    assert parse(TrainingConfig, {**TRAINING, "schedule": values}, "there").schedule == expected


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"optimiser": {"type": "muon", "others": {"type": "muon", "others": SGD}}}, "optimiser.muon.others = "),
        ({"optimiser": {"type": "muon"}}, "optimiser.muon.others: missing"),
        ({"optimiser": {"type": "muon", "others": {**SGD, "eps": 1}}}, "optimiser.muon.others.sgd.eps = 1"),
        ({"optimiser": {"type": "muon", "learning_rate": -1, "others": SGD}}, "optimiser.muon.learning_rate = -1"),
        ({"optimiser": {"type": "adamw", "learning_rate": 1, "betas": [0.9, 1]}}, "optimiser.adamw.betas[1] = 1"),
        ({"optimiser": {"type": "adamw", "learning_rate": 1, "betas": [0.9]}}, "optimiser.adamw.betas"),
        ({"optimiser": {"type": "adamw", "learning_rate": 1, "eps": 0}}, "optimiser.adamw.eps = 0"),
        ({"optimiser": {**SGD, "weight_decay": -1}}, "optimiser.sgd.weight_decay = -1"),
        ({"optimiser": "sgd"}, "optimiser = 'sgd'"),
        ({"schedule": {"type": "cosine", "final": 1.5}}, "schedule.cosine.final = 1.5"),
        ({"schedule": {"type": "constant", "warmup_samples": -1}}, "schedule.constant.warmup_samples = -1"),
        ({"cooldown": {"start": -1, "samples": 5}}, "cooldown.start = -1"),
        ({"cooldown": {"start": 0, "samples": 0}}, "cooldown.samples = 0"),
        ({"ema_samples": 0}, "ema_samples = 0"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": 2**63}, "seed = 9223372036854775808"),
        ({"data": {"mix": {"pro": 0}}}, "data.mix.pro = 0"),
        ({"data": {"years": [2000]}}, "data.years"),
        ({"data": {"min_rank": "6d"}}, "data.min_rank = '6d'"),
        ({"data": {"history_dropout": 1}}, "data.history_dropout = 1"),
        ({"data": {"history": True}}, "data.history = True"),
    ],
)
def test_bad_training_settings_are_named(changes: dict[str, Any], place: str) -> None:
    assert refusal(TrainingConfig, {**TRAINING, **changes}).startswith(place)


@pytest.mark.parametrize(
    ("heads", "place"),
    [
        ({"policy": {"channels": 0}}, "policy.channels = 0"),
        ({"policy": {"logit_scale": 0}}, "policy.logit_scale = 0"),
        ({"policy": {"loss_weight": 0}}, "policy.loss_weight = 0"),
        ({"policy": {"label_smoothing": 1}}, "policy.label_smoothing = 1"),
        ({"policy": {"label_smoothing": -0.1}}, "policy.label_smoothing = -0.1"),
        ({"policy": None}, "policy = None"),
        ({"win": {"loss_weight": -0.1}}, "win.loss_weight = -0.1"),
        ({"win": {"channel": 3}}, "win.channel = 3"),
        ({"win": True}, "win = True"),
        ({"next_moves": {"moves": 3}}, "next_moves.moves = 3"),
        ({"value": {}}, "value = {}"),
    ],
)
def test_bad_heads_are_named(heads: dict[str, Any], place: str) -> None:
    assert refusal(Heads, heads).startswith(place)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (None, None),
        ({"type": "spatial"}, SpatialDropout(rate=0.1)),
        ({"type": "alpha", "rate": 0.05}, AlphaDropout(rate=0.05)),
    ],
)
def test_dropouts_are_told_apart_by_their_type(values: Any, expected: Config | None) -> None:
    network = {"channels": 8, "blocks": [{"type": "residual"}]}
    assert parse(NetworkConfig, {**network, "dropout": values}, "there").dropout == expected
    assert parse(NetworkConfig, network, "there").dropout is None


@pytest.mark.parametrize(
    ("dropout", "place"),
    [
        ({"type": "spatial", "rate": 0}, "dropout.spatial.rate = 0"),
        ({"type": "alpha", "rate": 1}, "dropout.alpha.rate = 1"),
        ({"type": "point", "rate": 0.1}, "dropout = {'type': 'point'"),
        ({"rate": 0.1}, "dropout = {'rate': 0.1}"),
        (0.1, "dropout = 0.1"),
    ],
)
def test_bad_dropouts_are_named(dropout: Any, place: str) -> None:
    values = {"channels": 8, "blocks": [{"type": "residual"}], "dropout": dropout}
    assert refusal(NetworkConfig, values).startswith(place)


@pytest.mark.parametrize("values", [None, 3, "text", [], float("nan"), {"name": object()}, {1: 2}])
def test_what_is_no_table_at_all_is_refused_in_one_line(values: Any) -> None:
    refusal(Preset, values)


def test_unknown_presets_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"'nix': .*sandbox, small"):
        load_preset("nix")
    with pytest.raises(BadConfig, match=r"none\.toml: no such file"):
        load_preset(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"# \xff\n")
    with pytest.raises(BadConfig, match=r"bytes\.toml: .*byte 2"):
        load_preset(tmp_path / "bytes.toml")


@pytest.mark.parametrize(
    ("setting", "place", "expected"),
    [
        ("training.batch_size=256", ("training", "batch_size"), 256),
        ("network.activation=mish", ("network", "activation"), "mish"),
        ('network.activation="mish"', ("network", "activation"), "mish"),
        ("training.batch_size= 256", ("training", "batch_size"), 256),
        ("training.optimiser.momentum=0.8", ("training", "optimiser", "momentum"), 0.8),
        ("training.optimiser.weight_decay=1e-3", ("training", "optimiser", "weight_decay"), 1e-3),
        ("training.data.history_dropout=false", ("training", "data", "history_dropout"), False),
        ("training.data.years=[1990, 2020]", ("training", "data", "years"), [1990, 2020]),
        ("training.data.mix={pro = 1, kgs-6d = 2}", ("training", "data", "mix"), {"pro": 1.0, "kgs-6d": 2.0}),
        ("network.heads.win.hidden=5", ("network", "heads", "win", "hidden"), 5),
        ("network.heads.win={}", ("network", "heads", "win"), to_json(Win())),
        ('network.blocks=[{type = "wide"}]', ("network", "blocks"), [to_json(Wide())]),
        ('training.schedule={type = "constant"}', ("training", "schedule"), to_json(Constant())),
        ("name=other", ("name",), "other"),
    ],
)
def test_one_setting_can_be_replaced(setting: str, place: tuple[str, ...], expected: Any) -> None:
    """The one named changes and no other."""
    values = to_json(load_preset("sandbox"))
    table = values
    for key in place[:-1]:
        table[key] = table[key] or to_json(Win())
        table = table[key]
    assert table[place[-1]] != expected
    table[place[-1]] = expected
    assert to_json(load_preset("sandbox", [setting])) == values


def test_later_settings_win_over_earlier_ones() -> None:
    preset = load_preset("sandbox", ["training.batch_size=256", "network.channels=96", "training.batch_size=64"])
    assert (preset.training.batch_size, preset.network.channels) == (64, 96)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("training.batch_size", "--set training.batch_size"),
        ("=3", "--set =3"),
        ("training..seed=3", "--set training..seed=3"),
        ("training.=3", "--set training.=3"),
        ("network.blocks.pool=true", "network.blocks"),
        ("training.samples.x.y=1", "training.samples.x"),
        ("training.batch_size=0", "training.batch_size = 0"),
        ("training.batch_size=many", "training.batch_size = 'many'"),
        ("training.batch_size=", "training.batch_size = ''"),
        ("training.bach_size=3", "training.bach_size = 3"),
        ("trainig.batch_size=3", "trainig = {'batch_size': 3}"),
        ("training.optimiser.beta=3", "training.optimiser.sgd.beta = 3"),
        ("network.activation=swish", "network.activation = 'swish'"),
        ("network.features=shicho-9", "network.features = 'shicho-9': must be one of sandbox-26, shicho-v2"),
    ],
)
def test_a_bad_replacement_is_named(setting: str, message: str) -> None:
    with pytest.raises(BadConfig) as raised:
        load_preset("sandbox", [setting])
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_configs_made_in_code_are_checked_too() -> None:
    with pytest.raises(ValidationError, match="blocks"):
        NetworkConfig(channels=8, blocks=())
    with pytest.raises(ValidationError, match="channels"):
        Ladder(channels=0)
    with pytest.raises(ValidationError, match="learning_rate"):
        Sgd(learning_rate=-1.0)
    with pytest.raises(ValidationError, match="frozen"):
        Ladder().channels = 3  # type: ignore[misc]


def test_a_list_is_no_tuple_in_code() -> None:
    blocks: Any = [Residual()]
    with pytest.raises(ValidationError, match="blocks"):
        NetworkConfig(channels=8, blocks=blocks)
    chosen: tuple[Block, ...] = (Residual(),)
    assert NetworkConfig(channels=8, blocks=chosen).blocks == chosen


def test_training_settings_can_be_changed() -> None:
    sandbox = load_preset("sandbox")
    preset = sandbox.changed(samples=7, seed=None, schedule={"type": "constant"})
    assert (preset.training.samples, preset.training.seed) == (7, sandbox.training.seed)
    assert preset.training.schedule == Constant()
    assert preset.network == sandbox.network
    with pytest.raises(BadConfig, match=r"training\.batch_size = 1"):
        preset.changed(batch_size=1)
    with pytest.raises(BadConfig, match=r"training\.sample = 1"):
        preset.changed(sample=1)


def test_the_first_difference_is_named() -> None:
    ours, theirs = to_json(load_preset("sandbox")), to_json(load_preset("sandbox").changed(seed=4))
    assert first_difference(ours, ours) is None
    assert first_difference(ours, theirs) == "training.seed = 1, not 4"
    assert first_difference({"a": 1}, {"a": 1, "b": 2}, "c") == "c.b = None, not 2"

"""Experiments as TOML: those that ship are valid, others are refused by name."""

from pathlib import Path

import pytest

from shicho.engine.errors import BadConfig
from shicho.training.config import to_json
from shicho.training.experiments.definition import experiment_names, load_experiment
from tests.support.experiments import tiny_experiment

GOOD = """
question = "Does it help?"
base = "study"
samples = 1000
[arms]
none = []
some = ["training.batch_size=64"]
"""


@pytest.mark.parametrize("name", experiment_names())
def test_shipped_experiments_have_arms_that_differ(name: str) -> None:
    experiment = load_experiment(name)
    assert experiment.question.endswith("?")
    presets = [to_json(experiment.preset(arm, seed=2, samples=50_000)) for arm in experiment.arms]
    assert all(preset["training"]["seed"] == 2 for preset in presets)
    arms = [(preset, experiment.dropout_passes.get(arm)) for arm, preset in zip(experiment.arms, presets, strict=True)]
    for number, arm in enumerate(arms):
        assert arm not in arms[:number], tuple(experiment.arms)[number]


def test_the_questions_of_the_long_training_ship() -> None:
    wanted = {"optimiser", "next-moves", "win-head", "ownership", "batch-size", "width-depth", "features", "schedule"}
    assert wanted | {"ema", "data-mix", "ladder-planes", "ladder-target", "activation"} <= set(experiment_names())
    assert load_experiment("width-depth").seconds


def test_settings_of_base_and_arm_and_length_and_seed_reach_the_preset(tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path, settings=["network.channels=4"])
    assert (experiment.baseline, experiment.others) == ("slow", ("fast",))
    for arm, rate in (("slow", 0.016), ("fast", 0.05)):
        preset = experiment.preset(arm, seed=7, samples=160)
        assert preset.network.channels == 4
        assert preset.training.optimiser.learning_rate == rate
        assert (preset.training.samples, preset.training.seed) == (160, 7)


def test_a_cooldown_keeps_its_share_of_the_run() -> None:
    training = load_experiment("schedule").preset("constant-cooldown", seed=1, samples=1000).training
    assert training.cooldown is not None
    assert (training.cooldown.start, training.cooldown.samples, training.end) == (750, 250, 1000)


def test_samples_and_seconds_replace_each_other(tmp_path: Path) -> None:
    experiment = tiny_experiment(tmp_path)
    assert experiment.changed(seeds=5).seeds == 5
    assert (experiment.changed(seconds=3.0).samples, experiment.changed(seconds=3.0).seconds) == (None, 3.0)
    assert experiment.changed(seconds=3.0).changed(samples=9).seconds is None
    assert experiment.changed(samples=None) == experiment
    with pytest.raises(BadConfig, match="either"):
        experiment.changed(samples=9, seconds=3.0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("samples = 1000", "samples = 1000\nsample = 3"), ["sample = 3", "unknown"]),
        (("samples = 1000", ""), ["samples or seconds"]),
        (("samples = 1000", "samples = 1000\nseconds = 2"), ["samples or seconds"]),
        (("samples = 1000", "samples = 0"), ["samples = 0"]),
        (('question = "Does it help?"', ""), ["question"]),
        (('some = ["training.batch_size=64"]', ""), ["arms"]),
        (("some =", '"so me" ='), ["so me"]),
        (("batch_size", "batch"), ["arm some", "training.batch", "unknown"]),
        (("training.batch_size=64", "batch"), ["arm some", "SECTION.KEY=VALUE"]),
        (('"study"', '"nix"'), ["nix", "unknown"]),
        (("[arms]", "[arms"), ["wrong.toml"]),
        (("[arms]", "dropout_passes = { all = 16 }\n[arms]"), ["dropout_passes", "no arm all"]),
        (("[arms]", "dropout_passes = { some = 1 }\n[arms]"), ["dropout_passes.some = 1"]),
        (("[arms]", "dropout_passes = { some = 16 }\n[arms]"), ["arm some", "network.dropout"]),
    ],
)
def test_bad_experiments_are_refused_in_one_line(tmp_path: Path, change: tuple[str, str], named: list[str]) -> None:
    assert change[0] in GOOD
    path = tmp_path / "wrong.toml"
    path.write_text(GOOD.replace(*change))
    with pytest.raises(BadConfig) as caught:
        load_experiment(path)
    message = str(caught.value)
    assert "\n" not in message
    assert all(part in message for part in ["wrong", *named]), message


def test_unknown_experiments_are_refused(tmp_path: Path) -> None:
    for name in ("nix", tmp_path / "nix.toml"):
        with pytest.raises(BadConfig, match="nix"):
            load_experiment(name)

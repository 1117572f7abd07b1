"""A network from its feature set to its first move; files from before there were two sets; sets that do not fit."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shicho.engine.errors import BadCheckpoint, BadConfig, ShichoError
from shicho.engine.features import FEATURE_SETS, SANDBOX_26, SHICHO_V2, FeatureSet, unpack
from shicho.engine.game import Game
from shicho.engine.policy import Policy
from shicho.engine.rules import Rules
from shicho.training.config import Preset, load_preset, to_json
from shicho.training.data.dataset import Loader, Positions, evaluation_batches
from shicho.training.data.store import GameStore
from shicho.training.evaluate import measure, open_network
from shicho.training.export import export_network
from shicho.training.run.checkpoint import load_checkpoint, save_checkpoint
from shicho.training.run.device import Precision, pick_device
from shicho.training.run.loop import RunOptions, train
from tests.support.stores import small_store
from tests.support.training import tiny_preset, write_checkpoint

PUBLISHED = Path(__file__).parents[2] / "training" / "checkpoints" / "small"
NAMES = [plane.name for plane in SHICHO_V2.planes]
SHARED = [(plane.index, NAMES.index(plane.name)) for plane in SANDBOX_26.planes if plane.name in NAMES]


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()


def options(out: Path) -> RunOptions:
    return RunOptions(
        out=out, device="cpu", compile=False, threads=1, validation_positions=16, precision=Precision.FLOAT32
    )


def of_v2(preset: Preset) -> Preset:
    return of_set(preset, SHICHO_V2)


def of_set(preset: Preset, features: FeatureSet) -> Preset:
    network = preset.network.model_copy(update={"features": features.name})
    return preset.model_copy(update={"network": network})


def test_small_v2_from_games_to_a_move_over_gtp(store: GameStore, tmp_path: Path) -> None:
    """A few steps of the preset, on other sources; then every file that comes of it names the set and works."""
    preset = load_preset("small-v2").changed(samples=12, batch_size=4, data={})
    outcome = train(preset, store, options(tmp_path / "run"))
    assert outcome.finished
    values = json.loads((outcome.checkpoint / "checkpoint.json").read_text())
    assert (values["feature_set"], values["feature_version"]) == ("shicho-v2", 1)
    assert load_checkpoint(tmp_path / "run").weights["stem.weight"].shape == (64, 38, 5, 5)

    exported = export_network(tmp_path / "run", tmp_path / "v2.onnx", {})
    assert exported.difference < 1e-3
    assert "[N, 38, 19, 19], feature set `shicho-v2` version 1" in exported.card.read_text()
    assert Policy(exported.path).features is SHICHO_V2

    figures = []
    for path in (tmp_path / "run", exported.path):
        network = open_network(path, pick_device("cpu"), 1)
        assert network.features is SHICHO_V2
        batches = evaluation_batches(store, network.features, split="validation", positions=20, targets=network.targets)
        figures.append(measure(network.predict, batches)["cross_entropy"])
    assert figures[0] == pytest.approx(figures[1], abs=1e-3)

    command = [sys.executable, "-m", "shicho.gtp.main", "--network", str(exported.path)]
    spoken = "boardsize 9\nkomi 6.5\nplay b E5\ngenmove w\nquit\n"
    ended = subprocess.run(command, input=spoken, capture_output=True, text=True, timeout=120)
    answers = ended.stdout.split("\n\n")
    assert answers[:3] == ["= "] * 3
    assert answers[3].removeprefix("= ")[0] in "ABCDEFGHJ"
    assert ended.returncode == 0


def test_the_small_presets_differ_in_their_planes_alone() -> None:
    assert of_v2(load_preset("small")).network == load_preset("small-v2").network
    assert load_preset("small").training == load_preset("small-v2").training


def test_both_sets_show_the_same_positions(store: GameStore) -> None:
    """The same draws of positions, history and transform, so that two runs differ in nothing but the planes."""
    positions = Positions.of_split(store, "train")
    ours, theirs = (Loader(store, positions, s, batch_size=300, seed=4).batch(2) for s in (SANDBOX_26, SHICHO_V2))
    np.testing.assert_array_equal(ours.targets["move"], theirs.targets["move"])
    np.testing.assert_array_equal(ours.transform, theirs.transform)
    for sandbox, v2 in SHARED:
        np.testing.assert_array_equal(ours.packed[:, sandbox], theirs.packed[:, v2])
    assert len(SHARED) == 22


def test_komi_is_the_stores_and_rules_are_drawn(store: GameStore) -> None:
    komi = np.where(np.arange(len(store)) % 3 == 0, np.nan, 6.5).astype(np.float32)
    known = GameStore(sources=store.sources, command="", **{**store.columns(), "komi": komi})
    positions = Positions.of_split(known, "train")
    loader = Loader(known, positions, SHICHO_V2, batch_size=2000, seed=1)
    games, plies = positions.locate(loader.numbers(0))
    white = known.moves[known.game_start[games] + plies] >= 0x8000
    planes = unpack(loader.batch(0).packed)
    filled = dict(zip(NAMES, planes.mean(axis=(2, 3)).T, strict=True))
    np.testing.assert_array_equal(filled["komi_known"], ~np.isnan(komi[games]))
    np.testing.assert_array_equal(filled["self_komi_+6"], ~np.isnan(komi[games]) & white)
    np.testing.assert_array_equal(filled["self_komi_-6"], ~np.isnan(komi[games]) & white)
    np.testing.assert_array_equal(filled["self_komi_-7"], ~np.isnan(komi[games]))
    rules = filled["superko"] + 2 * filled["suicide"] + 4 * filled["territory"]
    assert np.abs(np.bincount(rules.astype(int), minlength=8) - 250).max() < 60


def test_evaluation_is_by_the_rules_that_shicho_plays(store: GameStore) -> None:
    planes = unpack(next(evaluation_batches(store, SHICHO_V2, source="ranked", positions=50)).packed)
    shown = SHICHO_V2.compute(Game(19, rules=Rules()))
    for name in ("superko", "suicide", "territory"):
        plane = NAMES.index(name)
        assert (planes[:, plane] == shown[plane]).all()


def test_what_was_trained_before_there_were_two_sets_goes_on(store: GameStore, tmp_path: Path) -> None:
    """A run and weights whose config does not know the word `features`; see also test_checkpoint on version 1."""
    answers = iter([False])
    first = train(tiny_preset(), store, options(tmp_path / "run"), stopped=lambda: next(answers, True))
    for folder in (first.checkpoint, write_checkpoint(tmp_path / "weights")):
        place = folder / "checkpoint.json"
        values = json.loads(place.read_text())
        del values["preset"]["network"]["features"]
        place.write_text(json.dumps(values))
        assert load_checkpoint(folder).state.preset.network.features == "sandbox-26"
    assert train(tiny_preset(), store, options(tmp_path / "run")).finished
    onwards = replace(options(tmp_path / "on"), start_from=tmp_path / "weights")
    assert train(tiny_preset(), store, onwards).finished


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="published weights are in the repository alone")
def test_the_published_weights_are_read() -> None:
    """Their trunk and policy are those of the preset."""
    found = load_checkpoint(PUBLISHED).state.preset.network
    wanted = load_preset("small").network
    assert found.heads.policy == wanted.heads.policy
    assert found == wanted.model_copy(update={"heads": found.heads})


def test_a_set_does_not_go_on_from_another(store: GameStore, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "weights")
    onwards = replace(options(tmp_path / "on"), start_from=tmp_path / "weights")
    expected = r"weights is another network: network\.features = 'shicho-v2', not 'sandbox-26' as there"
    with pytest.raises(BadCheckpoint, match=expected):
        train(of_v2(tiny_preset()), store, onwards)
    train(tiny_preset(), store, options(tmp_path / "run"), stopped=lambda: True)
    expected = r"begun with another config: network\.features = 'shicho-v2', not 'sandbox-26' as there"
    with pytest.raises(BadCheckpoint, match=expected):
        train(of_v2(tiny_preset()), store, options(tmp_path / "run"))


@pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=str)
def test_a_checkpoint_says_one_thing_only(features: FeatureSet, tmp_path: Path) -> None:
    """Its feature set and its config's."""
    folder = write_checkpoint(tmp_path / "c")
    found = load_checkpoint(folder)
    preset = of_set(found.state.preset, features)
    save_checkpoint(folder, replace(found, state=replace(found.state, preset=preset)))
    values = json.loads((folder / "checkpoint.json").read_text())
    other = next(other for other in FEATURE_SETS.values() if other is not features)
    (folder / "checkpoint.json").write_text(json.dumps({**values, "feature_set": other.name}))
    with pytest.raises(BadCheckpoint, match=rf"feature set {other.name}, but its network is one of {features.name}"):
        load_checkpoint(folder)


def test_an_unknown_set_is_named(tmp_path: Path) -> None:
    text = '[network]\nchannels = 8\nfeatures = "shicho-9"\nblocks = [{ type = "residual" }]\n'
    (tmp_path / "mine.toml").write_text(text)
    expected = r"features = 'shicho-9': must be one of sandbox-26, shicho-v2"
    with pytest.raises(BadConfig, match=expected) as raised:
        load_preset(tmp_path / "mine.toml")
    assert isinstance(raised.value, ShichoError)
    assert to_json(load_preset("sandbox"))["network"]["features"] == "sandbox-26"

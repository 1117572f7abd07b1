"""Checkpoints: what goes in comes out, no half folder, no large file, and mismatches named."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from shicho.engine.errors import BadCheckpoint, BadConfig
from shicho.engine.features import SANDBOX_26, unpack
from shicho.training.config import AdamW, Constant, Cooldown, Heads, Muon, Optimiser, Preset, Residual, Sgd, Win
from shicho.training.export import parity_positions
from shicho.training.network.model import Network
from shicho.training.run import checkpoint as checkpoints
from shicho.training.run.checkpoint import (
    Arrays,
    Checkpoint,
    average_arrays,
    checkpoint_name,
    checkpoints_in,
    drop_old_checkpoints,
    find_checkpoint,
    kept_checkpoints,
    load_average,
    load_checkpoint,
    load_network,
    load_optimisers,
    load_trunk,
    network_arrays,
    optimiser_arrays,
    save_checkpoint,
)
from shicho.training.run.ema import WeightAverage
from shicho.training.run.optimisers import make_optimisers
from tests.support.training import ALL_HEADS, TINY_POLICY, random_network, tiny_preset, tiny_state, write_checkpoint

MIB = 2**20
THERE = Path("there")
SGD = Sgd(learning_rate=0.1)
PLAIN_SGD = Sgd(learning_rate=0.1, momentum=0.0)
ADAMW = AdamW(learning_rate=0.01, weight_decay=0.1)
OPTIMISERS = [SGD, PLAIN_SGD, ADAMW, Muon(others=SGD), Muon(others=ADAMW), Muon(others=PLAIN_SGD)]


def assert_same(ours: Arrays, theirs: Arrays) -> None:
    """The same names in the same order, types, shapes and bits."""
    assert list(ours) == list(theirs)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)
        assert array.dtype == theirs[name].dtype, name


def of_weights(weights: Arrays) -> Checkpoint:
    return Checkpoint(state=tiny_state(tiny_preset()), weights=weights, average={}, optimiser={})


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    weights = {"a": rng.normal(size=(3, 4)).astype(np.float32), "count": np.array(7, np.int64)}
    saved = Checkpoint(
        state=tiny_state(tiny_preset(optimiser=Muon(others=ADAMW), heads=ALL_HEADS, ema_samples=100)),
        weights=weights,
        average={"a": weights["a"] + 1, "steps": np.array(3, np.int64)},
        optimiser={"a": weights["a"] * 2},
    )
    save_checkpoint(tmp_path / "c", saved)
    loaded = load_checkpoint(tmp_path / "c")
    assert loaded.state == saved.state
    assert_same(loaded.weights, saved.weights)
    assert_same(loaded.average, saved.average)
    assert_same(loaded.optimiser, saved.optimiser)


def test_the_best_weights_are_the_averaged_ones_if_there_are_any(tmp_path: Path) -> None:
    plain = load_checkpoint(write_checkpoint(tmp_path / "plain"))
    averaged = load_checkpoint(write_checkpoint(tmp_path / "averaged", average=True))
    assert_same(plain.best, plain.weights)
    assert_same(averaged.best, {name: array for name, array in averaged.average.items() if name != "steps"})
    assert set(averaged.best) == set(averaged.weights)
    assert not np.array_equal(averaged.best["stem.weight"], averaged.weights["stem.weight"])


def test_large_states_are_cut_into_parts(tmp_path: Path) -> None:
    weights = {f"w{i}": np.full(MIB, i, np.float32) for i in range(9)}
    save_checkpoint(tmp_path / "c", of_weights(weights))
    parts = sorted((tmp_path / "c").glob("weights-*.npz"))
    assert [part.name for part in parts] == ["weights-000.npz", "weights-001.npz", "weights-002.npz"]
    assert all(part.stat().st_size <= 15 * MIB for part in parts)
    loaded = load_checkpoint(tmp_path / "c").weights
    assert all((loaded[f"w{i}"] == i).all() for i in range(9))


def test_what_fits_no_part_is_refused(tmp_path: Path) -> None:
    weights = {"huge": np.zeros(4 * MIB, np.float32)}
    with pytest.raises(BadCheckpoint, match="huge has 16777216 bytes"):
        save_checkpoint(tmp_path / "c", of_weights(weights))
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_checkpoint_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_checkpoint(tmp_path / "c", seed=1)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full_disk(*_args: object, **_arrays: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(checkpoints.np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(folder, seed=2)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(tmp_path.iterdir()) == [folder]


def test_writing_again_replaces(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "c", seed=1)
    first = load_checkpoint(folder).weights["stem.weight"]
    write_checkpoint(folder, seed=2)
    assert not np.array_equal(load_checkpoint(folder).weights["stem.weight"], first)
    assert list(tmp_path.iterdir()) == [folder]


def test_nothing_but_a_checkpoint_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(BadCheckpoint, match="something else than a checkpoint"):
            write_checkpoint(place)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_run_keeps_its_newest_two(tmp_path: Path) -> None:
    for samples in (5, 20, 100, 3_000_000):
        write_checkpoint(tmp_path / checkpoint_name(samples))
    (tmp_path / checkpoint_name(10**9)).mkdir()
    drop_old_checkpoints(tmp_path)
    assert checkpoints_in(tmp_path) == [tmp_path / checkpoint_name(100), tmp_path / checkpoint_name(3_000_000)]
    assert find_checkpoint(tmp_path) == tmp_path / checkpoint_name(3_000_000)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("feature_set", "other-30", "feature set other-30 version 1, this engine computes sandbox-26 version 1"),
        ("feature_version", 2, "feature set sandbox-26 version 2, this engine computes sandbox-26 version 1"),
        ("feature_set", ["sandbox-26"], "feature set ['sandbox-26'] version 1"),
        ("format", "zip", "not a shicho-checkpoint of version 2"),
        ("version", 9, "not a shicho-checkpoint of version 2"),
        ("version", [1], "not a shicho-checkpoint of version 2"),
        ("samples", None, "checkpoint.json: samples: missing"),
        ("samples", "many", "checkpoint.json: samples = 'many'"),
        ("batch", 1.5, "checkpoint.json: batch = 1.5"),
        ("total_seconds", [], "checkpoint.json: total_seconds = []"),
        ("figures", {"validation": 3}, "checkpoint.json: figures.validation = 3"),
        ("environment", None, "checkpoint.json: environment: missing"),
        ("data", {"positions": 3}, "checkpoint.json: data.games_sha256: missing"),
        ("data", {"games_sha256": "", "positions": 3, "sources": [1]}, "checkpoint.json: data.sources = [1]"),
        ("data", 3, "checkpoint.json: data = 3"),
        ("preset", {"name": "x"}, "checkpoint.json: preset.network: missing"),
        ("preset", 7, "checkpoint.json: "),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, key: str, value: object, message: str) -> None:
    place = write_checkpoint(tmp_path / "c") / "checkpoint.json"
    values = json.loads(place.read_text())
    if value is None:
        del values[key]
    else:
        values[key] = value
    place.write_text(json.dumps(values))
    with pytest.raises(BadCheckpoint, match=r"checkpoint\.json") as raised:
        load_checkpoint(tmp_path / "c")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"no checkpoint\.json"):
        load_checkpoint(tmp_path)
    folder = write_checkpoint(tmp_path / "c")
    part = folder / "weights-000.npz"
    whole = part.read_bytes()
    for content in (b"", b"no zip", whole[: len(whole) // 2]):
        part.write_bytes(content)
        with pytest.raises(BadCheckpoint, match=str(folder)):
            load_checkpoint(folder)
    part.unlink()
    with pytest.raises(BadCheckpoint, match="no weights-000"):
        load_checkpoint(folder)
    shutil.copy(__file__, folder / "checkpoint.json")
    with pytest.raises(BadCheckpoint, match=r"checkpoint\.json"):
        load_checkpoint(folder)


def test_kept_checkpoints_are_the_first_ones_from_each_point_on(tmp_path: Path) -> None:
    for samples in (5, 20, 100, 300, 3_000_000):
        write_checkpoint(tmp_path / checkpoint_name(samples))
    kept = kept_checkpoints(tmp_path, (0, 20, 21, 99, 4_000_000))
    assert [int(folder.name.removeprefix("checkpoint-")) for folder in kept] == [5, 20, 100, 100]
    drop_old_checkpoints(tmp_path, kept_checkpoints(tmp_path, (6, 7)))
    assert [int(folder.name.removeprefix("checkpoint-")) for folder in checkpoints_in(tmp_path)] == [20, 300, 3_000_000]


def test_weights_of_another_network_are_named() -> None:
    ours = Network(tiny_preset(Residual()).network, masked=False)
    theirs = network_arrays(Network(tiny_preset(Residual(), Residual()).network, masked=False))
    with pytest.raises(BadCheckpoint, match=r"there: weight trunk\.1\.\S+ is only in the file"):
        load_network(ours, theirs, THERE)
    missing = network_arrays(ours)
    del missing["heads.policy.passing.weight"]
    with pytest.raises(BadCheckpoint, match=r"there: weight heads\.policy\.passing\.weight is only in the network"):
        load_network(ours, missing, THERE)
    wrong = network_arrays(ours)
    wrong["stem.weight"] = wrong["stem.weight"][:4]
    with pytest.raises(BadCheckpoint, match=r"stem\.weight is \(4, 26, 5, 5\), the network's \(8, 26, 5, 5\)"):
        load_network(ours, wrong, THERE)


# ---------------------------------------------------------------------------------------------------------- optimisers


def step(network: Network, optimisers: list[torch.optim.Optimizer], seed: int) -> None:
    x = torch.randn(4, 26, 19, 19, generator=torch.Generator().manual_seed(seed))
    for optimiser in optimisers:
        optimiser.zero_grad()
    outputs = network(x)
    torch.autograd.backward(sum((output.square().mean() for output in outputs.values()), torch.zeros(())))
    for optimiser in optimisers:
        optimiser.step()


def fresh(chosen: Optimiser, seed: int = 1) -> tuple[Network, list[torch.optim.Optimizer]]:
    preset = tiny_preset(optimiser=chosen, heads=ALL_HEADS)
    network = random_network(preset, seed).train()
    return network, make_optimisers(network, preset.training, 1000)


@pytest.mark.parametrize("chosen", OPTIMISERS, ids=str)
def test_optimisers_continue_as_if_they_had_not_stopped(chosen: Optimiser, tmp_path: Path) -> None:
    """Bit for bit, through the files of a checkpoint."""
    network, optimisers = fresh(chosen)
    assert optimiser_arrays(network, optimisers) == {}
    for seed in (1, 2):
        step(network, optimisers, seed)
    saved = Checkpoint(
        state=tiny_state(tiny_preset()),
        weights=network_arrays(network),
        average={},
        optimiser=optimiser_arrays(network, optimisers),
    )
    save_checkpoint(tmp_path / "c", saved)
    for seed in (3, 4):
        step(network, optimisers, seed)

    loaded = load_checkpoint(tmp_path / "c")
    assert_same(loaded.optimiser, saved.optimiser)
    other, its_optimisers = fresh(chosen, seed=2)
    load_network(other, loaded.weights, THERE)
    load_optimisers(other, its_optimisers, loaded.optimiser, THERE)
    for seed in (3, 4):
        step(other, its_optimisers, seed)
    assert_same(network_arrays(other), network_arrays(network))
    ours, theirs = optimiser_arrays(other, its_optimisers), optimiser_arrays(network, optimisers)
    assert_same({name: ours[name] for name in sorted(ours)}, {name: theirs[name] for name in sorted(theirs)})


def states(network: Network, arrays: Arrays) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name, _ in network.named_parameters()}
    for name in arrays:
        parameter, _, key = name.partition(":")
        found[parameter].add(key)
    return found


@pytest.mark.parametrize("chosen", OPTIMISERS, ids=str)
def test_every_parameter_has_the_state_of_its_optimiser(chosen: Optimiser) -> None:
    network, optimisers = fresh(chosen)
    step(network, optimisers, 1)
    found = states(network, optimiser_arrays(network, optimisers))
    plain = chosen.others if isinstance(chosen, Muon) else chosen
    kept = {"step", "exp_avg", "exp_avg_sq"} if plain == ADAMW else {"momentum_buffer"} if plain == SGD else set()
    assert found["stem.centre"] == kept
    assert found["stem.weight"] == ({"momentum_buffer"} if isinstance(chosen, Muon) else kept)
    assert {frozenset(keys) for keys in found.values()} <= {frozenset(kept), frozenset({"momentum_buffer"})}


def test_state_that_does_not_fit_is_named() -> None:
    for chosen in (SGD, ADAMW, Muon(others=SGD), Muon(others=ADAMW)):
        network, optimisers = fresh(chosen)
        step(network, optimisers, 1)
        whole = optimiser_arrays(network, optimisers)
        for place in ("stem.weight", "stem.centre", "heads.win.hidden.bias"):
            for name in [name for name in whole if name.startswith(f"{place}:")]:
                lacking = {key: array for key, array in whole.items() if key != name}
                shorter = {**whole, name: whole[name][None] if name.endswith(":step") else whole[name][1:]}
                single = {**whole, name: np.zeros((), np.float32)}
                for arrays in (lacking, shorter, *([] if name.endswith(":step") else [single])):
                    with pytest.raises(BadCheckpoint, match=rf"there: .*{name}"):
                        load_optimisers(*fresh(chosen), arrays, THERE)
        for extra in ("stem.weight:other", "trunk.9.first_conv.weight:momentum_buffer", "nonsense"):
            with pytest.raises(BadCheckpoint, match=f"there: .*{extra}"):
                load_optimisers(*fresh(chosen), {**whole, extra: np.zeros(3)}, THERE)


def test_the_state_of_another_optimiser_does_not_fit() -> None:
    for chosen, other in ((SGD, ADAMW), (ADAMW, SGD), (Muon(others=SGD), Muon(others=ADAMW)), (SGD, PLAIN_SGD)):
        network, optimisers = fresh(chosen)
        step(network, optimisers, 1)
        with pytest.raises(BadCheckpoint, match="there: "):
            load_optimisers(*fresh(other), optimiser_arrays(network, optimisers), THERE)


def test_no_state_leaves_the_optimisers_as_they_are() -> None:
    network, optimisers = fresh(Muon(others=ADAMW))
    load_optimisers(network, optimisers, {}, THERE)
    assert optimiser_arrays(network, optimisers) == {}


# ------------------------------------------------------------------------------------------------------------- average


def test_an_average_continues_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    network, other = random_network(tiny_preset(), 1), random_network(tiny_preset(), 2)
    average = WeightAverage(network, 0.9)
    for _ in range(5):
        average.update(other)
    folder = tmp_path / "c"
    saved = Checkpoint(
        state=tiny_state(tiny_preset()), weights=network_arrays(network), average=average_arrays(average), optimiser={}
    )
    save_checkpoint(folder, saved)
    again = WeightAverage(random_network(tiny_preset(), 3), 0.9)
    load_average(again, load_checkpoint(folder).average, folder)
    assert again.steps == 5
    average.update(other)
    again.update(other)
    assert_same(average_arrays(again), average_arrays(average))
    assert average_arrays(None) == {}


def test_an_average_of_another_network_is_named() -> None:
    average = WeightAverage(random_network(tiny_preset()), 0.9)
    arrays = average_arrays(average)
    wrong = {**arrays, "stem.weight": arrays["stem.weight"][:4]}
    with pytest.raises(BadCheckpoint, match=r"there: stem\.weight"):
        load_average(average, wrong, THERE)
    for given in ({}, {name: array for name, array in arrays.items() if name != "stem.weight"}):
        with pytest.raises(BadCheckpoint, match=r"there: weight .* is only in the network"):
            load_average(average, given, THERE)


# --------------------------------------------------------------------------------------------------- heads new and gone


WITH_WIN = Heads(policy=TINY_POLICY, win=Win(channels=4, hidden=6))


@pytest.mark.parametrize(
    ("given", "wanted", "new"),
    [
        (Heads(policy=TINY_POLICY), ALL_HEADS, ["win", "next_moves", "ownership", "ladder"]),
        (WITH_WIN, ALL_HEADS, ["next_moves", "ownership", "ladder"]),
        (ALL_HEADS, WITH_WIN, []),
        (ALL_HEADS, Heads(policy=TINY_POLICY), []),
        (ALL_HEADS, ALL_HEADS, []),
    ],
)
def test_new_heads_keep_their_random_weights_and_gone_heads_are_dropped(
    given: Heads, wanted: Heads, new: list[str]
) -> None:
    theirs = network_arrays(random_network(tiny_preset(heads=given), 1))
    network = random_network(tiny_preset(heads=wanted), 2)
    before = network_arrays(network)
    assert load_trunk(network, theirs, THERE) == new
    for name, array in network_arrays(network).items():
        expected = before if name.startswith(tuple(f"heads.{head}." for head in new)) else theirs
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def test_another_trunk_or_another_size_of_a_head_does_not_fit() -> None:
    theirs = network_arrays(random_network(tiny_preset(heads=WITH_WIN)))
    wider = Heads(policy=TINY_POLICY, win=Win(channels=4, hidden=7))
    with pytest.raises(BadCheckpoint, match=r"there: heads\.win\.\S+ is "):
        load_trunk(random_network(tiny_preset(heads=wider)), theirs, THERE)
    with pytest.raises(BadCheckpoint, match=r"there: weight trunk\.\S+ is only in the"):
        load_trunk(random_network(tiny_preset(Residual(), heads=WITH_WIN)), theirs, THERE)


# ----------------------------------------------------------------------------------------------------------- version 1


OLD_NAMES = (
    ("stem.", "first."),
    ("heads.policy.", "head."),
    (".vertical.", ".upright."),
    (".horizontal.", ".level."),
    (".activation.weight", ".activation.slope"),
)


def as_version_1(folder: Path) -> None:
    """Rewrite a checkpoint of one policy head as Shicho 0.1 wrote it."""
    place = folder / "checkpoint.json"
    values = json.loads(place.read_text())
    network, training = values["preset"]["network"], values["preset"]["training"]
    policy, sgd = network.pop("heads")["policy"], training.pop("optimiser")
    network |= {"policy_channels": policy["channels"], "pool_channels": policy["pool_channels"]}
    network["logit_scale"] = policy["logit_scale"]
    values["preset"]["training"] = {
        "samples": training["samples"],
        "batch_size": training["batch_size"],
        "rate_per_sample": sgd["learning_rate"] / training["batch_size"],
        "schedule": training["schedule"]["type"],
        "warmup": training["schedule"].get("warmup", 0.15),
        "momentum": sgd["momentum"],
        "l2": sgd["l2"],
        "weight_decay": sgd["weight_decay"],
        "history_dropout": training["data"]["history_dropout"],
        "precision": "float32",
        "seed": training["seed"],
    }
    values["version"] = 1
    place.write_text(json.dumps(values))
    weights = {}
    with np.load(folder / "weights-000.npz") as loaded:
        for name, array in loaded.items():
            for ours, old in OLD_NAMES:
                name = old + name.removeprefix(ours) if ours[0] != "." and name.startswith(ours) else name
                name = name.replace(ours, old) if ours[0] == "." else name
            weights[name] = array
    np.savez(folder / "weights-000.npz", **weights)
    np.savez(folder / "optimiser-000.npz", **{"first.weight": weights["first.weight"]})


def old_presets() -> dict[str, Preset]:
    mine = tiny_preset(optimiser=Sgd(learning_rate=0.016, momentum=0.8, l2=0.3, weight_decay=1e-4))
    return {"mine": mine, "sandbox": mine.changed(schedule={"type": "sandbox"}, data={"history_dropout": False})}


@pytest.mark.parametrize("name", ["mine", "sandbox"])
def test_version_1_is_read_with_every_block(tmp_path: Path, name: str) -> None:
    preset = old_presets()[name]
    folder = write_checkpoint(tmp_path / "c", preset)
    new = load_checkpoint(folder)
    as_version_1(folder)
    old = load_checkpoint(folder)
    assert old.state == new.state
    assert_same(old.weights, new.weights)
    assert (old.average, old.optimiser) == ({}, {})
    load_network(Network(preset.network, masked=False), old.weights, folder)


def test_a_damaged_version_1_is_named(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "c", old_presets()["mine"])
    as_version_1(folder)
    place = folder / "checkpoint.json"
    values = json.loads(place.read_text())
    for section, key in (("network", "policy_channels"), ("training", "rate_per_sample"), ("training", "schedule")):
        broken = json.loads(json.dumps(values))
        del broken["preset"][section][key]
        place.write_text(json.dumps(broken))
        with pytest.raises(BadCheckpoint, match=rf"checkpoint\.json.*'{key}'"):
            load_checkpoint(folder)
    for preset in ({**values["preset"], "network": 3}, {**values["preset"], "training": [1]}, {"name": "x"}, 3, None):
        place.write_text(json.dumps({**values, "preset": preset}))
        with pytest.raises((BadCheckpoint, BadConfig), match=r"checkpoint\.json"):
            load_checkpoint(folder)


PUBLISHED = Path(__file__).parents[3] / "training" / "checkpoints" / "small"
SHIPPED = Path(__file__).parents[3] / "engine" / "networks" / "small.onnx"


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="published weights are in the repository alone")
def test_the_published_weights_are_the_shipped_network() -> None:
    """Shicho 0.1 wrote both: the weights rounded to float16, the network not.

    Rounding a weight changes it by 1/4096 of itself on average, and the logits (of deviation 4.5) by 0.001 on average
    and 0.009 at most, on games on boards of many sizes.
    """
    found = load_checkpoint(PUBLISHED)
    training = found.state.preset.training
    assert (found.state.total_samples, training.samples, training.batch_size, training.seed) == (
        1_743_616,
        20_000_000,
        128,
        1,
    )
    sgd = Sgd(learning_rate=0.06, momentum=0.9, weight_decay=0.0001)
    assert training.optimiser == Muon(learning_rate=0.02, momentum=0.95, others=sgd)
    assert training.schedule == Constant(warmup_samples=20_000)
    assert training.cooldown == Cooldown(start=1_383_552, samples=360_000)
    network = Network(found.state.preset.network, masked=True)
    load_network(network, found.best, PUBLISHED)
    network.eval()
    positions = unpack(parity_positions(SANDBOX_26))
    session = onnxruntime.InferenceSession(SHIPPED, providers=["CPUExecutionProvider"])
    assert json.loads(session.get_modelmeta().custom_metadata_map["training"])["samples"] == found.state.total_samples
    policy, win = session.run(["policy", "win"], {"planes": positions})
    with torch.inference_mode():
        published = {name: output.numpy() for name, output in network(torch.from_numpy(positions)).items()}
    assert np.abs(policy[policy > -1000]).max() > 5
    for shipped, output in ((policy, published["policy"]), (win, published["win"])):
        assert np.abs(output - shipped).max() < 0.03
        assert np.abs(output - shipped).mean() < 0.003

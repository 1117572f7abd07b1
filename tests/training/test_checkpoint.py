"""Checkpoints: what goes in comes out, no half folder, no large file, and mismatches named."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from shicho.engine.errors import BadCheckpoint
from shicho.training import checkpoint as checkpoints
from shicho.training.checkpoint import (
    Checkpoint,
    checkpoint_name,
    checkpoints_in,
    drop_old_checkpoints,
    find_checkpoint,
    load_checkpoint,
    load_network,
    load_optimiser,
    network_arrays,
    optimiser_arrays,
    save_checkpoint,
)
from shicho.training.config import Residual
from shicho.training.model import Network
from tests.support.training import tiny_preset, tiny_state, write_checkpoint

MIB = 2**20


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    weights = {"a": rng.normal(size=(3, 4)).astype(np.float32), "count": np.array(7, np.int64)}
    saved = Checkpoint(state=tiny_state(tiny_preset()), weights=weights, optimiser={"a": weights["a"] * 2})
    save_checkpoint(tmp_path / "c", saved)
    loaded = load_checkpoint(tmp_path / "c")
    assert loaded.state == saved.state
    for ours, theirs in ((loaded.weights, saved.weights), (loaded.optimiser, saved.optimiser)):
        assert list(ours) == list(theirs)
        for name, array in ours.items():
            np.testing.assert_array_equal(array, theirs[name])
            assert array.dtype == theirs[name].dtype


def test_large_states_are_cut_into_parts(tmp_path: Path) -> None:
    weights = {f"w{i}": np.full(MIB, i, np.float32) for i in range(9)}
    save_checkpoint(tmp_path / "c", Checkpoint(state=tiny_state(tiny_preset()), weights=weights, optimiser={}))
    parts = sorted((tmp_path / "c").glob("weights-*.npz"))
    assert [part.name for part in parts] == ["weights-000.npz", "weights-001.npz", "weights-002.npz"]
    assert all(part.stat().st_size <= 15 * MIB for part in parts)
    loaded = load_checkpoint(tmp_path / "c").weights
    assert all((loaded[f"w{i}"] == i).all() for i in range(9))


def test_what_fits_no_part_is_refused(tmp_path: Path) -> None:
    weights = {"huge": np.zeros(4 * MIB, np.float32)}
    with pytest.raises(BadCheckpoint, match="huge has 16777216 bytes"):
        save_checkpoint(tmp_path / "c", Checkpoint(state=tiny_state(tiny_preset()), weights=weights, optimiser={}))
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
    first = load_checkpoint(folder).weights["first.weight"]
    write_checkpoint(folder, seed=2)
    assert not np.array_equal(load_checkpoint(folder).weights["first.weight"], first)
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
        ("format", "zip", "not a shicho-checkpoint of version 1"),
        ("version", 9, "not a shicho-checkpoint of version 1"),
        ("samples", None, "missing or wrong: 'samples'"),
        ("preset", {"name": "x"}, "missing 2 required keyword-only arguments"),
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
    with pytest.raises(Exception, match=r"checkpoint\.json") as raised:
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


def test_weights_of_another_network_are_named() -> None:
    ours = Network(tiny_preset(Residual()).network, masked=False)
    theirs = network_arrays(Network(tiny_preset(Residual(), Residual()).network, masked=False))
    with pytest.raises(BadCheckpoint, match=r"there: weight trunk\.1\.\S+ is only in the file"):
        load_network(ours, theirs, Path("there"))
    wrong = network_arrays(ours)
    wrong["first.weight"] = wrong["first.weight"][:4]
    with pytest.raises(BadCheckpoint, match=r"first\.weight is \(4, 26, 5, 5\), the network's \(8, 26, 5, 5\)"):
        load_network(ours, wrong, Path("there"))


def test_the_optimiser_goes_on_as_if_it_had_not_stopped() -> None:
    def step(network: Network, optimiser: torch.optim.Optimizer, seed: int) -> None:
        x = torch.randn(4, 26, 19, 19, generator=torch.Generator().manual_seed(seed))
        optimiser.zero_grad()
        torch.autograd.backward(network(x).policy.square().mean())
        optimiser.step()

    def fresh() -> tuple[Network, torch.optim.SGD]:
        network = Network(tiny_preset(Residual()).network, masked=False)
        return network, torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True, fused=True)

    torch.manual_seed(1)
    network, optimiser = fresh()
    assert optimiser_arrays(network, optimiser) == {}
    step(network, optimiser, 1)
    weights, momentum = network_arrays(network), optimiser_arrays(network, optimiser)
    assert set(momentum) == {name for name, _ in network.named_parameters()}
    step(network, optimiser, 2)
    other, its_optimiser = fresh()
    load_network(other, weights, Path("there"))
    load_optimiser(other, its_optimiser, momentum)
    step(other, its_optimiser, 2)
    for name, array in network_arrays(network).items():
        np.testing.assert_array_equal(network_arrays(other)[name], array, err_msg=name)

"""Figures against a hand computation, and the command that prints them."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import Result
from numpy.typing import NDArray

from shicho.engine.errors import BadCheckpoint, BadConfig, BadNetwork
from shicho.engine.features import SANDBOX_26, unpack
from shicho.tools.commands.evaluate import evaluate
from shicho.training.config import Block, ChainPooling, Heads, Residual, SpatialDropout, Win
from shicho.training.data.dataset import Batch, evaluation_batches
from shicho.training.data.store import GameStore
from shicho.training.evaluate import (
    Outputs,
    Predictor,
    averaged_over_transforms,
    dropout_predictor,
    measure,
    network_predictor,
    open_checkpoint,
    open_network,
    open_onnx,
    sample_figures,
)
from shicho.training.evaluate import test_sources as sources_for_tests
from shicho.training.network.dropout import monte_carlo
from shicho.training.network.transforms import to_input
from shicho.training.run.device import Precision
from tests.support.commands import invoke
from tests.support.experiments import write_games
from tests.support.networks import write_network
from tests.support.stores import small_store
from tests.support.symmetry import move_array, move_point
from tests.support.training import ALL_HEADS, TINY_POLICY, random_network, tiny_preset, write_checkpoint

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()


@pytest.fixture(scope="module")
def store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_games(tmp_path_factory.mktemp("store"))


def command(*arguments: object) -> Result:
    return invoke(evaluate, *arguments)


def batch(moves: list[int], **others: NDArray[Any]) -> Batch:
    n = len(moves)
    targets = {"move": np.array(moves, np.int64), **others}
    return Batch(packed=np.zeros((n, 26, 48), np.uint8), targets=targets, transform=np.zeros(n, np.uint8))


def five_logits(packed: NDArray[np.uint8]) -> Outputs:
    """Logits 5, 4, 3, 2, 1 on the points 0 to 4 and 0 elsewhere."""
    logits = np.zeros((len(packed), 362), np.float32)
    logits[:, :5] = [5, 4, 3, 2, 1]
    return {"policy": logits}


def test_figures_by_hand() -> None:
    figures = measure(five_logits, [batch([0, 0, 3]), batch([4, 200])])
    normaliser = math.log(sum(math.exp(k) for k in (1, 2, 3, 4, 5)) + 357)
    assert set(figures) == {"top1", "top4", "cross_entropy", "n"}
    assert figures["n"] == 5
    assert figures["top1"] == pytest.approx(2 / 5)
    assert figures["top4"] == pytest.approx(3 / 5)
    assert figures["cross_entropy"] == pytest.approx(normaliser - (5 + 5 + 2 + 1 + 0) / 5, rel=1e-9)


def test_passes_do_not_count() -> None:
    with_passes = measure(five_logits, [batch([0, 361, 3]), batch([361])])
    assert with_passes == pytest.approx(measure(five_logits, [batch([0, 3])]))
    assert with_passes["n"] == 2


def test_figures_of_every_head_have_their_own_n() -> None:
    """Results and next moves may be unknown, draws say nothing of accuracy; n stays that of the moves."""

    def predict(packed: NDArray[np.uint8]) -> Outputs:
        n = len(packed)
        return {**five_logits(packed), "win": np.ones(n, np.float32), "next_moves": np.zeros((n, 2, 361), np.float32)}

    batches = [
        batch(
            [0, 361, 3],
            win=np.array([1, 0, np.nan], np.float32),
            next_moves=np.array([[1, 2], [1, 361], [-1, -1]]),
        ),
        batch([200], win=np.array([0.5], np.float32), next_moves=np.array([[361, -1]])),
    ]
    figures = measure(predict, batches)
    assert list(figures)[:4] == ["top1", "top4", "cross_entropy", "n"]
    assert (figures["n"], figures["win_accuracy_n"], figures["win_cross_entropy_n"]) == (3, 2, 3)
    assert figures["next_moves_cross_entropy_n"] == 2
    assert figures["win_accuracy"] == 1 / 2
    won, lost = math.log(1 + math.exp(-1)), math.log(1 + math.exp(1))
    assert figures["win_cross_entropy"] == pytest.approx((won + lost + (won + lost) / 2) / 3, rel=1e-9)
    assert figures["next_moves_cross_entropy"] == pytest.approx(math.log(361), rel=1e-9)
    each = sample_figures(predict(batches[0].packed), batches[0].targets)
    np.testing.assert_array_equal(each["win_accuracy"], [1, 0, np.nan])
    np.testing.assert_array_equal(each["top1"], [1, np.nan, 0])


def test_a_head_whose_targets_are_all_unknown_has_no_figure() -> None:
    def predict(packed: NDArray[np.uint8]) -> Outputs:
        return {**five_logits(packed), "win": np.ones(len(packed), np.float32)}

    figures = measure(predict, [batch([0], win=np.array([np.nan], np.float32))])
    assert set(figures) == {"top1", "top4", "cross_entropy", "n"}


def constant(logits: NDArray[np.float32]) -> Predictor:
    return lambda packed: {"policy": np.tile(logits, (len(packed), 1))}


def test_a_network_that_knows_nothing_gets_no_credit_for_ties() -> None:
    figures = measure(constant(np.zeros(362, np.float32)), [batch([7, 8])])
    assert figures == {"top1": 0.0, "top4": 0.0, "cross_entropy": pytest.approx(math.log(362)), "n": 2}


def test_huge_logits_do_not_overflow() -> None:
    logits = np.full(362, -1e4, np.float32)
    logits[3] = 3e4
    assert measure(constant(logits), [batch([3])])["cross_entropy"] == pytest.approx(0, abs=1e-9)
    assert measure(constant(logits), [batch([4])])["cross_entropy"] == pytest.approx(4e4)


def test_no_positions_are_an_error() -> None:
    for batches in ([], [batch([361])]):
        with pytest.raises(BadConfig, match="no positions"):
            measure(five_logits, batches)


def test_the_store_knows_its_test_sources(store: GameStore) -> None:
    assert sources_for_tests(store) == ["ranked"]


def test_a_checkpoint_is_measured_as_its_network_answers(store: GameStore, tmp_path: Path) -> None:
    opened = open_network(write_checkpoint(tmp_path / "c"), CPU, 1)
    assert (opened.heads, opened.targets) == (("policy",), ("move",))
    batches = list(evaluation_batches(store, opened.features, source="ranked", positions=100, seed=3, batch=32))
    assert measure(opened.predict, batches)["n"] == 100
    together = opened.predict(np.concatenate([b.packed for b in batches]))["policy"]
    np.testing.assert_allclose(together[:32], opened.predict(batches[0].packed)["policy"], atol=1e-4)


def test_the_averaged_weights_are_measured(store: GameStore, tmp_path: Path) -> None:
    plain, averaged = (write_checkpoint(tmp_path / str(average), average=average) for average in (False, True))
    ours = open_checkpoint(averaged, CPU)
    first = next(iter(evaluation_batches(store, ours.features, split="validation", positions=5, batch=5)))
    found = ours.predict(first.packed)["policy"]
    expected = network_predictor(random_network(tiny_preset(), 1000), CPU, Precision.FLOAT32)(first.packed)["policy"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found - open_checkpoint(plain, CPU).predict(first.packed)["policy"]).max() > 0.1


def test_every_head_of_a_checkpoint_is_measured(store: GameStore, tmp_path: Path) -> None:
    opened = open_network(write_checkpoint(tmp_path / "c", tiny_preset(heads=ALL_HEADS)), CPU, 1)
    assert opened.targets == ("move", "win", "next_moves", "ownership", "ladder")
    batches = evaluation_batches(store, opened.features, source="train", positions=50, targets=opened.targets)
    figures = measure(opened.predict, batches)
    assert set(figures) >= {"win_cross_entropy", "win_accuracy", "next_moves_cross_entropy"}
    assert 0 < figures["win_cross_entropy_n"] <= 50
    assert figures["next_moves_cross_entropy"] > 1
    assert 0 <= figures["ladder_false"] <= 1


def test_a_predictor_leaves_the_network_as_it_was() -> None:
    network = random_network(tiny_preset(heads=ALL_HEADS))
    packed = np.zeros((2, 26, 48), np.uint8)
    for training in (True, False):
        network.train(training)
        before = {name: value.clone() for name, value in network.state_dict().items()}
        outputs = network_predictor(network, CPU, Precision.BFLOAT16, heads=("win",))(packed)
        assert network.training is training
        assert set(outputs) == {"win"}
        assert outputs["win"].dtype == np.float32
        assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("win", [False, True])
def test_onnx_predictions_are_the_runtime_s(store: GameStore, tmp_path: Path, win: bool) -> None:
    opened = open_onnx(write_network(tmp_path / "n.onnx", win=win), 1)
    assert opened.targets == (("move", "win") if win else ("move",))
    batches = evaluation_batches(
        store, opened.features, split="validation", positions=5, targets=opened.targets, batch=5
    )
    first = next(iter(batches))
    outputs = opened.predict(first.packed)
    assert outputs["policy"].shape == (5, 362)
    figures = measure(opened.predict, [first])
    assert figures["top1"] == pytest.approx((outputs["policy"].argmax(1) == first.targets["move"]).mean())
    if win:
        own_stones = unpack(first.packed)[:, 1].sum((1, 2))
        np.testing.assert_allclose(outputs["win"], own_stones)
        known = ~np.isnan(first.targets["win"])
        assert figures.get("win_accuracy_n", 0) == known.sum()


def test_an_output_that_is_not_finite_is_named(store: GameStore, tmp_path: Path) -> None:
    path = write_network(tmp_path / "n.onnx", pass_logit=float("inf"))
    opened = open_onnx(write_network(tmp_path / "good.onnx"), 1)
    first = next(iter(evaluation_batches(store, opened.features, split="validation", positions=5)))
    with pytest.raises(BadNetwork, match=r"n\.onnx: .*policy"):
        open_onnx(path, 1).predict(first.packed)


def test_json_holds_every_test_source(store_file: Path, tmp_path: Path) -> None:
    network = write_network(tmp_path / "n.onnx")
    result = command(network, store_file, "--json", "--positions", 200, "--threads", 1)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert set(figures) == {"ranked"}
    assert set(figures["ranked"]) == {
        "top1",
        "top4",
        "cross_entropy",
        "n",
        "calibration_error",
        "intervals",
        "reliability",
    }
    assert figures["ranked"]["n"] == 200
    assert 0 <= figures["ranked"]["top1"] <= figures["ranked"]["top4"] <= 1
    again = command(network, store_file, "--json", "--positions", 200, "--threads", 1)
    assert json.loads(again.stdout) == figures
    other = command(network, store_file, "--json", "--positions", 200, "--threads", 1, "--seed", 5)
    assert json.loads(other.stdout) != figures


def test_a_source_or_a_split_can_be_chosen(store_file: Path, tmp_path: Path) -> None:
    network = write_network(tmp_path / "n.onnx")
    for option, name in (("--source", "train"), ("--split", "validation")):
        result = command(network, store_file, "--json", "--positions", 20, option, name)
        assert result.exit_code == 0, result.output
        assert set(json.loads(result.stdout)) == {name}
    both = command(network, store_file, "--source", "train", "--split", "test")
    assert both.exit_code == 2
    assert "exclude each other" in both.output


def test_json_and_table_hold_the_win_figures(store_file: Path, tmp_path: Path) -> None:
    heads = Heads(policy=TINY_POLICY, win=Win(channels=4, hidden=6))
    checkpoint = write_checkpoint(tmp_path / "c", tiny_preset(heads=heads))
    result = command(checkpoint, store_file, "--json", "--positions", 50, "--source", "train")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)["train"]
    assert set(figures) > {"top1", "n", "win_accuracy", "win_accuracy_n", "win_cross_entropy", "win_cross_entropy_n"}
    table = command(checkpoint, store_file, "--positions", 50, "--source", "train")
    assert table.exit_code == 0, table.output
    assert f"{figures['win_accuracy']:.2%}" in table.stdout
    assert f"{figures['win_cross_entropy']:.4f}" in table.stdout


def test_sources_with_and_without_results_stand_in_one_table(store_file: Path, tmp_path: Path) -> None:
    """No game of `ranked` has a result, some of `train` have: the columns are there, and cells without a figure."""
    heads = Heads(policy=TINY_POLICY, win=Win(channels=4, hidden=6))
    checkpoint = write_checkpoint(tmp_path / "c", tiny_preset(heads=heads))
    options = ("--positions", 50, "--source", "train", "--source", "ranked")
    figures = json.loads(command(checkpoint, store_file, "--json", *options).stdout)
    assert [("win_accuracy" in figures[name]) for name in ("train", "ranked")] == [True, False]
    table = command(checkpoint, store_file, *options)
    assert table.exit_code == 0, table.output
    for found in figures.values():
        assert f"{found['cross_entropy']:.4f}" in table.stdout


def test_the_table_says_that_passes_are_left_out(store_file: Path, tmp_path: Path) -> None:
    result = command(write_network(tmp_path / "n.onnx"), store_file, "--positions", 20)
    assert result.exit_code == 0
    assert "Passes" in result.stdout
    for heading in ("top-1", "top-4", "cross-entropy", "ranked"):
        assert heading in result.stdout


def failures(store_file: Path, folder: Path) -> Iterator[tuple[list[object], type[Exception], str]]:
    network = write_network(folder / "good.onnx")
    (folder / "text.onnx").write_text("no network")
    (folder / "empty").mkdir()
    (folder / "text.h5").write_text("no store")
    other = write_network(folder / "other.onnx", metadata={"feature_set": "other-30"})
    yield [folder / "text.onnx", store_file], BadNetwork, "not an ONNX file"
    yield [other, store_file], BadNetwork, "feature set other-30 version 1, this engine computes sandbox-26 version 1"
    yield [folder / "empty", store_file], BadCheckpoint, "no checkpoint.json"
    yield [network, store_file, "--source", "nix"], BadConfig, "source 'nix'"
    yield [network, store_file, "--split", "nix"], BadConfig, "split 'nix'"
    yield [network, folder / "text.h5"], Exception, "text.h5"


def test_what_cannot_be_used_is_named(store_file: Path, tmp_path: Path) -> None:
    for arguments, kind, message in failures(store_file, tmp_path):
        result = command(*arguments)
        assert isinstance(result.exception, kind), result.output
        assert message in str(result.exception)
        assert "\n" not in str(result.exception)


@pytest.mark.parametrize("blocks", [(), (ChainPooling(channels=4),)])
def test_the_average_over_transforms_is_the_mean_of_the_turned_answers(blocks: tuple[Block, ...]) -> None:
    network = random_network(tiny_preset(*blocks, heads=ALL_HEADS))
    predict = network_predictor(network, CPU, Precision.FLOAT32)
    packed = np.random.default_rng(4).integers(0, 256, (3, 26, 48), np.uint8)
    packed[:, 0], packed[:, :, 45], packed[:, :, 46:] = 255, packed[:, :, 45] & 1, 0
    packed[:, 0, 45] = 1
    packed[:, 2] &= ~packed[:, 1]
    averaged = averaged_over_transforms(predict)(packed)
    planes, labels = unpack(packed), SANDBOX_26.chain_labels(packed)
    policy, win, owner = np.zeros((3, 362)), np.zeros(3), np.zeros((3, 361))
    for transform in range(8):
        seen = np.stack([move_array(board, transform) for board in planes])
        chains = torch.from_numpy(move_array(labels, transform).copy())
        outputs = network(torch.from_numpy(np.ascontiguousarray(seen)), chains=chains)
        win += outputs["win"].detach().numpy() / 8
        for point in range(362):
            there = move_point(point, 19, transform)
            policy[:, point] += outputs["policy"].detach().numpy()[:, there] / 8
            if point < 361:
                owner[:, point] += outputs["ownership"].detach().numpy()[:, there] / 8
    np.testing.assert_allclose(averaged["policy"], policy, atol=1e-4)
    np.testing.assert_allclose(averaged["win"], win, atol=1e-4)
    np.testing.assert_allclose(averaged["ownership"], owner, atol=1e-4)


def test_the_average_is_the_same_for_every_transform_of_a_position(store_file: Path, tmp_path: Path) -> None:
    network = write_network(tmp_path / "n.onnx")
    plain, eight = (
        json.loads(command(network, store_file, "--json", "--positions", 60, "--symmetries", n).stdout)["ranked"]
        for n in (1, 8)
    )
    assert plain["n"] == eight["n"] == 60
    assert plain["cross_entropy"] != eight["cross_entropy"]
    assert command(network, store_file, "--symmetries", 4).exit_code == 2


def test_json_has_intervals_calibration_and_groups(store_file: Path, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "c", tiny_preset(heads=ALL_HEADS))
    options = ["--json", "--positions", 300, "--source", "train", "--by", "phase", "--by", "source", "--by", "year"]
    figures = json.loads(command(checkpoint, store_file, *options).stdout)["train"]
    for name in ("top1", "cross_entropy", "win_accuracy"):
        low, high = figures["intervals"][name]
        assert low <= figures[name] <= high
    assert 0 <= figures["calibration_error"] <= 1
    assert 0 <= figures["win_calibration_error"] <= 1
    assert sum(part["n"] for part in figures["by_phase"].values()) == figures["n"]
    for part in figures["by_phase"].values():
        low, high = part["intervals"]["top1"]
        assert low <= part["top1"] <= high
    assert figures["by_source"]["train"]["intervals"] == figures["intervals"]
    assert sum(n for _, _, n in figures["reliability"]["win"]) == figures["win_accuracy_n"]
    assert {name: part["n"] for name, part in figures["by_source"].items()} == {"train": figures["n"]}
    assert sum(part["n"] for part in figures["by_year"].values()) == figures["n"]
    wrong = command(checkpoint, store_file, "--positions", 30, "--by", "colour")
    assert isinstance(wrong.exception, BadConfig)


def test_the_table_has_calibration_and_a_row_for_each_group(store_file: Path, tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "c", tiny_preset(heads=ALL_HEADS))
    options = ["--positions", 300, "--source", "train", "--by", "phase", "--by", "year"]
    figures = json.loads(command(checkpoint, store_file, "--json", *options).stdout)["train"]
    table = command(checkpoint, store_file, *options).stdout
    lines = [re.split(r"\s{2,}", line.strip()) for line in table.splitlines()]
    rows = {heading: cells for heading, *cells in lines if cells and cells[0].endswith("%")}
    groups = {f"{by} {name}": part for by in ("phase", "year") for name, part in figures[f"by_{by}"].items()}
    assert set(rows) == {"train", *groups}
    for name, part in {"train": figures, **groups}.items():
        assert rows[name][:4] == [
            *(f"{part[figure]:.2%}" for figure in ("top1", "top4")),
            f"{part['cross_entropy']:.4f}",
            f"{part['calibration_error']:.2%}",
        ]
        assert rows[name][-1] == f"{part['n']:,}"
    assert rows["train"][6] == f"{figures['win_calibration_error']:.2%}"


def test_deviations_by_hand() -> None:
    """Of the move played and of the likeliest one, without passes played."""

    def predict(packed: NDArray[np.uint8]) -> Outputs:
        deviation = np.zeros((len(packed), 362), np.float32)
        deviation[:, [0, 3, 361]] = [0.125, 0.5, 7]
        return {**five_logits(packed), "policy_deviation": deviation}

    figures = measure(predict, [batch([0, 361, 3]), batch([200])])
    assert figures["deviation_played"] == pytest.approx((0.125 + 0.5 + 0) / 3)
    assert figures["deviation_best"] == pytest.approx(0.125)
    assert (figures["deviation_played_n"], figures["deviation_best_n"]) == (3, 3)
    usual = measure(five_logits, [batch([0, 361, 3]), batch([200])])
    assert usual.items() <= figures.items()


def test_a_predictor_with_dropout_gives_the_mean_policy_batch_for_batch() -> None:
    network = random_network(tiny_preset(heads=ALL_HEADS, dropout=SpatialDropout(rate=0.5)))
    packed = np.random.default_rng(3).integers(0, 256, (2, 26, 48), np.uint8)
    packed[..., 45] &= 1
    packed[..., 46:] = 0
    first, second = dropout_predictor(network, 3, seed=4), dropout_predictor(network, 3, seed=4)
    batches = [first(packed) for _ in range(2)]
    assert set(batches[0]) == {"policy", "policy_deviation"}
    for outputs in batches:
        np.testing.assert_allclose(np.exp(outputs["policy"]).sum(1), 1, rtol=1e-5)
        again = second(packed)
        assert all(np.array_equal(again[name], output) for name, output in outputs.items())
    assert not np.array_equal(batches[0]["policy"], batches[1]["policy"])
    seed = int(np.random.default_rng(4).integers(2**63))
    mean, deviation = monte_carlo(network, to_input(torch.from_numpy(packed)), 3, seed)
    np.testing.assert_allclose(np.exp(batches[0]["policy"]), mean, rtol=1e-4)
    np.testing.assert_allclose(batches[0]["policy_deviation"], deviation, rtol=1e-4)


OTHER_HEADS = ("win_", "next_moves_", "ownership_", "ladder_")


def test_the_command_measures_forward_passes_with_dropout(store_file: Path, tmp_path: Path) -> None:
    blocks, dropout = (Residual(), ChainPooling(channels=4)), SpatialDropout(rate=0.5)
    checkpoint = write_checkpoint(tmp_path / "c", tiny_preset(*blocks, heads=ALL_HEADS, dropout=dropout))
    options = ("--positions", 40, "--batch", 16, "--source", "train")
    plain = json.loads(command(checkpoint, store_file, "--json", *options).stdout)["train"]
    result = command(checkpoint, store_file, "--json", *options, "--dropout-passes", 3)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)["train"]
    deviations = {f"deviation_{move}{end}" for move in ("played", "best") for end in ("", "_n")}
    assert set(figures) == {*plain, *deviations} - {name for name in plain if name.startswith(OTHER_HEADS)}
    assert set(figures["intervals"]) >= {"deviation_played", "deviation_best"}
    assert figures["cross_entropy"] != plain["cross_entropy"]
    assert figures["n"] == plain["n"]
    again = command(checkpoint, store_file, "--json", *options, "--dropout-passes", 3)
    assert json.loads(again.stdout)["train"] == figures
    table = command(checkpoint, store_file, *options, "--dropout-passes", 3)
    for name in ("cross_entropy", "deviation_played", "deviation_best"):
        assert f"{figures[name]:.4f}" in table.stdout


def test_dropout_must_be_there_to_be_measured(store_file: Path, tmp_path: Path) -> None:
    checkpoint, network = write_checkpoint(tmp_path / "c"), write_network(tmp_path / "n.onnx")
    for path, named in ((checkpoint, "c: has no dropout"), (network, "n.onnx: forward passes with dropout need")):
        result = command(path, store_file, "--positions", 10, "--dropout-passes", 4)
        assert isinstance(result.exception, BadConfig), result.output
        assert named in str(result.exception)
        assert "\n" not in str(result.exception)
    for options in (("--dropout-passes", 1), ("--dropout-passes", 4, "--symmetries", 8)):
        assert command(checkpoint, store_file, *options).exit_code == 2

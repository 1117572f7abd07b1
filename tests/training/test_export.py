"""Checkpoint to ONNX: the same numbers, the metadata, the card, and the refusal."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from click.testing import Result

from shicho.engine.errors import BadCheckpoint, BadConfig, BadNetwork
from shicho.engine.features import SANDBOX_26, unpack
from shicho.engine.game import Game
from shicho.engine.policy import Policy
from shicho.tools.commands.export import export
from shicho.training import export as exporting
from shicho.training.config import (
    AdamW,
    AlphaDropout,
    Block,
    ChainPooling,
    Condition,
    Constant,
    Cooldown,
    Cosine,
    DataConfig,
    Dropout,
    Heads,
    Ladder,
    Muon,
    NetworkConfig,
    NextMoves,
    Residual,
    SpatialDropout,
    Wide,
    Win,
    to_json,
)
from shicho.training.config import (
    Policy as PolicyConfig,
)
from shicho.training.evaluate import averaged_over_transforms, open_checkpoint, open_onnx
from shicho.training.export import (
    PARITY_SIZES,
    TOLERANCE,
    export_network,
    exported_heads,
    onnx_bytes,
    parity,
    parity_positions,
    publish_weights,
)
from shicho.training.network.heads import HEADS
from shicho.training.network.model import Network
from shicho.training.run.checkpoint import Checkpoint, load_checkpoint, load_network, save_checkpoint
from tests.support.commands import invoke
from tests.support.training import ALL_HEADS, random_network, tiny_preset, write_checkpoint

FIGURES = {
    "pro-2015": {
        "top1": 0.41234,
        "top4": 0.7,
        "cross_entropy": 2.125,
        "n": 50_000,
        "intervals": {"top1": [0.405, 0.42]},
    }
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A block and a head of each kind."""
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "c", tiny_preset(heads=ALL_HEADS))


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written by the command."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "figures.json").write_text(json.dumps(FIGURES))
    result = command(checkpoint, "-o", folder / "net.onnx", "--figures", folder / "figures.json")
    assert result.exit_code == 0, result.output
    assert "differ by" in result.stdout
    return folder / "net.onnx"


def command(*arguments: object) -> Result:
    return invoke(export, *arguments)


def loaded(checkpoint: Path) -> Network:
    found = load_checkpoint(checkpoint)
    network = Network(found.state.preset.network, masked=True).eval()
    load_network(network, found.weights, checkpoint)
    return network


@pytest.mark.parametrize(
    "block", [Residual(), Residual(pool=True), Ladder(channels=2), Wide(channels=4, length=5), ChainPooling(channels=4)]
)
def test_every_block_is_the_same_in_both_runtimes(block: Block, tmp_path: Path) -> None:
    """On boards of 19, 13, 9, 7, 5 and 2, together and one by one: within 1e-4 here, 1e-3 to be written at all."""
    network = loaded(write_checkpoint(tmp_path / "c", tiny_preset(block, heads=ALL_HEADS)))
    assert parity(network, onnx_bytes(network, {})) < 1e-4


@pytest.mark.parametrize(
    "options",
    [
        {"norm": "batch-without-scale"},
        {"norm": "batch-frozen", "stem_centre": False},
        {"norm": "batch-at-end", "centre_factor": 1.3},
        {"norm": "none", "activation": "selu", "initialisation": "lecun-normal"},
        {"activation": "crelu", "centre_factor": 1.3},
    ],
    ids=str,
)
def test_every_option_of_a_network_is_the_same_in_both_runtimes(options: dict[str, Any]) -> None:
    """And every convolution reads a plain kernel, not one that is computed from others."""
    preset = tiny_preset(Residual(pool=True), Ladder(channels=2), Wide(channels=4, length=5), heads=ALL_HEADS)
    policy = ALL_HEADS.policy.model_copy(update={"pool": options.get("norm") != "none"})
    heads = ALL_HEADS.model_copy(update={"policy": policy})
    config = preset.network.model_copy(update={**options, "heads": heads})
    network = random_network(preset.model_copy(update={"network": config}), masked=True)
    data = onnx_bytes(network, {})
    assert parity(network, data) < 1e-4
    graph = onnx.load_from_string(data).graph
    computed = {output for node in graph.node for output in node.output}
    kernels = [node.input[1] for node in graph.node if node.op_type == "Conv"]
    assert not computed & set(kernels)


def test_a_network_is_exported_for_one_condition(tmp_path: Path) -> None:
    preset = tiny_preset(Residual(), condition=Condition(sources=("pro", "kgs-6d")))
    checkpoint = write_checkpoint(tmp_path / "c", preset)
    found = load_checkpoint(checkpoint)
    rng = np.random.default_rng(2)
    for name in ("condition.source.weight", "condition.rank.weight"):
        found.weights[name] = rng.normal(size=found.weights[name].shape).astype(np.float32)
    save_checkpoint(checkpoint, found)
    packed = rng.integers(0, 256, (3, 26, 48), np.uint8)
    packed[:, 0], packed[:, 0, 45], packed[:, 0, 46:] = 255, 1, 0
    outputs = {}
    for name, choice in (("pro:10", ("pro", 10)), (":9", (None, 9)), ("kgs-6d", ("kgs-6d", 0))):
        result = command(checkpoint, "-o", tmp_path / "net.onnx", "--condition", name)
        assert result.exit_code == 0, result.output
        outputs[name] = open_onnx(tmp_path / "net.onnx", 1).predict(packed)["policy"]
        expected = open_checkpoint(checkpoint, torch.device("cpu"), choice).predict(packed)["policy"]
        np.testing.assert_allclose(outputs[name], expected, atol=1e-4)
    assert not np.allclose(outputs["pro:10"], outputs[":9"], atol=1e-2)
    assert isinstance(command(checkpoint, "-o", tmp_path / "n.onnx", "--condition", "nix").exception, BadConfig)
    assert command(checkpoint, "-o", tmp_path / "n.onnx", "--condition", "pro:x").exit_code == 2
    plain = write_checkpoint(tmp_path / "plain", tiny_preset(Residual()))
    assert isinstance(command(plain, "-o", tmp_path / "n.onnx", "--condition", "pro").exception, BadConfig)


def test_the_engine_plays_with_it_on_any_board(exported: Path, checkpoint: Path) -> None:
    policy, network = Policy(exported), loaded(checkpoint)
    for size in (2, 9, 19):
        game = Game(size)
        game.play(game.to_play, 0)
        probabilities = policy.evaluate(game).probabilities
        assert probabilities.shape == (size * size + 1,)
        with torch.inference_mode():
            planes = policy.features.compute(game)
            expected = network(torch.from_numpy(planes)[None])["policy"][0].softmax(0).numpy()
        inside = expected[:361].reshape(19, 19)[planes[0] == 1]
        np.testing.assert_allclose(probabilities, np.append(inside, expected[361]), atol=1e-5)


@pytest.fixture(scope="module")
def chain_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    preset = tiny_preset(Residual(), ChainPooling(channels=4), heads=Heads(win=Win(channels=4, hidden=6)))
    return write_checkpoint(tmp_path_factory.mktemp("chains") / "c", preset)


@pytest.fixture(scope="module")
def chain_network(chain_checkpoint: Path) -> Path:
    return export_network(chain_checkpoint, chain_checkpoint.parent / "n.onnx", {}).path


def inputs_of(path: Path) -> dict[str, tuple[str, list[Any]]]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return {node.name: (node.type, node.shape) for node in session.get_inputs()}


def test_chains_are_an_input_of_networks_that_pool_them(exported: Path, chain_network: Path) -> None:
    planes = {"planes": ("tensor(float)", ["N", 26, 19, 19])}
    assert inputs_of(exported) == planes
    assert inputs_of(chain_network) == {**planes, "chains": ("tensor(int64)", ["N", 19, 19])}
    for path, names in ((exported, ["`planes`"]), (chain_network, ["`planes`", "`chains`"])):
        assert [text.partition(" ")[0] for text in rows(path.with_suffix(".md").read_text())["input"]] == names
    assert "chain-pooling channels=4" in chain_network.with_suffix(".md").read_text()


@pytest.mark.parametrize("size", [2, 9, 19])
def test_the_engine_feeds_chains(size: int, chain_network: Path, chain_checkpoint: Path) -> None:
    policy, network = Policy(chain_network), loaded(chain_checkpoint)
    game, rng = Game(size), np.random.default_rng(size)
    for _ in range(size * size // 2):
        game.play(game.to_play, int(rng.choice(np.flatnonzero(game.legal_mask(game.to_play)[:-1]))))
    offset, numbers = (19 - size) // 2, game.board.chains()
    chains = np.pad(numbers + 1, (offset, 19 - size - offset))
    planes = torch.from_numpy(policy.features.compute(game))[None]
    with torch.inference_mode():
        ours = network(planes, chains=torch.from_numpy(chains)[None])
        blind = network(planes, chains=torch.zeros(1, 19, 19, dtype=torch.int64))
    found = policy.evaluate(game)
    for outputs, same in ((ours, True), (blind, False)):
        expected = outputs["policy"][0].softmax(0).numpy()
        inside = expected[:361].reshape(19, 19)[planes[0, 0].numpy() == 1]
        assert np.allclose(found.probabilities, np.append(inside, expected[361]), atol=1e-5) is same
    assert found.to_play_win_probability == pytest.approx(float(ours["win"].sigmoid()), abs=1e-5)


def test_checkpoint_and_file_with_chains_predict_the_same(chain_network: Path, chain_checkpoint: Path) -> None:
    """On full boards, alone and averaged over the transforms."""
    packed = parity_positions(SANDBOX_26)[:4]
    ours, theirs = (
        opened.predict
        for opened in (open_checkpoint(chain_checkpoint, torch.device("cpu")), open_onnx(chain_network, 1))
    )
    for left, right in ((ours, theirs), (averaged_over_transforms(ours), averaged_over_transforms(theirs))):
        expected = right(packed)
        for name, output in left(packed).items():
            np.testing.assert_allclose(output, expected[name], atol=1e-4)


def test_a_full_board_gets_what_the_checkpoint_says(exported: Path, checkpoint: Path) -> None:
    packed = np.random.default_rng(1).integers(0, 256, (3, 26, 48), np.uint8)
    packed[:, 0], packed[:, 0, 45], packed[:, 0, 46:] = 255, 1, 0
    ours = open_checkpoint(checkpoint, torch.device("cpu")).predict(packed)
    theirs = open_onnx(exported, 1).predict(packed)
    assert (set(ours), set(theirs)) == ({*HEADS}, {"policy", "win"})
    for name, output in theirs.items():
        np.testing.assert_allclose(output, ours[name], atol=1e-4)


def outputs_of(path: Path) -> dict[str, list[Any]]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return {output.name: output.shape for output in session.get_outputs()}


def test_the_heads_for_playing_are_outputs_and_no_others(exported: Path, tmp_path: Path) -> None:
    assert outputs_of(exported) == {"policy": ["N", 362], "win": ["N"]}
    for heads, names in (
        (Heads(), ["policy"]),
        (Heads(next_moves=NextMoves()), ["policy"]),
        (Heads(win=Win()), ["policy", "win"]),
    ):
        network = random_network(tiny_preset(Residual(), heads=heads))
        assert exported_heads(network) == names
    alone = write_checkpoint(tmp_path / "c", tiny_preset(Residual()))
    assert outputs_of(export_network(alone, tmp_path / "n.onnx", {}).path) == {"policy": ["N", 362]}


def test_weights_of_heads_that_are_not_exported_are_not_in_the_file(exported: Path) -> None:
    names = [weight.name for weight in onnx.load(exported).graph.initializer]
    assert any("heads.win" in name for name in names)
    assert not any("next_moves" in name for name in names)


def test_the_averaged_weights_are_exported(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "c", tiny_preset(Residual(), heads=ALL_HEADS), average=True)
    done = export_network(folder, tmp_path / "n.onnx", {})
    found = load_checkpoint(folder)
    session = onnxruntime.InferenceSession(done.path, providers=["CPUExecutionProvider"])
    positions = parity_positions(SANDBOX_26)
    theirs = session.run(["win"], {"planes": unpack(positions)})[0]
    for weights, same in ((found.best, True), (found.weights, False)):
        network = Network(found.state.preset.network, masked=True).eval()
        load_network(network, weights, folder)
        with torch.inference_mode():
            ours = network(torch.from_numpy(unpack(positions)))["win"].numpy()
        assert np.allclose(ours, theirs, atol=1e-4) is same


@pytest.mark.parametrize(
    ("dropout", "in_training"), [(SpatialDropout(rate=0.5), ""), (AlphaDropout(rate=0.5), "trunk.0")], ids=str
)
def test_a_network_is_exported_in_evaluation_mode_whatever_mode_it_is_in(dropout: Dropout, in_training: str) -> None:
    """The same file as from evaluation mode, nothing dropped in it, and every layer stays in its mode."""
    network = random_network(tiny_preset(Residual(), dropout=dropout), masked=True)
    expected = onnx_bytes(network, {})
    network.get_submodule(in_training).train()
    modes = [module.training for module in network.modules()]
    data = onnx_bytes(network, {})
    assert [module.training for module in network.modules()] == modes
    assert data == expected
    assert parity(network, data) < TOLERANCE
    assert [module.training for module in network.modules()] == modes
    assert parity(random_network(tiny_preset(Residual()), masked=True), data) < TOLERANCE
    operators = {node.op_type for node in onnx.load_from_string(data).graph.node}
    assert not {operator for operator in operators if "Dropout" in operator or "Random" in operator}


def test_metadata_says_what_it_is(exported: Path) -> None:
    metadata = Policy(exported).metadata
    assert metadata["feature_set"] == "sandbox-26"
    assert metadata["feature_version"] == "1"
    config = json.loads(metadata["config"])
    assert config == to_json(tiny_preset(heads=ALL_HEADS).network)
    assert json.loads(metadata["figures"]) == FIGURES
    training = json.loads(metadata["training"])
    assert training["preset"] == "tiny"
    assert training["samples"] == 32
    assert training["seconds"] == 7200
    assert training["sources"] == {"some-games": "cd" * 32}
    assert training["git_commit"] == "f00"
    assert training["settings"] == to_json(tiny_preset().training)
    assert metadata["shicho_version"]


def test_the_file_tells_nothing_of_the_machine_it_was_made_on(exported: Path) -> None:
    for trace in (b".py", b"site-packages", str(Path.cwd()).encode(), str(Path.home()).encode() + b"/"):
        assert trace not in exported.read_bytes()


def test_the_card_says_what_it_was_trained_on(exported: Path) -> None:
    card = exported.with_suffix(".md").read_text()
    for text in ("# net.onnx", "32 samples, 2.00 hours", "some-games", "1,234 positions", "`f00`"):
        assert text in card
    assert "| pro-2015 | 41.23% (40.50% to 42.00%) | 70.00% | 2.1250 | - | - | 50,000 |" in card
    assert "passes" in card


def test_notes_end_the_card(checkpoint: Path, tmp_path: Path) -> None:
    export_network(checkpoint, tmp_path / "net.onnx", {}, notes="\n## Licence\n\nMIT\n\n")
    assert (tmp_path / "net.md").read_text().endswith("metadata.\n\n## Licence\n\nMIT\n")


def rows(card: str) -> dict[str, list[str]]:
    """The texts beside each heading of the card's first table."""
    found: dict[str, list[str]] = {}
    for line in card.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 2:
            found.setdefault(cells[0], []).append(cells[1])
    return found


def test_the_card_names_every_option_of_blocks_heads_and_recipe(tmp_path: Path) -> None:
    heads = Heads(policy=PolicyConfig(channels=5, pool_channels=3, logit_scale=0.75), win=Win(channels=7, hidden=11))
    preset = tiny_preset(
        *(Residual(), Residual(), Residual(pool=True), Ladder(channels=2), Wide(channels=4, length=5), Residual()),
        heads=heads,
        optimiser=Muon(learning_rate=0.03, weight_decay=0.25, others=AdamW(learning_rate=0.004, betas=(0.81, 0.97))),
        schedule=Cosine(warmup_samples=123, final=0.125),
    )
    card = rows(export_network(write_checkpoint(tmp_path / "c", preset), tmp_path / "n.onnx", {}).card.read_text())
    plain = "residual pool=false dilation=1"
    blocks = f"2 x {plain}, residual pool=true dilation=1, ladder channels=2, wide channels=4 length=5, {plain}"
    assert blocks in card["preset"][0]
    for text in (
        "`tiny`",
        "8 channels, prelu, norm batch, stem_centre=true centre_factor=1.0",
        "policy (channels=5 pool=true pool_channels=3 logit_scale=0.75",
        "win (channels=7",
    ):
        assert text in card["preset"][0]
    assert "next_moves" not in card["preset"][0]
    assert "hidden planes" not in card["preset"][0]
    assert [text.partition(" ")[0] for text in card["output"]] == ["`policy`", "`win`"]
    recipe = card["recipe"][0]
    for text in ("batch 16", "muon", "0.03", "0.25", "adamw", "0.004", "0.81", "0.97", "cosine", "123", "0.125"):
        assert text in recipe, text
    (parameters,) = card["parameters"]
    assert int(parameters.replace(",", "")) == sum(p.numel() for p in random_network(preset).parameters())


def test_the_card_names_every_option_of_the_network(tmp_path: Path) -> None:
    changes = {
        "activation": "elu",
        "norm": "batch-without-scale",
        "initialisation": "kaiming-uniform",
        "stem_centre": False,
        "centre_factor": 1.3,
        "hidden_planes": ("own_liberties_1", "ko"),
        "condition": Condition(sources=("pro", "kgs-6d"), rank=False, dropout=0.3),
        "dropout": SpatialDropout(rate=0.2),
    }
    assert {*changes, "features", "channels", "blocks", "heads"} == set(NetworkConfig.model_fields)
    plain = tiny_preset(Residual())
    preset = plain.model_copy(update={"network": plain.network.model_copy(update=changes)})
    card = rows(export_network(write_checkpoint(tmp_path / "c", preset), tmp_path / "n.onnx", {}).card.read_text())
    for text in (
        *(
            "elu",
            "norm batch-without-scale",
            "initialisation kaiming-uniform",
            "stem_centre=false",
            "centre_factor=1.3",
        ),
        *("own_liberties_1, ko", '["pro", "kgs-6d"]', "rank=false", "dropout=0.3", "spatial rate=0.2"),
    ):
        assert text in card["preset"][0], text


def test_the_card_tells_of_average_and_cooldown(tmp_path: Path) -> None:
    """Both change the weights as much as the schedule does."""
    preset = tiny_preset(Residual(), ema_samples=4567, schedule=Constant(), cooldown=Cooldown(start=9876, samples=5432))
    card = export_network(write_checkpoint(tmp_path / "c", preset), tmp_path / "n.onnx", {}).card.read_text()
    for text in ("4567", "9876", "5432"):
        assert text in card.replace(",", ""), text


def test_the_card_names_the_filters_and_counts_of_the_data(tmp_path: Path) -> None:
    data = DataConfig(mix={"pro": 2.0, "kgs": 1.0}, years=(1990, 2011), min_rank=6, plies=(8, 222))
    checkpoint = write_checkpoint(tmp_path / "c", tiny_preset(Residual(), data=data))
    found = load_checkpoint(checkpoint)
    counted = replace(found.state.data, positions=1300, positions_by_group={"pro": 1234, "kgs": 66})
    save_checkpoint(checkpoint, replace(found, state=replace(found.state, data=counted)))
    exported = export_network(checkpoint, tmp_path / "n.onnx", {})
    card = rows(exported.card.read_text())
    for text in ('"pro": 2.0', "[1990, 2011]", "min_rank=6", "[8, 222]", "history_dropout=true"):
        assert text in card["data"][0], text
    assert card["from"][0].startswith("1,300 positions (pro 1,234, kgs 66)")


def test_a_network_that_differs_is_not_written(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "onnx_bytes", lambda network, properties, taps: b"")
    for difference in (2 * TOLERANCE, float("nan"), float("inf")):
        monkeypatch.setattr(exporting, "parity", lambda network, data, taps, found=difference: found)
        with pytest.raises(BadNetwork, match=r"net\.onnx: not written: PyTorch and ONNX Runtime differ by"):
            export_network(checkpoint, tmp_path / "net.onnx", {})
    assert list(tmp_path.iterdir()) == []


def test_parity_sees_a_difference(exported: Path, checkpoint: Path) -> None:
    network, data = loaded(checkpoint), exported.read_bytes()
    assert parity(network, data) < TOLERANCE
    for weight in (network.head("policy").passing.weight, network.head("win").last.bias):
        kept = weight.detach().clone()
        with torch.no_grad():
            weight += 0.1
            assert parity(network, data) > TOLERANCE
            weight.view(-1)[0] = float("nan")
            assert parity(network, data) == float("inf")
            weight.copy_(kept)
    assert parity(network, data) < TOLERANCE


def test_parity_positions_are_games_on_many_boards() -> None:
    positions = unpack(parity_positions(SANDBOX_26))
    assert [round(float(position[0].sum()) ** 0.5) for position in positions] == list(PARITY_SIZES)
    stones = positions[:, 1:3].sum((1, 2, 3))
    assert (stones[:-1] > 0).all()
    assert len({position.tobytes() for position in positions}) == len(positions)


def test_published_weights_are_float16_without_an_optimiser(checkpoint: Path, tmp_path: Path) -> None:
    result = command(checkpoint, "--weights", tmp_path / "small")
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "small").iterdir()} == {"checkpoint.json", "weights-000.npz"}
    whole, halves = load_checkpoint(checkpoint), load_checkpoint(tmp_path / "small")
    assert halves.state == whole.state
    for name, array in whole.weights.items():
        expected = np.float16 if array.dtype == np.float32 else array.dtype
        assert halves.weights[name].dtype == expected, name
        np.testing.assert_allclose(halves.weights[name], array, rtol=1e-3, atol=1e-6)


def test_published_averages_are_float16_too(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "c", tiny_preset(Residual()), average=True)
    publish_weights(folder, tmp_path / "small")
    whole, halves = load_checkpoint(folder), load_checkpoint(tmp_path / "small")
    assert set(halves.average) == set(whole.average)
    assert halves.average["steps"] == 5
    for name, array in whole.best.items():
        np.testing.assert_allclose(halves.best[name], array, rtol=1e-3, atol=1e-6)
        assert halves.best[name].dtype == (np.float16 if array.dtype == np.float32 else array.dtype)


def test_weights_too_large_for_float16_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    found = load_checkpoint(checkpoint)
    found.weights["stem.weight"][0] = 1e6
    save_checkpoint(tmp_path / "c", Checkpoint(state=found.state, weights=found.weights, average={}, optimiser={}))
    with pytest.raises(BadCheckpoint, match=r"stem\.weight holds 1000000\.0, too large for float16"):
        publish_weights(tmp_path / "c", tmp_path / "small")
    assert not (tmp_path / "small").exists()


def test_bad_requests_are_named(checkpoint: Path, tmp_path: Path) -> None:
    nothing = command(checkpoint)
    assert nothing.exit_code == 2
    assert "say what to write" in nothing.output
    (tmp_path / "figures.json").write_text("{")
    broken = command(checkpoint, "-o", tmp_path / "n.onnx", "--figures", tmp_path / "figures.json")
    assert isinstance(broken.exception, BadConfig)
    assert "figures.json: no JSON" in str(broken.exception)
    (tmp_path / "figures.json").write_text('{"pro-2015": {"top1": 0.4}}')
    partial = command(checkpoint, "-o", tmp_path / "n.onnx", "--figures", tmp_path / "figures.json")
    assert isinstance(partial.exception, BadConfig)
    assert "not what `shicho evaluate --json` prints" in str(partial.exception)
    assert not (tmp_path / "n.onnx").exists()
    empty = command(tmp_path, "-o", tmp_path / "n.onnx")
    assert isinstance(empty.exception, BadCheckpoint)

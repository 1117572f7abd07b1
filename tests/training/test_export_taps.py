"""Networks exported with their inner layers as outputs."""

import json
from pathlib import Path

import onnx
import pytest
import torch

from shicho.engine.game import Game
from shicho.engine.policy import Policy
from shicho.engine.taps import Taps
from shicho.tools.commands import export as command
from shicho.training.config import Bottleneck, ChainPooling, Ladder, Residual, Wide
from shicho.training.export import exported_heads, parity
from shicho.training.network.layers import BoardContext
from shicho.training.network.model import Network
from shicho.training.network.taps import recording, tapped_layers
from shicho.training.run.checkpoint import load_checkpoint, load_network
from tests.support.training import ALL_HEADS, tiny_preset, write_checkpoint

BLOCKS = (
    Residual(pool=True),
    Bottleneck(channels=4, depth=1),
    Ladder(channels=2),
    Wide(channels=4, length=5),
    ChainPooling(channels=4),
)
NAMES = [
    *("stem", "block1", "block1.first", "block1.second", "block1.pooled_mean_and_max", "block1.pooled"),
    *("block2", "block2.first", "block2.inner1", "block2.inner1.first", "block2.inner1.second", "block2.last"),
    *("block3", "block3.first", "block3.value"),
    *("block4", "block4.first", "block4.vertical", "block4.horizontal"),
    *("block5", "block5.first", "block5.second"),
    *("policy.first", "policy.pooled_mean_and_max", "policy.pool", "policy.pooled", "policy.passing"),
    *("win.first", "win.pool", "win.pooled_mean_and_max", "win.hidden", "win.last"),
]


def network_of(checkpoint: Path) -> Network:
    found = load_checkpoint(checkpoint)
    network = Network(found.state.preset.network, masked=True).eval()
    load_network(network, found.weights, checkpoint)
    return network


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A block of each kind, and all heads."""
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "c", tiny_preset(*BLOCKS, heads=ALL_HEADS))


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written by the command."""
    path = tmp_path_factory.mktemp("exported") / "net.onnx"
    command.export(checkpoint, path, taps=True)
    return path


def test_the_layers_have_names(checkpoint: Path, exported: Path) -> None:
    network, model = network_of(checkpoint), onnx.load(exported)
    layers = list(tapped_layers(network, exported_heads(network)))
    assert sorted(layers) == sorted(NAMES)
    assert {entry.key: entry.value for entry in model.metadata_props}["taps"] == json.dumps(layers)
    assert [output.name for output in model.graph.output] == ["policy", "win", *layers]


def test_every_layer_is_what_its_name_says(checkpoint: Path) -> None:
    """Computed once more, step by step, from the parts of the network."""
    network = network_of(checkpoint)
    planes = torch.rand(2, 26, 19, 19)
    planes[:, 0] = 1
    chains = torch.randint(0, 9, (2, 19, 19))
    with recording(tapped_layers(network, ["policy"])) as inner, torch.no_grad():
        network(planes, ["policy"], chains=chains)
    with torch.no_grad():
        context = BoardContext(planes[:, :1], chains=chains)
        stem = network.stem(planes)
        first = network.trunk[0].first.activation(network.trunk[0].first.norm(stem))
        block1 = network.trunk[0](stem, context)
        pool = network.head("policy").pool
        assert pool is not None
        read = network.head("policy").pool_conv(network.head("policy").first(inner["block5"], context.mask))
        pooled = pool(read, context.mask).flatten(2)
    expected = {
        "stem": stem,
        "block1.first": first,
        "block1": block1,
        "block2": network.trunk[1](block1, context),
        "policy.pool": pooled.view(2, -1, 19, 19),
        "policy.pooled_mean_and_max": torch.cat([pooled.mean(2), pooled.amax(2)], dim=1),
    }
    for name, values in expected.items():
        torch.testing.assert_close(inner[name], values.detach(), msg=name)
    assert "win.pool" not in inner


def test_every_layer_is_the_same_in_both_runtimes(checkpoint: Path, exported: Path) -> None:
    """On boards from 19x19 to 2x2, together and one by one; a difference in one layer is seen."""
    network, data = network_of(checkpoint), exported.read_bytes()
    assert parity(network, data, NAMES) < 1e-4
    with torch.no_grad():
        network.head("win").last.bias.add_(0.01)
    assert parity(network, data, ["block5", "win.pool"]) == pytest.approx(0.01, rel=0.1), "the head win"
    with torch.no_grad():
        network.head("win").last.bias.sub_(0.01)
        network.trunk[0].first_conv.weight.mul_(1.1)
    assert parity(network, data, ["block1.second"]) > 1e-2


def test_the_engine_looks_into_it(exported: Path) -> None:
    taps = Taps(Policy(exported, threads=1))
    game = Game(9)
    game.play("b", "C3")
    assert sorted(taps.layers) == sorted(NAMES)
    assert taps.channels(game, "block3.value").shape == (8, 9, 9)
    assert taps.channels(game, "policy.pooled_mean_and_max").shape == (8,)

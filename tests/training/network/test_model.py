"""Whole networks: how many parameters, what comes out, and boards smaller than 19x19."""

from typing import get_args

import pytest
import torch
from torch import Tensor

from shicho.engine.errors import BadConfig
from shicho.training.config import (
    Activation,
    Condition,
    Heads,
    Ladder,
    NetworkConfig,
    NextMoves,
    Policy,
    Residual,
    Wide,
    Win,
    load_preset,
)
from shicho.training.network.heads import OFF_BOARD_LOGIT
from shicho.training.network.model import Network, parameter_count
from tests.support.training import randomise

ALL_BLOCKS = (Residual(pool=True), Ladder(channels=2), Wide(channels=4, length=9), Residual())


HEADS = Heads(
    policy=Policy(channels=6, pool_channels=4, logit_scale=0.5),
    win=Win(channels=4, hidden=6),
    next_moves=NextMoves(channels=4),
)


def tiny(*, masked: bool, activation: Activation = "prelu", heads: Heads = HEADS) -> Network:
    torch.manual_seed(5)
    config = NetworkConfig(channels=8, blocks=ALL_BLOCKS, activation=activation, heads=heads)
    network = Network(config, masked=masked)
    randomise(network)
    return network.eval()


def board(size: int, row: int, column: int, seed: int = 6) -> Tensor:
    """Random planes [1, 26, 19, 19] of a board of that size with its corner there; 0 off the board."""
    generator = torch.Generator().manual_seed(seed)
    planes = torch.zeros(1, 26, 19, 19)
    content = (torch.rand(1, 26, size, size, generator=generator) < 0.3).float()
    content[:, 0] = 1
    content[:, 2] *= 1 - content[:, 1]
    planes[:, :, row : row + size, column : column + size] = content
    return planes


def test_the_sandbox_has_its_parameters() -> None:
    network = Network(load_preset("sandbox").network, masked=False)
    pass_weights = network.head("policy").passing.weight.numel()
    assert pass_weights == 64
    assert parameter_count(network) - pass_weights == 3_243_480


def test_small_has_about_half_a_million_parameters() -> None:
    assert 450_000 < parameter_count(Network(load_preset("small").network, masked=False)) < 600_000


def test_no_layer_of_trunk_and_policy_but_normalisation_has_an_offset() -> None:
    for name, module in Network(load_preset("sandbox").network, masked=False).named_modules():
        if not isinstance(module, torch.nn.BatchNorm2d):
            assert getattr(module, "bias", None) is None, name


def test_outputs_are_float32_logits() -> None:
    """Of all points and the pass; of winning; of all points for the next moves."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = tiny(masked=False)(board(19, 0, 0).expand(3, -1, -1, -1))
    assert {name: tuple(output.shape) for name, output in outputs.items()} == {
        "policy": (3, 362),
        "win": (3,),
        "next_moves": (3, 2, 361),
    }
    assert all(output.dtype == torch.float32 for output in outputs.values())


def test_only_the_heads_that_are_asked_for_are_computed() -> None:
    network, planes = tiny(masked=False), board(19, 0, 0)
    whole = network(planes)
    for names in (["win"], ["policy", "next_moves"], []):
        part = network(planes, names)
        assert set(part) == set(names)
        assert all(torch.equal(part[name], whole[name]) for name in names)
    with pytest.raises(KeyError):
        network.head("nix")


def test_the_scale_multiplies_all_logits_on_the_board() -> None:
    half = tiny(masked=True)
    scaled = Heads(
        policy=HEADS.policy.model_copy(update={"logit_scale": 1.0}), win=HEADS.win, next_moves=HEADS.next_moves
    )
    whole = tiny(masked=True, heads=scaled)
    whole.load_state_dict(half.state_dict())
    planes = board(9, 5, 5)
    on_board = torch.cat([planes[0, 0].flatten() == 1, torch.tensor([True])])
    halves, wholes = half(planes)["policy"][0], whole(planes)["policy"][0]
    torch.testing.assert_close(halves[on_board] * 2, wholes[on_board])
    assert (halves[~on_board] == OFF_BOARD_LOGIT).all()
    assert halves[on_board].abs().max() < 1000


@pytest.mark.parametrize("activation", get_args(Activation))
def test_the_mask_changes_nothing_on_full_boards(activation: Activation) -> None:
    masked, plain = tiny(masked=True, activation=activation), tiny(masked=False, activation=activation)
    planes = torch.cat([board(19, 0, 0, seed) for seed in range(3)])
    for name, output in masked(planes).items():
        torch.testing.assert_close(output, plain(planes)[name], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("size", [2, 5, 9, 13, 18])
def test_what_lies_off_the_board_changes_nothing(size: int) -> None:
    network, offset = tiny(masked=True), (19 - size) // 2
    planes = board(size, offset, offset)
    dirty = torch.where(planes[:, :1] == 1, planes, torch.randn(1, 26, 19, 19))
    dirty[:, 0] = planes[:, 0]
    for name, output in network(dirty).items():
        torch.testing.assert_close(output, network(planes)[name], atol=0, rtol=0)


@pytest.mark.parametrize("size", [2, 9, 18])
def test_points_off_the_board_have_the_logit_that_means_never(size: int) -> None:
    planes = board(size, 0, 0)
    off_board = planes[0, 0].flatten() == 0
    outputs = tiny(masked=True)(planes)
    assert (outputs["policy"][0, :361][off_board] == -1e4).all()
    assert (outputs["next_moves"][0][:, off_board] == -1e4).all()
    assert outputs["policy"][0, :361][~off_board].min() > -1000
    assert outputs["policy"][0, 361] > -1000


@pytest.mark.parametrize("size", [5, 9, 13])
def test_a_small_board_is_the_same_wherever_it_lies(size: int) -> None:
    """In a corner its edges are the edges of the 19x19 grid: so a masked edge is as good as a real one."""
    network, far = tiny(masked=True), 19 - size
    answers = []
    for row, column in ((0, 0), (0, far), (far, 0), (far // 2, far // 2)):
        outputs = network(board(size, row, column))
        policy, next_moves = outputs["policy"][0], outputs["next_moves"][0]
        points = torch.cat([policy[None, :361], next_moves]).view(3, 19, 19)[
            :, row : row + size, column : column + size
        ]
        answers.append(torch.cat([points.flatten(), policy[361:], outputs["win"]]))
    assert answers[0][-1].abs() > 1e-3
    for answer in answers[1:]:
        torch.testing.assert_close(answer, answers[0], atol=1e-4, rtol=1e-4)


def test_one_batch_can_be_learnt_by_heart() -> None:
    torch.manual_seed(8)
    config = NetworkConfig(
        channels=16,
        blocks=ALL_BLOCKS,
        heads=Heads(
            policy=Policy(channels=8, pool_channels=8), win=Win(channels=8, hidden=8), next_moves=NextMoves(channels=8)
        ),
    )
    network = Network(config, masked=False).train()
    planes = torch.cat([board(19, 0, 0, seed) for seed in range(16)])
    targets = {
        "move": torch.randint(0, 362, (16,)),
        "win": torch.randint(0, 2, (16,)).float(),
        "next_moves": torch.randint(0, 361, (16, 2)),
    }
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    for _ in range(60):
        outputs = network(planes)
        losses = {name: network.head(name).loss(outputs[name], targets[network.head(name).target]) for name in outputs}
        optimiser.zero_grad()
        torch.autograd.backward(list(losses.values()))
        optimiser.step()
    assert losses["policy"].item() < 0.1
    assert losses["win"].item() < 0.1
    assert losses["next_moves"].item() < 0.5


def test_hidden_planes_are_not_seen() -> None:
    torch.manual_seed(5)
    config = NetworkConfig(channels=8, blocks=(Residual(),), hidden_planes=("ladder_captured", "ko"))
    network = Network(config, masked=False).eval()
    planes = board(19, 0, 0)
    changed = planes.clone()
    changed[:, [17, 23]] = 1 - changed[:, [17, 23]]
    torch.testing.assert_close(network(changed)["policy"], network(planes)["policy"], atol=0, rtol=0)
    changed[:, 24] = 1 - changed[:, 24]
    assert not torch.allclose(network(changed)["policy"], network(planes)["policy"])
    with pytest.raises(BadConfig, match="no plane 'nix'"):
        NetworkConfig(channels=8, blocks=(Residual(),), hidden_planes=("nix",))


def conditioned() -> Network:
    torch.manual_seed(5)
    condition = Condition(sources=("pro", "kgs-6d"), dropout=0.5)
    return Network(NetworkConfig(channels=8, blocks=(Residual(),), condition=condition), masked=False).eval()


def test_a_condition_starts_without_effect_and_can_be_fixed() -> None:
    network, planes = conditioned(), board(19, 0, 0)
    plain = network(planes)["policy"]
    torch.testing.assert_close(network(planes, condition=torch.tensor([[2, 10]]))["policy"], plain, atol=0, rtol=0)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.startswith("condition."):
                parameter.normal_()
    told = {c: network(planes, condition=torch.tensor([c]))["policy"] for c in ((0, 0), (1, 0), (2, 0), (2, 10))}
    assert len({tuple(policy.flatten().tolist()) for policy in told.values()}) == 4
    torch.testing.assert_close(network(planes)["policy"], told[0, 0], atol=0, rtol=0)
    network.set_condition("kgs-6d", 10)
    torch.testing.assert_close(network(planes)["policy"], told[2, 10], atol=0, rtol=0)
    network.set_condition(None)
    torch.testing.assert_close(network(planes)["policy"], told[0, 0], atol=0, rtol=0)
    for source, rank in (("nix", 0), ("pro", 11), ("pro", -1)):
        with pytest.raises(BadConfig, match="condition"):
            network.set_condition(source, rank)
    with pytest.raises(BadConfig, match="no condition"):
        tiny(masked=False).set_condition("pro")


def test_in_training_half_of_the_conditions_are_dropped() -> None:
    network = conditioned().train()
    assert network.condition is not None
    torch.nn.init.ones_(network.condition.source.weight[1:])
    vectors = network.condition(torch.tensor([[1, 0]] * 1000))[:, 0, 0, 0]
    assert 400 < int((vectors == 1).sum()) < 600

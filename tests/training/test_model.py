"""Whole networks: how many parameters, what comes out, and boards smaller than 19x19."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from shicho.training.config import Activation, Ladder, NetworkConfig, Residual, Wide, load_preset
from shicho.training.model import OFF_BOARD_LOGIT, Network, parameter_count
from tests.training.test_blocks import randomise

ALL_BLOCKS = (Residual(pool=True), Ladder(channels=2), Wide(channels=4, length=9), Residual())


def tiny(*, masked: bool, activation: Activation = Activation.PRELU) -> Network:
    torch.manual_seed(5)
    config = NetworkConfig(
        channels=8, blocks=ALL_BLOCKS, activation=activation, policy_channels=6, pool_channels=4, logit_scale=0.5
    )
    network = Network(config, masked=masked).eval()
    randomise(network)
    torch.nn.init.normal_(network.head.passing.weight)
    return network


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
    pass_weights = network.head.passing.weight.numel()
    assert pass_weights == 64
    assert parameter_count(network) - pass_weights == 3_243_480


def test_small_has_about_half_a_million_parameters() -> None:
    assert 450_000 < parameter_count(Network(load_preset("small").network, masked=False)) < 600_000


def test_no_layer_but_normalisation_has_an_offset() -> None:
    for name, module in Network(load_preset("sandbox").network, masked=False).named_modules():
        if not isinstance(module, torch.nn.BatchNorm2d):
            assert getattr(module, "bias", None) is None, name


def test_outputs_are_float32_logits_of_all_points_and_the_pass() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        policy = tiny(masked=False)(board(19, 0, 0).expand(3, -1, -1, -1)).policy
    assert policy.shape == (3, 362)
    assert policy.dtype == torch.float32


def test_the_scale_multiplies_all_logits_on_the_board() -> None:
    half = tiny(masked=True)
    whole = Network(replace(half.config, logit_scale=1.0), masked=True).eval()
    whole.load_state_dict(half.state_dict())
    planes = board(9, 5, 5)
    on_board = torch.cat([planes[0, 0].flatten() == 1, torch.tensor([True])])
    halves, wholes = half(planes).policy[0], whole(planes).policy[0]
    torch.testing.assert_close(halves[on_board] * 2, wholes[on_board])
    assert (halves[~on_board] == OFF_BOARD_LOGIT).all()
    assert halves[on_board].abs().max() < 1000


@pytest.mark.parametrize("activation", list(Activation))
def test_the_mask_changes_nothing_on_full_boards(activation: Activation) -> None:
    masked, plain = tiny(masked=True, activation=activation), tiny(masked=False, activation=activation)
    planes = torch.cat([board(19, 0, 0, seed) for seed in range(3)])
    torch.testing.assert_close(masked(planes).policy, plain(planes).policy, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("size", [2, 5, 9, 13, 18])
def test_what_lies_off_the_board_changes_nothing(size: int) -> None:
    network, offset = tiny(masked=True), (19 - size) // 2
    planes = board(size, offset, offset)
    dirty = torch.where(planes[:, :1] == 1, planes, torch.randn(1, 26, 19, 19))
    dirty[:, 0] = planes[:, 0]
    torch.testing.assert_close(network(dirty).policy, network(planes).policy, atol=0, rtol=0)


@pytest.mark.parametrize("size", [5, 9, 13])
def test_a_small_board_is_the_same_wherever_it_lies(size: int) -> None:
    """In a corner its edges are the edges of the 19x19 grid: so a masked edge is as good as a real one."""
    network, far = tiny(masked=True), 19 - size
    answers = []
    for row, column in ((0, 0), (0, far), (far, 0), (far // 2, far // 2)):
        policy = network(board(size, row, column)).policy[0]
        points = policy[:361].view(19, 19)[row : row + size, column : column + size]
        answers.append(torch.cat([points.flatten(), policy[361:]]))
    for answer in answers[1:]:
        torch.testing.assert_close(answer, answers[0], atol=1e-4, rtol=1e-4)


def test_one_batch_can_be_learnt_by_heart() -> None:
    torch.manual_seed(8)
    config = NetworkConfig(channels=16, blocks=ALL_BLOCKS, policy_channels=8, pool_channels=8)
    network = Network(config, masked=False).train()
    planes, targets = torch.cat([board(19, 0, 0, seed) for seed in range(16)]), torch.randint(0, 362, (16,))
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    for _ in range(60):
        loss = F.cross_entropy(network(planes).policy, targets)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    assert loss.item() < 0.1

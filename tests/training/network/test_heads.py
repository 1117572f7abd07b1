"""Each head's loss against plain computations, unknown targets left out, and its figures by hand."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shicho.training.config import Heads, LadderTarget, NextMoves, Ownership, Policy, Win
from shicho.training.network.heads import (
    HEADS,
    Head,
    LadderHead,
    NextMovesHead,
    OwnershipHead,
    PolicyHead,
    WinHead,
    build_heads,
)
from shicho.training.network.init import initialise
from shicho.training.network.layers import BoardContext
from tests.support.training import randomise

NAN = float("nan")
PASS = 361


def policy_head(logit_scale: float = 1.0, label_smoothing: float = 0.0) -> PolicyHead:
    config = Policy(channels=6, pool_channels=4, logit_scale=logit_scale, label_smoothing=label_smoothing)
    return PolicyHead(8, "prelu", config)


def win_head() -> WinHead:
    return WinHead(8, "prelu", Win(channels=4, hidden=6))


def next_moves_head(moves: int = 2, logit_scale: float = 1.0) -> NextMovesHead:
    return NextMovesHead(8, "prelu", NextMoves(moves=moves, channels=4, logit_scale=logit_scale))


def ready(head: Head) -> Head:
    torch.manual_seed(3)
    initialise(head)
    randomise(head)
    return head.eval()


def log_softmax(logits: Tensor) -> np.ndarray:
    values = logits.double().numpy()
    return values - np.log(np.exp(values).sum(axis=-1, keepdims=True))


# ------------------------------------------------------------------------------------------------------------ forward


def test_policy_is_the_sum_of_its_parts() -> None:
    head = ready(policy_head(logit_scale=0.5))
    x = torch.randn(2, 8, 19, 19)
    with torch.no_grad():
        y = head.first(x, None)
        z = head.pool(nn.functional.conv2d(y, head.pool_conv.weight, padding=1), None)
        pooled = torch.cat([z.mean((2, 3)), z.amax((2, 3))], dim=1)
        local = nn.functional.conv2d(y, head.policy_conv.weight, padding=1)
        joined = head.norm(local + (pooled @ head.pooled.weight.T)[:, :, None, None])
        both = torch.cat([joined.clamp(min=0), (-joined).clamp(min=0)], dim=1)
        points = nn.functional.conv2d(both, head.last_conv.weight, padding=2).flatten(1)
        expected = 0.5 * torch.cat([points, pooled @ head.passing.weight.T], dim=1)
        torch.testing.assert_close(head(x, BoardContext()), expected, atol=1e-5, rtol=1e-5)


def test_without_pooling_a_point_sees_what_is_near_and_the_pass_the_trunk() -> None:
    head = ready(PolicyHead(8, "prelu", Policy(channels=6, pool=False)))
    assert not any(name.startswith("pool") for name, _ in head.named_parameters())
    x, mask = torch.randn(2, 8, 19, 19), torch.zeros(2, 1, 19, 19)
    mask[:, :, 3:12, 3:12] = 1
    with torch.no_grad():
        y = head.first(x, None)
        joined = head.norm(nn.functional.conv2d(y, head.policy_conv.weight, padding=1))
        both = torch.cat([joined.clamp(min=0), (-joined).clamp(min=0)], dim=1)
        points = nn.functional.conv2d(both, head.last_conv.weight, padding=2).flatten(1)
        pooled = torch.cat([y.mean((2, 3)), y.amax((2, 3))], dim=1)
        expected = torch.cat([points, pooled @ head.passing.weight.T], dim=1)
        torch.testing.assert_close(head(x, BoardContext()), expected, atol=1e-5, rtol=1e-5)
        inside = y[:, :, 3:12, 3:12]
        of_board = torch.cat([inside.mean((2, 3)), inside.amax((2, 3))], dim=1)
        passing = head(x, BoardContext(mask=mask))[:, 361:]
        torch.testing.assert_close(passing, of_board @ head.passing.weight.T, atol=1e-5, rtol=1e-5)
        far = x.clone()
        far[:, :, 18, 18] += 5
        difference = (head(far, BoardContext()) - head(x, BoardContext()))[:, :361].view(2, 19, 19).abs()
        assert difference[:, :15, :15].max() == 0
        assert difference[:, 15:, 15:].max() > 0


def test_win_is_the_sum_of_its_parts() -> None:
    head = ready(win_head())
    x = torch.randn(2, 8, 19, 19)
    with torch.no_grad():
        y = head.pool(nn.functional.conv2d(head.first(x, None), head.conv.weight), None)
        pooled = torch.cat([y.mean((2, 3)), y.amax((2, 3))], dim=1)
        hidden = head.activation(pooled @ head.hidden.weight.T + head.hidden.bias)
        expected = (hidden @ head.last.weight.T + head.last.bias)[:, 0]
        torch.testing.assert_close(head(x, BoardContext()), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("moves", [1, 2])
def test_next_moves_are_the_sum_of_their_parts(moves: int) -> None:
    head = ready(next_moves_head(moves, logit_scale=0.5))
    x = torch.randn(3, 8, 19, 19)
    with torch.no_grad():
        y = head.norm(nn.functional.conv2d(head.first(x, None), head.conv.weight, padding=1))
        both = torch.cat([y.clamp(min=0), (-y).clamp(min=0)], dim=1)
        expected = 0.5 * nn.functional.conv2d(both, head.last_conv.weight, padding=2).flatten(2)
        assert expected.shape == (3, moves, 361)
        torch.testing.assert_close(head(x, BoardContext()), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("head", [policy_head(), win_head(), next_moves_head()], ids=lambda head: str(head.name))
def test_a_mask_of_the_whole_board_changes_nothing(head: Head) -> None:
    ready(head)
    x = torch.randn(2, 8, 19, 19)
    masked = head(x, BoardContext(mask=torch.ones(2, 1, 19, 19)))
    torch.testing.assert_close(masked, head(x, BoardContext()), atol=1e-5, rtol=1e-5)


def test_a_config_says_which_heads_are_built() -> None:
    alone = build_heads(Heads(), 8, "relu")
    assert list(alone) == ["policy"]
    both = build_heads(Heads(win=Win(), next_moves=NextMoves(moves=1)), 8, "relu")
    assert list(both) == ["policy", "win", "next_moves"] == list(HEADS)[:3]
    assert all(type(both[name]) is HEADS[name] for name in both)
    assert [head.exported for head in both.values()] == [True, True, False]


# --------------------------------------------------------------------------------------------------------------- loss


def test_policy_loss_is_the_mean_cross_entropy_passes_included() -> None:
    torch.manual_seed(1)
    logits = torch.randn(5, 362)
    target = torch.tensor([0, 360, PASS, 7, PASS])
    expected = -log_softmax(logits)[np.arange(5), target.numpy()].mean()
    assert policy_head().loss(logits, target).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.1, 0.9])
def test_smoothed_labels_lie_on_the_points_of_each_board_alone(smoothing: float) -> None:
    """PyTorch's cross-entropy with the smoothed labels as probabilities, on boards of 19x19, 9x9 and 2x2."""
    torch.manual_seed(1)
    head, mask = ready(policy_head(label_smoothing=smoothing)), torch.zeros(4, 1, 19, 19)
    assert isinstance(head, PolicyHead)
    mask[:2], mask[2, :, 5:14, 5:14], mask[3, :, 8:10, 8:10] = 1, 1, 1
    output = head(torch.randn(4, 8, 19, 19), BoardContext(mask=mask)).detach().requires_grad_()
    target = torch.tensor([7, PASS, 9 * 19 + 9, 8 * 19 + 8])
    labels = (1 - smoothing) * F.one_hot(target, 362).float()
    labels[:, :PASS] += smoothing * (mask / mask.sum((2, 3), keepdim=True)).flatten(1)
    torch.testing.assert_close(labels.sum(1), torch.ones(4))
    expected = F.cross_entropy(output.detach(), labels)
    plain = head.loss(output, target)
    found = head.training_loss(plain, output)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert plain.item() == pytest.approx(F.cross_entropy(output, target).item(), rel=1e-6)
    torch.autograd.backward(found)
    assert output.grad is not None
    probability = output.detach().softmax(1)
    torch.testing.assert_close(output.grad, (probability - labels) / 4, atol=1e-6, rtol=1e-4)
    assert (output.grad[:, :PASS][mask.flatten(1) == 0] == 0).all()
    parts = [
        head.training_loss(head.loss(output[k::2], target[k::2], head.known(target)), output[k::2], head.known(target))
        for k in (0, 1)
    ]
    assert sum(part.item() for part in parts) == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("head", [policy_head(), win_head(), next_moves_head()], ids=lambda head: str(head.name))
def test_without_smoothing_the_training_loss_is_the_loss(head: Head) -> None:
    loss = torch.tensor(2.5)
    assert head.training_loss(loss, torch.randn(3, 362)) is loss


def test_win_loss_is_the_mean_over_known_results() -> None:
    logit = torch.tensor([2.0, -1.0, 0.5, 30.0, -30.0])
    target = torch.tensor([1.0, 1.0, 0.5, NAN, 1.0])
    probability = 1 / (1 + np.exp(-logit.double().numpy()))
    each = -np.log([probability[0], probability[1], 1, 1, probability[4]])
    each[2] = -(np.log(probability[2]) + np.log(1 - probability[2])) / 2
    assert win_head().loss(logit, target).item() == pytest.approx(each[[0, 1, 2, 4]].mean(), rel=1e-5)


@pytest.mark.parametrize("moves", [1, 2])
def test_next_moves_loss_adds_up_the_means_over_known_points(moves: int) -> None:
    torch.manual_seed(2)
    logits = torch.randn(4, moves, 361)
    target = torch.tensor([[5, 6], [360, PASS], [-1, -1], [0, -1]])
    log_probability = log_softmax(logits)
    first = -(log_probability[0, 0, 5] + log_probability[1, 0, 360] + log_probability[3, 0, 0]) / 3
    expected = first if moves == 1 else first - log_probability[0, 1, 6]
    assert next_moves_head(moves).loss(logits, target).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("head", "shape", "target"),
    [
        (win_head(), (3,), torch.full((3,), NAN)),
        (next_moves_head(), (3, 2, 361), torch.tensor([[-1, -1], [PASS, -1], [PASS, PASS]])),
        (next_moves_head(1), (3, 1, 361), torch.tensor([[-1, 5], [-1, 5], [PASS, 5]])),
    ],
)
def test_a_batch_of_unknown_targets_teaches_nothing(head: Head, shape: tuple[int, ...], target: Tensor) -> None:
    output = (torch.randn(shape) * 100).requires_grad_()
    loss = head.loss(output, target)
    loss.backward()
    assert loss.item() == 0
    assert output.grad is not None
    assert (output.grad == 0).all()


@pytest.mark.parametrize(
    ("head", "shape", "target", "known"),
    [
        (win_head(), (3,), torch.tensor([NAN, 1.0, NAN]), [1]),
        (next_moves_head(), (3, 2, 361), torch.tensor([[-1, -1], [4, PASS], [PASS, -1]]), [1]),
    ],
)
def test_an_unknown_target_has_no_gradient(
    head: Head, shape: tuple[int, ...], target: Tensor, known: list[int]
) -> None:
    output = torch.randn(shape, requires_grad=True)
    alone = output.detach()[known].clone().requires_grad_()
    head.loss(output, target).backward()
    head.loss(alone, target[known]).backward()
    assert output.grad is not None
    assert alone.grad is not None
    for sample in range(3):
        assert (output.grad[sample] == 0).all() == (sample not in known)
    torch.testing.assert_close(output.grad[known], alone.grad)


@pytest.mark.parametrize("head", [policy_head(), win_head(), next_moves_head()], ids=lambda head: str(head.name))
def test_losses_have_finite_gradients_in_training_with_a_mask(head: Head) -> None:
    ready(head).train()
    mask = torch.zeros(4, 1, 19, 19)
    mask[:2, :, 5:14, 5:14] = mask[2:] = 1
    point = 9 * 19 + 9
    targets = {
        "move": torch.tensor([point, PASS, 0, 360]),
        "win": torch.tensor([1.0, 0.0, NAN, 0.5]),
        "next_moves": torch.tensor([[point, -1], [PASS, point], [1, 2], [-1, -1]]),
    }
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = head(torch.randn(4, 8, 19, 19) * mask, BoardContext(mask=mask))
    loss = head.loss(output, targets[head.target])
    loss.backward()
    assert 0 < loss.item() < 50
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


# ------------------------------------------------------------------------------------------------------------ figures


def test_policy_figures_by_hand() -> None:
    """Logits 5, 4, 3, 2, 1 on the points 0 to 4, 0 elsewhere. A pass does not count."""
    logits = np.zeros((6, 362), np.float32)
    logits[:, :5] = [5, 4, 3, 2, 1]
    figures = PolicyHead.figures(logits, np.array([0, 1, 3, 4, 200, PASS]))
    normaliser = math.log(sum(math.exp(k) for k in (1, 2, 3, 4, 5)) + 357)
    np.testing.assert_array_equal(figures["top1"], [1, 0, 0, 0, 0, NAN])
    np.testing.assert_array_equal(figures["top4"], [1, 1, 1, 0, 0, NAN])
    np.testing.assert_allclose(figures["cross_entropy"], [normaliser - k for k in (5, 4, 2, 1, 0)] + [NAN], rtol=1e-12)


def test_a_pass_that_is_expected_makes_the_move_wrong() -> None:
    logits = np.zeros((1, 362), np.float32)
    logits[0, PASS], logits[0, 7] = 9, 8
    figures = PolicyHead.figures(logits, np.array([7]))
    assert (figures["top1"].item(), figures["top4"].item()) == (0, 1)


def test_win_figures_by_hand() -> None:
    """Won as expected, lost against expectation, draw, unknown, and a logit of 0, which expects nobody to win."""
    logit = np.array([2, 3, -1, 5, 0, -800], np.float32)
    target = np.array([1, 0, 0.5, NAN, 1, 0], np.float32)
    figures = WinHead.figures(logit, target)
    np.testing.assert_array_equal(figures["win_accuracy"], [1, 0, NAN, NAN, 0, 1])
    expected = [
        math.log(1 + math.exp(-2)),
        math.log(1 + math.exp(3)),
        math.log(1 + math.exp(-1)) + 0.5,
        NAN,
        math.log(2),
        0,
    ]
    np.testing.assert_allclose(figures["win_cross_entropy"], expected, rtol=1e-7, atol=1e-12)


def test_next_moves_figures_by_hand() -> None:
    """Logit 3 on point 5 of the first move, all else 0; the second move is always 1 of 361."""
    logits = np.zeros((4, 2, 361), np.float32)
    logits[:, 0, 5] = 3
    likely, even = math.log(math.exp(3) + 360) - 3, math.log(361)
    target = np.array([[5, 9], [5, -1], [PASS, -1], [6, PASS]])
    found = NextMovesHead.figures(logits, target)["next_moves_cross_entropy"]
    np.testing.assert_allclose(found, [(likely + even) / 2, likely, NAN, likely + 3], rtol=1e-12)
    one = NextMovesHead.figures(logits[:, :1], target)["next_moves_cross_entropy"]
    np.testing.assert_allclose(one, [likely, likely, NAN, likely + 3], rtol=1e-12)


@pytest.mark.parametrize(
    ("head", "shape", "target"),
    [
        (policy_head(), (3, 362), torch.tensor([1, 5, 360])),
        (win_head(), (3,), torch.tensor([1.0, 0.0, 0.5])),
    ],
)
def test_the_mean_of_the_figures_is_the_loss(head: Head, shape: tuple[int, ...], target: Tensor) -> None:
    output = torch.randn(shape)
    figures = head.figures(output.numpy(), target.numpy())
    mean = next(values for name, values in figures.items() if name.endswith("cross_entropy")).mean()
    assert mean == pytest.approx(head.loss(output, target).item(), rel=1e-5)


def test_the_next_moves_loss_is_twice_the_figure_where_both_are_known() -> None:
    output, target = torch.randn(3, 2, 361), torch.tensor([[1, 2], [3, 4], [5, 6]])
    figure = NextMovesHead.figures(output.numpy(), target.numpy())["next_moves_cross_entropy"].mean()
    assert next_moves_head().loss(output, target).item() == pytest.approx(2 * figure, rel=1e-5)


def test_huge_logits_do_not_overflow_the_figures() -> None:
    logits = np.full((2, 362), -1e4, np.float32)
    logits[:, 3] = 3e4
    found = PolicyHead.figures(logits, np.array([3, 4]))["cross_entropy"]
    np.testing.assert_allclose(found, [0, 4e4], atol=1e-9)
    both = NextMovesHead.figures(logits[:, None, :361], np.array([[3, -1], [4, -1]]))["next_moves_cross_entropy"]
    np.testing.assert_allclose(both, [0, 4e4], atol=1e-9)


# ------------------------------------------------------------------------------------------------ ownership, ladder


def test_points_heads_learn_from_known_points_alone() -> None:
    head = ready(OwnershipHead(8, "prelu", Ownership(channels=4)))
    logits = torch.randn(2, 361, requires_grad=True)
    target = torch.zeros(2, 361, dtype=torch.int8)
    target[0, 3], target[0, 7], target[1, 9] = 1, -1, 1
    loss = head.loss(logits, target)
    expected = -F.logsigmoid(torch.stack([logits[0, 3], -logits[0, 7], logits[1, 9]])).mean()
    torch.testing.assert_close(loss, expected)
    torch.autograd.backward(loss)
    assert logits.grad is not None
    assert logits.grad.count_nonzero() == 3
    assert head.loss(logits, torch.zeros_like(target)) == 0


def test_ownership_figures_by_hand() -> None:
    output = np.zeros((3, 361), np.float32)
    output[0, :4] = [2, 2, -2, -2]
    target = np.zeros((3, 361), np.int8)
    target[0, :4] = [1, -1, -1, 1]
    target[1, 0] = 1
    figures = OwnershipHead.figures(output, target)
    assert figures["ownership_accuracy"][:2].tolist() == [0.5, 0.0]
    np.testing.assert_allclose(figures["ownership_cross_entropy"][0], np.mean(np.log1p(np.exp([-2, 2, -2, 2]))))
    np.testing.assert_allclose(figures["ownership_cross_entropy"][1], np.log(2))
    assert all(np.isnan(values[2]) for values in figures.values())


def test_ladder_loss_and_figures_by_hand() -> None:
    head = ready(LadderHead(8, "relu", LadderTarget(channels=4)))
    assert head(torch.randn(2, 8, 19, 19), BoardContext()).shape == (2, 361)
    captured = np.zeros((2, 361), np.uint8)
    captured[0, [0, 9, 360]] = 1
    packed = np.packbits(captured, axis=1, bitorder="little")
    packed = np.pad(packed, ((0, 0), (0, 48 - packed.shape[1])))
    output = np.full((2, 361), -1, np.float32)
    output[0, [0, 9, 10]] = 1
    figures = LadderHead.figures(output, packed)
    assert figures["ladder_found"][0] == 2 / 3
    assert figures["ladder_false"].tolist() == [1 / 358, 0.0]
    assert np.isnan(figures["ladder_found"][1])
    loss = head.loss(torch.from_numpy(output), torch.from_numpy(captured))
    expected = F.binary_cross_entropy_with_logits(torch.from_numpy(output), torch.from_numpy(captured).float())
    torch.testing.assert_close(loss, expected)

"""The layers that blocks and heads share, against slow computations of their definitions."""

from typing import Any, get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from shicho.training.config import Activation
from shicho.training.network.init import initialise
from shicho.training.network.layers import (
    CentreWeightedConvolution,
    InputConvolution,
    NormActMask,
    PooledMeanAndMax,
    PReLU,
    activated_channels,
    activation,
    convolution,
    crelu,
    emphasise_centres,
    fold_kernels,
    near_stones,
)
from shicho.training.run.device import missing_for_compile
from tests.support.training import randomise


def square(first: int, last: int, count: int = 2) -> Tensor:
    """A mask [count, 1, 19, 19] of the rows and columns from `first` to before `last`."""
    mask = torch.zeros(count, 1, 19, 19)
    mask[:, :, first:last, first:last] = 1
    return mask


def test_input_convolution_adds_a_centre_of_its_own() -> None:
    torch.manual_seed(4)
    layer = InputConvolution(26, 5)
    initialise(layer)
    planes = torch.randn(2, 26, 19, 19)
    expected = F.conv2d(planes, layer.weight, padding=2) + F.conv2d(planes, layer.centre)
    assert torch.allclose(layer(planes), expected, atol=1e-5)


@pytest.mark.parametrize("dilation", [1, 2])
def test_a_centre_factor_multiplies_the_centre_of_the_kernel(dilation: int) -> None:
    torch.manual_seed(4)
    plain = convolution(3, 5, 3, dilation)
    layer = CentreWeightedConvolution(plain, 1.3)
    x = torch.randn(2, 3, 19, 19)
    centre = F.conv2d(x, plain.weight[:, :, 1:2, 1:2])
    torch.testing.assert_close(layer(x), plain(x) + 0.3 * centre, atol=1e-5, rtol=1e-5)
    assert list(layer.state_dict()) == ["weight"]


def test_a_centre_starts_larger_and_moves_farther() -> None:
    """By the factor at the start, and with SGD by its square in every step; the other eight points as without it."""
    torch.manual_seed(5)
    plain, twin = convolution(64, 64, 3), convolution(64, 64, 3)
    twin.load_state_dict(plain.state_dict())
    layer = CentreWeightedConvolution(twin, 1.3)
    gradient, starts, steps = torch.randn(64, 64, 3, 3), [], []
    for module, kernel in ((plain, lambda: plain.weight), (layer, layer.kernel)):
        before = kernel().detach().clone()
        torch.autograd.backward((kernel() * gradient).sum())
        torch.optim.SGD(module.parameters(), lr=0.1).step()
        starts.append(before)
        steps.append(kernel().detach() - before)
    expected = torch.ones(3, 3)
    expected[1, 1] = 1.3
    torch.testing.assert_close(starts[1], starts[0] * expected)
    torch.testing.assert_close(steps[1], steps[0] * expected.square(), atol=1e-5, rtol=1e-4)


def test_only_3x3_kernels_are_given_a_larger_centre() -> None:
    parts = torch.nn.ModuleList([convolution(4, 4, size) for size in (1, 3, 5)])
    trunk = torch.nn.ModuleList([parts, torch.nn.Linear(4, 4)])
    names = list(trunk.state_dict())
    emphasise_centres(trunk, 1.3)
    assert [type(part) for part in parts] == [torch.nn.Conv2d, CentreWeightedConvolution, torch.nn.Conv2d]
    assert list(trunk.state_dict()) == names


def test_folded_kernels_compute_the_same_on_every_transform_of_the_board() -> None:
    torch.manual_seed(6)
    emphasised = CentreWeightedConvolution(convolution(5, 4, 3, 2), 1.3)
    whole = torch.nn.Sequential(InputConvolution(3, 5), emphasised)
    initialise(whole)
    x = torch.randn(2, 3, 19, 19)
    expected = whole(x).detach()
    fold_kernels(whole)
    assert [type(part) for part in whole] == [torch.nn.Conv2d, torch.nn.Conv2d]
    assert len(whole.state_dict()) == 2
    torch.testing.assert_close(whole(x), expected, atol=1e-5, rtol=1e-5)
    for turns in range(4):
        for flipped in (False, True):
            transformed = torch.nn.Sequential(*whole)
            given, wanted = x.rot90(turns, (2, 3)), expected.rot90(turns, (2, 3))
            kernels = [part.weight.detach().rot90(turns, (2, 3)) for part in whole]
            if flipped:
                given, wanted, *kernels = [tensor.flip(3) for tensor in (given, wanted, *kernels)]
            weights = {f"{number}.weight": kernel for number, kernel in enumerate(kernels)}
            found = torch.func.functional_call(transformed, weights, given)
            torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_prelu_starts_as_relu_and_follows_its_slopes(dtype: torch.dtype) -> None:
    layer = PReLU(3)
    x = torch.randn(2, 3, 19, 19).to(dtype)
    assert torch.equal(layer(x), F.relu(x))
    torch.nn.init.normal_(layer.weight)
    slopes = layer.weight.detach().to(dtype).view(-1, 1, 1)
    assert layer(x).dtype == dtype
    assert torch.allclose(layer(x), torch.where(x > 0, x, slopes * x))


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("relu", F.relu),
        ("leaky-relu", F.leaky_relu),
        ("elu", F.elu),
        ("selu", F.selu),
        ("mish", F.mish),
        ("prelu", F.relu),
        ("crelu", lambda x: torch.cat([F.relu(x), F.relu(-x)], dim=1)),
    ],
)
def test_activations_are_what_they_are_called(kind: Activation, function: object) -> None:
    assert callable(function)
    x = torch.randn(2, 3, 19, 19)
    assert torch.equal(activation(kind, 3)(x), function(x))


def test_every_activation_of_the_config_exists() -> None:
    for kind in get_args(Activation):
        assert activation(kind, 3)(torch.zeros(1, 3, 2, 2)).abs().max() == 0
        assert activation(kind, 3)(torch.zeros(1, 3, 2, 2)).shape == (1, activated_channels(kind, 3), 2, 2)
        assert NormActMask(3, kind).outputs == activated_channels(kind, 3)


def test_norm_act_mask_leaves_nothing_off_the_board() -> None:
    torch.manual_seed(3)
    layer, mask = NormActMask(3, "prelu").eval(), square(5, 14)
    randomise(layer)
    x = torch.randn(2, 3, 19, 19) * mask
    plain, masked = layer(x, None), layer(x, mask)
    assert torch.equal(masked, plain * mask)
    assert plain[:, :, 0, 0].abs().max() > 0


def test_crelu_keeps_both_signs_apart() -> None:
    x, mask = torch.randn(2, 3, 19, 19), square(0, 9)
    expected = torch.cat([x.clamp(min=0), (-x).clamp(min=0)], dim=1)
    assert torch.equal(crelu(x, None), expected)
    assert torch.equal(crelu(x, mask), expected * mask)


def test_pooling_looks_at_the_board_alone() -> None:
    x, mask = torch.randn(2, 3, 19, 19), square(5, 14)
    inside = x[:, :, 5:14, 5:14].flatten(2)
    expected = torch.cat([inside.mean(2), inside.amax(2)], dim=1)
    assert torch.allclose(PooledMeanAndMax()(x * mask, mask), expected, atol=1e-6)
    negative = -x.abs() - 1
    assert (PooledMeanAndMax()(negative * mask, mask) < 0).all()


@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_of_pooling_against_differences(masked: bool) -> None:
    """In float64. All values differ by more than the step, so that the maximum stays where it is."""
    rng = np.random.default_rng(11)
    values = rng.permutation(2 * 2 * 361).reshape(2, 2, 19, 19) / 361 - 2
    mask = torch.cat([square(5, 14, 1), square(0, 19, 1)]).double() if masked else None
    x = torch.from_numpy(values)
    on_board = (x if mask is None else x * mask).requires_grad_()

    def pooled(features: Tensor) -> Tensor:
        return PooledMeanAndMax()(features if mask is None else features * mask, mask)

    assert torch.autograd.gradcheck(pooled, (on_board,), eps=1e-6, atol=1e-8, rtol=1e-6)


def test_the_maximum_hands_its_gradient_to_one_point() -> None:
    x = torch.zeros(1, 1, 19, 19, requires_grad=True)
    PooledMeanAndMax()(x, None)[0, 1].backward()
    assert x.grad is not None
    assert x.grad.count_nonzero() == 1
    assert x.grad.sum() == 1


def test_near_is_within_three_steps_of_a_stone() -> None:
    stones = torch.zeros(1, 1, 19, 19)
    stones[0, 0, 4, 7] = stones[0, 0, 18, 0] = 1
    near = near_stones(stones)[0, 0]
    for row in range(19):
        for column in range(19):
            distance = min(abs(row - 4) + abs(column - 7), abs(row - 18) + column)
            assert near[row, column] == (distance <= 3)


@pytest.mark.parametrize("slope", [0.3, -0.3])
def test_the_compiled_gradient_of_the_maximum_is_finite_in_bfloat16(slope: float) -> None:
    """Channels that are negative all over: the maximum is slope * x, rounded to bfloat16 when it is stored.

    Compiled, the backward pass computes slope * x again and does not round it. `amax` then looks for points equal to
    the stored maximum, finds none, and divides the gradient by their number, 0.
    """
    activation = PReLU(32)
    torch.nn.init.constant_(activation.weight, slope)
    x = -torch.rand(4, 32, 19, 19, generator=torch.Generator().manual_seed(1)) - 0.1
    weight = torch.randn(4, 64, generator=torch.Generator().manual_seed(2))

    def gradient(function: Any, values: Tensor) -> Tensor:
        leaf = values.clone().contiguous(memory_format=torch.channels_last).requires_grad_()
        (result,) = torch.autograd.grad((function(leaf).float() * weight).sum(), leaf)
        return torch.as_tensor(result)

    def pooled(values: Tensor) -> Tensor:
        return PooledMeanAndMax()(activation(values), None)

    rounded = x.bfloat16()
    compiled = pooled if missing_for_compile(torch.device("cpu")) else torch.compile(pooled, dynamic=False)
    found = gradient(compiled, rounded).float()
    assert found.isfinite().all()
    torch.testing.assert_close(found, gradient(pooled, rounded).float(), atol=0.02, rtol=0.02)
    torch.testing.assert_close(found.sum((2, 3)), gradient(pooled, rounded.float()).sum((2, 3)), atol=0.05, rtol=0.05)

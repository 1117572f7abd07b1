"""One network applied to several inputs in a step: shared weights, shared batch-norm statistics, equal answers."""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shicho.training.network.model import Network
from shicho.training.network.transforms import transform_points
from shicho.training.run.optimisers import make_optimisers
from tests.support.training import ALL_HEADS, random_network, tiny_preset

PRESET = tiny_preset(heads=ALL_HEADS)
MOMENTUM = 0.01


def two_inputs() -> tuple[Tensor, Tensor]:
    """Four positions [4, 26, 19, 19], and the same ones transformed, each in its own way."""
    first = (torch.rand(4, 26, 19, 19, generator=torch.Generator().manual_seed(1)) < 0.3).float()
    first[:, 0] = 1
    transforms = torch.tensor([1, 3, 4, 6]).repeat_interleave(26)
    return first, transform_points(first.flatten(2).flatten(0, 1), transforms).view_as(first)


def loss(network: Network, planes: Tensor) -> Tensor:
    return F.cross_entropy(network(planes)["policy"], torch.arange(len(planes)) % 4)


def steps() -> tuple[Network, Network, Network]:
    """A network, after a step in which it was called on both inputs, and after one on their concatenation."""
    network, (first, second) = random_network(PRESET).train(), two_inputs()
    twice, together = copy.deepcopy(network), copy.deepcopy(network)
    for trained, inputs in ((twice, (first, second)), (together, (torch.cat([first, second]),))):
        optimisers = make_optimisers(trained, PRESET.training, 1000)
        torch.autograd.backward(torch.stack([loss(trained, one) for one in inputs]).mean())
        for optimiser in optimisers:
            optimiser.step()
    return network, twice, together


def test_equal_inputs_give_equal_outputs_after_a_step() -> None:
    """Whichever of the two inputs they are, and whatever the other one is."""
    _, twice, together = steps()
    first, second = two_inputs()
    for network in (twice.eval(), together.eval()):
        with torch.no_grad():
            alone, again = network(first), network(first.clone())
            beside = network(torch.cat([first, second, first]))
        for name, output in alone.items():
            assert torch.equal(output, again[name])
            torch.testing.assert_close(beside[name][:4], output, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(beside[name][8:], output, atol=1e-5, rtol=1e-5)
            assert not torch.allclose(beside[name][4:8], output, atol=1e-3)


def test_parameters_exist_once_and_learn_from_both_inputs() -> None:
    """The gradient is that of two copies of the network, one for each input, added up."""
    network, (first, second) = random_network(PRESET).train(), two_inputs()
    copies = [copy.deepcopy(network) for _ in range(2)]
    names = [name for name, _ in network.named_parameters()]
    torch.autograd.backward(loss(network, first) + loss(network, second))
    assert [name for name, _ in network.named_parameters()] == names
    groups = [group for one in make_optimisers(network, PRESET.training, 1000) for group in one.param_groups]
    optimised = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(optimised) == sorted(map(id, network.parameters()))
    for one, planes in zip(copies, (first, second), strict=True):
        torch.autograd.backward(loss(one, planes))
    ours, *theirs = [dict(one.named_parameters()) for one in (network, *copies)]
    for name, parameter in ours.items():
        gradients = [one[name].grad for one in theirs]
        if name.startswith(("stem.", "trunk.", "heads.policy.")):
            assert parameter.grad is not None
            assert gradients[0] is not None
            assert gradients[1] is not None
            assert not torch.equal(gradients[0], torch.zeros_like(gradients[0]))
            torch.testing.assert_close(parameter.grad, gradients[0] + gradients[1], atol=1e-6, rtol=1e-4)


def first_norm(network: Network) -> nn.BatchNorm2d:
    norm = network.trunk[0].get_submodule("first.norm")
    assert isinstance(norm, nn.BatchNorm2d)
    return norm


def test_both_inputs_update_the_statistics() -> None:
    """By hand: one after the other where the network was called twice, both at once on the concatenation."""
    network, twice, together = steps()
    features = [network.stem(planes).detach() for planes in two_inputs()]
    for trained, batches in ((twice, features), (together, [torch.cat(features)])):
        mean, variance = first_norm(network).running_mean, first_norm(network).running_var
        assert mean is not None
        assert variance is not None
        for batch in batches:
            mean = (1 - MOMENTUM) * mean + MOMENTUM * batch.mean((0, 2, 3))
            variance = (1 - MOMENTUM) * variance + MOMENTUM * batch.transpose(0, 1).flatten(1).var(1)
        norm = first_norm(trained)
        torch.testing.assert_close(norm.running_mean, mean)
        torch.testing.assert_close(norm.running_var, variance)
        assert norm.num_batches_tracked == len(batches)

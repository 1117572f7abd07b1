"""Muon against plain reimplementations, which parameters go where, and the groups' learning rates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from shicho.training.config import AdamW, Constant, Muon, Optimiser, Residual, Sgd, TrainingConfig, Wide
from shicho.training.network.model import Network
from shicho.training.run.optimisers import (
    MuonOptimizer,
    make_optimisers,
    muon_parameters,
    orthogonalise,
    set_learning_rates,
)
from tests.support.training import ALL_HEADS, random_network, tiny_preset

ADAMW = AdamW(learning_rate=0.002, betas=(0.8, 0.95), eps=1e-9, weight_decay=0.03)
SGD = Sgd(learning_rate=0.1, weight_decay=1e-4, l2=0.3)


def settings(optimiser: Optimiser) -> TrainingConfig:
    return TrainingConfig(samples=1000, batch_size=10, optimiser=optimiser, schedule=Constant())


def network() -> Network:
    return random_network(tiny_preset(heads=ALL_HEADS))


def matrices(shape: tuple[int, int, int], seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# --------------------------------------------------------------------------------------------------- orthogonalisation


@pytest.mark.parametrize("shape", [(3, 16, 16), (4, 64, 20), (4, 20, 64), (2, 64, 576), (2, 8, 1000), (1, 1, 30)])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_singular_values_come_near_1(shape: tuple[int, int, int], scale: float) -> None:
    """Of matrices whose singular values lie within a factor of about 20; the smallest of a random square may not."""
    count, rows, columns = shape
    u, _, vt = torch.linalg.svd(matrices(shape, 4), full_matrices=False)
    spread = torch.logspace(-1.3, 0, min(rows, columns)).expand(count, -1)
    given = scale * u @ torch.diag_embed(spread) @ vt
    found = orthogonalise(given)
    assert found.shape == given.shape
    assert found.dtype == given.dtype
    values = torch.linalg.svdvals(found.double())
    assert values.min() > 0.6
    assert values.max() < 1.25


@pytest.mark.parametrize("shape", [(4, 64, 20), (4, 20, 64), (2, 64, 576), (3, 48, 24)])
def test_random_matrices_become_nearly_semi_orthogonal(shape: tuple[int, int, int]) -> None:
    values = torch.linalg.svdvals(orthogonalise(matrices(shape, 5)).double())
    assert values.min() > 0.6
    assert values.max() < 1.25


@pytest.mark.parametrize("shape", [(3, 24, 24), (4, 64, 20), (4, 20, 64)])
def test_the_directions_are_those_of_the_singular_vectors(shape: tuple[int, int, int]) -> None:
    """U' X V is diagonal for the singular vectors U and V of the input, and the nearest orthogonal matrix is U V'."""
    given = matrices(shape, 6)
    found = orthogonalise(given).double()
    u, _, vt = torch.linalg.svd(given.double(), full_matrices=False)
    inner = u.mT @ found @ vt.mT
    diagonal = torch.diagonal(inner, dim1=1, dim2=2)
    assert (inner - torch.diag_embed(diagonal)).abs().max() < 1e-3
    assert diagonal.min() > 0
    nearest = u @ vt
    cosine = (found * nearest).sum((1, 2)) / (found.norm(dim=(1, 2)) * nearest.norm(dim=(1, 2)))
    assert cosine.min() > 0.95


def test_each_matrix_is_orthogonalised_on_its_own() -> None:
    given = matrices((5, 12, 30), 7) * torch.logspace(-3, 3, 5)[:, None, None]
    together = orthogonalise(given)
    for single, found in zip(given, together, strict=True):
        torch.testing.assert_close(orthogonalise(single[None])[0], found, atol=1e-5, rtol=1e-5)


def test_a_gradient_of_zeros_stays_zeros() -> None:
    assert (orthogonalise(torch.zeros(2, 4, 9)) == 0).all()


# --------------------------------------------------------------------------------------------------------------- Muon


class SlowMuon:
    """Muon for one kernel in float64 numpy, written from its definition."""

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight.detach().double().numpy().copy()
        self.momentum = np.zeros_like(self.weight)

    def step(self, gradient: NDArray[Any], lr: float, momentum: float, weight_decay: float) -> None:
        self.momentum = momentum * self.momentum + (1 - momentum) * gradient
        ahead = (1 - momentum) * gradient + momentum * self.momentum
        matrix = ahead.reshape(len(ahead), -1)
        rows, columns = matrix.shape
        x = matrix / np.linalg.norm(matrix)
        for _ in range(5):
            gram = x @ x.T
            x = 3.4445 * x - 4.7750 * gram @ x + 2.0315 * gram @ gram @ x
        self.weight = self.weight * (1 - lr * weight_decay)
        self.weight -= lr * np.sqrt(max(1, rows / columns)) * x.reshape(self.weight.shape)


def gradients(parameters: Sequence[nn.Parameter], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=generator)


SHAPES = ((8, 6, 3, 3), (8, 6, 3, 3), (6, 8, 3, 3), (16, 4), (8, 6, 3, 3), (4, 16), (5, 5, 9, 1))


@pytest.mark.parametrize(("momentum", "weight_decay"), [(0.95, 0.0), (0.9, 0.5), (0.0, 0.1)])
def test_muon_against_one_matrix_after_another_in_float64(momentum: float, weight_decay: float) -> None:
    torch.manual_seed(8)
    parameters = [nn.Parameter(torch.randn(shape)) for shape in SHAPES]
    for parameter in parameters[1::2]:
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    slow = [SlowMuon(parameter) for parameter in parameters]
    optimiser = MuonOptimizer(parameters, lr=0.1, momentum=momentum, weight_decay=weight_decay)
    for seed in range(4):
        gradients(parameters, seed)
        for one, parameter in zip(slow, parameters, strict=True):
            assert parameter.grad is not None
            one.step(parameter.grad.double().numpy(), 0.1, momentum, weight_decay)
        optimiser.step()
        for one, parameter in zip(slow, parameters, strict=True):
            np.testing.assert_allclose(parameter.detach().numpy(), one.weight, atol=3e-4)


def test_together_is_one_by_one() -> None:
    torch.manual_seed(9)
    together = [nn.Parameter(torch.randn(shape)) for shape in SHAPES]
    singly = [nn.Parameter(parameter.detach().clone()) for parameter in together]
    optimisers = [MuonOptimizer([parameter], lr=0.1) for parameter in singly]
    joint = MuonOptimizer(together, lr=0.1)
    for seed in range(3):
        gradients(together, seed)
        gradients(singly, seed)
        joint.step()
        for optimiser in optimisers:
            optimiser.step()
    for one, other in zip(together, singly, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_parameters_without_a_gradient_stay() -> None:
    moved, still = (nn.Parameter(torch.randn(4, 6)) for _ in range(2))
    before = still.detach().clone()
    optimiser = MuonOptimizer([moved, still], lr=0.1, weight_decay=0.5)
    gradients([moved], 1)
    optimiser.step()
    assert torch.equal(still, before)
    assert still not in optimiser.state


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_size_of_the_gradient_does_not_matter(scale: float) -> None:
    steps = []
    for factor in (1.0, scale):
        parameter = nn.Parameter(torch.zeros(6, 20))
        gradients([parameter], 3)
        assert parameter.grad is not None
        parameter.grad *= factor
        MuonOptimizer([parameter], lr=0.1).step()
        steps.append(parameter.detach())
    torch.testing.assert_close(*steps, atol=1e-5, rtol=1e-3)
    assert 0.06 < torch.linalg.svdvals(steps[0]).max() < 0.125


# -------------------------------------------------------------------------------------------------- who gets what


def names_of(whole: nn.Module, parameters: Sequence[Tensor]) -> list[str]:
    names = {id(parameter): name for name, parameter in whole.named_parameters()}
    return [names[id(parameter)] for parameter in parameters]


def parameters_of(optimisers: Sequence[Optimizer]) -> list[list[Tensor]]:
    return [[p for group in optimiser.param_groups for p in group["params"]] for optimiser in optimisers]


def test_muon_takes_the_matrices_and_kernels_of_stem_and_trunk() -> None:
    """All but the second centre of the stem; nothing of the heads."""
    whole = network()
    taken = names_of(whole, muon_parameters(whole))
    matrices_of_all = [name for name, parameter in whole.named_parameters() if parameter.ndim >= 2]
    assert taken == [name for name in matrices_of_all if not name.startswith("heads.") and name != "stem.centre"]
    for name in ("stem.weight", "trunk.0.pooled.weight", "trunk.1.last_conv.weight", "trunk.2.narrow"):
        assert name in taken
    assert {"stem.centre", "heads.win.hidden.weight", "heads.policy.last_conv.weight"} <= set(matrices_of_all)


def test_muon_takes_the_kernels_with_a_larger_centre_too() -> None:
    preset = tiny_preset(Residual())
    emphasised = preset.model_copy(update={"network": preset.network.model_copy(update={"centre_factor": 1.3})})
    plain, larger = (random_network(found) for found in (preset, emphasised))
    assert names_of(larger, muon_parameters(larger)) == names_of(plain, muon_parameters(plain))


@pytest.mark.parametrize("chosen", [SGD, ADAMW, Muon(others=SGD), Muon(others=ADAMW)], ids=str)
def test_every_parameter_belongs_to_one_optimiser(chosen: Optimiser) -> None:
    whole = network()
    optimisers = make_optimisers(whole, settings(chosen), 1000)
    owned = [name for found in parameters_of(optimisers) for name in names_of(whole, found)]
    assert sorted(owned) == sorted(name for name, _ in whole.named_parameters())
    if isinstance(chosen, Muon):
        assert parameters_of(optimisers)[0] == muon_parameters(whole)
    kinds = [type(optimiser) for optimiser in optimisers]
    plain = torch.optim.SGD if SGD in (chosen, getattr(chosen, "others", None)) else torch.optim.AdamW
    assert kinds == ([MuonOptimizer, plain] if isinstance(chosen, Muon) else [plain])


def decays(optimisers: Sequence[Optimizer]) -> dict[int, float]:
    return {
        id(parameter): group["weight_decay"]
        for optimiser in optimisers
        for group in optimiser.param_groups
        for parameter in group["params"]
    }


@pytest.mark.parametrize(
    ("chosen", "decay"), [(SGD, 1e-4 + 0.3 / 10_000_000), (ADAMW, 0.03), (Muon(others=ADAMW, weight_decay=0.7), 0.03)]
)
def test_norms_and_biases_do_not_decay_and_all_else_does(chosen: Optimiser, decay: float) -> None:
    whole = network()
    found = decays(make_optimisers(whole, settings(chosen), 10_000_000))
    taken = {id(parameter) for parameter in muon_parameters(whole)} if isinstance(chosen, Muon) else set()
    kinds = set()
    for name, module in whole.named_modules():
        for key, parameter in module.named_parameters(recurse=False):
            free = isinstance(module, nn.BatchNorm2d) or key == "bias"
            expected = 0 if free else 0.7 if id(parameter) in taken else decay
            assert found.pop(id(parameter)) == pytest.approx(expected, rel=1e-12), f"{name}.{key}"
            kinds.add((type(module).__name__, free))
    assert not found
    assert {("PReLU", False), ("BatchNorm2d", True), ("Linear", True), ("Linear", False)} <= kinds


def test_settings_reach_the_optimisers() -> None:
    whole = random_network(tiny_preset(Residual(pool=True), Wide(channels=4)))
    for chosen, nesterov in ((SGD, True), (Sgd(learning_rate=0.1, momentum=0.0), False)):
        (sgd,) = make_optimisers(whole, settings(chosen), 1000)
        assert all(group["nesterov"] is nesterov for group in sgd.param_groups)
        assert all(group["momentum"] == chosen.momentum for group in sgd.param_groups)
    (adamw,) = make_optimisers(whole, settings(ADAMW), 1000)
    assert all(group["betas"] == (0.8, 0.95) and group["eps"] == 1e-9 for group in adamw.param_groups)
    chosen = Muon(learning_rate=0.05, momentum=0.8, weight_decay=0.2, others=ADAMW)
    muon, others = make_optimisers(whole, settings(chosen), 1000)
    assert [(g["lr"], g["momentum"], g["weight_decay"]) for g in muon.param_groups] == [(0.05, 0.8, 0.2)]
    assert [group["lr"] for group in others.param_groups] == [0.002, 0.002]


def test_groups_keep_their_own_learning_rates() -> None:
    optimisers = make_optimisers(network(), settings(Muon(learning_rate=0.02, others=SGD)), 1000)
    rates = [group["lr"] for optimiser in optimisers for group in optimiser.param_groups]
    assert rates == [0.02, 0.1, 0.1]
    for factor in (0.5, 0.0, 1.0, 0.25):
        set_learning_rates(optimisers, factor)
        found = [group["lr"] for optimiser in optimisers for group in optimiser.param_groups]
        assert found == pytest.approx([rate * factor for rate in rates], rel=1e-12)


@pytest.mark.parametrize("chosen", [SGD, ADAMW, Muon(others=SGD), Muon(others=ADAMW)], ids=str)
def test_a_learning_rate_of_0_moves_nothing(chosen: Optimiser) -> None:
    whole = network()
    before = [parameter.detach().clone() for parameter in whole.parameters()]
    optimisers = make_optimisers(whole, settings(chosen), 1000)
    gradients([*whole.parameters()], 1)
    for factor, moves in ((0.0, False), (1.0, True)):
        set_learning_rates(optimisers, factor)
        for optimiser in optimisers:
            optimiser.step()
        for (name, parameter), old in zip(whole.named_parameters(), before, strict=True):
            assert torch.equal(parameter, old) is not moves, name

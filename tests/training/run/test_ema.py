"""The moving average of the weights against a slow loop."""

import numpy as np
import pytest
import torch

from shicho.training.run.checkpoint import network_arrays
from shicho.training.run.ema import WeightAverage
from tests.support.training import ALL_HEADS, random_network, randomise, tiny_preset


@pytest.mark.parametrize("decay", [0.9, 0.3])
def test_the_average_against_a_slow_loop(decay: float) -> None:
    """Weights and statistics, over 30 steps: the first ones follow the weights more quickly."""
    network = random_network(tiny_preset(heads=ALL_HEADS))
    average = WeightAverage(network, decay)
    expected = {name: array.astype(np.float64) for name, array in network_arrays(network).items()}
    kept = []
    for step in range(30):
        randomise(network)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.1)
        average.update(network)
        kept.append(min(decay, (1 + step) / (10 + step)))
        for name, array in network_arrays(network).items():
            expected[name] = kept[-1] * expected[name] + (1 - kept[-1]) * array
    assert kept[0] == pytest.approx(0.1)
    assert kept[-1] == pytest.approx(decay if decay < 0.7 else 30 / 39)
    assert average.steps == 30
    found = network_arrays(average.network)
    for name, array in expected.items():
        if found[name].dtype == np.float32:
            np.testing.assert_allclose(found[name], array, rtol=1e-4, atol=1e-5, err_msg=name)


def test_counters_are_copied_and_not_averaged() -> None:
    network = random_network(tiny_preset())
    average = WeightAverage(network, 0.9)
    counters = [name for name, array in network_arrays(network).items() if array.dtype == np.int64]
    assert len(counters) > 5
    network.train()
    for _ in range(3):
        network(torch.rand(2, 26, 19, 19))
        average.update(network)
    assert all(network_arrays(average.network)[name] == 3 for name in counters)


def test_the_average_is_a_copy_in_evaluation_mode_without_gradients() -> None:
    network = random_network(tiny_preset()).train()
    average = WeightAverage(network, 0.9)
    assert not average.network.training
    assert not any(parameter.requires_grad for parameter in average.network.parameters())
    before = network_arrays(average.network)
    with torch.no_grad():
        network.stem.weight.add_(1)
    np.testing.assert_array_equal(network_arrays(average.network)["stem.weight"], before["stem.weight"])
    assert network.training
    weights = network_arrays(network)
    average.update(network)
    for name, array in network_arrays(network).items():
        np.testing.assert_array_equal(array, weights[name], err_msg=name)
    assert network.stem.weight.requires_grad

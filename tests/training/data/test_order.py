"""The order of training: permutations, passes, and mixtures of groups in given shares."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shicho.engine.errors import BadConfig
from shicho.training.data.order import MIX_PERIOD, Mixed, Shuffled, permute
from shicho.training.data.positions import Positions
from shicho.training.data.store import GameStore
from tests.support.stores import grouped_store


@pytest.fixture(scope="module")
def store() -> GameStore:
    return grouped_store()


@pytest.fixture(scope="module")
def positions(store: GameStore) -> Positions:
    return Positions.of_split(store, "train")


def groups_of(store: GameStore, positions: Positions, numbers: np.ndarray) -> list[str]:
    games, _ = positions.locate(numbers)
    return [store.sources[source].group for source in store.source[games]]


@given(st.integers(1, 5000), st.integers(0, 2**128 - 1))
def test_permute_is_a_permutation(size: int, key: int) -> None:
    assert sorted(permute(np.arange(size), size, key).tolist()) == list(range(size))


def test_permute_mixes() -> None:
    size = 100_000
    ours, theirs = (permute(np.arange(size), size, key) for key in (1, 2))
    places = np.arange(size)
    for order in (ours, theirs, ours - theirs, np.diff(ours)):
        assert abs(np.corrcoef(order, places[: len(order)])[0, 1]) < 0.015
    assert (ours == theirs).sum() < 20
    assert (np.abs(np.diff(ours)) == 1).sum() < 20
    counts = np.histogram(ours[: size // 2], bins=50, range=(0, size))[0]
    assert np.abs(counts - 1000).max() < 150


def test_permute_large_sizes() -> None:
    size = 2**40 + 7
    numbers = np.arange(size - 1000, size)
    sent = permute(numbers, size, 3)
    assert len(set(sent.tolist())) == 1000
    assert sent.min() >= 0
    assert sent.max() < size


def test_permute_stays_as_it_was() -> None:
    """A run that is resumed with a newer version must go on with the same positions."""
    assert permute(np.arange(8), 1000, 5).tolist() == [944, 797, 756, 265, 567, 591, 878, 994]
    large = permute(np.arange(4), 95_165_863, (7 << 64) + 1)
    assert large.tolist() == [52644682, 32299874, 57581510, 16227293]


@pytest.mark.parametrize("batch_size", [1, 64, 1000, 10_000])
def test_a_pass_visits_every_position_once(positions: Positions, batch_size: int) -> None:
    order = Shuffled(positions, 5)
    size = len(positions)
    numbers = np.concatenate([order.numbers(batch, batch_size) for batch in range(2 * size // batch_size + 1)])
    first, second = numbers[:size], numbers[size : 2 * size]
    assert sorted(first.tolist()) == list(range(size))
    assert sorted(second.tolist()) == list(range(size))
    assert (first == second).sum() < 20


@pytest.mark.parametrize(
    ("mix", "shares"),
    [
        ({"pro": 3, "kgs-6d": 1}, {"pro": 0.75, "kgs-6d": 0.25}),
        ({"kgs-6d": 0.2, "pro": 0.2}, {"pro": 0.5, "kgs-6d": 0.5}),
        ({"kgs-6d": 7}, {"kgs-6d": 1.0}),
        ({"pro": 1, "kgs-6d": 999}, {"pro": 0.001, "kgs-6d": 0.999}),
    ],
)
@pytest.mark.parametrize("batch_size", [10, 64, 1000])
def test_every_batch_holds_the_shares(
    store: GameStore, positions: Positions, mix: dict[str, float], shares: dict[str, float], batch_size: int
) -> None:
    order = Mixed(store, positions, mix, seed=3)
    total: Counter[str] = Counter()
    for batch in range(30):
        found = Counter(groups_of(store, positions, order.numbers(batch, batch_size)))
        total += found
        for name, share in shares.items():
            assert abs(found[name] - batch_size * share) <= 2
            assert abs(total[name] - (batch + 1) * batch_size * share) <= 2
    assert set(total) <= set(shares)


def test_every_group_goes_through_its_own_positions_pass_by_pass(store: GameStore, positions: Positions) -> None:
    order = Mixed(store, positions, {"pro": 1, "kgs-6d": 4}, seed=3)
    visits: Counter[int] = Counter()
    passes = {}
    for batch in range(40):  # two and a half periods of the pattern
        visits.update(order.numbers(batch, MIX_PERIOD // 16 + 1).tolist())
    for group in ("pro", "kgs-6d"):
        own = [n for n, name in enumerate(groups_of(store, positions, np.arange(len(positions)))) if name == group]
        counts = {visits[number] for number in own}
        passes[group] = sum(visits[number] for number in own) / len(own)
        assert counts <= {int(passes[group]), int(passes[group]) + 1}
    assert passes["pro"] > 1
    assert passes["kgs-6d"] > 5


def test_a_source_by_its_own_name_does_not_count_for_its_group(store: GameStore, positions: Positions) -> None:
    def names(mix: dict[str, float]) -> Counter[str]:
        games, _ = positions.locate(Mixed(store, positions, mix, seed=1).numbers(2, 1000))
        return Counter(store.source_names[source] for source in store.source[games])

    assert set(names({"pro-b": 1})) == {"pro-b"}
    assert set(names({"pro": 1})) == {"pro-a", "pro-b"}
    assert names({"pro": 1, "pro-b": 3}) == {"pro-a": 250, "pro-b": 750}
    assert names({"pro-b": 3, "pro": 1}) == {"pro-a": 250, "pro-b": 750}


def test_a_mixture_depends_on_its_seed_and_batch_alone(store: GameStore, positions: Positions) -> None:
    mix = {"pro": 2.0, "kgs-6d": 1.0}
    made = [Mixed(store, positions, mix, seed) for seed in (3, 3, 4)]
    ours, again, other = ([order.numbers(batch, 64).tolist() for batch in (0, 7, 100_000)] for order in made)
    assert ours == again
    assert all(a != b for a, b in zip(ours, other, strict=True))
    assert len({tuple(numbers) for numbers in ours}) == 3


def test_a_mixture_of_filtered_positions(store: GameStore) -> None:
    chosen = Positions.of_split(store, "train", min_rank=6, plies=(5, 60))
    games, plies = chosen.locate(Mixed(store, chosen, {"pro": 1, "kgs-6d": 1}, seed=0).numbers(1, 2000))
    allowed = set(zip(*(part.tolist() for part in chosen.locate(np.arange(len(chosen)))), strict=True))
    assert set(zip(games.tolist(), plies.tolist(), strict=True)) == allowed


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        ({"pro": 1, "tygem": 1}, ["'tygem'", "pro", "kgs-6d"]),
        ({"pro": 0}, ["'pro'", "0"]),
        ({"pro": 1, "kgs-6d": -2}, ["'kgs-6d'", "-2"]),
        ({"pro": float("nan")}, ["'pro'", "nan"]),
        ({"pro": float("inf")}, ["'pro'", "inf"]),
        ({"held-out": 1}, ["'held-out'"]),
        ({}, ["mix"]),
    ],
)
def test_bad_mixtures(store: GameStore, positions: Positions, mix: dict[str, float], words: list[str]) -> None:
    with pytest.raises(BadConfig) as caught:
        Mixed(store, positions, mix, seed=0)
    assert all(word in str(caught.value) for word in words)

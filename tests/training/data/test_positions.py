"""Which positions are trained on and evaluated: splits, filters, and what counts in figures."""

from collections.abc import Iterator

import numpy as np
import pytest

from shicho.engine.errors import BadConfig
from shicho.engine.moves import PASS, POINT_MASK, WHITE_BIT
from shicho.training.data.positions import NothingToEvaluate, Positions, evaluation_positions
from shicho.training.data.store import SPLITS, VALIDATION, GameStore
from tests.support.stores import grouped_store, small_store


@pytest.fixture(scope="module")
def store() -> GameStore:
    return small_store()


@pytest.fixture(scope="module")
def grouped() -> GameStore:
    return grouped_store()


def pairs(chosen: Positions) -> Iterator[tuple[int, int]]:
    games, plies = chosen.locate(np.arange(len(chosen)))
    return zip(games.tolist(), plies.tolist(), strict=True)


def rank_of_player(store: GameStore, game: int, ply: int) -> int:
    white = int(store.moves[store.game_start[game] + ply]) & WHITE_BIT
    return int(store.white_rank[game] if white else store.black_rank[game])


def test_positions_are_all_plies_of_the_split(store: GameStore) -> None:
    for number, split in enumerate(SPLITS):
        chosen = Positions.of_split(store, split)
        assert chosen.plies is None
        assert list(pairs(chosen)) == [
            (game, ply)
            for game in range(len(store))
            if store.split[game] == number
            for ply in range(store.lengths[game])
        ]
    with pytest.raises(BadConfig, match="'training'"):
        Positions.of_split(store, "training")


@pytest.mark.parametrize("years", [None, (1999, 2001), (0, 2005), (2010, 2010), (1900, 1910)])
@pytest.mark.parametrize("min_rank", [None, 6, 20, -5])
@pytest.mark.parametrize("max_rank", [None, 7, -3])
@pytest.mark.parametrize("plies", [None, (0, 0), (7, 40), (25, 1000), (5000, 6000)])
def test_filters(
    grouped: GameStore,
    years: tuple[int, int] | None,
    min_rank: int | None,
    max_rank: int | None,
    plies: tuple[int, int] | None,
) -> None:
    filters = {"years": years, "min_rank": min_rank, "max_rank": max_rank, "plies": plies}
    if min_rank is not None and max_rank is not None and min_rank > max_rank:
        with pytest.raises(BadConfig, match=f"{min_rank} to {max_rank}"):
            Positions.of_split(grouped, "train", **filters)  # type: ignore[arg-type]
        return
    chosen = Positions.of_split(grouped, "train", **filters)  # type: ignore[arg-type]
    expected = []
    for game in range(len(grouped)):
        year = int(grouped.year[game])
        if grouped.split[game] != 0 or (years is not None and not (year and years[0] <= year <= years[1])):
            continue
        for ply in range(grouped.lengths[game]):
            rank = rank_of_player(grouped, game, ply)
            if min_rank is not None and (rank == 0 or rank < min_rank):
                continue
            if max_rank is not None and (rank == 0 or rank > max_rank):
                continue
            if plies is None or plies[0] <= ply <= plies[1]:
                expected.append((game, ply))
    assert list(pairs(chosen)) == expected
    assert len(chosen) == len(expected)
    assert (chosen.plies is None) == (min_rank is None and max_rank is None)


@pytest.mark.parametrize("limits", [(5, 4), (-1, 4)])
@pytest.mark.parametrize("name", ["years", "plies"])
def test_ranges_that_are_none(store: GameStore, name: str, limits: tuple[int, int]) -> None:
    with pytest.raises(BadConfig, match=f"{name} {limits[0]} to {limits[1]}"):
        Positions.of_split(store, "train", **{name: limits})  # type: ignore[arg-type]


def test_some_positions_are_picked_by_number(grouped: GameStore) -> None:
    for filters in ({}, {"plies": (3, 30)}, {"min_rank": 6, "plies": (3, 30)}):
        chosen = Positions.of_split(grouped, "train", **filters)  # type: ignore[arg-type]
        numbers = np.arange(1, len(chosen), 7)
        everything = list(pairs(chosen))
        assert list(pairs(chosen.pick(numbers))) == [everything[number] for number in numbers]


def counts_in_tests(store: GameStore, game: int, ply: int, min_rank: int) -> bool:
    move = int(store.moves[store.game_start[game] + ply])
    no_setup = store.setup_start[game] == store.setup_start[game + 1]
    strong = rank_of_player(store, game, ply) >= min_rank
    return bool(store.handicap[game] < 2 and no_setup and strong and move & POINT_MASK != PASS)


@pytest.mark.parametrize(("place", "min_rank"), [({"source": "ranked"}, 6), ({"split": "validation"}, -99)])
def test_evaluation_counts_what_it_should(store: GameStore, place: dict[str, str], min_rank: int) -> None:
    expected = [
        (game, ply)
        for game in range(len(store))
        if (store.source[game] == 2 if "source" in place else store.split[game] == VALIDATION)
        for ply in range(store.lengths[game])
        if counts_in_tests(store, game, ply, min_rank)
    ]
    assert list(pairs(evaluation_positions(store, **place))) == expected  # type: ignore[arg-type]
    drawn = list(pairs(evaluation_positions(store, positions=100, seed=1, **place)))  # type: ignore[arg-type]
    assert len(drawn) == 100
    assert drawn == sorted(set(drawn))
    assert set(drawn) < set(expected)
    assert drawn == list(pairs(evaluation_positions(store, positions=100, seed=1, **place)))  # type: ignore[arg-type]
    assert drawn != list(pairs(evaluation_positions(store, positions=100, seed=2, **place)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({}, "source or a split"),
        ({"source": "ranked", "split": "test"}, "source or a split"),
        ({"source": "pro-2015"}, "'pro-2015'"),
        ({"split": "tests"}, "'tests'"),
        ({"source": "nothing"}, "nothing"),
    ],
)
def test_evaluation_of_what_is_not_there(store: GameStore, place: dict[str, str], words: str) -> None:
    with pytest.raises(BadConfig, match=words):
        evaluation_positions(store, **place)  # type: ignore[arg-type]


def test_nothing_to_evaluate_is_told_apart(store: GameStore) -> None:
    columns = {**store.columns(), "handicap": np.full(len(store), 2, np.uint8)}
    with pytest.raises(NothingToEvaluate, match="ranked"):
        evaluation_positions(GameStore(sources=store.sources, command="", **columns), source="ranked")

"""Fine-tuning: which games are held out and mixed in, the recipe, what is said of the gain, and the whole command."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from click.testing import Result

from shicho.engine.errors import BadCheckpoint, BadConfig, BadNetwork, BadRecord
from shicho.engine.policy import Policy
from shicho.tools.commands.finetune import finetune
from shicho.training.config import AdamW, Condition, Constant, Heads, Muon, OneCycle, Residual, Sgd, Win
from shicho.training.data.records import read_block
from shicho.training.data.sources import Text
from shicho.training.data.store import TEST, TRAIN, VALIDATION, Games, GameStore, Source
from shicho.training.data.targets import GAME, PLY
from shicho.training.finetune import (
    HELD_OUT,
    KEPT_HELD_OUT,
    OWN,
    START,
    Gain,
    begin,
    measure,
    preset_for,
    sentence,
    split_games,
    with_kept,
)
from shicho.training.network.model import Network
from shicho.training.run.checkpoint import load_checkpoint
from shicho.training.run.device import Precision
from shicho.training.run.loop import train
from shicho.training.run.options import RunOptions
from shicho.training.run.step import TrainingStep
from tests.support.commands import invoke
from tests.support.networks import write_network
from tests.support.real_games import FOLDER
from tests.support.sgf_texts import sgf_game, write_files
from tests.support.stores import grouped_store, random_games
from tests.support.training import TINY_POLICY, tiny_preset, tiny_state, write_checkpoint

PLACE = Path("my-games")
STATE = tiny_state(tiny_preset(Residual()))


def own_games(count: int, seed: int = 0, **columns: Any) -> Games:
    """Even games of two sources, as they come from a build, apart from what `columns` change."""
    games = random_games(count, seed=seed)
    zeros = np.zeros(count, np.uint8)
    rng = np.random.default_rng(seed)
    even = {"handicap": zeros, "setup": np.empty(0, np.uint16), "setup_start": np.zeros(count + 1, np.int64)}
    usual = {**even, "source": rng.integers(0, 2, count).astype(np.uint8), "split": zeros}
    return replace(games, **{**usual, **columns})


def account(games: Games) -> list[Source]:
    """The two sources that these games came from, and a record that was left out."""
    found = []
    for number, name in enumerate(("one", "two")):
        of = games.select(games.source == number)
        counts = {"games_read": len(of) + 1, "kept_games": len(of), "left_out": {"too short": 1}}
        moves = {"moves_read": len(of.moves) + 3, "kept_moves": len(of.moves), "moves_left_out": {"too short": 3}}
        found.append(Source(name=name, group=name, sha256=name, **counts, **moves))
    return found


def split(games: Games) -> GameStore:
    return split_games(games, account(games), ranks=True, place=PLACE)


@pytest.mark.parametrize(
    ("count", "held"), [(2, 1), (3, 1), (8, 2), (40, 10), (80, 20), (150, 20), (300, 30), (12_000, 1000)]
)
def test_a_part_of_the_games_is_held_out(count: int, held: int) -> None:
    games = own_games(count)
    store = split(games)
    assert [source.name for source in store.sources if source.test] == [HELD_OUT]
    assert (store.split == TEST).sum() == held
    assert ((store.split == TEST) == (store.source == store.source_names.index(HELD_OUT))).all()
    assert set(np.unique(store.split)) == {TRAIN, TEST}
    assert all(source.adds_up for source in store.sources)
    assert [source.kept_games for source in store.sources] == np.bincount(store.source, minlength=3).tolist()
    assert sum(source.kept_moves for source in store.sources) == len(games.moves)
    assert {source.group for source in store.sources if not source.test} == {OWN}
    turned = split(games.select(np.arange(count)[::-1]))
    assert set(turned.hash[turned.split == TEST]) == set(store.hash[store.split == TEST])


def test_only_even_games_are_held_out() -> None:
    handicap = np.full(40, 2, np.uint8)
    handicap[[3, 5]] = 0, 1
    store = split(own_games(40, handicap=handicap))
    assert set(np.flatnonzero(store.split == TEST)) == {3, 5}
    with pytest.raises(BadRecord, match=f"^{PLACE}.* 0 even"):
        split(own_games(40, handicap=np.full(40, 2, np.uint8)))
    with pytest.raises(BadRecord, match="1 usable"):
        split(own_games(1))


def test_ranks_are_forgotten_for_a_network_that_would_be_told_them() -> None:
    games = own_games(20, black_rank=np.full(20, 5, np.int8))
    assert (split(games).black_rank == 5).all()
    store = split_games(games, account(games), ranks=False, place=PLACE)
    assert not store.black_rank.any()
    assert not store.white_rank.any()


def test_a_network_that_is_told_sources_takes_ones_own_games_as_unknown() -> None:
    preset = tiny_preset(Residual(), condition=Condition(sources=("pro", "one")))
    store = with_kept(split(own_games(60)), grouped_store(), 1, 0)
    step = TrainingStep(
        Network(preset.network, masked=False),
        preset.training,
        device=torch.device("cpu"),
        precision=Precision.FLOAT32,
        compile=False,
        positions=1,
        groups=store.group_names,
    )
    known = dict(zip(store.group_names, step._condition_of_group.tolist(), strict=True))
    assert known[OWN] == 0
    assert known["pro"] == 1


def kept_store(games: Games) -> GameStore:
    """Games of three groups in all three splits."""
    turn = np.arange(len(games)) % 3
    groups = ("pro", OWN, "pro")
    sources = tuple(Source(name=f"s{number}", group=group, sha256=str(number)) for number, group in enumerate(groups))
    splits = np.array([TRAIN, TRAIN, TRAIN, VALIDATION, TEST], np.uint8)[np.arange(len(games)) % 5]
    return GameStore(
        sources=sources, command="", **replace(games, source=turn.astype(np.uint8), split=splits).columns()
    )


def test_kept_games_are_mixed_in_and_measured() -> None:
    own = split(own_games(60))
    others = own_games(900, seed=1)
    others.hash[:30] = own.hash[:30]
    kept = kept_store(others)
    store = with_kept(own, kept, 2, seed=5)
    np.testing.assert_array_equal(store.hash[:60], own.hash)
    mixed_in, measured = store.hash[60:][store.split[60:] == TRAIN], store.hash[60:][store.split[60:] == TEST]
    assert set(mixed_in) <= set(kept.hash[kept.split == TRAIN])
    assert set(measured) <= set(kept.hash[kept.split == VALIDATION])
    assert not set(store.hash[60:]) & set(own.hash)
    own_moves = own.lengths[own.split == TRAIN].sum()
    lengths = store.lengths[60:][store.split[60:] == TRAIN]
    assert 2 * own_moves <= lengths.sum() < 2 * own_moves + lengths.max() + 1
    assert [source.name for source in store.sources if source.test] == [HELD_OUT, KEPT_HELD_OUT]
    assert all(source.adds_up for source in store.sources)
    assert [source.kept_games for source in store.sources] == np.bincount(store.source).tolist()
    assert set(store.group_names) == {OWN, HELD_OUT, "pro", f"kept-{OWN}", KEPT_HELD_OUT}
    by_hash = dict(zip(kept.hash.tolist(), np.array(kept.source_names)[kept.source], strict=True))
    for place in np.flatnonzero((store.split == TRAIN) & (np.arange(len(store)) >= 60)):
        assert store.source_names[store.source[place]] == by_hash[int(store.hash[place])]
    again = with_kept(own, kept, 2, seed=5)
    np.testing.assert_array_equal(again.hash, store.hash)
    assert set(with_kept(own, kept, 2, seed=6).hash) != set(store.hash)


def test_nothing_to_keep() -> None:
    own = split(own_games(60))
    with pytest.raises(BadConfig, match="games to keep"):
        with_kept(own, own, 1, 0)


def test_the_recipe() -> None:
    own = split(own_games(60))
    moves = int(own.lengths[own.split == TRAIN].sum())
    preset = preset_for(STATE, own, epochs=3, learning_rate=0.1, seed=7)
    training = preset.training
    assert (preset.name, preset.network) == ("tiny-finetuned", STATE.preset.network)
    assert (training.samples, training.batch_size, training.seed) == (3 * moves, 16, 7)
    assert isinstance(training.optimiser, Sgd)
    assert training.optimiser.learning_rate == pytest.approx(0.0016)
    assert training.schedule == OneCycle(warmup=0.1)
    assert (training.ema_samples, training.cooldown, training.data.mix) == (None, None, None)
    assert preset_for(replace(STATE, preset=preset), own, epochs=1, learning_rate=1, seed=1).name == "tiny-finetuned"
    store = with_kept(own, kept_store(own_games(900, seed=1)), 3, 0)
    training = preset_for(STATE, store, epochs=3, learning_rate=0.1, seed=7).training
    assert training.samples == 6 * moves
    assert training.data.mix is not None
    shares = dict(training.data.mix)
    assert shares.pop(OWN) == 1
    assert sum(shares.values()) == pytest.approx(1)
    positions = {name: sum(s.kept_moves for s in store.sources if s.group == name) for name in shares}
    assert shares["pro"] / shares[f"kept-{OWN}"] == pytest.approx(positions["pro"] / positions[f"kept-{OWN}"])


def test_every_optimiser_goes_on_with_lower_learning_rates() -> None:
    own = split(own_games(20))
    sgd = Sgd(learning_rate=0.5, weight_decay=0.001, l2=0.2468)
    for given, expected in (
        (sgd, {"learning_rate": 0.05, "l2": 0, "weight_decay": 0.001 + 0.2468 / 1234}),
        (AdamW(learning_rate=0.01, weight_decay=0.3), {"learning_rate": 0.001, "weight_decay": 0.3}),
        (Muon(learning_rate=0.02, others=sgd), {"learning_rate": 0.002}),
    ):
        state = replace(STATE, preset=tiny_preset(optimiser=given))
        found = preset_for(state, own, epochs=1, learning_rate=0.1, seed=1).training.optimiser
        assert found.type == given.type
        assert {name: getattr(found, name) for name in expected} == pytest.approx(expected)
        if isinstance(found, Muon):
            assert found.others.learning_rate == pytest.approx(0.05)


def test_a_run_begins_with_the_averaged_weights_and_only_once(tmp_path: Path) -> None:
    given = write_checkpoint(tmp_path / "given", average=True)
    other = write_checkpoint(tmp_path / "other", seed=3)
    network, another = load_checkpoint(given), load_checkpoint(other)
    begin(tmp_path / "run", another)
    begin(tmp_path / "run", network)
    written = load_checkpoint(tmp_path / "run" / START)
    assert not written.average
    assert written.weights.keys() == network.weights.keys()
    for name, array in written.weights.items():
        np.testing.assert_array_equal(array, network.average[name], err_msg=name)
    shutil.copytree(given, tmp_path / "run" / "checkpoint-000000000032")
    begin(tmp_path / "run", network)
    with pytest.raises(BadCheckpoint, match="another network"):
        begin(tmp_path / "run", another)


def test_an_onnx_file_names_the_checkpoint_that_it_was_made_of(tmp_path: Path) -> None:
    training = json.dumps({"preset": "tiny", "samples": 1234567})
    write_network(tmp_path / "net.onnx", metadata={"training": training})
    with pytest.raises(BadCheckpoint, match=r"net\.onnx: .*preset tiny with 1,234,567 samples"):
        load_checkpoint(tmp_path / "net.onnx")
    with pytest.raises(BadNetwork, match=r"none\.onnx"):
        load_checkpoint(tmp_path / "none.onnx")


def gain(difference: float, noise: float, games: int = 40) -> Gain:
    """A gain in cross-entropy that is the same in all games but for noise between them; top-1 stays as it is."""
    rng = np.random.default_rng(1)
    game = np.repeat(np.arange(games, dtype=np.float64), 20)
    before = {
        "top1": rng.integers(0, 2, len(game)).astype(np.float64),
        "top4": np.ones(len(game)),
        "cross_entropy": rng.uniform(1, 3, len(game)),
        GAME: game,
        PLY: np.zeros(len(game)),
    }
    shift = difference + noise * np.repeat(rng.normal(size=games), 20)
    return Gain(source="held-out", before=before, after={**before, "cross_entropy": before["cross_entropy"] + shift})


def test_a_gain_is_paired_and_counts_games() -> None:
    sure = gain(-0.05, 0.0).differences()
    assert sure["cross_entropy"] == pytest.approx((-0.05, -0.05, -0.05))
    assert sure["top1"] == (0, 0, 0)
    mean, low, high = gain(0.0, 0.1, games=400).differences()["cross_entropy"]
    assert high - low == pytest.approx(2 * 1.96 * 0.1 / 20, rel=0.15)
    assert low < mean < high


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        (gain(-0.05, 0.02), "gained 0.0"),
        (gain(0.05, 0.02), "lost 0.0"),
        (gain(0.0, 0.1), "cannot tell"),
        (gain(-0.5, 0.02, games=9), "9 games are too few"),
    ],
)
def test_the_sentence_says_what_the_interval_supports(measured: Gain, words: str) -> None:
    said = sentence(measured)
    assert words in said
    assert f"{measured.games} games" in said
    assert "top-1, they cannot tell" in said or "too few" in said


# ------------------------------------------------------------------------------------------------------ the command


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Games of GNU Go, one of them twice, the second time mirrored in a collection, and one with handicap."""
    place = tmp_path_factory.mktemp("games") / "my-games"
    place.mkdir()
    for path in sorted(FOLDER.glob("19-seed00[1-6].sgf")):
        shutil.copy(path, place)
    shutil.copy(FOLDER / "19-seed010-handicap2.sgf", place)
    return write_files(place, {"two.sgf": sgf_game(1) + sgf_game(1, transform=3)})


HEADS = Heads(policy=TINY_POLICY, win=Win(channels=4, hidden=6))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    preset = tiny_preset(Residual(), heads=HEADS, schedule=Constant())
    return write_checkpoint(tmp_path_factory.mktemp("network") / "c", preset)


def command(*arguments: object) -> Result:
    return invoke(finetune, *arguments, "--no-compile", "--precision", "float32", "--threads", "1", "--jobs", "1")


RECIPE = {"epochs": 1.0, "learning_rate": 1.0, "seed": 4}


@pytest.fixture(scope="module")
def tuned(folder: Path, network: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The ONNX file, and what the command printed: it was stopped after a step, and given again."""
    output = tmp_path_factory.mktemp("tuned") / "net.onnx"
    arguments = [folder, "--from", network, "-o", output]
    arguments += [text for name, value in RECIPE.items() for text in (f"--{name.replace('_', '-')}", value)]
    printed = []
    for budget in (["--time-budget", "0.05s"], []):
        result = command(*arguments, *budget)
        assert result.exit_code == 0, result.output
        printed.append(result.stdout)
        assert output.exists() == (not budget)
    return output, printed


def train_on(store: GameStore, network: Path, folder: Path, **recipe: Any) -> Path:
    """A run without interruption, as the command begins it; returns its checkpoint."""
    given = load_checkpoint(network)
    begin(folder, given)
    options = RunOptions(
        out=folder, precision=Precision.FLOAT32, compile=False, threads=1, start_from=folder / START, start_at=0
    )
    return train(preset_for(given.state, store, **{**RECIPE, **recipe}), store, options).checkpoint


def test_the_command_trains_measures_and_exports(tuned: tuple[Path, list[str]], network: Path) -> None:
    output, (_, printed) = tuned
    store = GameStore.open(output.with_suffix("") / "games.h5")
    assert len(np.unique(store.hash)) == len(store) == 8
    assert (store.split == TEST).sum() == 2
    state = load_checkpoint(output.with_suffix("")).state
    positions = int(store.lengths[store.split == TRAIN].sum())
    assert state.samples == -(-positions // 16) * 16
    assert state.total_samples == state.samples + load_checkpoint(network).state.total_samples
    metadata = {entry.key: entry.value for entry in onnx.load(output).metadata_props}
    figures = json.loads(metadata["figures"])
    assert figures[HELD_OUT]["cross_entropy"] < figures[f"{HELD_OUT}, before"]["cross_entropy"] - 0.1
    assert figures[HELD_OUT]["n"] == figures[f"{HELD_OUT}, before"]["n"]
    for place in (metadata["fine_tuned"], output.with_suffix(".md").read_text()):
        for word in ("`tiny` after 32 samples", "6 games of `my-games`", "2 held out"):
            assert word in place
    assert Policy(output).metadata["feature_set"] == "sandbox-26"
    assert f"shicho-gtp --network {output}" in printed
    assert "2 games are too few" in printed


def test_stopping_changes_nothing(tuned: tuple[Path, list[str]], folder: Path, network: Path, tmp_path: Path) -> None:
    output, (printed, _) = tuned
    run = output.with_suffix("")
    assert "the same command continues" in printed
    unbroken = train_on(GameStore.open(run / "games.h5"), network, tmp_path / "run")
    ours, theirs = load_checkpoint(run), load_checkpoint(unbroken)
    assert (ours.state.sessions, theirs.state.sessions) == (3, 2)
    for name, array in theirs.weights.items():
        np.testing.assert_array_equal(ours.weights[name], array, err_msg=name)
    changed = command(folder, "--from", network, "-o", output, "--epochs", "9")
    assert isinstance(changed.exception, BadCheckpoint)
    assert "training.samples" in str(changed.exception)


def made_games(count: int) -> GameStore:
    """Own games whose moves are legal, random and without a result."""
    games = read_block([Text(place="", data=sgf_game(seed)) for seed in range(count)], 0).games
    return split_games(games, account(games), ranks=True, place=PLACE)


def test_a_head_without_targets_is_not_trained(network: Path, tmp_path: Path) -> None:
    place = train_on(made_games(4), network, tmp_path, epochs=0.5)
    before, after = (load_checkpoint(folder).weights for folder in (network, place))
    for name, array in before.items():
        if name.startswith("heads.win.") and "running" not in name and "tracked" not in name:
            np.testing.assert_array_equal(after[name], array, err_msg=name)
    assert (before["heads.policy.last_conv.weight"] != after["heads.policy.last_conv.weight"]).any()


def test_kept_games_are_trained_on_and_measured(network: Path, tmp_path: Path) -> None:
    others = grouped_store()
    splits = np.where(np.arange(len(others)) % 3 == 1, VALIDATION, TRAIN).astype(np.uint8)
    kept = GameStore(sources=others.sources, command="", **{**others.columns(), "split": splits})
    store = with_kept(made_games(40), kept, 2, 0)
    place = train_on(store, network, tmp_path, epochs=0.3)
    own, rest = (
        measure(tmp_path / START, place, store, source, torch.device("cpu")) for source in (HELD_OUT, KEPT_HELD_OUT)
    )
    assert own.games == 10
    assert 0 < rest.games <= (splits == VALIDATION).sum()
    assert rest.differences()["cross_entropy"][2] < 0


@pytest.mark.parametrize(
    ("games", "output", "error", "words"),
    [
        (1, "net.onnx", BadRecord, "1 usable"),
        (3, "net.pt", BadConfig, ".onnx"),
        (0, "net.onnx", BadRecord, "games"),
    ],
)
def test_bad_commands(
    games: int, output: str, error: type[Exception], words: str, network: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "games"
    folder.mkdir()
    if games:
        (folder / "all.sgf").write_bytes(b"".join(sgf_game(seed) for seed in range(games)))
    result = command(folder, "--from", network, "-o", tmp_path / output)
    assert isinstance(result.exception, error)
    assert words in str(result.exception)
    assert "\n" not in str(result.exception)
    assert {path.name for path in tmp_path.iterdir()} == {"games"}

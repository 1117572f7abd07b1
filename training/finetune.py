"""Fine-tuning a network on one's own games, some of which are held out to measure the gain.

`shicho finetune` calls these functions in this order: `split_games` holds games out, `with_kept` mixes in other games,
`begin` writes the weights to start from, `preset_for` makes the recipe, `training.run.loop.train` trains, `measure`
compares before and after, `sentence` describes the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from shicho.engine.errors import BadCheckpoint, BadConfig, BadRecord
from shicho.training.config import AdamW, DataConfig, Muon, OneCycle, Optimiser, Preset, Sgd, TrainingConfig
from shicho.training.data.dataset import evaluation_batches
from shicho.training.data.sources import MOST_SOURCES, GameSource, find_sources
from shicho.training.data.store import TEST, TRAIN, VALIDATION, Games, GameStore, Source, join_games
from shicho.training.data.targets import GAME, PLY
from shicho.training.evaluate import open_checkpoint, sample_columns
from shicho.training.experiments.compare import SCALES, signed
from shicho.training.figures import Columns, bootstrap_intervals
from shicho.training.run.checkpoint import Checkpoint, State, checkpoints_in, load_checkpoint, save_checkpoint

OWN: Final = "own-games"
"""The group of one's own games for training. A network that is told sources does not know it: it is `unknown`."""

HELD_OUT: Final = "held-out"
"""The test source of one's own games that are held out."""

KEPT_HELD_OUT: Final = "held-out-kept"
"""The test source of validation games from the store whose games are mixed in."""

FEW_GAMES: Final = 50
"""With fewer games, those held out are too few to show a small gain."""

TELLING_GAMES: Final = 10
"""With fewer games held out, intervals from resampled games are too narrow to believe."""

MOST_HELD_OUT: Final = 1000
KEPT_HELD_OUT_GAMES: Final = 500
POSITIONS: Final = 20_000
WARMUP: Final = 0.1

START: Final = "start"
"""The checkpoint in a run folder that holds the weights to start from."""


def find_own_games(place: Path) -> list[GameSource]:
    """Return the sources at a file or folder, none of them a test source. Raises BadRecord where there are none."""
    return [replace(source, test=False, min_rank=None) for source in find_sources([place])]


def begin(run: Path, network: Checkpoint) -> None:
    """Write the weights that a run starts from into its folder START; once it has begun, only check them.

    They are the averaged weights if the network has them. Raises BadCheckpoint if the run was begun with others.
    """
    weights = network.best
    if not checkpoints_in(run):
        save_checkpoint(run / START, Checkpoint(state=network.state, weights=weights, average={}, optimiser={}))
        return
    found = load_checkpoint(run / START).weights
    if found.keys() != weights.keys() or any((found[name] != weights[name]).any() for name in found):
        raise BadCheckpoint(f"{run} was begun with another network: give another output, or remove it")


# ------------------------------------------------------------------------------------------------------------ games


def split_games(games: Games, account: Sequence[Source], *, ranks: bool, place: Path) -> GameStore:
    """Return a store of one's own games, a tenth of them held out: the source `held-out`, the others of group OWN.

    A fourth, up to 20, are held out where that is more, and at most 1000. Only even games are, because figures are
    about those. Which ones follows from their hashes, so it does not depend on their order. Without `ranks`, those of
    the players are forgotten. `games` hold no duplicates. Raises BadRecord, with the `place` that they came from, if
    there are no two games or no even one.
    """
    even = (games.handicap < 2) & (np.diff(games.setup_start) == 0)
    if len(games) < 2 or not even.any():
        raise BadRecord(
            f"{len(games)} usable games, {int(even.sum())} even: two are needed, one of them even", str(place)
        )
    wanted = min(max(len(games) // 10, min(20, len(games) // 4), 1), MOST_HELD_OUT)
    candidates = np.flatnonzero(even)
    held = np.zeros(len(games), np.bool_)
    held[candidates[np.argsort(games.hash[candidates])][:wanted]] = True
    sources = [_without(source, games, held & (games.source == number)) for number, source in enumerate(account)]
    columns = {
        **games.columns(),
        "source": np.where(held, len(sources), games.source).astype(np.uint8),
        "split": np.where(held, TEST, TRAIN).astype(np.uint8),
    }
    if not ranks:
        columns |= {name: np.zeros(len(games), np.int8) for name in ("black_rank", "white_rank")}
    return _store(
        [*sources, _source(_test_source(HELD_OUT), games.select(held))], Games(**columns), f"shicho finetune {place}"
    )


def with_kept(own: GameStore, kept: GameStore, epochs: float, seed: int) -> GameStore:
    """Return `own` with as many positions for training from `kept` as all epochs need, and a part of its validation.

    Games are drawn by seed. Those that also stand in `own`, in any transform, are left out.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    new = ~np.isin(kept.hash, own.hash)
    training = rng.permutation(np.flatnonzero(new & (kept.split == TRAIN)))
    needed = epochs * int(own.lengths[own.split == TRAIN].sum())
    training = training[: int(np.searchsorted(np.cumsum(kept.lengths[training]), needed)) + 1]
    validation = rng.permutation(np.flatnonzero(new & (kept.split == VALIDATION)))[:KEPT_HELD_OUT_GAMES]
    if not len(training):
        raise BadConfig("the games to keep: none of them is for training and new")
    shown, held = kept.select(np.sort(training)), kept.select(np.sort(validation))
    numbers, source = np.unique(shown.source, return_inverse=True)
    sources = [
        _source(_renamed(kept.sources[number]), shown.select(source == place))
        for place, number in enumerate(numbers.tolist())
    ]
    first = len(own.sources)
    last = first + len(sources)
    if last >= MOST_SOURCES:
        raise BadConfig(f"{last + 1} sources with those of the games to keep: a store holds at most {MOST_SOURCES}")
    shown = replace(shown, source=(first + source).astype(np.uint8))
    held = replace(held, source=np.full(len(held), last, np.uint8), split=np.full(len(held), TEST, np.uint8))
    ours = Games(**own.columns())
    extra = [_source(_test_source(KEPT_HELD_OUT), held)] if len(held) else []
    return _store([*own.sources, *sources, *extra], join_games([ours, shown, held]), own.command)


def _store(sources: Sequence[Source], games: Games, command: str) -> GameStore:
    return GameStore(sources=tuple(sources), command=command, **games.columns())


def _test_source(name: str) -> Source:
    return Source(name=name, group=name, sha256="", test=True)


def _source(named: Source, games: Games) -> Source:
    """Return a source of that name, of which just these games were read."""
    number, moves = len(games), len(games.moves)
    return Source(
        name=named.name,
        group=named.group,
        sha256=named.sha256,
        test=named.test,
        games_read=number,
        moves_read=moves,
        kept_games=number,
        kept_moves=moves,
    )


def _without(source: Source, games: Games, gone: NDArray[np.bool_]) -> Source:
    """Return a source of one's own games, some of which now belong to another one."""
    number, moves = int(gone.sum()), int(games.lengths[gone].sum())
    return replace(
        source,
        group=OWN,
        games_read=source.games_read - number,
        kept_games=source.kept_games - number,
        moves_read=source.moves_read - moves,
        kept_moves=source.kept_moves - moves,
    )


def _renamed(kept: Source) -> Source:
    """Return a source of kept games: what was somebody's own games in an earlier run is not that in this one."""
    return replace(kept, group=f"kept-{OWN}") if kept.group == OWN else kept


# ----------------------------------------------------------------------------------------------------------- recipe


def preset_for(start: State, store: GameStore, *, epochs: float, learning_rate: float, seed: int) -> Preset:
    """Return the preset: each own position is seen `epochs` times, and as many kept ones if the store has any.

    The optimiser is the one that the network was trained with, at `learning_rate` times its learning rates; they rise
    during the first tenth and then fall to 0. Kept groups are mixed in the shares that they have in the store.
    """
    training = start.preset.training
    moves = dict.fromkeys(store.group_names, 0)
    for source in store.sources:
        if not source.test:
            moves[source.group] += source.kept_moves
    own = moves.pop(OWN)
    kept = {name: count for name, count in moves.items() if count}
    mix = {OWN: 1.0, **{name: count / sum(kept.values()) for name, count in kept.items()}} if kept else None
    samples = max(1, round(epochs * own)) * (2 if kept else 1)
    return Preset(
        name=f"{start.preset.name.removesuffix('-finetuned')}-finetuned",
        network=start.preset.network,
        training=TrainingConfig(
            samples=samples,
            batch_size=training.batch_size,
            optimiser=_scaled(training.optimiser, learning_rate, start.data.positions),
            schedule=OneCycle(warmup=WARMUP),
            data=DataConfig(mix=mix, history_dropout=training.data.history_dropout),
            seed=seed,
        ),
    )


def _scaled(optimiser: Optimiser, factor: float, positions: int) -> Optimiser:
    """Return the optimiser with its learning rates scaled.

    A weight decay that depends on the number of positions keeps its value.
    """
    lower = {"learning_rate": float(f"{optimiser.learning_rate * factor:.4g}")}
    match optimiser:
        case Muon(others=others):
            return optimiser.model_copy(update={**lower, "others": _scaled(others, factor, positions)})
        case Sgd(weight_decay=decay, l2=l2):
            return optimiser.model_copy(update={**lower, "weight_decay": decay + l2 / max(1, positions), "l2": 0.0})
        case AdamW():
            return optimiser.model_copy(update=lower)


def origin(start: State, store: GameStore, place: Path) -> str:
    """Return what the model card says of a fine-tuned network: where it started from and which games it learnt."""
    counts = [0, 0]
    for source in store.sources:
        if not source.test:
            counts[source.group != OWN] += source.kept_games
    own, kept = counts
    held = next(source.kept_games for source in store.sources if source.name == HELD_OUT)
    others = f", with {kept:,} other games" if kept else ""
    return (
        f"from preset `{start.preset.name}` after {start.total_samples:,} samples (games SHA-256 "
        f"`{start.data.games_sha256[:12]}`), on {own:,} games of `{place.resolve().name}`{others}; {held:,} held out"
    )


# ------------------------------------------------------------------------------------------------------------- gain


@dataclass(frozen=True, kw_only=True)
class Gain:
    """The figures of a network before and after, on one test source: `sample_columns` of the same positions."""

    source: str
    before: Columns
    after: Columns

    @property
    def games(self) -> int:
        """How many games are measured."""
        return len(np.unique(self.before[GAME]))

    def differences(self) -> dict[str, tuple[float, float, float]]:
        """Return after minus before by figure: mean, and the ends of the paired 95 % interval from resampled games."""
        columns = {name: self.after[name] - values for name, values in self.before.items() if name not in (GAME, PLY)}
        intervals = bootstrap_intervals(columns, self.before[GAME].astype(np.int64))
        return {name: (float(np.nanmean(columns[name])), *ends) for name, ends in intervals.items()}


def measure(before: Path, after: Path, store: GameStore, source: str, device: torch.device) -> Gain:
    """Compare two checkpoints of one network on up to 20,000 positions of a test source."""
    found = []
    for place in (before, after):
        opened = open_checkpoint(place, device)
        targets = (*opened.targets, GAME, PLY)
        batches = evaluation_batches(store, opened.features, source=source, positions=POSITIONS, targets=targets)
        found.append(sample_columns(opened.predict, batches))
    return Gain(source=source, before=found[0], after=found[1])


def sentence(gain: Gain) -> str:
    """Return a sentence that says what the held-out games show, and no more than their intervals support."""
    if gain.games < TELLING_GAMES:
        return f"{gain.source}: {gain.games} games are too few to tell what the network gained."
    differences = gain.differences()
    nats, points = (_verdict(differences, name) for name in ("cross_entropy", "top1"))
    return f"{gain.source}, {gain.games} games: {nats}; in top-1, {points}."


def _verdict(differences: dict[str, tuple[float, float, float]], figure: Any) -> str:
    scale, decimals, unit = SCALES[figure]
    mean, low, high = (scale * value for value in differences[figure])
    if low <= 0 <= high:
        bounds = f"{signed(low, decimals)} to {signed(high, decimals)}"
        return f"they cannot tell ({signed(mean, decimals)} {unit}, 95 % {bounds})"
    better = (mean < 0) == (figure == "cross_entropy")
    least, most = sorted((abs(low), abs(high)))
    word = "gained" if better else "lost"
    return f"it {word} {abs(mean):.{decimals}f} {unit} (95 % {least:.{decimals}f} to {most:.{decimals}f})"

"""Positions of held-out games, what the network computes in them, and what their labels are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from shicho.engine import Board, Colour
from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import BadConfig, BadNetwork
from shicho.engine.features import POINTS, rule_bits, unpack
from shicho.engine.moves import PASS, move_is_white, move_points
from shicho.engine.replay import HISTORY_LENGTH, replay_positions
from shicho.engine.rules import Rules
from shicho.engine.taps import Taps
from shicho.tools.inside.labels import Label, Moment
from shicho.training.data.positions import split_number
from shicho.training.data.store import GameStore, unpack_owner

PLANES: Final = "planes"
"""The name that stands for the input planes among the layers."""

MEAN, MAXIMUM = "mean", "max"
POOLED: Final = (MEAN, MAXIMUM)
RECENT: Final = 6


@dataclass(frozen=True)
class DrawnGame:
    """A game of a store and the plies of its positions, rising, int64 [n]."""

    index: int
    plies: NDArray[np.int64]


@dataclass(frozen=True)
class Observation:
    """The n positions of one game: for each layer float32 [n, C, 361], and the positions for labels."""

    layers: dict[str, NDArray[np.float32]]
    moments: list[Moment]

    def by_point(self, layer: str) -> NDArray[np.float32]:
        """Return the channels of a layer at all points of all positions, [C, n * 361]."""
        values = self.layers[layer]
        return values.transpose(1, 0, 2).reshape(values.shape[1], -1)

    def by_position(self, layer: str) -> NDArray[np.float32]:
        """Return the mean of every channel over the board, then the maximum of each: [2 C, n]."""
        values = self.layers[layer]
        return np.concatenate([values.mean(2), values.max(2)], axis=1).T

    def labels(self, labels: Sequence[Label]) -> NDArray[np.float64]:
        """Return the values of labels, [L, n], or of labels of points, [L, n * 361]."""
        return np.stack([np.ravel([label.of(moment) for moment in self.moments]) for label in labels])


def spatial_layers(taps: Taps) -> list[str]:
    """Return the names of the layers with a value for each point, as a position goes through them, `PLANES` first.

    A network lists a block, whose value is what it hands on, before the layers inside it; here it comes after them.
    """
    names = [layer.name for layer in taps.layers.values() if layer.by_point]
    ordered: list[str] = []
    for name in names:
        inner = [other for other in names if other.startswith(f"{name}.")]
        ordered += [other for other in (*inner, name) if other not in ordered]
    return [PLANES, *ordered]


def draw_games(store: GameStore, split: str, games: int, positions: int, seed: int) -> list[DrawnGame]:
    """Draw `games` games of a split in random order, and from each so many positions before one of its moves.

    Only even 19x19 games whose final owners are known count. Raises BadConfig for a split that is none, for a store
    without owners, and if there are not enough games.
    """
    even = (store.size == MAX_SIZE) & (store.handicap < 2) & (np.diff(store.setup_start) == 0)
    counted = np.diff(store.owner_start) > 0
    if not counted.any():
        raise BadConfig("no final owners in the store: `shicho data build --ownership` finds them")
    found = np.flatnonzero((store.split == split_number(split)) & even & counted & (store.lengths > positions))
    if len(found) < games:
        raise BadConfig(f"{games} games wanted: the split {split} has {len(found)} even ones that were counted")
    rng = np.random.Generator(np.random.Philox(key=seed))
    return [
        DrawnGame(index, np.sort(rng.choice(np.arange(1, store.lengths[index]), positions, replace=False)))
        for index in rng.choice(found, games, replace=False).tolist()
    ]


def observe(
    taps: Taps, store: GameStore, games: Sequence[DrawnGame], layers: Sequence[str], seed: int
) -> Iterator[Observation]:
    """Yield what the network computes in the positions of each game. `layers` may contain `PLANES`.

    Raises BadNetwork if a value is not finite.
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    policy = taps.policy
    asked = [name for name in layers if name != PLANES]
    for game in games:
        positions = len(game.plies)
        packed, _ = replay_positions(
            store,
            policy.features,
            np.full(positions, game.index, np.int64),
            game.plies,
            history_length=np.full(positions, HISTORY_LENGTH, np.uint8),
            komi=np.full(positions, store.komi[game.index], np.float32),
            rules=np.full(positions, rule_bits(Rules()), np.uint8),
        )
        outputs = policy.outputs(packed, [*asked, "policy"])
        logits = outputs.pop("policy").astype(np.float64)
        values = {name: output.reshape(positions, -1, POINTS) for name, output in outputs.items()}
        values[PLANES] = unpack(packed).reshape(positions, -1, POINTS)
        for name, array in values.items():
            if not np.isfinite(array).all():
                raise BadNetwork(policy.path, f"gives no finite numbers in {name} in game {game.index}")
        top = softmax(logits, axis=1).max(1)
        yield Observation(values, list(_moments(store, game, top, rng.random(positions))))


def _moments(
    store: GameStore, game: DrawnGame, top: NDArray[np.float64], random: NDArray[np.float64]
) -> Iterator[Moment]:
    """Return the wanted positions of a game, replayed like all records: simple ko, suicide legal."""
    codes = store.moves[store.game_start[game.index] : store.game_start[game.index + 1]]
    played: list[int] = move_points(codes).tolist()
    points = [None if point == PASS else point for point in played]
    colours = [Colour.WHITE if white else Colour.BLACK for white in move_is_white(codes)]
    owner = unpack_owner(store.owner[store.owner_start[game.index] : store.owner_start[game.index + 1]])
    board, last_ko, number = Board(), -RECENT, 0
    for ply in range(int(game.plies[-1]) + 1):
        if board.ko is not None:
            last_ko = ply
        if ply == game.plies[number]:
            side = colours[ply]
            yield Moment(
                board=board.copy(),
                to_play=side,
                ply=ply,
                last=points[ply - 1],
                following=points[ply],
                recent_ko=ply - last_ko < RECENT,
                owner=owner if side is Colour.BLACK else -owner,
                top_probability=float(top[number]),
                random=float(random[number]),
            )
            number += 1
        board.play(colours[ply], played[ply], suicide=True)

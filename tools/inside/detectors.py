"""Which channels detect a label best: chosen on one half of the games, measured on the other half."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shicho.engine.features import FeatureSet
from shicho.engine.taps import Taps
from shicho.tools.inside.labels import OF_POINTS, OF_POSITIONS, Label
from shicho.tools.inside.sample import MEAN, PLANES, POOLED, DrawnGame, Observation, observe, spatial_layers
from shicho.tools.inside.statistics import area_under_curve, correlation, game_weights, pearson, sums
from shicho.training.data.store import GameStore

BEST: Final = 5

Track = Callable[[Iterable[Observation], str, int], Iterable[Observation]]
Found = dict[str, Any]
"""What was found for one label, as it stands in the JSON file.

`label`, `meaning`, `yes_or_no`; `tried`: how many channels (and poolings) were compared; of the second half `n`, the
samples that count, and `mean`, their mean label. `best`, `layers`, `plane`: rows for the best channels, for the best
of each layer, and for the best input plane. A row has `layer`, `number`, `pooled`, `selection_r` of the first half, `r`
and `r_interval` of the second, for the best channels of a label of yes or no `auc` and `auc_interval`, and for a
plane its `name`.
"""


class Channel(NamedTuple):
    """A channel of a layer (or an input plane); for a label of positions, its `mean` or `max` over the board."""

    layer: str
    number: int
    pooled: str | None = None


@dataclass
class _Evidence:
    """One label: its candidates, the `best` of them first, and what the second half shows of them, game by game.

    `sums` and `labels` are kept for all candidates, `values` only for the `best`, and only for a label of yes or no.
    """

    label: Label
    tried: int
    candidates: list[Channel]
    selection: list[float]
    best: int
    sums: list[NDArray[np.float64]] = field(default_factory=list)
    values: list[NDArray[np.float32]] = field(default_factory=list)
    labels: list[NDArray[np.float64]] = field(default_factory=list)


def find_detectors(taps: Taps, store: GameStore, games: Sequence[DrawnGame], seed: int, track: Track) -> list[Found]:
    """Return for every label the channels that correlate most with it, with intervals.

    The first half of `games` decides which channels these are, by the absolute value of the correlation coefficient;
    all figures but `selection_r` are from the second half. Only layers with a value for each point are looked at.
    `seed`: of the random label and of the bootstrap. `track` wraps the observations to show progress. Raises
    BadNetwork if a layer has a value that is not finite.
    """
    layers = spatial_layers(taps)
    half = len(games) // 2
    first, second = games[:half], games[half:]
    evidence = _select(track(observe(taps, store, first, layers, seed), "choosing channels", len(first)), layers)
    for observation in track(observe(taps, store, second, layers, seed + 1), "measuring them", len(second)):
        _add(evidence, observation)
    weights = game_weights(len(second), seed)
    return [_found(one, weights, taps.policy.features) for one in evidence]


def _select(observations: Iterable[Observation], layers: Sequence[str]) -> list[_Evidence]:
    """Return the candidates for every label.

    These are the best channels of all, the best of each layer, and the best input plane.
    """
    totals: dict[str, list[NDArray[np.float64]]] = {}
    for observation in observations:
        of_points, of_positions = observation.labels(OF_POINTS), observation.labels(OF_POSITIONS)
        for layer in layers:
            found = (
                sums(observation.by_position(layer), of_positions),
                sums(observation.by_point(layer), of_points),
            )
            totals[layer] = [a + b for a, b in zip(totals[layer], found, strict=True)] if layer in totals else [*found]
    return [
        _candidates(label, {layer: pearson(totals[layer][kind][row]) for layer in layers}, by_point=kind == 1)
        for kind, labels in enumerate((OF_POSITIONS, OF_POINTS))
        for row, label in enumerate(labels)
    ]


def _candidates(label: Label, found: dict[str, NDArray[np.float64]], *, by_point: bool) -> _Evidence:
    """Return the best channels of the network, then the best of each layer, then the best input plane."""
    rated = [
        (channel, r)
        for layer, values in found.items()
        for channel, r in zip(_channels(layer, len(values), by_point=by_point), values.tolist(), strict=True)
        if math.isfinite(r)
    ]
    rated.sort(key=lambda pair: -abs(pair[1]))
    best_of_layers: dict[str, tuple[Channel, float]] = {}
    for channel, r in rated:
        best_of_layers.setdefault(channel.layer, (channel, r))
    best = [pair for pair in rated if pair[0].layer != PLANES][:BEST]
    chosen = [*best, *(best_of_layers[layer] for layer in found if layer in best_of_layers)]
    tried = sum(len(values) for layer, values in found.items() if layer != PLANES)
    return _Evidence(label, tried, [channel for channel, _ in chosen], [r for _, r in chosen], best=len(best))


def _channels(layer: str, count: int, *, by_point: bool) -> list[Channel]:
    if by_point:
        return [Channel(layer, number) for number in range(count)]
    return [Channel(layer, number, pooled) for pooled in POOLED for number in range(count // len(POOLED))]


def _add(evidence: Sequence[_Evidence], observation: Observation) -> None:
    """Add one game of the reporting half."""
    for one in evidence:
        y = observation.labels([one.label])
        x = np.array([_values(observation, channel) for channel in one.candidates]).reshape(-1, y.shape[1])
        one.sums.append(sums(x, y)[0])
        counts = np.isfinite(y[0])
        one.labels.append(y[0, counts])
        if one.label.yes_or_no:
            one.values.append(x[: one.best, counts])


def _values(observation: Observation, channel: Channel) -> NDArray[np.float32]:
    """Return a channel at all points of the positions, or pooled over the board."""
    values: NDArray[np.float32] = observation.layers[channel.layer][:, channel.number]
    if channel.pooled is None:
        return values.ravel()
    pooled: NDArray[np.float32] = values.mean(1) if channel.pooled == MEAN else values.max(1)
    return pooled


def _found(evidence: _Evidence, weights: NDArray[np.float64], features: FeatureSet) -> Found:
    by_game = np.stack(evidence.sums, axis=1)
    rows = []
    for number, (channel, r) in enumerate(zip(evidence.candidates, evidence.selection, strict=True)):
        measured = correlation(by_game[number], weights)
        row = {**channel._asdict(), "selection_r": r, "r": measured.value, "r_interval": measured.interval}
        if number < evidence.best and evidence.label.yes_or_no:
            area = area_under_curve([values[number] for values in evidence.values], evidence.labels, weights)
            row.update(auc=area.value, auc_interval=area.interval)
        if channel.layer == PLANES:
            row.update(name=features.planes[channel.number].name)
        rows.append(row)
    label, counted = evidence.label, np.concatenate(evidence.labels)
    return {
        "label": label.name,
        "meaning": label.meaning,
        "yes_or_no": label.yes_or_no,
        "tried": evidence.tried,
        "n": len(counted),
        "mean": float(counted.mean()) if len(counted) else None,
        "best": rows[: evidence.best],
        "layers": [row for row in rows[evidence.best :] if row["layer"] != PLANES],
        "plane": next((row for row in rows[evidence.best :] if row["layer"] == PLANES), None),
    }

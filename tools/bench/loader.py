"""Measure how many samples the training loader makes in a second."""

import time
from itertools import islice
from pathlib import Path
from typing import Any

from shicho.engine.features import FeatureSet
from shicho.tools.bench.measure import significant, spread
from shicho.tools.environment import environment

WARM_UP = 4
SEED = 1


def bench_loader(
    path: Path, features: FeatureSet, *, batch_size: int, batches: int, threads: int, repeats: int
) -> dict[str, Any]:
    """Return training samples (planes included) per second, and per second of CPU time of all threads together."""
    from shicho.training.data.dataset import Loader
    from shicho.training.data.positions import Positions
    from shicho.training.data.store import GameStore

    store = GameStore.open(path)
    positions = Positions.of_split(store, "train")
    wall: list[float] = []
    cpu: list[float] = []
    with Loader(store, positions, features, batch_size=batch_size, seed=SEED, threads=threads) as loader:
        stream = iter(loader)
        for _ in islice(stream, WARM_UP):
            pass
        for _ in range(repeats):
            started = time.perf_counter(), time.process_time()
            samples = sum(len(batch) for batch in islice(stream, batches))
            wall.append(samples / (time.perf_counter() - started[0]))
            cpu.append(samples / (time.process_time() - started[1]))
    rates = {"samples_per_s": spread(wall), "samples_per_core_s": spread(cpu)}
    return {
        "benchmark": "loader",
        "features": str(features),
        **{name: significant(rate["median"]) for name, rate in rates.items()},
        "spread": rates,
        "threads": threads,
        "n": {"games": len(store), "positions": len(positions), "batches": batches, "batch_size": batch_size},
        "games_from": str(path),
        **environment(),
    }

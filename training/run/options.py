"""How a run is carried out, apart from what its preset says."""

from dataclasses import dataclass
from pathlib import Path

from shicho.training.run.device import Precision


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a run is carried out, and where it starts from. Times are in seconds.

    Apart from `start_from` and `start_at`, nothing here changes the weights by more than rounding. `keep_at` lists
    sample counts: the first checkpoint at or after each of them is never removed. `tensorboard` writes events for it
    beside the metrics; `layer_statistics` adds `layers.jsonl`, a line for each line of metrics.
    """

    out: Path
    device: str = "auto"
    precision: Precision = Precision.AUTO
    compile: bool | None = None
    threads: int | None = None
    loader_threads: int | None = None
    time_budget: float | None = None
    checkpoint_every: float = 600.0
    validate_every: float = 1200.0
    validation_positions: int = 4096
    log_every: float = 30.0
    keep_at: tuple[int, ...] = ()
    tensorboard: bool = False
    layer_statistics: bool = False
    start_from: Path | None = None
    start_at: int | None = None

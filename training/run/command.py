"""Running a training from command-line options, for `shicho train` and `python -m shicho.training`."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shicho.engine.errors import BadConfig
from shicho.training.config import Preset, load_preset, to_json
from shicho.training.data.store import GameStore
from shicho.training.run.checkpoint import load_checkpoint
from shicho.training.run.device import parse_precision
from shicho.training.run.distributed import ALONE, Processes
from shicho.training.run.loop import Outcome, train
from shicho.training.run.metrics import Progress
from shicho.training.run.options import RunOptions


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The options of the command line, times in seconds. None: not given."""

    store: Path
    preset: str
    settings: list[str] | None
    mix: dict[str, float] | None
    out: Path | None
    samples: int | None
    seed: int | None
    time_budget: float | None
    start_from: Path | None
    start_at: int | None
    cooldown: int | None
    device: str
    precision: str
    compile: bool | None
    threads: int | None
    loader_threads: int | None
    checkpoint_every: float
    keep_at: list[int] | None
    validate_every: float
    validation_positions: int
    log_every: float
    tensorboard: bool
    layer_statistics: bool

    def chosen_preset(self) -> Preset:
        """Return the preset with the changes of the options. Raises BadConfig, or BadCheckpoint for --from."""
        preset = load_preset(self.preset, self.settings or []).changed(samples=self.samples, seed=self.seed)
        if self.mix is not None:
            preset = preset.changed(data={**to_json(preset.training.data), "mix": self.mix})
        if self.cooldown is None:
            return preset
        if self.start_from is None:
            raise BadConfig("--cooldown needs --from: the checkpoint to cool down")
        start = load_checkpoint(self.start_from).state.samples if self.start_at is None else self.start_at
        return preset.changed(cooldown={"start": start, "samples": self.cooldown})

    def run_options(self, preset: Preset) -> RunOptions:
        """Return the options that do not change the preset. Raises BadConfig."""
        return RunOptions(
            out=self.out or Path("runs") / preset.name,
            device=self.device,
            precision=parse_precision(self.precision),
            compile=self.compile,
            threads=self.threads,
            loader_threads=self.loader_threads,
            time_budget=self.time_budget,
            checkpoint_every=self.checkpoint_every,
            validate_every=self.validate_every,
            validation_positions=self.validation_positions,
            keep_at=tuple(self.keep_at or ()),
            start_from=self.start_from,
            start_at=self.start_at,
            log_every=self.log_every,
            tensorboard=self.tensorboard,
            layer_statistics=self.layer_statistics,
        )


def run_command(arguments: Arguments, report: Callable[[Progress], None], processes: Processes = ALONE) -> str:
    """Train as the options say, until a signal at the latest; return a line that says how it ended."""
    preset = arguments.chosen_preset()
    options = arguments.run_options(preset)
    with interruptible() as stopped:
        store = GameStore.open(arguments.store)
        return summary(train(preset, store, options, report=report, stopped=stopped, processes=processes))


def summary(outcome: Outcome) -> str:
    """Return where the checkpoint is and how far the run is, in a line."""
    state = outcome.state
    return (
        f"{outcome.checkpoint}: {state.samples:,} of {state.preset.training.end:,} samples, "
        f"{state.total_seconds / 60:.1f} minutes{'' if outcome.finished else '; the same command continues'}"
    )


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Provide a function that tells whether to stop: Ctrl-C and SIGTERM ask for a stop after the step.

    A second signal stops at once.
    """
    asked = threading.Event()

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, signal.default_int_handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

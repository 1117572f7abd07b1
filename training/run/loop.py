"""The training loop: batches in, checkpoints and metrics out. `train` is the whole of it; `Trainer` is its state.

The same preset, store and seed give the same weights on one machine, whether a run was stopped in between or not (on a
CPU without `compile`, bit for bit).
"""

import hashlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shicho.engine.errors import BadCheckpoint, BadConfig, ShichoError
from shicho.engine.features import FEATURE_SETS, FeatureSet
from shicho.engine.version import shicho_commit, shicho_version
from shicho.training.config import Muon, Optimiser, Preset, Sgd, first_difference, to_json
from shicho.training.data.dataset import Batch, Loader, NothingToEvaluate, Positions, evaluation_batches
from shicho.training.data.store import GameStore
from shicho.training.evaluate import measure, network_predictor
from shicho.training.figures import Figures
from shicho.training.network.layers import BOARD
from shicho.training.network.model import Network
from shicho.training.run import checkpoint as checkpoints
from shicho.training.run.checkpoint import Checkpoint, DataIdentity, State
from shicho.training.run.device import (
    Precision,
    keep_freed_memory,
    pick_compile,
    pick_device,
    pick_precision,
)
from shicho.training.run.ema import WeightAverage
from shicho.training.run.metrics import Progress, append_metrics, drop_metrics_after
from shicho.training.run.schedule import learning_rate_factor
from shicho.training.run.step import TrainingStep

_log = logging.getLogger(__name__)

VALIDATION_BATCH = 256


class Diverged(ShichoError):
    """The loss or a weight is no longer finite; the last checkpoint still is."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a run is carried out, and where it starts from. Times are in seconds.

    Apart from `start_from` and `start_at`, nothing here changes the weights by more than rounding. `keep_at` lists
    sample counts: the first checkpoint at or after each of them is never removed.
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
    start_from: Path | None = None
    start_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a session ended: where the checkpoint is, where the run stands, and whether it is complete."""

    checkpoint: Path
    state: State
    finished: bool


def train(
    preset: Preset,
    store: GameStore,
    options: RunOptions,
    *,
    report: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Train until the samples are seen, the time budget is spent or `stopped()`, continuing what is in `options.out`.

    Stops between steps and writes a checkpoint. Raise BadCheckpoint if the run folder's config, features or games are
    not those given, BadConfig if the options do not fit each other, Diverged if the loss is not finite.
    """
    began = time.monotonic()
    device = pick_device(options.device)
    if device.type == "cpu":
        torch.set_num_threads(options.threads or max(1, torch.get_num_threads() - loader_threads(options, device)))
        keep_freed_memory()
    else:
        torch.set_float32_matmul_precision("high")
    trainer = Trainer(preset, store, options, device, began)
    return trainer.run(report, stopped)


def loader_threads(options: RunOptions, device: torch.device) -> int:
    """How many threads replay games: as asked, else one for a CPU and up to 16 for a GPU."""
    return options.loader_threads or (1 if device.type == "cpu" else min(16, os.cpu_count() or 1))


class Trainer:
    """A run in progress: network, optimisers, loader position, and the sums that the next line of metrics needs."""

    def __init__(
        self, preset: Preset, store: GameStore, options: RunOptions, device: torch.device, began: float
    ) -> None:
        training = preset.training
        self.began = began
        self.preset = preset
        self.options = options
        self.device = device
        self.store = store
        self.compiling = pick_compile(options.compile, device)
        self.precision = pick_precision(
            options.precision, device, channels=preset.network.channels, batch_size=training.batch_size
        )
        self.features = FEATURE_SETS[preset.network.features]
        data = training.data
        self.positions = Positions.of_split(store, "train", years=data.years, min_rank=data.min_rank, plies=data.plies)
        torch.manual_seed(training.seed)
        full_boards = bool((store.size[self.positions.games] == BOARD).all())
        self.network = Network(preset.network, masked=not full_boards).to(device)
        self.step = TrainingStep(
            self.network,
            training,
            device=device,
            precision=self.precision,
            compile=self.compiling,
            positions=len(self.positions),
            groups=store.group_names,
        )
        self.validation = validation_batches(store, self.features, options.validation_positions, self.step.targets)
        self.state = State(
            preset=preset,
            samples=0,
            batch=0,
            seed=training.seed,
            total_samples=0,
            total_seconds=0.0,
            sessions=0,
            data=identify(store, len(self.positions)),
            environment={},
            figures={},
        )
        self._restore()
        self.sums = torch.zeros(1 + len(self.step.heads), dtype=torch.float64, device=device)
        self.summed = 0

    def _restore(self) -> None:
        """Continue the run in the run folder, or start from the given weights, or from random ones."""
        options = self.options
        if checkpoints.checkpoints_in(options.out):
            found = checkpoints.load_checkpoint(options.out)
            self._check_same_run(found.state)
            checkpoints.load_network(self.network, found.weights, options.out)
            checkpoints.load_optimisers(self.network, self.step.optimisers, found.optimiser, options.out)
            if self.step.average is not None:
                checkpoints.load_average(self.step.average, found.average, options.out)
            self.state = found.state
        elif options.start_from is not None:
            self._start_from(options.start_from)
        elif options.start_at is not None:
            raise BadConfig(f"at = {options.start_at}: needs weights to start from (--from)")

    def _start_from(self, place: Path) -> None:
        """Take over weights, and the average and optimiser state if the checkpoint has them and they fit."""
        options, training = self.options, self.preset.training
        found = checkpoints.load_checkpoint(place)
        ours, theirs = to_json(self.preset.network), to_json(found.state.preset.network)
        difference = first_difference({**ours, "heads": None}, {**theirs, "heads": None}, "network")
        if difference:
            raise BadCheckpoint(f"{place} is another network: {difference} as there")
        new = checkpoints.load_trunk(self.network, found.weights, place)
        if new:
            _log.info("%s: heads that start from random weights: %s", place, ", ".join(new))
        same_heads = {name for name, head in theirs["heads"].items() if head} == set(self.network.heads)
        if same_heads and _kinds(found.state.preset.training.optimiser) == _kinds(training.optimiser):
            checkpoints.load_optimisers(self.network, self.step.optimisers, found.optimiser, place)
        if self.step.average is not None:
            if same_heads and found.average:
                checkpoints.load_average(self.step.average, found.average, place)
            else:
                self.step.average = WeightAverage(self.network, self.step.average.decay)
        at = found.state.samples if options.start_at is None else options.start_at
        if at >= training.end:
            raise BadConfig(f"samples = {training.end}: {place} is at {at} already; see --at")
        seen = found.state.batch * found.state.preset.training.batch_size
        self.state = replace(
            self.state,
            samples=at,
            batch=seen // training.batch_size if found.state.seed == self.state.seed else 0,
            total_samples=found.state.total_samples,
            total_seconds=found.state.total_seconds,
            sessions=found.state.sessions,
        )

    def _check_same_run(self, state: State) -> None:
        out, data = self.options.out, self.state.data
        difference = first_difference(to_json(self.preset), to_json(state.preset))
        if difference:
            raise BadCheckpoint(f"{out} was begun with another config: {difference} as there")
        if state.data.games_sha256 != data.games_sha256:
            hashes = f"{data.games_sha256[:12]} (SHA-256), not {state.data.games_sha256[:12]} as there"
            raise BadCheckpoint(f"{out} was begun with other games: {hashes}")

    def run(self, report: Callable[[Progress], None], stopped: Callable[[], bool]) -> Outcome:
        """One session, from where the run stands to its end or to the first reason to stop."""
        options, end = self.options, self.preset.training.end
        if self.state.samples >= end:
            return Outcome(checkpoint=checkpoints.find_checkpoint(options.out), state=self.state, finished=True)
        options.out.mkdir(parents=True, exist_ok=True)
        checkpoints.drop_unfinished_checkpoints(options.out)
        drop_metrics_after(options.out, self.state.samples)
        self.state = replace(self.state, sessions=self.state.sessions + 1, environment=self._environment())
        self.network.train()
        logged = saved = validated = time.monotonic()
        with self._loader() as loader:
            batches = iter(loader)
            while self.state.samples < end and not stopped():
                if options.time_budget is not None and time.monotonic() - self.began >= options.time_budget:
                    break
                before = self.state.samples
                self._train_on(next(batches))
                now = time.monotonic()
                if now - logged >= options.log_every:
                    validating = now - validated >= options.validate_every
                    self._log(now - logged, report, validate=validating)
                    logged = time.monotonic()
                    validated = logged if validating else validated
                if now - saved >= options.checkpoint_every or self._passed_keep_point(before):
                    self._save()
                    saved = time.monotonic()
            if self.summed:
                self._log(time.monotonic() - logged, report, validate=not stopped())
        folder = self._save()
        return Outcome(checkpoint=folder, state=self.state, finished=self.state.samples >= end)

    def _loader(self) -> Loader:
        training = self.preset.training
        threads = loader_threads(self.options, self.device)
        return Loader(
            self.store,
            self.positions,
            self.features,
            batch_size=training.batch_size,
            seed=self.state.seed,
            targets=self.step.targets,
            history_dropout=training.data.history_dropout,
            threads=threads,
            prefetch=2 * threads,
            start_batch=self.state.batch,
            mix=training.data.mix,
        )

    def _train_on(self, batch: Batch) -> None:
        torch.manual_seed(_step_seed(self.state.seed, self.state.batch))
        report = self.step(batch, learning_rate_factor(self.preset.training, self.state.samples))
        self.sums += report.double() * len(batch)
        self.summed += len(batch)
        self.state = replace(
            self.state,
            samples=self.state.samples + len(batch),
            batch=self.state.batch + 1,
            total_samples=self.state.total_samples + len(batch),
        )

    def _log(self, seconds: float, report: Callable[[Progress], None], *, validate: bool) -> None:
        """Read the sums (this waits for the device), append a line of metrics, hand it to `report`."""
        top1, *means = (self.sums / self.summed).tolist()
        losses = dict(zip(self.step.heads, means, strict=True))
        if not np.isfinite(means).all():
            raise Diverged(f"loss is {losses} after {self.state.samples} samples: stopped; {self._last_good()}")
        speed = self.summed / seconds
        self.sums.zero_()
        self.summed = 0
        self.state = replace(self.state, total_seconds=self.state.total_seconds + seconds)
        if validate and self.validation:
            self.state = replace(self.state, figures={"validation": self._validate()})
        progress = Progress(
            samples=self.state.samples,
            of=self.preset.training.end,
            seconds=round(self.state.total_seconds, 1),
            learning_rate=self.step.optimisers[0].param_groups[0]["lr"],
            loss=losses["policy"],
            losses=losses,
            top1=top1,
            samples_per_s=round(speed, 1),
            validation=self.state.figures["validation"] if validate and self.validation else None,
        )
        append_metrics(self.options.out, progress)
        report(progress)

    def _validate(self) -> Figures:
        """Figures of the averaged weights if there are any. In float32, like `shicho evaluate`: bfloat16 logits tie."""
        network = self.network if self.step.average is None else self.step.average.network
        return measure(network_predictor(network, self.device, Precision.FLOAT32), self.validation)

    def _passed_keep_point(self, before: int) -> bool:
        return any(before < point <= self.state.samples for point in self.options.keep_at)

    def _save(self) -> Path:
        """Write a checkpoint where the run stands, unless one is there, and drop the oldest."""
        out = self.options.out
        folder = out / checkpoints.checkpoint_name(self.state.samples)
        if folder in checkpoints.checkpoints_in(out):
            return folder
        weights = checkpoints.network_arrays(self.network)
        for name, array in weights.items():
            if not np.isfinite(array).all():
                raise Diverged(f"{name} is not finite after {self.state.samples} samples: stopped; {self._last_good()}")
        checkpoint = Checkpoint(
            state=self.state,
            weights=weights,
            average=checkpoints.average_arrays(self.step.average),
            optimiser=checkpoints.optimiser_arrays(self.network, self.step.optimisers),
        )
        checkpoints.save_checkpoint(folder, checkpoint)
        checkpoints.drop_old_checkpoints(out, checkpoints.kept_checkpoints(out, self.options.keep_at))
        return folder

    def _last_good(self) -> str:
        kept = checkpoints.checkpoints_in(self.options.out)
        return f"the last good checkpoint is {kept[-1]}" if kept else "there is no checkpoint yet"

    def _environment(self) -> dict[str, Any]:
        on_cuda = self.device.type == "cuda"
        return {
            "shicho_version": shicho_version(),
            "git_commit": shicho_commit(),
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name(self.device) if on_cuda else "cpu",
            "threads": torch.get_num_threads(),
            "compile": self.compiling,
            "precision": str(self.precision),
        }


def _kinds(optimiser: Optimiser) -> tuple[Any, ...]:
    """What two optimisers have in common if the state of one fits the other."""
    others = _kinds(optimiser.others) if isinstance(optimiser, Muon) else ()
    return (optimiser.type, isinstance(optimiser, Sgd) and optimiser.momentum > 0, *others)


def _step_seed(seed: int, batch: int) -> int:
    """Of the random numbers in one step (dropout), so that a run that was stopped draws the same ones."""
    return int(np.random.SeedSequence([seed, batch]).generate_state(1, np.uint64)[0] >> 1)


def validation_batches(store: GameStore, features: FeatureSet, positions: int, targets: Sequence[str]) -> list[Batch]:
    """A fixed draw from the validation split, in memory; none if the store has no such games or none are wanted."""
    if positions == 0:
        return []
    try:
        return list(
            evaluation_batches(
                store,
                features,
                split="validation",
                positions=positions,
                batch=VALIDATION_BATCH,
                targets=tuple(targets),
            )
        )
    except NothingToEvaluate:
        return []


def identify(store: GameStore, positions: int) -> DataIdentity:
    """What a checkpoint says of the games it was trained on."""
    digest = hashlib.sha256()
    for column in (store.moves, store.game_start, store.setup, store.setup_start, store.size, store.split):
        digest.update(column.data)
    sources = {source.name: source.sha256 for source in store.sources if not source.test}
    return DataIdentity(games_sha256=digest.hexdigest(), positions=positions, sources=sources)

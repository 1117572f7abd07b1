"""The training loop: batches in, checkpoints and metrics out. `train` runs it; `Trainer` holds its state.

The same preset, store and seed give the same weights on one machine, whether a run was stopped in between or not (on a
CPU without `compile`, bit for bit).
"""

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shicho.engine.errors import BadConfig, ShichoError
from shicho.engine.features import FEATURE_SETS, FeatureSet
from shicho.engine.version import shicho_commit, shicho_version
from shicho.training.config import Preset
from shicho.training.data.dataset import Batch, Loader, NothingToEvaluate, Positions, evaluation_batches
from shicho.training.data.store import GameStore
from shicho.training.evaluate import measure, network_predictor
from shicho.training.figures import Figures
from shicho.training.network.layers import BOARD
from shicho.training.network.model import Network
from shicho.training.network.synchronised import synchronise_norms
from shicho.training.run import checkpoint as checkpoints
from shicho.training.run.checkpoint import Checkpoint, DataIdentity, State
from shicho.training.run.device import (
    Precision,
    keep_freed_memory,
    pick_compile,
    pick_device,
    pick_precision,
)
from shicho.training.run.distributed import ALONE, Processes
from shicho.training.run.layer_statistics import LayerStatistics
from shicho.training.run.metrics import Progress, RunLog
from shicho.training.run.options import RunOptions
from shicho.training.run.pace import Pace, Stop
from shicho.training.run.restore import restore
from shicho.training.run.schedule import learning_rate_factor
from shicho.training.run.step import TrainingStep

_log = logging.getLogger(__name__)

VALIDATION_BATCH = 256
LAYER_POSITIONS = 256


class Diverged(ShichoError):
    """The loss or a weight is not finite; the last checkpoint is."""


class NotWritten(ShichoError):
    """A file of the run could not be written (a full disk, say); the last checkpoint is complete."""


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
    processes: Processes = ALONE,
) -> Outcome:
    """Train until the samples are seen, the time budget is spent or `stopped()`, continuing what is in `options.out`.

    Stops between steps and writes a checkpoint. Of several `processes`, which all call this with the same preset, store
    and options, the first one writes and reports. Raises BadCheckpoint if the run folder's config, features or games
    are not those given, BadConfig if the options do not fit each other, Diverged if the loss is not finite, NotWritten
    if a file of the run cannot be written.
    """
    began = time.monotonic()
    device = pick_device(options.device, None if processes.alone else processes.local_rank)
    if device.type == "cpu":
        if options.threads:
            torch.set_num_threads(options.threads)
        keep_freed_memory()
    else:
        torch.set_float32_matmul_precision("high")
    trainer = Trainer(preset, store, options, device, began, processes)
    return trainer.run(report, stopped)


def loader_threads(options: RunOptions, device: torch.device) -> int:
    """Return the number of threads that replay games: as asked, else 1 for a CPU and up to 16 for a GPU."""
    return options.loader_threads or (1 if device.type == "cpu" else min(16, os.cpu_count() or 1))


class Trainer:
    """A run in progress: network, optimisers, loader position, and the sums that the next line of metrics needs."""

    def __init__(
        self,
        preset: Preset,
        store: GameStore,
        options: RunOptions,
        device: torch.device,
        began: float,
        processes: Processes = ALONE,
    ) -> None:
        training = preset.training
        self.processes = processes
        if training.batch_size % processes.count:
            raise BadConfig(f"batch_size = {training.batch_size}: cannot be divided among {processes.count} processes")
        self.began = began
        self.preset = preset
        self.options = options
        self.device = device
        self.store = store
        self.compiling = pick_compile(options.compile, device)
        self.precision = self._pick_precision()
        self.features = FEATURE_SETS[preset.network.features]
        data = training.data
        self.positions = Positions.of_split(
            store, "train", years=data.years, min_rank=data.min_rank, max_rank=data.max_rank, plies=data.plies
        )
        torch.manual_seed(training.seed)
        full_boards = bool((store.size[self.positions.games] == BOARD).all())
        self.network = Network(preset.network, masked=not full_boards).to(device)
        if not processes.alone:
            synchronise_norms(self.network)
        self.step = TrainingStep(
            self.network,
            training,
            device=device,
            precision=self.precision,
            compile=self.compiling,
            positions=len(self.positions),
            groups=store.group_names,
            processes=processes,
        )
        validated = options.validation_positions if processes.is_first else 0
        self.validation = validation_batches(store, self.features, validated, self.step.targets)
        self.layers = self._watched_layers() if options.layer_statistics and processes.is_first else None
        start = State(
            preset=preset,
            samples=0,
            batch=0,
            seed=training.seed,
            total_samples=0,
            total_seconds=0.0,
            sessions=0,
            data=identify(store, self.positions),
            environment={},
            figures={},
        )
        self.state = restore(self.step, start, options)
        self._share_weights()
        self.sums = torch.zeros(1 + len(self.step.heads), dtype=torch.float64, device=device)
        self.summed = 0

    def _pick_precision(self) -> Precision:
        """Return the first process's choice in all processes, because measurements may differ between them."""
        preset, wanted = self.preset, self.options.precision
        channels, batch_size = preset.network.channels, preset.training.batch_size // self.processes.count
        picked = pick_precision(wanted, self.device, channels=channels, batch_size=batch_size)
        known: list[Precision] = [*Precision]
        return known[self.processes.of_first(known.index(picked))]

    def _watched_layers(self) -> LayerStatistics:
        batches = validation_batches(self.store, self.features, LAYER_POSITIONS, ())
        if not batches:
            raise BadConfig("--layer-statistics: the store has no validation positions to measure them on")
        return LayerStatistics(self.network, batches[0])

    def _share_weights(self) -> None:
        """Give all processes the weights of the first one; when this returns, all have read what they start from."""
        self.processes.broadcast(self.network.state_dict().values())
        if self.step.average is not None:
            self.processes.broadcast(self.step.average.network.state_dict().values())
        self.processes.wait()

    def run(self, report: Callable[[Progress], None], stopped: Callable[[], bool]) -> Outcome:
        """Train one session, from where the run stands to its end or to the first reason to stop."""
        options, end = self.options, self.preset.training.end
        if self.state.samples >= end:
            return Outcome(checkpoint=checkpoints.find_checkpoint(options.out), state=self.state, finished=True)
        self.state = replace(self.state, sessions=self.state.sessions + 1, environment=self._environment())
        pace = Pace(options, self.began, self.processes)
        with self._log_opened() as log, self._loader() as loader:
            batches = iter(loader)
            keep, stop = False, Stop.NO
            while self.state.samples < end:
                orders = pace.orders(stopped)
                if orders.log and self.summed:
                    self._log(log, pace, report, validate=orders.validate)
                if orders.save or keep:
                    self._save()
                    pace.saved()
                stop = orders.stop
                if stop:
                    break
                before = self.state.samples
                self._train_on(next(batches))
                keep = self._passed_keep_point(before)
            if self.summed:
                self._log(log, pace, report, validate=stop is not Stop.ASKED)
        folder = self._save()
        return Outcome(checkpoint=folder, state=self.state, finished=self.state.samples >= end)

    @contextmanager
    def _log_opened(self) -> Iterator[RunLog | None]:
        """Open the log files, after removing what an interrupted session left; yield None in other processes."""
        if not self.processes.is_first:
            yield None
            return
        out = self.options.out
        with self._writing(out):
            out.mkdir(parents=True, exist_ok=True)
            checkpoints.drop_unfinished_checkpoints(out)
            log = RunLog(out, self.state.samples, tensorboard=self.options.tensorboard)
        try:
            yield log
        finally:
            with self._writing(out):
                log.close()

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
            shard=(self.processes.rank, self.processes.count),
        )

    def _train_on(self, batch: Batch) -> None:
        torch.manual_seed(_step_seed(self.state.seed, self.state.batch, self.processes.rank))
        if self.layers is not None:
            self.layers.before_step()
        report = self.step(batch, learning_rate_factor(self.preset.training, self.state.samples))
        samples = len(batch) * self.processes.count
        self.sums += report.double() * samples
        self.summed += samples
        self.state = replace(
            self.state,
            samples=self.state.samples + samples,
            batch=self.state.batch + 1,
            total_samples=self.state.total_samples + samples,
        )

    def _log(self, log: RunLog | None, pace: Pace, report: Callable[[Progress], None], *, validate: bool) -> None:
        """Read the sums (this waits for the device), write a line of metrics, hand it to `report`."""
        self.processes.sum(self.sums)
        top1, *means = (self.sums / self.summed).tolist()
        losses = dict(zip(self.step.heads, means, strict=True))
        if not np.isfinite(means).all():
            raise Diverged(f"loss is {losses} after {self.state.samples} samples: stopped; {self._last_good()}")
        seconds = pace.since_log()
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
        if log is not None:
            layers = self.layers.measure() if self.layers is not None else None
            with self._writing(self.options.out):
                log.write(progress, layers)
            report(progress)
        pace.logged(validated=validate)

    def _validate(self) -> Figures:
        """Return the figures of the averaged weights, or of the weights if there is no average.

        Computed in float32, like `shicho evaluate`, because bfloat16 logits tie.
        """
        network = self.network if self.step.average is None else self.step.average.network
        return measure(network_predictor(network, self.device, Precision.FLOAT32), self.validation)

    def _passed_keep_point(self, before: int) -> bool:
        return any(before < point <= self.state.samples for point in self.options.keep_at)

    def _save(self) -> Path:
        """Write a checkpoint where the run stands, unless one is there, and drop the oldest.

        All processes check the weights; the first one writes.
        """
        out = self.options.out
        folder = out / checkpoints.checkpoint_name(self.state.samples)
        if self.processes.is_first and folder in checkpoints.checkpoints_in(out):
            return folder
        weights = checkpoints.network_arrays(self.network)
        for name, array in weights.items():
            if not np.isfinite(array).all():
                raise Diverged(f"{name} is not finite after {self.state.samples} samples: stopped; {self._last_good()}")
        if not self.processes.is_first:
            return folder
        checkpoint = Checkpoint(
            state=self.state,
            weights=weights,
            average=checkpoints.average_arrays(self.step.average),
            optimiser=checkpoints.optimiser_arrays(self.network, self.step.optimisers),
        )
        with self._writing(folder):
            checkpoints.save_checkpoint(folder, checkpoint)
            checkpoints.drop_old_checkpoints(out, checkpoints.kept_checkpoints(out, self.options.keep_at))
        return folder

    @contextmanager
    def _writing(self, place: Path) -> Iterator[None]:
        """Turn an OSError inside (a full disk, say) into NotWritten, which says where and how to go on."""
        try:
            yield
        except OSError as error:
            reason = f"cannot write: {error.strerror or error}"
            then = "once that is mended, the same command continues"
            raise NotWritten(f"{error.filename or place}: {reason}; {self._last_good()}; {then}") from error

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
            "processes": self.processes.count,
            "compile": self.compiling,
            "precision": str(self.precision),
        }


def _step_seed(seed: int, batch: int, rank: int) -> int:
    """Return the seed of one step (of dropout), so that a run that was stopped draws the same numbers.

    Processes draw different ones; the first draws what a process alone would.
    """
    numbers = [seed, batch, rank] if rank else [seed, batch]
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def validation_batches(store: GameStore, features: FeatureSet, positions: int, targets: Sequence[str]) -> list[Batch]:
    """Return a fixed draw from the validation split; no batches if the store has no such games or `positions` is 0."""
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


def hash_games(store: GameStore) -> str:
    """Return the SHA-256 over the games of a store, in hexadecimal."""
    digest = hashlib.sha256()
    for column in (store.moves, store.game_start, store.setup, store.setup_start, store.size, store.split):
        digest.update(column.data)
    return digest.hexdigest()


def identify(store: GameStore, positions: Positions) -> DataIdentity:
    """Return the identity of the training data that checkpoints store."""
    groups = store.source_groups[store.source[positions.games]]
    counts = np.bincount(groups, np.diff(positions.starts), len(store.group_names))
    return DataIdentity(
        games_sha256=hash_games(store),
        positions=len(positions),
        sources={source.name: source.sha256 for source in store.sources if not source.test},
        positions_by_group={name: int(count) for name, count in zip(store.group_names, counts, strict=True) if count},
    )

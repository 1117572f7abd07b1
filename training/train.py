"""The training loop: batches in, checkpoints and metrics out. `train` is the whole of it; `Trainer` is its state.

The same preset, store and seed give the same weights on one machine, whether a run was stopped in between or not (on a
CPU without `compile`, bit for bit).
"""

import hashlib
import importlib.util
import logging
import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shicho.engine.errors import BadCheckpoint, BadConfig, ShichoError
from shicho.engine.features import FEATURE_SETS, FeatureSet
from shicho.engine.version import shicho_commit, shicho_version
from shicho.training import checkpoint as checkpoints
from shicho.training.checkpoint import Checkpoint, DataIdentity, State
from shicho.training.config import Precision, Preset, first_difference, to_json
from shicho.training.dataset import Batch, Loader, NothingToEvaluate, Positions, evaluation_batches
from shicho.training.evaluate import autocast, measure, network_predictor
from shicho.training.metrics import Progress, append_metrics, drop_metrics_after
from shicho.training.model import Network
from shicho.training.schedule import learning_rate, make_optimiser
from shicho.training.store import GameStore
from shicho.training.symmetry import BOARD, to_input, turned_targets

_log = logging.getLogger(__name__)

VALIDATION_BATCH = 256


class Diverged(ShichoError):
    """The loss or a weight is no longer finite; the last checkpoint still is."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a run is carried out, and where it starts from. Times are in seconds.

    But for `start_from` and `start_at`, it changes the weights by rounding at most (device, compile, threads).
    """

    out: Path
    device: str = "auto"
    compile: bool | None = None
    threads: int | None = None
    loader_threads: int | None = None
    time_budget: float | None = None
    checkpoint_every: float = 600.0
    validate_every: float = 1200.0
    validation_positions: int = 4096
    log_every: float = 30.0
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
    """Train until the samples are seen, the time budget is spent or `stopped()`, going on where `options.out` stands.

    Stops between steps and writes a checkpoint. Raises BadCheckpoint where the run folder's config, features or games
    are not those given, BadConfig where the options do not fit each other, Diverged where the loss is no number.
    """
    device = pick_device(options.device)
    if device.type == "cpu":
        torch.set_num_threads(options.threads or max(1, torch.get_num_threads() - loader_threads(options, device)))
    else:
        torch.set_float32_matmul_precision("high")
    preset = resolve_precision(preset, device)
    trainer = Trainer(preset, store, options, device)
    return trainer.run(report, stopped)


def pick_device(name: str) -> torch.device:
    """The device of a name; `auto` is CUDA where there is one, else the CPU. BadConfig for one that is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise BadConfig(f"device {name!r}: must be auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda"):
        raise BadConfig(f"device {name!r}: must be auto, cpu or cuda")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BadConfig(f"device {name!r}: this PyTorch sees {torch.cuda.device_count() or 'no'} CUDA device(s)")
    return device


def pick_compile(wanted: bool | None, device: torch.device) -> bool:
    """Whether to compile; None means where it can work. Raises BadConfig where it is wanted and cannot."""
    missing = missing_for_compile(device)
    if wanted and missing:
        raise BadConfig(f"compile = True: torch.compile needs {missing} here; install that or use --no-compile")
    if wanted is None and missing:
        _log.warning("training without torch.compile, which needs %s here", missing)
    return not missing if wanted is None else wanted


def missing_for_compile(device: torch.device) -> str:
    """What torch.compile needs and this machine has not, empty where nothing is missing.

    For a CPU, Inductor runs $CXX, by default g++ (clang++ on macOS), and does not quote the path of PyTorch; for CUDA,
    Triton compiles its launchers with $CC, gcc or clang. Both include Python.h.
    """
    if device.type == "cuda":
        if importlib.util.find_spec("triton") is None:
            return "Triton"
        compilers = [os.environ["CC"]] if os.environ.get("CC") else ["gcc", "clang", "cc"]
    else:
        compilers = [os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")]
        if " " in torch.__file__:
            return "PyTorch in a place without a space in its path"
    if not any(map(shutil.which, compilers)):
        return " or ".join(compilers)
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return "" if headers.is_file() else f"{headers} (python3-dev)"


def loader_threads(options: RunOptions, device: torch.device) -> int:
    """How many threads replay games: as asked, else one for a CPU and up to 16 for a GPU."""
    return options.loader_threads or (1 if device.type == "cpu" else min(16, os.cpu_count() or 1))


def resolve_precision(preset: Preset, device: torch.device) -> Preset:
    """The preset with `auto` replaced by what is fastest: bfloat16 on CUDA and on processors with AMX, else float32.

    With AVX-512 alone, oneDNN's bfloat16 convolutions run at half the speed of its float32 ones (measured: 44 and 82
    multiply-adds a nanosecond, one core of a Xeon without AMX, PyTorch 2.13).
    """
    if preset.training.precision is not Precision.AUTO:
        return preset
    fast = device.type == "cuda" or has_amx()
    return preset.with_training(precision=Precision.BFLOAT16 if fast else Precision.FLOAT32)


def has_amx() -> bool:
    """Whether this processor multiplies bfloat16 matrices in hardware tiles; False where PyTorch cannot tell."""
    capabilities = getattr(torch.cpu, "get_capabilities", None)
    return bool(capabilities and capabilities().get("amx_bf16"))


class Trainer:
    """A run in progress: network, optimiser, loader position, and the sums that the next line of metrics is made of."""

    def __init__(self, preset: Preset, store: GameStore, options: RunOptions, device: torch.device) -> None:
        self.began = time.monotonic()
        self.preset = preset
        self.options = options
        self.device = device
        self.store = store
        self.compiling = pick_compile(options.compile, device)
        self.features = FEATURE_SETS[preset.network.features]
        self.positions = Positions.of_split(store, "train")
        self.data = identify(store, len(self.positions))
        self.validation = validation_batches(store, self.features, options.validation_positions)
        training = preset.training
        torch.manual_seed(training.seed)
        full_boards = bool((store.size[self.positions.games] == BOARD).all())
        self.network = Network(preset.network, masked=not full_boards).to(device)
        self.optimiser = make_optimiser(self.network, training, max(1, len(self.positions)))
        self.state = State(
            preset=preset,
            samples=0,
            batch=0,
            seed=training.seed,
            total_samples=0,
            total_seconds=0.0,
            sessions=0,
            data=self.data,
            environment={},
            figures={},
        )
        self._restore()
        step = self._loss
        self.compiled = torch.compile(step, dynamic=False) if self.compiling else step
        self.sums = torch.zeros(2, dtype=torch.float64, device=device)
        self.summed = 0

    def _restore(self) -> None:
        """Continue the run in the run folder, else start from given weights, else from the random ones."""
        options, training = self.options, self.preset.training
        if checkpoints.checkpoints_in(options.out):
            found = checkpoints.load_checkpoint(options.out)
            self._check_same_run(found.state)
            self._load(found)
            self.state = found.state
        elif options.start_from is not None:
            found = checkpoints.load_checkpoint(options.start_from)
            self._check_same_network(found.state, options.start_from)
            checkpoints.load_network(self.network, found.weights, options.start_from)
            at = found.state.samples if options.start_at is None else options.start_at
            if at >= training.samples:
                raise BadConfig(f"samples = {training.samples}: {options.start_from} is at {at} already; see --at")
            seen = found.state.batch * found.state.preset.training.batch_size
            self.state = replace(
                self.state,
                samples=at,
                batch=seen // training.batch_size if found.state.seed == self.state.seed else 0,
                total_samples=found.state.total_samples,
                total_seconds=found.state.total_seconds,
                sessions=found.state.sessions,
            )
        elif options.start_at is not None:
            raise BadConfig(f"at = {options.start_at}: means something only with weights to start from (--from)")

    def _check_same_run(self, state: State) -> None:
        difference = first_difference(to_json(self.preset), to_json(state.preset))
        if difference:
            raise BadCheckpoint(f"{self.options.out} was begun with another config: {difference} as there")
        if state.data.games_sha256 != self.data.games_sha256:
            hashes = f"{self.data.games_sha256[:12]} (SHA-256), not {state.data.games_sha256[:12]} as there"
            raise BadCheckpoint(f"{self.options.out} was begun with other games: {hashes}")

    def _check_same_network(self, state: State, place: Path) -> None:
        difference = first_difference(to_json(self.preset.network), to_json(state.preset.network), "network")
        if difference:
            raise BadCheckpoint(f"{place} is another network: {difference} as there")

    def _load(self, found: Checkpoint) -> None:
        checkpoints.load_network(self.network, found.weights, self.options.out)
        checkpoints.load_optimiser(self.network, self.optimiser, found.optimiser)

    def run(self, report: Callable[[Progress], None], stopped: Callable[[], bool]) -> Outcome:
        """One session, from where the run stands to its end or to the first reason to stop."""
        options, total = self.options, self.preset.training.samples
        if self.state.samples >= total:
            return Outcome(checkpoint=checkpoints.find_checkpoint(options.out), state=self.state, finished=True)
        options.out.mkdir(parents=True, exist_ok=True)
        checkpoints.drop_unfinished_checkpoints(options.out)
        drop_metrics_after(options.out, self.state.samples)
        self.state = replace(self.state, sessions=self.state.sessions + 1, environment=self._environment())
        self.network.train()
        logged = saved = validated = time.monotonic()
        with self._loader() as loader:
            batches = iter(loader)
            while self.state.samples < total and not stopped():
                if options.time_budget is not None and time.monotonic() - self.began >= options.time_budget:
                    break
                self._step(next(batches))
                now = time.monotonic()
                if now - logged >= options.log_every:
                    validating = now - validated >= options.validate_every
                    self._log(now - logged, report, validate=validating)
                    logged = time.monotonic()
                    validated = logged if validating else validated
                if now - saved >= options.checkpoint_every:
                    self._save()
                    saved = time.monotonic()
            if self.summed:
                self._log(time.monotonic() - logged, report, validate=not stopped())
        folder = self._save()
        return Outcome(checkpoint=folder, state=self.state, finished=self.state.samples >= total)

    def _loader(self) -> Loader:
        training = self.preset.training
        threads = loader_threads(self.options, self.device)
        return Loader(
            self.store,
            self.positions,
            self.features,
            batch_size=training.batch_size,
            seed=self.state.seed,
            history_dropout=training.history_dropout,
            threads=threads,
            prefetch=2 * threads,
            start_batch=self.state.batch,
        )

    def _step(self, batch: Batch) -> None:
        rate = learning_rate(self.preset.training, self.state.samples)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        packed, targets, symmetry = self._on_device(batch)
        loss, found = self.compiled(to_input(packed, symmetry), turned_targets(targets, symmetry))
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.optimiser.step()
        self.sums += torch.stack([loss.detach(), found]).double() * len(batch)
        self.summed += len(batch)
        self.state = replace(
            self.state,
            samples=self.state.samples + len(batch),
            batch=self.state.batch + 1,
            total_samples=self.state.total_samples + len(batch),
        )

    def _on_device(self, batch: Batch) -> Iterator[Tensor]:
        """The arrays of a batch as tensors; to CUDA they go from pinned memory without waiting."""
        for array in (batch.packed, batch.targets, batch.symmetry.astype(np.int64)):
            tensor = torch.from_numpy(array)
            yield tensor.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else tensor

    def _loss(self, planes: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """(cross-entropy, fraction of moves that got the largest logit), both over the batch."""
        with autocast(self.device, self.preset.training.precision):
            logits = self.network(planes).policy
        found = (logits.argmax(dim=1) == targets).float().mean()
        return F.cross_entropy(logits, targets), found

    def _log(self, seconds: float, report: Callable[[Progress], None], *, validate: bool) -> None:
        """Read the sums (this waits for the device), append a line of metrics, hand it to `report`."""
        loss, top1 = (self.sums / self.summed).tolist()
        if not np.isfinite(loss):
            raise Diverged(f"loss is {loss} after {self.state.samples} samples: stopped; {self._last_good()}")
        speed = self.summed / seconds
        self.sums.zero_()
        self.summed = 0
        self.state = replace(self.state, total_seconds=self.state.total_seconds + seconds)
        if validate and self.validation:
            # float32 as `shicho evaluate`: bfloat16 logits tie, and ties count against the network
            predict = network_predictor(self.network, self.device, Precision.FLOAT32)
            figures = asdict(measure(predict, self.validation))
            self.state = replace(self.state, figures={"validation": figures})
        progress = Progress(
            samples=self.state.samples,
            of=self.preset.training.samples,
            seconds=round(self.state.total_seconds, 1),
            rate=self.optimiser.param_groups[0]["lr"],
            loss=loss,
            top1=top1,
            samples_per_s=round(speed, 1),
            validation=self.state.figures["validation"] if validate and self.validation else None,
        )
        append_metrics(self.options.out, progress)
        report(progress)

    def _save(self) -> Path:
        """Write a checkpoint where the run stands, unless one is there, and drop the oldest."""
        folder = self.options.out / checkpoints.checkpoint_name(self.state.samples)
        if folder in checkpoints.checkpoints_in(self.options.out):
            return folder
        weights = checkpoints.network_arrays(self.network)
        for name, array in weights.items():
            if not np.isfinite(array).all():
                raise Diverged(f"{name} is not finite after {self.state.samples} samples: stopped; {self._last_good()}")
        optimiser = checkpoints.optimiser_arrays(self.network, self.optimiser)
        checkpoints.save_checkpoint(folder, Checkpoint(state=self.state, weights=weights, optimiser=optimiser))
        checkpoints.drop_old_checkpoints(self.options.out)
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
        }


def validation_batches(store: GameStore, features: FeatureSet, positions: int) -> list[Batch]:
    """A fixed draw from the validation split, in memory; none where the store has no such games or none are wanted."""
    if positions == 0:
        return []
    try:
        return list(
            evaluation_batches(store, features, split="validation", positions=positions, batch=VALIDATION_BATCH)
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

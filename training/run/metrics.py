"""The metrics of a run: one JSON object a line, and the same for TensorBoard if it is wanted."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shicho.engine.errors import BadConfig
from shicho.engine.files import replacing

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

METRICS_NAME = "metrics.jsonl"
LAYERS_NAME = "layers.jsonl"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One line of metrics: `samples` of `of`, means over the samples since the last line, `validation` if measured.

    `seconds` count all sessions; `learning_rate` is that of the first parameter group; `loss` is the policy's
    cross-entropy (without label smoothing) and `losses` those of all heads, in nats; `top1` is a fraction.
    """

    samples: int
    of: int
    seconds: float
    learning_rate: float
    loss: float
    losses: dict[str, float]
    top1: float
    samples_per_s: float
    validation: dict[str, float] | None = None

    def __str__(self) -> str:
        text = (
            f"{self.samples:,} of {self.of:,} samples, loss {self.loss:.3f}, top-1 {self.top1:.1%}, "
            f"learning rate {self.learning_rate:.4g}, {self.samples_per_s:,.0f}/s"
        )
        if self.validation:
            figures = self.validation
            text += f"; validation {figures['cross_entropy']:.3f}, top-1 {figures['top1']:.1%}"
            if "win_accuracy" in figures:
                text += f", winner {figures['win_accuracy']:.1%}"
        return text


LayerFigures = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By kind (`activations`, `weights`, `slopes`), layer and statistic: see `training.run.layer_statistics`."""


class RunLog:
    """The files in a run folder that grow with a run: metrics, statistics by layer, and TensorBoard's events.

    Opening it removes the lines beyond `samples`, where the run stands: a session that was killed wrote them, and this
    one will write them again. TensorBoard is told to hide such events. Lines that were cut short go too.
    """

    def __init__(self, run: Path, samples: int, *, tensorboard: bool) -> None:
        """Raise BadConfig if TensorBoard is wanted but not installed."""
        self._run = run
        for name in (METRICS_NAME, LAYERS_NAME):
            _drop_lines_after(run / name, samples)
        self._events = _open_events(run, samples + 1) if tensorboard else None

    def write(self, progress: Progress, layers: LayerFigures | None = None) -> None:
        """Add a line to the metrics, and one to the statistics by layer if there are any."""
        values = {key: value for key, value in asdict(progress).items() if value is not None}
        _append(self._run / METRICS_NAME, values)
        if layers is not None:
            _append(self._run / LAYERS_NAME, {"samples": progress.samples, **layers})
        if self._events is not None:
            for tag, value in {**_scalars(progress), **_layer_scalars(layers or {})}.items():
                self._events.add_scalar(tag, value, progress.samples)
            self._events.flush()

    def close(self) -> None:
        """Close what is open."""
        if self._events is not None:
            self._events.close()


def _open_events(run: Path, first_step: int) -> "SummaryWriter":
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError:
        raise BadConfig("--tensorboard: needs the package tensorboard: pip install 'shicho[train]'") from None
    return SummaryWriter(run, purge_step=first_step)


def _scalars(progress: Progress) -> dict[str, float]:
    """Return the tags and values of a line of metrics."""
    return {
        **{f"loss/{head}": loss for head, loss in progress.losses.items()},
        "top1": progress.top1,
        "learning_rate": progress.learning_rate,
        "samples_per_s": progress.samples_per_s,
        **{f"validation/{name}": value for name, value in (progress.validation or {}).items()},
    }


def _layer_scalars(layers: LayerFigures) -> dict[str, float]:
    """Return the values of statistics by tag, `activation_deviation/trunk.0.first` and so on."""
    return {
        f"{kind.removesuffix('s')}_{statistic}/{layer}": value
        for kind, found in layers.items()
        for layer, statistics in found.items()
        for statistic, value in statistics.items()
    }


def _append(path: Path, values: Mapping[str, Any]) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
    except OSError as error:
        error.filename = str(path)  # A write that fails does not name its file.
        raise


def _drop_lines_after(path: Path, samples: int) -> None:
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if _samples(line) <= samples]
    if len(kept) < len(lines):
        with replacing(path) as beside:
            beside.write_text("".join(kept), encoding="utf-8")


def _samples(line: str) -> float:
    """Return the number of samples in a line; infinity for a line without it."""
    try:
        return float(json.loads(line)["samples"])
    except (ValueError, TypeError, KeyError):
        return float("inf")


def read_lines(path: Path, needed: set[str]) -> list[dict[str, Any]]:
    """Return the lines of such a file that hold the `needed` keys; a line that was cut short is left out.

    Raises BadConfig if there are none.
    """
    lines = []
    if path.is_file():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and needed <= line.keys():
                lines.append(line)
    if not lines:
        raise BadConfig(f"{path}: no such lines of a run there")
    return lines

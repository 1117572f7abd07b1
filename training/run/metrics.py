"""What a run tells of itself on the way: one JSON object a line."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from shicho.engine.files import replacing

METRICS_NAME = "metrics.jsonl"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One line: `samples` of `of`, means over the samples since the last line, `validation` if it was measured.

    `seconds` count all sessions; `learning_rate` is that of the first parameter group; `loss` is the policy's
    cross-entropy and `losses` those of all heads, in nats; `top1` is a fraction.
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


def append_metrics(run: Path, progress: Progress) -> None:
    """Add a line to the metrics of a run folder."""
    line = {key: value for key, value in asdict(progress).items() if value is not None}
    with (run / METRICS_NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def drop_metrics_after(run: Path, samples: int) -> None:
    """Remove the lines beyond so many samples, which a run that was killed will write again, and a line cut short."""
    path = run / METRICS_NAME
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if _samples(line) <= samples]
    if len(kept) < len(lines):
        with replacing(path) as beside:
            beside.write_text("".join(kept), encoding="utf-8")


def _samples(line: str) -> float:
    """Where a line stands; infinity for one that is none."""
    try:
        return float(json.loads(line)["samples"])
    except (ValueError, TypeError, KeyError):
        return float("inf")

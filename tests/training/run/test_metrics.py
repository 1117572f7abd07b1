"""The files in which a run tells of itself: validation in the last line, TensorBoard's events, several sessions."""

import shutil
import sys
import time
from pathlib import Path

import pytest
import torch

from shicho.engine.errors import BadConfig
from shicho.training.data.store import GameStore
from shicho.training.run.checkpoint import checkpoints_in
from shicho.training.run.loop import Trainer
from shicho.training.run.metrics import RunLog
from tests.support.runs import metrics, options, run
from tests.support.training import ALL_HEADS, BATCH, tiny_preset


def scalars(run: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows of a run folder: (step, value) by tag."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(run), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


@pytest.mark.parametrize("log_every", [0.0, 1e9])
@pytest.mark.parametrize("samples", [6 * BATCH, 6 * BATCH - 1])
def test_the_last_line_of_a_run_has_validation_figures(
    store: GameStore, tmp_path: Path, log_every: float, samples: int
) -> None:
    outcome = run(tiny_preset(samples=samples), store, tmp_path, log_every=log_every, validate_every=1e9)
    lines = metrics(tmp_path)
    assert [line["samples"] for line in lines if "validation" in line] == [6 * BATCH]
    assert lines[-1]["validation"] == outcome.state.figures["validation"]


def test_a_run_whose_time_is_spent_is_validated_too(store: GameStore, tmp_path: Path) -> None:
    chosen = options(tmp_path, time_budget=0.5, validate_every=1e9)
    trainer = Trainer(tiny_preset(samples=10**9), store, chosen, torch.device("cpu"), time.monotonic())
    trainer.began = time.monotonic()  # so that there is time for a step, however long the beginning took
    outcome = trainer.run(lambda progress: None, lambda: False)
    last = metrics(tmp_path)[-1]
    assert last["samples"] == outcome.state.samples
    assert last["validation"] == outcome.state.figures["validation"]


def test_tensorboard_shows_what_the_metrics_say(store: GameStore, tmp_path: Path) -> None:
    run(tiny_preset(heads=ALL_HEADS), store, tmp_path, validate_every=0.0, tensorboard=True, layer_statistics=True)
    shown, lines, layers = scalars(tmp_path), metrics(tmp_path), metrics(tmp_path, "layers.jsonl")
    for tag, value in (
        *((f"loss/{head}", lambda line, head=head: line["losses"][head]) for head in lines[0]["losses"]),
        *((name, lambda line, name=name: line[name]) for name in ("top1", "learning_rate", "samples_per_s")),
        ("validation/cross_entropy", lambda line: line["validation"]["cross_entropy"]),
        ("validation/win_accuracy", lambda line: line["validation"]["win_accuracy"]),
    ):
        assert_shown(shown[tag], [(line["samples"], value(line)) for line in lines])
    weight = [(line["samples"], line["weights"]["trunk.0.first_conv"]["relative_update"]) for line in layers]
    assert_shown(shown["weight_relative_update/trunk.0.first_conv"], weight)
    slope = [(line["samples"], line["slopes"]["heads.policy.first"]["min"]) for line in layers]
    assert_shown(shown["slope_min/heads.policy.first"], slope)


def assert_shown(shown: list[tuple[int, float]], expected: list[tuple[int, float]]) -> None:
    """The same steps, and values but for float32."""
    assert [step for step, _ in shown] == [step for step, _ in expected]
    assert [value for _, value in shown] == pytest.approx([value for _, value in expected], rel=1e-6)


def test_steps_that_a_killed_session_made_beyond_its_checkpoint_are_shown_once(
    store: GameStore, tmp_path: Path
) -> None:
    watched = {"tensorboard": True, "layer_statistics": True}
    run(tiny_preset(), store, tmp_path, 4, checkpoint_every=0.0, **watched)
    shutil.rmtree(checkpoints_in(tmp_path)[-1])  # the session was killed before it wrote the last one
    with (tmp_path / "layers.jsonl").open("a") as file:
        file.write('{"samples": 64, "acti')
    run(tiny_preset(), store, tmp_path, **watched)
    steps = [BATCH * n for n in range(1, 7)]
    for name in ("metrics.jsonl", "layers.jsonl"):
        assert [line["samples"] for line in metrics(tmp_path, name)] == steps
    shown = scalars(tmp_path)
    assert_shown(shown["loss/policy"], [(line["samples"], line["loss"]) for line in metrics(tmp_path)])
    assert all(step in steps for tag in shown.values() for step, _ in tag)


def test_without_the_package_tensorboard_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(BadConfig, match=r"pip install 'shicho\[train\]'"):
        RunLog(tmp_path, 0, tensorboard=True)
    RunLog(tmp_path, 0, tensorboard=False).close()

"""What each of two processes does in `tests/training/run/test_distributed.py`; torchrun starts it with a folder.

It trains the runs of `jobs.json` in turn: those with `alone` in the first process only, those with `double` in float64.
Beside each run folder `NAME`, `NAME-<rank>.npz` holds the weights that the process ended with, and
`NAME-dropped-<rank>.npy` which channels it dropped, if any. `norm-<rank>.npz` holds what a batch norm computed.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from shicho.training.config import Preset, parse
from shicho.training.data.store import GameStore
from shicho.training.network.synchronised import SynchronisedBatchNorm
from shicho.training.network.transforms import to_input
from shicho.training.run import step
from shicho.training.run.checkpoint import network_arrays
from shicho.training.run.device import Precision
from shicho.training.run.distributed import ALONE, Processes, joined
from shicho.training.run.loop import Trainer
from shicho.training.run.options import RunOptions
from tests.support.stores import small_store

CPU = torch.device("cpu")


def options(out: Path) -> RunOptions:
    return RunOptions(
        out=out, device="cpu", precision=Precision.FLOAT32, compile=False, log_every=0.0, validation_positions=0
    )


def stop_after(steps: int | None) -> Callable[[], bool]:
    answers = iter([False] * (10**6 if steps is None else steps))
    return lambda: next(answers, True)


def norm_input() -> torch.Tensor:
    """Eight samples; channels with a large mean, a small deviation, and none."""
    x = torch.randn(8, 4, 5, 5, generator=torch.Generator().manual_seed(3))
    x[:, 1] = 50 + 0.1 * x[:, 1]
    x[:, 2] = 7
    return x


def norm_results(norm: torch.nn.BatchNorm2d, x: torch.Tensor, function: Callable[..., Any]) -> dict[str, Any]:
    """Output, gradients and statistics after two steps with the loss sum(sin(output))."""
    x = x.clone().requires_grad_()
    for _ in range(2):
        norm.zero_grad()
        x.grad = None
        output = function(x)
        torch.autograd.backward(output.sin().sum())
    assert x.grad is not None
    gradients = {f"{name}_gradient": parameter.grad for name, parameter in norm.named_parameters()}
    found = {"output": output, "input_gradient": x.grad, **gradients, **norm.state_dict()}
    return {name: value.detach().numpy() for name, value in found.items()}


@contextmanager
def double_precision(wanted: bool) -> Iterator[None]:
    """Inside, networks are made and computed in float64, where rounding errors stay too small to grow."""
    if not wanted:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "float", torch.Tensor.double)
        # PyTorch has no float64 convolutions in channels-last order.
        patch.setattr(torch, "channels_last", torch.contiguous_format)
        patch.setattr(step, "to_input", lambda *given: to_input(*given).double().contiguous())
        torch.set_default_dtype(torch.float64)
        yield
        torch.set_default_dtype(torch.float32)


def train(folder: Path, job: dict[str, Any], store: GameStore, processes: Processes) -> None:
    preset = parse(Preset, job["preset"], "job")
    with double_precision(job["double"]):
        trainer = Trainer(preset, store, options(folder / job["name"]), CPU, time.monotonic(), processes)
        dropped = watch_dropout(trainer.network)
        trainer.run(lambda progress: None, stop_after(job["steps"]))
    np.savez(folder / f"{job['name']}-{processes.rank}.npz", **network_arrays(trainer.network))
    if dropped:
        np.save(folder / f"{job['name']}-dropped-{processes.rank}.npy", np.stack(dropped))


def watch_dropout(network: torch.nn.Module) -> list[np.ndarray]:
    """Of every call of every dropout layer [N, C]: 1 dropped, 0 kept, NaN where the channel was 0 anyway."""
    found: list[np.ndarray] = []

    def note(_: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        before, after = (x.detach().flatten(2).abs().amax(2) for x in (inputs[0], output))
        found.append(torch.where(before == 0, torch.nan, (after == 0).double()).numpy())

    for layer in network.modules():
        if isinstance(layer, torch.nn.Dropout2d):
            layer.register_forward_hook(note)
    return found


def measure_norm(folder: Path, processes: Processes) -> None:
    part = norm_input()[processes.rank :: processes.count]
    for name, backend in (("norm", None), ("compiled-norm", "aot_eager")):
        norm = SynchronisedBatchNorm(4, eps=1e-3, momentum=0.01)
        torch.nn.init.constant_(norm.weight, 1.5)
        function = torch.compile(norm, backend=backend, fullgraph=True) if backend else norm
        np.savez(folder / f"{name}-{processes.rank}.npz", **norm_results(norm, part, function))


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    store = small_store()
    with joined() as processes:
        measure_norm(folder, processes)
        for job in json.loads((folder / "jobs.json").read_text()):
            if not job["alone"] or processes.is_first:
                train(folder, job, store, ALONE if job["alone"] else processes)
            processes.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Where the jobs of an experiment run: local processes, one a core or device, or a Dask cluster.

An executor is anything with `submit(function, *arguments)` that returns a `concurrent.futures.Future`.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

import torch

from shicho.engine.errors import BadConfig, ShichoError
from shicho.training.experiments.job import LOG_NAME

Slot = tuple[str, ...]
"""Options of `training.experiments.job` for one of the jobs that run at the same time."""


class Executor(Protocol):
    """What runs jobs."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> "Future[Any]":
        """Run a function some time, somewhere."""


class JobFailed(ShichoError):
    """A job's process ended with an error; the same command tries it again."""


def run_job(folder: str, slot: Slot = ()) -> None:
    """Run the job of a folder in a process of its own, and wait for it. Raises JobFailed with its last line.

    A new session keeps Ctrl-C away from it: the runner asks it to stop. The process, not a fork, is what a Dask worker
    needs too: its own processes must not have children by `multiprocessing`.
    """
    path = Path(folder)
    command = [sys.executable, "-P", "-m", "shicho.training.experiments.job", str(path), *slot]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_WAIT_POLICY": "PASSIVE"}
    with (path / LOG_NAME).open("w", encoding="utf-8") as log:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        ).returncode
    if code:
        lines = (path / LOG_NAME).read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
        raise JobFailed(f"{path.name}: {f'killed by signal {-code}' if code < 0 else last}")


class LocalProcesses:
    """Runs as many functions at a time as there are slots; each gets a free slot as its last argument."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._free: SimpleQueue[Slot] = SimpleQueue()
        for slot in slots:
            self._free.put(slot)
        self._threads = ThreadPoolExecutor(len(slots), thread_name_prefix="job")

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> "Future[Any]":
        """Run `function(*arguments, slot)` when a slot is free."""
        return self._threads.submit(self._run, function, arguments)

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        slot = self._free.get()
        try:
            return function(*arguments, slot)
        finally:
            self._free.put(slot)

    def shutdown(self) -> None:
        """Wait for what runs, drop what waits."""
        self._threads.shutdown(cancel_futures=True)


def local_slots(jobs: int | None, devices: Sequence[str]) -> list[Slot]:
    """Return one slot for each device, or one for each processor core for `jobs` cores.

    Without either: every CUDA device there is, else one core. Raises BadConfig for more jobs than devices or cores.
    """
    if not devices and jobs is None:
        devices = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if devices:
        if jobs is not None and jobs != len(devices):
            raise BadConfig(f"jobs = {jobs}: one job runs on each of the {len(devices)} device(s)")
        return [("--device", device) for device in devices]
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    if (jobs or 1) > len(cores):
        raise BadConfig(f"jobs = {jobs}: this process may use {len(cores)} core(s)")
    return [("--device", "cpu", "--core", str(core)) for core in cores[: jobs or 1]]


@contextmanager
def local_executor(jobs: int | None, devices: Sequence[str] = ()) -> Iterator[Executor]:
    """Provide processes of this machine, one for each of `local_slots`. Raises BadConfig for more jobs than cores."""
    processes = LocalProcesses(local_slots(jobs, devices))
    try:
        yield processes
    finally:
        processes.shutdown()

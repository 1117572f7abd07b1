"""Benchmark of training steps: samples and GFLOP per second, and the machine's peak for matrix products."""

import statistics
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shicho.engine.errors import BadConfig
from shicho.engine.features import FEATURE_SETS, FeatureSet
from shicho.tools.bench.measure import significant, spread
from shicho.tools.environment import environment

if TYPE_CHECKING:
    import torch

    from shicho.training.config import Preset
    from shicho.training.data.dataset import Batch
    from shicho.training.network.model import Network
    from shicho.training.run.device import Precision
    from shicho.training.run.distributed import Processes

MATRIX_SIZE = {"cpu": 1024, "cuda": 8192}
WARM_UP_STEPS = 4
SEED = 1


@dataclass(frozen=True, kw_only=True)
class TrainBench:
    """What to measure: `repeats` times `steps` training steps, in `processes` that share every batch."""

    preset: "Preset"
    device: str = "auto"
    precision: "Precision"
    compile: bool | None = None
    threads: int = 1
    processes: int = 1
    steps: int = 10
    repeats: int = 5


def bench_cores(bench: TrainBench, cores: int) -> dict[str, Any]:
    """Measure both ways to train on so many cores: as many threads in one process, and as many processes.

    Returns what `bench_train` does of the way that does more samples a second, with its name in `faster`, and both in
    `ways`. Both use the same precision. Raises BadConfig like `bench_train`.
    """
    bench = _with_precision(replace(bench, threads=1, processes=cores))
    ways = {
        "threads": bench_train(replace(bench, threads=cores, processes=1)),
        "processes": bench_train(bench),
    }
    faster = max(ways, key=lambda way: ways[way]["samples_per_s"])
    return {**ways[faster], "faster": faster, "ways": ways}


def bench_train(bench: TrainBench) -> dict[str, Any]:
    """Measure whole training steps on random positions, without the loader (see `shicho bench loader`).

    Returns the content of `shicho bench train --json`. `gflop_per_s` counts the convolutions and matrix products of the
    forward and backward pass. `peak_gflop_per_s` is the rate of a square matrix product in the same precision and with
    the same number of threads, the sum over the processes. Raises BadConfig if the batch cannot be divided among them.
    """
    batch_size = bench.preset.training.batch_size
    if batch_size % bench.processes:
        raise BadConfig(f"batch_size = {batch_size}: cannot be divided among {bench.processes} processes")
    bench = _with_precision(bench)
    results = _measure_together(bench) if bench.processes > 1 else [_measure_joined(bench)]
    first = results[0]
    rates, flop = first["rates"], first["flop_per_sample"]
    peak = sum(result["peak"] for result in results)
    per_s = statistics.median(rates)
    return {
        "benchmark": "train",
        "preset": bench.preset.name,
        "samples_per_s": significant(per_s),
        "gflop_per_s": significant(per_s * flop / 1e9),
        "peak_gflop_per_s": significant(peak / 1e9),
        "share_of_peak": significant(per_s * flop / peak, 3),
        "gflop_per_sample": significant(flop / 1e9),
        "precision": str(bench.precision),
        "compiled": first["compiled"],
        "device": first["device"],
        "threads": bench.threads,
        "processes": bench.processes,
        "spread": {"samples_per_s": spread(rates)},
        "n": {"batch_size": batch_size, "steps": bench.steps, "repeats": bench.repeats},
        **environment(),
    }


def _with_precision(bench: TrainBench) -> TrainBench:
    """Return the benchmark with a definite precision, chosen once for all processes."""
    import torch

    from shicho.training.run.device import pick_device, pick_precision

    torch.set_num_threads(bench.threads)
    device, preset = pick_device(bench.device), bench.preset
    batch_size = preset.training.batch_size // bench.processes
    picked = pick_precision(bench.precision, device, channels=preset.network.channels, batch_size=batch_size)
    return replace(bench, precision=picked)


def _measure_together(bench: TrainBench) -> list[dict[str, Any]]:
    """Measure in several processes, started as `torchrun --standalone` starts them; the results by rank."""
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    launch = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=bench.processes,
        run_id=str(uuid.uuid4()),
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        start_method="spawn",
    )
    results = elastic_launch(launch, _measure_joined)(bench)
    return [results[rank] for rank in range(bench.processes)]


def _measure_joined(bench: TrainBench) -> dict[str, Any]:
    from shicho.training.run.distributed import joined

    with joined() as processes:
        return _measure(bench, processes)


def _measure(bench: TrainBench, processes: "Processes") -> dict[str, Any]:
    """Measure in this process, alone or together with the others. `rates` are those of the whole batch."""
    import torch

    from shicho.training.network.model import Network
    from shicho.training.network.synchronised import synchronise_norms
    from shicho.training.run.device import keep_freed_memory, pick_compile, pick_device
    from shicho.training.run.step import TrainingStep

    torch.set_num_threads(bench.threads)
    torch.manual_seed(SEED)
    preset = bench.preset
    device = pick_device(bench.device, None if processes.alone else processes.local_rank)
    if device.type == "cpu":
        keep_freed_memory()
    compiled = pick_compile(bench.compile, device)
    network = Network(preset.network, masked=False).to(device)
    if not processes.alone:
        synchronise_norms(network)
    step = TrainingStep(
        network,
        preset.training,
        device=device,
        precision=bench.precision,
        compile=compiled,
        positions=1_000_000,
        groups=("random",),
        processes=processes,
    )
    batch_size = preset.training.batch_size
    batch = random_batch(FEATURE_SETS[preset.network.features], batch_size // processes.count)
    for _ in range(WARM_UP_STEPS):
        step(batch, 0.1)
    processes.wait()
    peak = matmul_peak(device, bench.precision)
    rates = []
    for _ in range(bench.repeats):
        processes.wait()
        _synchronise(device)
        started = time.perf_counter()
        for _ in range(bench.steps):
            step(batch, 0.1)
        _synchronise(device)
        rates.append(bench.steps * batch_size / (time.perf_counter() - started))
    return {
        "rates": rates,
        "peak": peak,
        "flop_per_sample": flop_per_sample(Network(preset.network, masked=False)),
        "compiled": compiled,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
    }


def random_batch(features: FeatureSet, batch_size: int) -> "Batch":
    """Return a batch of random planes on 19x19 boards, with every target; no point holds stones of both sides."""
    from shicho.training.data.dataset import Batch

    rng = np.random.default_rng(SEED)
    packed = rng.integers(0, 256, (batch_size, len(features), 48), np.uint8) & rng.integers(0, 256, (48,), np.uint8)
    packed[:, features.index("on_board")] = 255
    packed[:, features.index("opponent_stone")] &= ~packed[:, features.index("own_stone")]
    targets: dict[str, Any] = {
        "move": rng.integers(0, 361, batch_size),
        "next_moves": rng.integers(0, 361, (batch_size, 2)),
        "win": rng.integers(0, 2, batch_size).astype(np.float32),
        "ownership": rng.integers(-1, 2, (batch_size, 361), np.int8),
        "ladder": rng.integers(0, 256, (batch_size, 48), np.uint8),
        "source": np.zeros(batch_size, np.int64),
        "rank": rng.integers(0, 11, batch_size),
        "chains": features.chain_labels(packed),
    }
    return Batch(packed=packed, targets=targets, transform=rng.integers(0, 8, batch_size, np.uint8))


def flop_per_sample(network: "Network") -> float:
    """Return the FLOP of one sample's forward and backward pass (convolutions and matrix products)."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    planes = torch.ones(2, network.stem.weight.shape[1], 19, 19)
    with FlopCounterMode(display=False) as counter:
        outputs = network(planes, chains=torch.zeros(2, 19, 19, dtype=torch.int64))
        torch.autograd.backward(torch.stack([output.sum() for output in outputs.values()]).sum())
    return float(counter.get_total_flops()) / len(planes)


def matmul_peak(device: "torch.device", precision: "Precision") -> float:
    """Return the FLOP per second of a square matrix product in this precision: the median of ten."""
    import torch

    from shicho.training.run.device import Precision

    size = MATRIX_SIZE[device.type]
    dtype = torch.bfloat16 if precision is Precision.BFLOAT16 else torch.float32
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    times = []
    for _ in range(12):
        _synchronise(device)
        started = time.perf_counter()
        torch.mm(a, b)
        _synchronise(device)
        times.append(time.perf_counter() - started)
    return 2 * size**3 / statistics.median(times[2:])


def _synchronise(device: "torch.device") -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)

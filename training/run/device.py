"""The device of a run, the precision that is fastest on it, torch.compile, and the allocator."""

import ctypes
import importlib.util
import logging
import os
import shutil
import sys
import sysconfig
import time
from enum import StrEnum
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F

from shicho.engine.errors import BadConfig

_log = logging.getLogger(__name__)

MEASURED_SECONDS: Final = 0.6
MEASURED_STEPS: Final = 4
MALLOC_TRIM_THRESHOLD, MALLOC_TOP_PAD, MALLOC_MMAP_THRESHOLD = -1, -2, -3


class Precision(StrEnum):
    """The precision of convolutions; weights, statistics and losses are float32. `auto`: the faster of the two."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


def parse_precision(name: str) -> Precision:
    """Return the precision of this name. Raises BadConfig."""
    try:
        return Precision(name)
    except ValueError:
        raise BadConfig(f"precision {name!r}: must be one of {', '.join(Precision)}") from None


def pick_device(name: str, local_rank: int | None = None) -> torch.device:
    """Return the device of this name; `auto` is CUDA if there is one, else the CPU.

    Raises BadConfig if it does not exist. `local_rank`: of a process among several on this machine, which takes the GPU
    of that number for its own.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise BadConfig(f"device {name!r}: must be auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda"):
        raise BadConfig(f"device {name!r}: must be auto, cpu or cuda")
    if device.type == "cuda" and local_rank is not None:
        if device.index is not None:
            raise BadConfig(f"device {name!r}: several processes take a GPU each; say cuda")
        device = torch.device("cuda", local_rank)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BadConfig(f"device {str(device)!r}: this PyTorch sees {torch.cuda.device_count() or 'no'} CUDA device(s)")
    if device.type == "cuda" and local_rank is not None:
        torch.cuda.set_device(device)
    return device


def pick_precision(wanted: Precision, device: torch.device, *, channels: int, batch_size: int) -> Precision:
    """Return `wanted`, with `auto` replaced by the precision in which this device trains faster.

    CUDA: bfloat16. A CPU is measured, since processors differ: with AVX512_BF16 or AMX bfloat16 is up to twice as fast
    as float32, on others half as fast. The measurement takes about two seconds.
    """
    if wanted is not Precision.AUTO:
        return wanted
    if device.type == "cuda":
        return Precision.BFLOAT16
    speeds = {
        precision: convolution_speed(precision, channels=channels, batch_size=batch_size)
        for precision in (Precision.FLOAT32, Precision.BFLOAT16)
    }
    fastest = max(speeds, key=lambda precision: speeds[precision])
    measured = ", ".join(f"{precision} {speed / 1e9:.0f}" for precision, speed in speeds.items())
    _log.info("precision: %s (3x3 convolutions of %d channels, GFLOP/s: %s)", fastest, channels, measured)
    return fastest


def convolution_speed(precision: Precision, *, channels: int, batch_size: int) -> float:
    """Return the FLOP per second of a 3x3 convolution, forwards and backwards, on the CPU."""
    dtype = torch.bfloat16 if precision is Precision.BFLOAT16 else torch.float32
    shape, kernel = (batch_size, channels, 19, 19), (channels, channels, 3, 3)
    x = torch.randn(shape).to(dtype, memory_format=torch.channels_last).requires_grad_()
    weight = torch.randn(kernel).to(dtype, memory_format=torch.channels_last).requires_grad_()
    gradient = torch.randn(shape).to(dtype, memory_format=torch.channels_last)
    times: list[float] = []
    while len(times) < MEASURED_STEPS or sum(times[1:]) < MEASURED_SECONDS:
        started = time.perf_counter()
        torch.autograd.grad(F.conv2d(x, weight, padding=1), (x, weight), gradient)
        times.append(time.perf_counter() - started)
    times = sorted(times[1:])  # the first one prepares kernels and memory
    return 3 * 2 * x.numel() * channels * 9 / times[len(times) // 2]


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Return the autocast that a precision means: bfloat16, or none."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision is Precision.BFLOAT16)


def pick_compile(wanted: bool | None, device: torch.device) -> bool:
    """Return whether to compile; None means to compile if possible.

    Raises BadConfig if it is wanted and not possible.
    """
    missing = missing_for_compile(device)
    if wanted and missing:
        raise BadConfig(f"compile = True: torch.compile needs {missing}; install that or use --no-compile")
    if wanted is None and missing:
        _log.warning("training without torch.compile, which needs %s", missing)
    return not missing if wanted is None else wanted


def missing_for_compile(device: torch.device) -> str:
    """Return what torch.compile needs and this machine lacks; empty if nothing is missing.

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


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory instead of returning it to the system; return whether that worked.

    A training step frees and allocates the same large blocks again and again; by default glibc unmaps each of them, and
    the kernel clears every page anew. Call it once, before the first step. Does nothing on other C libraries.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    wanted = ((MALLOC_MMAP_THRESHOLD, 32 << 20), (MALLOC_TRIM_THRESHOLD, (1 << 31) - 1), (MALLOC_TOP_PAD, 256 << 20))
    return all(mallopt(key, value) == 1 for key, value in wanted)

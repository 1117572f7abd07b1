"""Devices, the faster precision, and what torch.compile needs."""

from pathlib import Path

import pytest
import torch

from shicho.engine.errors import BadConfig
from shicho.training.run import device as devices
from shicho.training.run.device import Precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("float32", "bfloat16", "faster"), [(1.0, 2.0, Precision.BFLOAT16), (2.0, 1.0, Precision.FLOAT32)]
)
def test_auto_takes_the_faster_precision(
    monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float, faster: Precision
) -> None:
    measured = []

    def speed(precision: Precision, *, channels: int, batch_size: int) -> float:
        measured.append((precision, channels, batch_size))
        return bfloat16 if precision is Precision.BFLOAT16 else float32

    monkeypatch.setattr(devices, "convolution_speed", speed)
    assert devices.pick_precision(Precision.AUTO, CPU, channels=24, batch_size=7) is faster
    assert sorted(measured) == [(Precision.BFLOAT16, 24, 7), (Precision.FLOAT32, 24, 7)]


def test_only_auto_on_a_cpu_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(devices, "convolution_speed")
    cuda = torch.device("cuda")
    assert devices.pick_precision(Precision.AUTO, cuda, channels=8, batch_size=2) is Precision.BFLOAT16
    for device in (CPU, cuda):
        for wanted in (Precision.FLOAT32, Precision.BFLOAT16):
            assert devices.pick_precision(wanted, device, channels=8, batch_size=2) is wanted


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BFLOAT16])
def test_the_speed_of_a_convolution_is_a_number(monkeypatch: pytest.MonkeyPatch, precision: Precision) -> None:
    monkeypatch.setattr(devices, "MEASURED_SECONDS", 0.01)
    assert 1e6 < devices.convolution_speed(precision, channels=8, batch_size=2) < 1e15


def test_autocast_follows_the_precision() -> None:
    for precision, dtype in ((Precision.FLOAT32, torch.float32), (Precision.BFLOAT16, torch.bfloat16)):
        with devices.autocast(CPU, precision):
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype


def test_precisions_have_names() -> None:
    assert [devices.parse_precision(name) for name in ("auto", "float32", "bfloat16")] == list(Precision)
    with pytest.raises(BadConfig, match=r"precision 'float16': .*auto, float32, bfloat16"):
        devices.parse_precision("float16")


def test_unknown_devices_are_named() -> None:
    for name in ("tpu9", "mps", "meta", "cuda:99"):
        with pytest.raises(BadConfig, match=f"device '{name}'"):
            devices.pick_device(name)


def test_auto_is_cuda_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.torch.cuda, "is_available", lambda: False)
    assert devices.pick_device("auto") == CPU
    monkeypatch.setattr(devices.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(devices.torch.cuda, "device_count", lambda: 2)
    assert devices.pick_device("auto").type == "cuda"
    assert devices.pick_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(BadConfig, match=r"device 'cuda:2'.* 2 CUDA"):
        devices.pick_device("cuda:2")


def test_compiling_needs_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(devices.sys, "platform", "linux")
    monkeypatch.setattr(devices.torch, "__file__", "/usr/lib/torch/__init__.py")
    monkeypatch.setattr(devices.sysconfig, "get_path", lambda name: str(tmp_path))
    (tmp_path / "Python.h").touch()
    for found in (True, False):
        monkeypatch.setattr(devices.shutil, "which", lambda name, found=found: name if found else None)
        assert devices.pick_compile(None, CPU) is found
        assert devices.pick_compile(False, CPU) is False
    with pytest.raises(BadConfig, match=r"needs g\+\+"):
        devices.pick_compile(True, CPU)
    monkeypatch.setattr(devices.shutil, "which", lambda name: name if name == "clang++" else None)
    assert not devices.pick_compile(None, CPU)  # Inductor takes $CXX or g++ and looks for nothing else
    monkeypatch.setenv("CXX", "clang++")
    assert devices.pick_compile(True, CPU)
    (tmp_path / "Python.h").unlink()
    with pytest.raises(BadConfig, match=r"needs .*Python\.h"):
        devices.pick_compile(True, CPU)


def test_compiling_for_cuda_needs_triton_and_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cuda = torch.device("cuda")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(devices.sysconfig, "get_path", lambda name: str(tmp_path))
    (tmp_path / "Python.h").touch()
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(devices.shutil, "which", lambda name: name)
    assert devices.missing_for_compile(cuda) == "Triton"
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: object())
    assert devices.pick_compile(None, cuda)
    monkeypatch.setattr(devices.shutil, "which", lambda name: None)
    assert devices.missing_for_compile(cuda) == "gcc or clang or cc"


def test_a_space_in_the_way_to_torch_means_no_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.torch, "__file__", "/my projects/torch/__init__.py")
    assert not devices.pick_compile(None, CPU)
    with pytest.raises(BadConfig, match="without a space in its path"):
        devices.pick_compile(True, CPU)

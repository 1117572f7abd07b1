"""Processor time and memory of an engine with its child processes."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """Processor seconds so far, and the largest resident memory so far in MiB, each summed over processes."""

    cpu_seconds: float
    peak_mib: float


def session_usage(leader: int) -> Usage | None:
    """Return the usage of the processes of the session that a process leads, as every `GtpClient` does.

    Children that have ended count with their time if their parent waited for them. None if the process has ended or the
    system has no /proc.
    """
    seconds, memory, found = 0.0, 0.0, False
    for path in _PROC.glob("[0-9]*"):
        try:
            values = (path / "stat").read_text().rpartition(")")[2].split()
            if int(values[3]) != leader or values[0] == "Z":
                continue
            status = (path / "status").read_text()
        except (OSError, IndexError):  # the process has ended meanwhile
            continue
        found = found or path.name == str(leader)
        seconds += sum(map(int, values[11:15])) / os.sysconf("SC_CLK_TCK")
        memory += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024
    return Usage(seconds, memory) if found else None

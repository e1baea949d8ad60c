"""How many CPU cores this process may use: those of the machine, within the CPU limits of its container or service."""

import os
from pathlib import Path

from backend.engines.registry import Task

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


def available_cores(cgroup_root: Path = _CGROUP_ROOT, own_cgroup: Path = _OWN_CGROUP) -> int:
    """At least one. More threads than this wait for each other and are slower."""
    machine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(machine, *_quotas(cgroup_root, own_cgroup))))


def threads_for(task: Task) -> int:
    """How many threads an engine gets while one engine of each task runs. The threads of a recogniser wait for each
    other, so it gets half of the cores. Those of a diarizer do not: it gets as many as there are cores, at a lower
    priority (see `backend.engines.child`)."""
    return available_cores() if task == "diarize" else max(1, available_cores() // 2)


def _quotas(cgroup_root: Path, own_cgroup: Path) -> list[float]:
    """The CPU limits of this process's cgroup and its parents, in cores: cgroup v2 (`docker --cpus`, systemd's
    CPUQuota). Infinite where the system has none."""
    quotas = [float("inf")]
    try:
        rows = own_cgroup.read_text().splitlines()
    except OSError:
        return quotas
    for row in rows:
        if row.startswith("0::/"):
            name = Path(row.removeprefix("0::/"))
            quotas += [_quota(cgroup_root / group / "cpu.max") for group in (name, *name.parents)]
    return quotas


def _quota(limit: Path) -> float:
    try:
        allowed, period = limit.read_text().split()
        return int(allowed) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max" is not a number and means no limit
        return float("inf")

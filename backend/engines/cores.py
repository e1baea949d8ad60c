"""How many cores this process may keep busy: those of the machine, less what a container or a service is held to."""

import os
from pathlib import Path

from backend.engines.table import Task

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def cores(groups: Path = _GROUPS, own: Path = _OWN) -> int:
    """At least one. More threads than this wait for each other, and are slower than fewer."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(there, *_quotas(groups, own))))


def threads_of(task: Task) -> int:
    """How many threads an engine gets where one of each task works. A recogniser's wait for each other, so it has half
    of the cores to itself; a diarizer's do not, and take whatever is left: they give way, see `backend.engines.child`.
    """
    return cores() if task == "diarize" else max(1, cores() // 2)


def _quotas(groups: Path, own: Path) -> list[float]:
    """What this process's group and those around it may use, in cores. Limits of cgroup v2 (`docker --cpus`,
    systemd's CPUQuota); a system without them has none."""
    quotas = [float("inf")]
    try:
        rows = own.read_text().splitlines()
    except OSError:
        return quotas
    for row in rows:
        if row.startswith("0::/"):
            name = Path(row.removeprefix("0::/"))
            quotas += [_quota(groups / group / "cpu.max") for group in (name, *name.parents)]
    return quotas


def _quota(limit: Path) -> float:
    try:
        allowed, period = limit.read_text().split()
        return int(allowed) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max" is no number, and no limit
        return float("inf")

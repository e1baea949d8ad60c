"""What a figure was measured on: it means nothing without."""

import importlib.metadata
import platform
from pathlib import Path

import psutil


def describe() -> str:
    """One line: processor, cores, memory, Python and the packages that do the work."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    packages = " ".join(
        f"{package} {importlib.metadata.version(package)}" for package in ("torch", "pyannote.audio", "vosk")
    )
    gigabytes = psutil.virtual_memory().total / 2**30
    return f"{name}, {psutil.cpu_count()} cores, {gigabytes:.0f} GiB, Python {platform.python_version()}, {packages}"

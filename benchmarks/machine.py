"""Describes the machine of a measurement."""

import importlib.metadata
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil


def describe() -> str:
    """One line: processor, cores, memory, Python and the packages that do the work."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    packages = " ".join(_versions("torch", "pyannote.audio", "vosk", "funasr", "onnxruntime", "funasr-onnx"))
    gigabytes = psutil.virtual_memory().total / 2**30
    return f"{name}, {psutil.cpu_count()} cores, {gigabytes:.0f} GiB, Python {platform.python_version()}, {packages}"


def _versions(*packages: str) -> Iterator[str]:
    for package in packages:
        with suppress(importlib.metadata.PackageNotFoundError):
            yield f"{package} {importlib.metadata.version(package)}"

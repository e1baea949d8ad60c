"""What an engine costs on this machine: CPU time, memory and speed, measured with a short recording.

The results are kept beside the models, in `measurements.json`: they belong to this machine and these weights, so a
backup leaves them out and they are forgotten when the weights change.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from backend.durable import write_durably
from backend.engines.hosts import Engines
from backend.engines.protocols import SpeakerHints, TranscribeOptions
from backend.engines.registry import Engine
from backend.engines.transcription_checkpoint import model_fingerprint
from backend.speech.languages import AUTO

FILE = "measurements.json"


@dataclass(frozen=True, slots=True)
class RequestCost:
    """One request to an engine that had its models loaded."""

    seconds: float  #: wall time
    cpu_seconds: float  #: of its process and its processes' processes
    peak_bytes: int  #: the most memory its process held until now, loading included


@dataclass(frozen=True, slots=True)
class Measurement:
    """The cost of an engine, for each minute of audio, and what it was measured with."""

    cpu_seconds_a_minute: float
    real_time_factor: float  #: wall seconds a second of audio; other work on the machine makes it larger
    peak_bytes: int
    audio_seconds: float
    measured_at: str  #: ISO 8601, with its zone
    models: list[str]  #: fingerprints of the weights


async def request_cost(engines: Engines, name: str, request: Callable[[], Awaitable[None]]) -> RequestCost:
    """Run one request. The engine must have served one before, so that loading is not counted."""
    process = psutil.Process(_pid(engines, name))
    cpu, started = _cpu_seconds(process), time.perf_counter()
    await request()
    seconds = time.perf_counter() - started
    return RequestCost(seconds, _cpu_seconds(process) - cpu, _peak_bytes(process))


async def measure(
    engines: Engines, engine: Engine, models_dir: Path, wav: Path, seconds: float, result: Path, now: datetime
) -> Measurement:
    """The cost of one engine over `wav`, a 16 kHz mono 16-bit file of `seconds`. Raises EngineError."""

    async def request() -> None:
        if engine.task == "transcribe":
            await engines.transcribe(engine.name, wav, TranscribeOptions(AUTO), result, _no_progress)
        else:
            await engines.diarize(engine.name, wav, SpeakerHints(), result, _no_progress)

    await request()  # loads the models
    cost = await request_cost(engines, engine.name, request)
    return Measurement(
        cpu_seconds_a_minute=round(cost.cpu_seconds * 60 / seconds, 2),
        real_time_factor=round(cost.seconds / seconds, 4),
        peak_bytes=cost.peak_bytes,
        audio_seconds=seconds,
        measured_at=now.isoformat(),
        models=await asyncio.to_thread(_fingerprints, engine, models_dir),
    )


def store(models_dir: Path, found: dict[str, Measurement]) -> None:
    """Add the measurements of these engines to those that are kept."""
    kept = _read(models_dir) | {name: asdict(measurement) for name, measurement in found.items()}
    models_dir.mkdir(parents=True, exist_ok=True)
    write_durably(models_dir / FILE, json.dumps(kept, indent=1, sort_keys=True).encode())


def stored(models_dir: Path, engine: Engine) -> Measurement | None:
    """The last measurement of this engine, unless its weights have changed since."""
    with suppress(TypeError, KeyError):  # written by another version
        measurement = Measurement(**_read(models_dir)[engine.name])
        return measurement if measurement.models == _fingerprints(engine, models_dir) else None
    return None


def _read(models_dir: Path) -> dict[str, Any]:
    try:
        value = json.loads((models_dir / FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _fingerprints(engine: Engine, models_dir: Path) -> list[str]:
    return [model_fingerprint(models_dir / name) for name in engine.models]


def _pid(engines: Engines, name: str) -> int:
    return next(int(state["pid"]) for state in engines.state() if state["name"] == name)


def _cpu_seconds(process: psutil.Process) -> float:
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error):
            times = one.cpu_times()
            total += times.user + times.system
            if one == process:  # of children that have ended; the living are counted themselves
                total += times.children_user + times.children_system
    return total


def _peak_bytes(process: psutil.Process) -> int:
    """The peak where the system keeps it (Linux, Windows), else what the process holds now."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    memory = process.memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))


def _no_progress(_done: float, _total: float, /) -> None:
    pass

"""Compares variants of one engine: each has its own process and they run alternately, so all meet the same load."""

import asyncio
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from backend.engines.wav_reader import keep_first
from backend.recordings.media import normalize

Result = TypeVar("Result")
#: Runs an engine on a prepared WAV file.
EngineCall = Callable[[Path], Result]


@dataclass(frozen=True, slots=True)
class Measurement(Generic[Result]):
    """What a process returns: its time, its peak memory so far and its result."""

    seconds: float
    megabytes: float
    result: Result


@dataclass(slots=True)
class Variant(Generic[Result]):
    """One variant in its process, with its measurements."""

    name: str
    pipe: Connection
    process: Any  # multiprocessing's process classes differ by platform
    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def measure(self, wav: Path) -> Result:
        self.submit(wav)
        return self.result()

    def submit(self, wav: Path) -> None:
        """Start a run; `result` waits for it. Two variants can run at the same time."""
        self.pipe.send(wav)

    def result(self) -> Result:
        measurement: Measurement[Result] = self.pipe.recv()
        self.seconds.append(measurement.seconds)
        self.megabytes = measurement.megabytes
        return measurement.result


def start(name: str, build: Callable[..., EngineCall[Result]], *arguments: Any) -> Variant[Result]:
    """Start a process in which `build(*arguments)` loads an engine; both must be importable by name."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, build, arguments), daemon=True)
    process.start()
    return Variant(name, here, process)


def run_alternately(variants: list[Variant[Result]], wav: Path, rounds: int) -> list[Result]:
    """Run each variant once without counting, so that loading is not compared, then `rounds` times.

    Returns the result of each variant."""
    result = [variant.measure(wav) for variant in variants]
    for variant in variants:
        variant.seconds.clear()
    for _ in range(rounds):
        for variant in variants:
            variant.measure(wav)
    return result


def as_wav(source: Path, target: Path, seconds: float | None = None) -> Path:
    """Convert `source` to what an engine reads; only the first `seconds`, if given."""
    asyncio.run(normalize(source, wav=target, listening_copy=target.with_suffix(".m4a"), max_seconds=12 * 3600))
    if seconds is not None:
        keep_first(target, seconds)
    return target


def _serve(pipe: Connection, build: Callable[..., EngineCall[Any]], arguments: tuple[Any, ...]) -> None:
    """Answer each path with a `Measurement`."""
    engine_call = build(*arguments)
    while True:
        wav = pipe.recv()
        started = time.perf_counter()
        result = engine_call(wav)
        took = time.perf_counter() - started
        pipe.send(Measurement(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, result))

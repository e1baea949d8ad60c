"""Variants of one engine side by side: each in a process of its own, asked in turn, so that all meet the same load."""

import asyncio
import multiprocessing
import resource
import statistics
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from backend.engines.sound import RATE, Sound
from backend.recordings.media import normalize

Found = TypeVar("Found")
#: Hears a wav as engines get it.
Hear = Callable[[Path], Found]


@dataclass(frozen=True, slots=True)
class Heard(Generic[Found]):
    """What a process answers: its time, its peak memory so far, and what it found."""

    seconds: float
    megabytes: float
    found: Found


@dataclass(slots=True)
class Side(Generic[Found]):
    """One variant in its process, and what was measured of it."""

    name: str
    pipe: Connection
    process: Any  # multiprocessing's process classes differ by platform
    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def hear(self, wav: Path) -> Found:
        self.ask(wav)
        return self.answer()

    def ask(self, wav: Path) -> None:
        """Have it begin; `answer` waits for what it finds. So two can be at work at once."""
        self.pipe.send(wav)

    def answer(self) -> Found:
        heard: Heard[Found] = self.pipe.recv()
        self.seconds.append(heard.seconds)
        self.megabytes = heard.megabytes
        return heard.found


def start(name: str, build: Callable[..., Hear[Found]], *given: Any) -> Side[Found]:
    """A process in which `build(*given)` loads an engine; both must be importable by name."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, build, given), daemon=True)
    process.start()
    return Side(name, here, process)


def take_turns(sides: list[Side[Found]], wav: Path, rounds: int) -> list[Found]:
    """Hear it once without counting, so that loading is not compared, then in so many rounds; what each found."""
    found = [side.hear(wav) for side in sides]
    for side in sides:
        side.seconds.clear()
    for _ in range(rounds):
        for side in sides:
            side.hear(wav)
    return found


def as_wav(source: Path, target: Path, seconds: float | None = None) -> Path:
    """`source` as an engine gets it; only its beginning, where `seconds` says so."""
    asyncio.run(normalize(source, wav=target, listening_copy=target.with_suffix(".m4a"), max_seconds=12 * 3600))
    if seconds is not None:
        with Sound(target) as sound:
            samples = sound.read(0.0, seconds)
        with wave.open(str(target), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.tobytes())
    return target


def _serve(pipe: Connection, build: Callable[..., Hear[Any]], given: tuple[Any, ...]) -> None:
    """Answer each path with a Heard."""
    hear = build(*given)
    while True:
        wav = pipe.recv()
        begun = time.perf_counter()
        found = hear(wav)
        took = time.perf_counter() - begun
        pipe.send(Heard(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, found))

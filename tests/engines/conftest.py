"""Fixtures: audio, scripts and hosts for the scripted engine, and a progress recorder."""

import json
import math
import struct
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from backend.engines.host import EngineHost
from backend.engines.protocols import EngineContext
from tests.engines.host_requests import MakeHost

RATE = 16_000


class ProgressRecorder:
    """A ProgressCallback that records its calls."""

    def __init__(self) -> None:
        self.reports: list[tuple[float, float]] = []

    def __call__(self, done: float, total: float, /) -> None:
        self.reports.append((done, total))


@pytest.fixture
def recorder() -> ProgressRecorder:
    return ProgressRecorder()


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """Ten seconds of a tone."""
    return tone(tmp_path / "speech.wav", 10.0)


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Path]:
    """Writes a script for the scripted engine; its parts are the arguments."""

    def write(**parts: Any) -> Path:
        path = tmp_path / "script.json"
        path.write_text(json.dumps(parts, ensure_ascii=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[MakeHost]:
    """Makes a host of the scripted transcriber, and closes it."""
    hosts: list[EngineHost] = []

    def make(script: Path, idle_seconds: float = 600.0, memory_bytes: float = 8e9) -> EngineHost:
        context = EngineContext(tmp_path / "models", 1, script)
        hosts.append(EngineHost("scripted", context, idle_seconds=idle_seconds, memory_bytes=memory_bytes))
        return hosts[-1]

    yield make
    for each in hosts:
        await each.close()


def tone(path: Path, seconds: float) -> Path:
    """A 16 kHz mono 16-bit wav of a quiet tone."""
    period = [round(3000 * math.sin(2 * math.pi * step / 80)) for step in range(80)]
    samples = round(seconds * RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((struct.pack("<80h", *period) * (samples // 80 + 1))[: 2 * samples])
    return path

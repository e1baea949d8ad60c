"""Audio for engines, scripts for the scripted one, and what progress was told."""

import json
import math
import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RATE = 16_000


class Told:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.reports: list[tuple[float, float]] = []

    def __call__(self, done: float, total: float, /) -> None:
        self.reports.append((done, total))


@pytest.fixture
def told() -> Told:
    return Told()


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

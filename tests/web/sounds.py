"""Audio files for the browser and the scripted engine."""

import math
import struct
import wave
from pathlib import Path


def talk(path: Path, seconds: int) -> Path:
    """A WAV file of bursts and pauses that looks like speech on a waveform."""
    rate = 8000
    samples = (
        int(12000 * abs(math.sin(k / rate * 1.3)) * (k // 4000 % 4 != 3) * math.sin(2 * math.pi * 220 * k / rate))
        for k in range(rate * seconds)
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path

"""Generated audio, and every FFmpeg that a user may have."""

import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy
import pytest

from backend.recordings.files import Storage
from tests.recordings.normalizer import Normalizer


def programs() -> dict[str, str]:
    programs = {"bundled": imageio_ffmpeg.get_ffmpeg_exe()}
    if system := shutil.which("ffmpeg"):
        programs["system"] = system
    return programs


@pytest.fixture(params=programs())
def ffmpeg(request: pytest.FixtureRequest) -> str:
    """The FFmpeg of imageio-ffmpeg and that of the system: users have either."""
    return programs()[request.param]


@pytest.fixture(scope="session")
def make() -> Callable[..., Path]:
    """Create a file with any of the FFmpegs. Skips the test if none has an encoder for it."""

    cache: dict[tuple[str, ...], bytes] = {}

    def make(path: Path, *arguments: str) -> Path:
        command = [*("-v", "error", "-y", *arguments), str(path)]
        for program in sorted(programs().values()):
            if known := cache.get((path.suffix, *arguments)):
                path.write_bytes(known)
                return path
            if subprocess.run([program, *command], capture_output=True, check=False).returncode == 0:
                cache[(path.suffix, *arguments)] = path.read_bytes()
                return path
        pytest.skip(f"no FFmpeg here can encode {path.suffix}")

    return make


@pytest.fixture
def normalizer(tmp_path: Path, ffmpeg: str) -> Normalizer:
    return Normalizer(tmp_path, ffmpeg)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "uploads")


def wav(
    seconds: float = 2.0, *, rate: int = 16_000, channels: int = 1, tone: float = 440.0, loud: float = 0.5
) -> bytes:
    """A tone on every channel."""
    times = numpy.arange(int(seconds * rate)) / rate
    samples = (32767 * loud * numpy.sin(2 * numpy.pi * tone * times)).astype("<i2")
    return wav_of(samples.repeat(channels).tobytes(), rate=rate, channels=channels)


def wav_of(data: bytes, *, rate: int = 16_000, channels: int = 1) -> bytes:
    """A WAV header with the given values, followed by `data`."""
    head = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * channels * 2 & 0xFFFFFFFF, channels * 2, 16)
    body = b"WAVEfmt " + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body

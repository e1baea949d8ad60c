"""Calls `normalize` with a temporary folder, for the tests of media."""

import array
import os
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from backend.errors import AppError
from backend.recordings.media import Normalized, normalize
from backend.recordings.probe import Probe

Make = Callable[..., Path]

#: FFmpeg options that generate two seconds of audio, or of video.
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=2")
PICTURE = ("-f", "lavfi", "-i", "testsrc=duration=2:size=160x120")


class Normalizer:
    """Calls `normalize` with its own output folder."""

    def __init__(self, folder: Path, ffmpeg: str) -> None:
        self.folder = folder / "out"
        self.folder.mkdir(exist_ok=True)
        self.wav = self.folder / "speech.wav"
        self.copy = self.folder / "listen.m4a"
        self.ffmpeg = ffmpeg
        self.progress: list[float] = []

    async def normalize(
        self,
        source: Path,
        max_seconds: float = 3600,
        more_sources: Sequence[Path] = (),
        languages: Sequence[str] = (),
        probes: Sequence[Probe] = (),
    ) -> Normalized:
        return await normalize(
            source,
            probes=probes,
            languages=languages,
            more_sources=more_sources,
            wav=self.wav,
            listening_copy=self.copy,
            max_seconds=max_seconds,
            on_progress=self.progress.append,
            ffmpeg=self.ffmpeg,
        )

    def samples(self) -> "array.array[int]":
        with wave.open(str(self.wav)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
            return array.array("h", file.readframes(file.getnframes()))

    def files(self) -> list[str]:
        return sorted(os.listdir(self.folder))


async def error_code(
    normalizer: Normalizer, source: Path, max_seconds: float = 3600, more_sources: Sequence[Path] = ()
) -> str:
    with pytest.raises(AppError) as raised:
        await normalizer.normalize(source, max_seconds, more_sources)
    assert [] == normalizer.files()
    return raised.value.code


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path

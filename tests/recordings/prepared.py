"""`normalize` into a folder of its own, and what it is fed with."""

import array
import os
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from backend.errors import AppError
from backend.recordings.media import Normalized, normalize

Make = Callable[..., Path]

#: Options of an FFmpeg that makes two seconds of sound, or of a picture.
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=2")
PICTURE = ("-f", "lavfi", "-i", "testsrc=duration=2:size=160x120")


class Prepared:
    """`normalize` into a folder of its own."""

    def __init__(self, folder: Path, ffmpeg: str) -> None:
        self.folder = folder / "out"
        self.folder.mkdir(exist_ok=True)
        self.wav = self.folder / "speech.wav"
        self.copy = self.folder / "listen.m4a"
        self.ffmpeg = ffmpeg
        self.heard: list[float] = []

    async def of(self, source: Path, max_seconds: float = 3600, after: Sequence[Path] = ()) -> Normalized:
        return await normalize(
            source,
            after=after,
            wav=self.wav,
            listening_copy=self.copy,
            max_seconds=max_seconds,
            on_progress=self.heard.append,
            ffmpeg=self.ffmpeg,
        )

    def samples(self) -> "array.array[int]":
        with wave.open(str(self.wav)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
            return array.array("h", file.readframes(file.getnframes()))

    def left(self) -> list[str]:
        return sorted(os.listdir(self.folder))


async def refused(prepared: Prepared, source: Path, max_seconds: float = 3600, after: Sequence[Path] = ()) -> str:
    with pytest.raises(AppError) as refusal:
        await prepared.of(source, max_seconds, after)
    assert [] == prepared.left()
    return refusal.value.code


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path

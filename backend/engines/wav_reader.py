"""Reads a 16 kHz mono 16-bit wav file in parts, so that hours of audio are never all in memory."""

import sys
import wave
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
from typing_extensions import Self

from backend.engines.protocols import EngineError

if sys.platform == "linux":
    from mmap import MADV_DONTNEED

RATE = 16_000  #: samples per second of every file that engines read

Samples = npt.NDArray[np.int16]


class WavReader:
    """A context manager. Raises EngineError `audio_unreadable` for anything but a 16 kHz mono 16-bit wav file."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise _unreadable(str(error)) from error
        try:
            self._wave = wave.open(self._file)  # noqa: SIM115 (closed by __exit__)
            audio_format = (self._wave.getframerate(), self._wave.getnchannels(), self._wave.getsampwidth())
            if audio_format != (RATE, 1, 2):
                raise wave.Error("it is not 16 kHz mono 16-bit")
        except (EOFError, wave.Error) as error:
            self._file.close()
            raise _unreadable(str(error) or "it ends too early") from error
        # a truncated file has fewer samples than its header says
        self._data_offset = self._file.tell()
        available = (path.stat().st_size - self._data_offset) // 2
        self.samples: int = max(0, min(self._wave.getnframes(), available))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._wave.close()
        self._file.close()

    @property
    def duration(self) -> float:
        return self.samples / RATE

    def read(self, start: float, end: float) -> Samples:
        """The samples from `start` to `end`, in seconds; fewer where the file ends earlier."""
        first = min(max(0, round(start * RATE)), self.samples)
        last = min(max(first, round(end * RATE)), self.samples)
        self._wave.setpos(first)
        return np.frombuffer(self._wave.readframes(last - first), dtype="<i2").astype(np.int16, copy=False)

    def map_samples(self) -> "MappedSamples":
        """All samples, memory-mapped: only what is used is in memory. The file must not be empty."""
        return MappedSamples(mmap(self._file.fileno(), 0, access=ACCESS_READ), self._data_offset, self.samples)

    def blocks(self, seconds: float) -> Iterator[Samples]:
        """The whole file in blocks of this length. The last may be shorter; none is empty."""
        length = round(seconds * RATE)
        for first in range(0, self.samples, length):
            yield self.read(first / RATE, (first + length) / RATE)

    def find_quietest(self, start: float, end: float) -> float:
        """The middle of the quietest tenth of a second between `start` and `end`."""
        frame = RATE // 100
        samples = self.read(start, end).astype(np.float64)
        frames = len(samples) // frame
        if frames < 10:
            return (start + end) / 2
        energy = np.square(samples[: frames * frame]).reshape(frames, frame).mean(axis=1)
        window = np.convolve(energy, np.ones(10), mode="valid")
        return start + (int(window.argmin()) + 5) * frame / RATE


class MappedSamples:
    """Memory-mapped samples of a file. They stay usable after the WavReader is closed."""

    def __init__(self, mapping: mmap, offset: int, count: int) -> None:
        self._mapping = mapping
        self.samples: Samples = np.frombuffer(mapping, dtype="<i2", count=count, offset=offset)

    def release(self) -> None:
        """Free the memory of the pages read so far. Pages that are used again are read again."""
        if sys.platform == "linux":
            self._mapping.madvise(MADV_DONTNEED)


def keep_first(wav: Path, seconds: float) -> float:
    """Cut a file to its first `seconds`; returns the seconds that are left."""
    with WavReader(wav) as reader:
        samples = reader.read(0.0, seconds)
    with wave.open(str(wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return len(samples) / RATE


def as_floats(samples: Samples) -> npt.NDArray[np.float32]:
    """Samples between -1 and 1, as neural networks expect them."""
    return samples.astype(np.float32) / np.float32(32768)


def _unreadable(why: str) -> EngineError:
    return EngineError("audio_unreadable", f"The prepared audio cannot be read: {why}")

"""A 16 kHz mono 16-bit wav file, read piece by piece: twelve hours never lie in memory at once."""

import sys
import wave
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
from typing_extensions import Self

from backend.engines.ports import EngineError

if sys.platform == "linux":
    from mmap import MADV_DONTNEED

RATE = 16_000  #: samples a second, of every file the engines are given

Samples = npt.NDArray[np.int16]


class Sound:
    """Open while it is used as a context manager. Anything but a 16 kHz mono 16-bit wav is `audio_unreadable`."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise _unreadable(str(error)) from error
        try:
            self._wave = wave.open(self._file)  # noqa: SIM115 (closed by __exit__)
            shape = (self._wave.getframerate(), self._wave.getnchannels(), self._wave.getsampwidth())
            if shape != (RATE, 1, 2):
                raise wave.Error("it is not 16 kHz mono 16-bit")
        except (EOFError, wave.Error) as error:
            self._file.close()
            raise _unreadable(str(error) or "it ends too early") from error
        # the header of a file that was cut short promises more than there is
        self._data = self._file.tell()
        there = (path.stat().st_size - self._data) // 2
        self.samples: int = max(0, min(self._wave.getnframes(), there))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._wave.close()
        self._file.close()

    @property
    def duration(self) -> float:
        return self.samples / RATE

    def read(self, start: float, end: float) -> Samples:
        """What is heard from `start` to `end`, in seconds; less where the file is shorter."""
        first = min(max(0, round(start * RATE)), self.samples)
        last = min(max(first, round(end * RATE)), self.samples)
        self._wave.setpos(first)
        return np.frombuffer(self._wave.readframes(last - first), dtype="<i2").astype(np.int16, copy=False)

    def mapped(self) -> "Mapped":
        """All of it, of which there must be some, mapped: only what is used lies in memory."""
        return Mapped(mmap(self._file.fileno(), 0, access=ACCESS_READ), self._data, self.samples)

    def blocks(self, seconds: float) -> Iterator[Samples]:
        """The whole file in blocks of this length; the last may be shorter, and none is empty."""
        length = round(seconds * RATE)
        for first in range(0, self.samples, length):
            yield self.read(first / RATE, (first + length) / RATE)

    def quietest(self, start: float, end: float) -> float:
        """The middle of the quietest tenth of a second between `start` and `end`."""
        frame = RATE // 100
        sound = self.read(start, end).astype(np.float64)
        frames = len(sound) // frame
        if frames < 10:
            return (start + end) / 2
        energy = np.square(sound[: frames * frame]).reshape(frames, frame).mean(axis=1)
        window = np.convolve(energy, np.ones(10), mode="valid")
        return start + (int(window.argmin()) + 5) * frame / RATE


class Mapped:
    """Samples that lie in a file. They outlive the Sound they are of."""

    def __init__(self, mapping: mmap, offset: int, count: int) -> None:
        self._mapping = mapping
        self.samples: Samples = np.frombuffer(mapping, dtype="<i2", count=count, offset=offset)

    def forget(self) -> None:
        """Give back the memory of what was used so far; what is used again is read again."""
        if sys.platform == "linux":
            self._mapping.madvise(MADV_DONTNEED)


def as_floats(samples: Samples) -> npt.NDArray[np.float32]:
    """Samples between -1 and 1, as neural models want them."""
    return samples.astype(np.float32) / np.float32(32768)


def _unreadable(why: str) -> EngineError:
    return EngineError("audio_unreadable", f"The prepared audio cannot be read: {why}")

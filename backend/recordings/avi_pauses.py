"""Finds the empty chunks of AVI files, with which a writer fills a gap in the sound, or its late start.

In AVI a packet of sound has no time of its own: where packets vary in length, each lasts as long as the header says, an
empty one too. FFmpeg's reader computes the time as DirectShow does, from the number of bytes, so that for it an empty
packet takes no time, and everything behind it comes too early.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

_LISTS = (b"RIFF", b"LIST")
_SOUND = re.compile(rb"(\d\d)wb")
_MAX_CHUNKS = 4_000_000  #: more than half a day of pictures and sound
_COUNTED_BY_FFMPEG = 4  #: up to this alignment it takes a packet for one unit of time, empty ones too


@dataclass(frozen=True, slots=True)
class Pause:
    """Audio whose time by FFmpeg is `time` or later comes `seconds` later."""

    time: float
    seconds: float


@dataclass(slots=True)
class _Stream:
    """One stream of an AVI, and the time its packets take, in its own unit."""

    kind: bytes = b""
    unit: float = 0.0  #: seconds
    start: int = 0
    length: int = 0  #: units, as its header says
    sample_size: int = 0
    alignment: int = 0
    units: int = 0  #: of the packets that are not empty
    empty: dict[int, int] = field(default_factory=dict)  #: how many empty ones there are behind so many units

    @property
    def varies(self) -> bool:
        """Whether FFmpeg does not count its empty packets."""
        return self.kind == b"auds" and self.sample_size == 0 and self.alignment > _COUNTED_BY_FFMPEG

    def pauses(self) -> tuple[Pause, ...]:
        if self.units == self.length:
            return ()  # its writer took an empty packet for none, as FFmpeg does
        # decoded audio may begin a little before its packet, so a pause counts from the middle of the packet before
        return tuple(
            Pause((self.start + units - 0.5) * self.unit, count * self.unit) for units, count in self.empty.items()
        )


def avi_pauses(path: Path) -> dict[int, tuple[Pause, ...]]:
    """The pauses of each audio stream that has some, by its number. Raises OSError if the file cannot be read."""
    with path.open("rb", buffering=0) as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"AVI ":
            return {}
        streams: list[_Stream] = []
        for name, length in _chunks(file):
            if name == b"strl":
                streams.append(_Stream())
            elif name == b"strh" and streams:
                _read_header(streams[-1], file.read(48))
            elif name == b"strf" and streams:
                streams[-1].alignment = int.from_bytes(file.read(14)[12:], "little")
            elif name == b"movi" and not any(stream.varies for stream in streams):
                return {}
            elif (sound := _SOUND.fullmatch(name)) and int(sound[1]) < len(streams):
                stream = streams[int(sound[1])]
                if not stream.varies:
                    continue
                if length:
                    stream.units += -(-length // stream.alignment)
                else:
                    stream.empty[stream.units] = stream.empty.get(stream.units, 0) + 1
    return {number: pauses for number, stream in enumerate(streams) if stream.varies and (pauses := stream.pauses())}


def _read_header(stream: _Stream, header: bytes) -> None:
    if len(header) < 48:
        return
    scale, rate, stream.start, stream.length = struct.unpack_from("<IIII", header, 20)
    (stream.sample_size,) = struct.unpack_from("<I", header, 44)
    stream.kind = header[:4]
    stream.unit = scale / rate if rate else 0.0


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """All chunks with their lengths, and the lists by their own names; the file stands at the content."""
    position = 0
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        header = file.read(12)
        if len(header) < 8:
            return
        name, length = struct.unpack_from("<4sI", header)
        if name in _LISTS:
            position += 12
            yield header[8:], length
        else:
            file.seek(position + 8)
            position += 8 + length + length % 2
            yield name, length

"""Compares what a container promises with the bytes that are there, by walking its outermost elements.

FFmpeg reads to the end of a truncated file as if it were whole, and stops at the length in a WAV header even where that
has wrapped around at 4 GiB.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_UNKNOWN = 0xFFFFFFFF  #: the length in the header of a file that was written into a pipe
_PLACEHOLDER = 0x7FFFF000  #: from here on, lengths in a WAV are such placeholders too, unless the bytes are there
_MAX_ELEMENTS = 100_000


@dataclass(frozen=True, slots=True)
class ContainerLength:
    missing: int = 0  #: bytes that the container promises and that are not there
    longer_than_header: bool = False  #: a WAV whose audio goes on after the length in its header
    next_starts: tuple[int, ...] = ()  #: where further WAV files begin that were appended to the first

    @property
    def starts(self) -> tuple[int, ...]:
        """Where the file and those appended to it begin."""
        return (0, *self.next_starts)


#: Of a file whose container promises what is there, or nothing.
WHOLE = ContainerLength()


def container_length(path: Path) -> ContainerLength:
    """Raises OSError if the file cannot be read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        for matches, walk in _WALKS:
            if matches(head):
                file.seek(0)
                try:
                    return walk(file, size)
                except struct.error:  # it ends within a header
                    return ContainerLength(missing=1)
    return WHOLE


def _missing(end: int, size: int) -> ContainerLength:
    return ContainerLength(missing=max(end - size, 0))


def _wav(file: BinaryIO, size: int, *, begin: int = 0) -> ContainerLength:
    """RIFF or RF64: chunks of a name, a length and content, padded to even lengths."""
    file.seek(begin)
    is_64_bit = file.read(4) == b"RF64"
    position, data_length = begin + 12, None
    for _ in range(_MAX_ELEMENTS):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            return WHOLE
        name, length = struct.unpack("<4sI", header)
        if name == b"ds64":
            (data_length,) = struct.unpack("<Q", file.read(16)[8:])
        elif name == b"data":
            break
        position += 8 + length + length % 2
    else:
        return WHOLE
    if is_64_bit and length == _UNKNOWN and data_length is not None:
        length = data_length
    end = position + 8 + length
    if length == 0 or (length >= _PLACEHOLDER and end > size):
        return WHOLE
    if end >= size:
        return _missing(end, size)
    return _after_data(file, end, size)


def _after_data(file: BinaryIO, end: int, size: int) -> ContainerLength:
    """What follows the audio of a WAV: other chunks, another WAV, or audio that the header does not know of."""
    for _ in range(_MAX_ELEMENTS):
        for position in (end, end + end % 2):
            file.seek(position)
            header = file.read(12)
            if header[:4] in (b"RIFF", b"RF64") and header[8:] == b"WAVE":
                following = _wav(file, size, begin=position)
                return ContainerLength(
                    following.missing, following.longer_than_header, (position, *following.next_starts)
                )
            if len(header) >= 8 and header[:4].isascii() and header[:4].decode("ascii").isprintable():
                length = int.from_bytes(header[4:8], "little")
                if position + 8 + length <= size:
                    end = position + 8 + length
                    break
        else:
            # a few bytes are padding
            return ContainerLength(longer_than_header=size - end > 1024)
        if size - end < 8:
            return WHOLE
    return WHOLE


def _riff(file: BinaryIO, size: int) -> ContainerLength:
    """AVI: a RIFF chunk, and further ones after each GiB."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack("<4sI", file.read(8))
        if name != b"RIFF":
            return WHOLE
        if length in (0, _UNKNOWN):
            return WHOLE
        position += 8 + length + length % 2
    return _missing(position - 1, size)  # the last padding may be left out


def _aiff(file: BinaryIO, size: int) -> ContainerLength:
    (length,) = struct.unpack(">4xI", file.read(8))
    return WHOLE if length in (0, _UNKNOWN) else _missing(8 + length, size)


def _mp4(file: BinaryIO, size: int) -> ContainerLength:
    """ISO base media: boxes of a length and a name. A length of 0 reaches to the end of the file."""
    position = 0
    for _ in range(_MAX_ELEMENTS):
        if position >= size:
            break
        file.seek(position)
        length, name = struct.unpack(">I4s", file.read(8))
        if not (name.isascii() and name.decode("ascii").isprintable()) and b"\xa9" not in name:
            return ContainerLength()  # bytes behind the end
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length < 8:
            return WHOLE
        position += length
    return _missing(position, size)


def _matroska(file: BinaryIO, size: int) -> ContainerLength:
    """EBML: the head, then one segment. A length of only ones is unknown."""
    position = 0
    for _ in range(_MAX_ELEMENTS):
        if position >= size:
            break
        file.seek(position)
        element = file.read(12)
        identifier_bytes = 9 - element[0].bit_length() if element and element[0] else 9
        if identifier_bytes > 4 or len(element) <= identifier_bytes:
            return WHOLE
        first = element[identifier_bytes]
        length_bytes = 9 - first.bit_length() if first else 9
        encoded = element[identifier_bytes : identifier_bytes + length_bytes]
        if length_bytes > 8 or len(encoded) < length_bytes:
            return WHOLE
        length = int.from_bytes(encoded, "big") & ((1 << 7 * length_bytes) - 1)
        if length == (1 << 7 * length_bytes) - 1:
            return WHOLE
        position += identifier_bytes + length_bytes + length
    return _missing(position, size)


def _asf(file: BinaryIO, size: int) -> ContainerLength:
    """ASF: objects of a GUID and a length. That of the data is 0 in a live stream."""
    position = 0
    while position + 24 <= size:
        file.seek(position + 16)
        (length,) = struct.unpack("<Q", file.read(8))
        if length < 24:
            return WHOLE
        position += length
    return _missing(position, size)


def _au(file: BinaryIO, size: int) -> ContainerLength:
    begin, length = struct.unpack(">4xII", file.read(12))
    return WHOLE if length in (0, _UNKNOWN) else _missing(begin + length, size)


def _caf(file: BinaryIO, size: int) -> ContainerLength:
    """Core Audio: chunks of a name and a length; that of the audio may be -1."""
    position = 8
    while position + 12 <= size:
        file.seek(position)
        (length,) = struct.unpack(">4xq", file.read(12))
        if length < 0:
            return WHOLE
        position += 12 + length
    return _missing(position, size)


def _wave64(file: BinaryIO, size: int) -> ContainerLength:
    file.seek(16)
    (length,) = struct.unpack("<Q", file.read(8))
    return WHOLE if length >= 1 << 62 or length == 0 else _missing(length, size)


#: Which heads belong to which walk.
_WALKS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], ContainerLength]], ...] = (
    (lambda head: head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE", _wav),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI ", _riff),
    (lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"), _aiff),
    (lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"), _mp4),
    (lambda head: head[:4] == b"\x1aE\xdf\xa3", _matroska),
    (lambda head: head == bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), _asf),
    (lambda head: head[:4] == b".snd", _au),
    (lambda head: head[:4] == b"caff", _caf),
    (lambda head: head[:16] == b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", _wave64),
)

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
_BEGINS_STREAM = 0x02  #: a flag of an Ogg page
_MAX_CHAINS = 200  #: more are read in one go: a radio that begins one for each title
_XING_FRAMES, _XING_BYTES = 0x01, 0x02  #: flags of what the Xing header holds
_FLV_TAGS = (8, 9, 18)  #: sound, picture, script
_PACKETS = ((188, 0), (192, 4))  #: of MPEG-TS: the length, and where the first byte of the first one is


@dataclass(frozen=True, slots=True)
class ContainerLength:
    missing: int = 0  #: bytes that the container promises and that are not there
    longer_than_header: bool = False  #: a WAV whose audio goes on after the length in its header
    next_starts: tuple[int, ...] = ()  #: where further WAV files, or chains of Ogg, begin behind the first
    chained: bool = False  #: Ogg: each chain is read on its own, as decoders lose those whose parameters differ

    @property
    def starts(self) -> tuple[int, ...]:
        """Where the file and those appended to it begin."""
        return (0, *self.next_starts)

    def end_of(self, start: int) -> int:
        """Where the chain ends that begins at `start`; 0 is the end of the file."""
        return next((later for later in self.next_starts if later > start), 0)


#: Of a file whose container promises what is there, or nothing.
WHOLE = ContainerLength()


def container_length(path: Path) -> ContainerLength:
    """Raises OSError if the file cannot be read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(400)
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


def _ogg(file: BinaryIO, size: int) -> ContainerLength:
    """Ogg (RFC 3533): pages with a table of the lengths of their segments. Those that begin a stream stand together at
    the beginning of a chain."""
    position, starts, beginning = 0, list[int](), True
    while position + 27 <= size:
        file.seek(position)
        name, version, flags, segments = struct.unpack("<4sBB20xB", file.read(27))
        if name != b"OggS" or version != 0:
            return ContainerLength(next_starts=tuple(starts), chained=bool(starts))  # bytes behind the end
        if flags & _BEGINS_STREAM and not beginning:
            starts.append(position)
        beginning = bool(flags & _BEGINS_STREAM)
        position += 27 + segments + sum(file.read(segments))
    if len(starts) > _MAX_CHAINS:
        starts = []
    return ContainerLength(max(position - size, 0), next_starts=tuple(starts), chained=bool(starts))


def _mp3(file: BinaryIO, size: int) -> ContainerLength:
    """MP3, behind its ID3 tag: the first frame may tell the number of bytes (Xing). As some writers count the tag and
    others do not, less is missed than may be missing."""
    head = file.read(10)
    begin = 0
    if head[:3] == b"ID3":
        begin = 10 + sum((byte & 0x7F) << 7 * (3 - place) for place, byte in enumerate(head[6:10]))
    file.seek(begin)
    frame = file.read(200)
    if frame[:1] != b"\xff":
        return WHOLE
    found = max(frame.find(b"Xing", 0, -20), frame.find(b"Info", 0, -20))
    if found < 0 or not frame[found + 7] & _XING_BYTES:
        return WHOLE
    place = found + 8 + 4 * (frame[found + 7] & _XING_FRAMES)
    (length,) = struct.unpack(">I", frame[place : place + 4])
    return _missing(length, size)


def _flv(file: BinaryIO, size: int) -> ContainerLength:
    """FLV: tags, each followed by its length."""
    position = 13
    file.seek(position)
    while position + 11 <= size:
        header = file.read(11)
        if header[0] not in _FLV_TAGS:
            return WHOLE  # bytes behind the end
        position += 11 + int.from_bytes(header[1:4], "big") + 4
        file.seek(position)
    if position < size:  # a part of a header
        return _missing(position + 11, size) if file.read(1)[0] in _FLV_TAGS else WHOLE
    return _missing(position - 4, size)  # the last length may be left out


def _transport_stream(file: BinaryIO, size: int) -> ContainerLength:
    """MPEG-TS: packets of 188 bytes, in M2TS with a time of four bytes before each."""
    head = file.read(400)
    length = next(length for length, first in _PACKETS if head[first::length][:2] == b"GG")
    last = size // length * length
    file.seek(last)
    begins = file.read(length - 188 + 1)[length - 188 :] == b"G"
    return _missing(last + length if begins else last, size)


#: Which heads belong to which walk.
_WALKS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], ContainerLength]], ...] = (
    (lambda head: head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE", _wav),
    (lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI ", _riff),
    (lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"), _aiff),
    (lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"), _mp4),
    (lambda head: head[:4] == b"\x1aE\xdf\xa3", _matroska),
    (lambda head: head[:16] == bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), _asf),
    (lambda head: head[:4] == b".snd", _au),
    (lambda head: head[:4] == b"OggS", _ogg),
    (lambda head: head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0" and head[1] & 0x06 != 0), _mp3),
    (lambda head: head[:4] == b"FLV\x01", _flv),
    (lambda head: any(head[first::length][:2] == b"GG" for length, first in _PACKETS), _transport_stream),
    (lambda head: head[:4] == b"caff", _caf),
    (lambda head: head[:16] == b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", _wave64),
)

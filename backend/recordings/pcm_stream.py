"""Reads decoded audio with its timestamps, as FFmpeg writes it into a pipe: Matroska with one PCM track.

Matroska (RFC 9559) is the simplest container that FFmpeg writes into a pipe with a time for each block.
"""

from collections.abc import Iterator
from typing import IO

_SEGMENT, _CLUSTER, _BLOCK_GROUP = 0x18538067, 0x1F43B675, 0xA0  #: they contain the elements below
_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK = 0xE7, 0xA3, 0xA1
_BLOCK_HEADER = 4  #: bytes: the track number, the time within the cluster, flags
_MAX_ELEMENT = 64 * 1024**2  #: bytes; FFmpeg starts a new cluster long before


def pcm_blocks(stream: IO[bytes]) -> Iterator[tuple[float, bytes]]:
    """The seconds at which each block of samples starts, and its bytes. A stream that ends early ends the iteration."""
    cluster = 0
    while (element := _number(stream, keep_marker=True)) is not None:
        size = _number(stream)
        if element in (_SEGMENT, _CLUSTER, _BLOCK_GROUP):
            continue
        if size is None or size > _MAX_ELEMENT:
            return
        body = stream.read(size)
        if len(body) < size:
            return
        if element == _TIMESTAMP:
            cluster = int.from_bytes(body, "big")
        elif element in (_SIMPLE_BLOCK, _BLOCK):
            relative = int.from_bytes(body[1:3], "big", signed=True)
            yield (cluster + relative) / 1000, body[_BLOCK_HEADER:]


def _number(stream: IO[bytes], *, keep_marker: bool = False) -> int | None:
    """A number of variable length: the zeros before its first one tell how many bytes follow. None at the end."""
    first = stream.read(1)
    if not first or not first[0]:
        return None
    following = 8 - first[0].bit_length()
    value = first[0] if keep_marker else first[0] ^ (0x80 >> following)
    return value << 8 * following | int.from_bytes(stream.read(following), "big")

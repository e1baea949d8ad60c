"""Decodes Silk, the codec of WeChat and QQ voice messages. Run by `backend.recordings.silk` in a sandbox:

    python decode_silk.py PACKAGES MAX_SECONDS SOURCE [WAV]

PACKAGES is the folder in which pysilk is installed. It writes one line of JSON: the seconds of audio, the number of
packets that could not be decoded, and `end`: "complete", "too_long", "disk_full", "unreadable" or "no_decoder". Without
WAV it only counts. A file is a header, then packets, each with its length in two bytes, little-endian; 0xFFFF ends it.
"""

import contextlib
import errno
import json
import sys
import wave
from collections.abc import Iterator
from typing import Any, BinaryIO

RATE = 24_000  #: Hz; Silk knows no higher one
_FRAME = RATE // 50  #: samples of a frame, which is always 20 ms long
_MAX_FRAMES = 5  #: of a packet
_MAX_PACKET_BYTES = 1250  #: more is never written by an encoder
_HEADERS = (b"\x02#!SILK_V3", b"#!SILK_V3")


class _Decoder:
    def __init__(self, ffi: Any, lib: Any) -> None:
        self.damaged = 0
        self._ffi, self._lib = ffi, lib
        size = ffi.new("int32_t *")
        lib.SKP_Silk_SDK_Get_Decoder_Size(size)
        # Aligned as C aligns it, which an array of bytes would not be.
        self._state = ffi.new("int64_t[]", size[0] // 8 + 1)
        lib.SKP_Silk_SDK_InitDecoder(self._state)
        self._control = ffi.new("SKP_SILK_SDK_DecControlStruct *")
        self._control.API_sampleRate = RATE
        self._control.framesPerPacket = 1
        self._samples = ffi.new("int16_t[]", _FRAME * _MAX_FRAMES)
        self._count = ffi.new("int16_t *")

    def decode(self, packet: bytes) -> bytes:
        """The samples of one packet. One that is lost or damaged is concealed, as the codec does after a lost one."""
        frames = []
        for _ in range(_MAX_FRAMES):
            if not packet or self._decode_frame(packet, lost=False) != 0:
                self.damaged += bool(packet)
                self._decode_frame(b"\0", lost=True)
                frames.append(self._frame())
                break
            frames.append(self._frame())
            if not self._control.moreInternalDecoderFrames:
                break
        return b"".join(frames)

    def _decode_frame(self, packet: bytes, *, lost: bool) -> int:
        self._count[0] = 0
        code = self._lib.SKP_Silk_SDK_Decode(
            self._state, self._control, lost, self._ffi.from_buffer(packet), len(packet), self._samples, self._count
        )
        return int(code)

    def _frame(self) -> bytes:
        return bytes(self._ffi.buffer(self._samples, 2 * min(self._count[0], _FRAME)))


def packets(file: BinaryIO) -> Iterator[bytes | None]:
    """The packets behind the header; None for one that was cut off, or whose length cannot be true."""
    while len(length := file.read(2)) == 2:
        size = int.from_bytes(length, "little")
        if size == 0xFFFF:
            return
        packet = file.read(size) if size <= _MAX_PACKET_BYTES else b""
        if size > _MAX_PACKET_BYTES or len(packet) < size:
            yield None
            return
        yield packet
    if length:
        yield None


def header_size(head: bytes) -> int:
    """The bytes before the first packet; 0 if this is no Silk file."""
    return next((len(header) for header in _HEADERS if head.startswith(header)), 0)


def _run(ffi: Any, lib: Any, source: BinaryIO, wav: wave.Wave_write | None, max_seconds: float) -> dict[str, object]:
    source.seek(header_size(source.read(16)))
    decoder = _Decoder(ffi, lib)
    samples, end = 0, "complete"
    for packet in packets(source):
        if packet is None:
            decoder.damaged += 1
            break
        pcm = decoder.decode(packet)
        samples += len(pcm) // 2
        if wav is not None:
            wav.writeframesraw(pcm)
        if samples > max_seconds * RATE:
            end = "too_long"
            break
    return {"seconds": samples / RATE, "damaged": decoder.damaged, "end": end}


def _main(packages: str, max_seconds: str, path: str, wav_path: str | None = None) -> dict[str, object]:
    sys.path.append(packages)
    try:
        from pysilk.backends.cffi._silk import ffi, lib
    except ImportError:
        return {"seconds": 0.0, "damaged": 0, "end": "no_decoder"}
    try:
        with contextlib.ExitStack() as stack:
            wav = stack.enter_context(wave.open(wav_path, "wb")) if wav_path else None
            if wav is not None:
                wav.setparams((1, 2, RATE, 0, "NONE", ""))
            return _run(ffi, lib, stack.enter_context(open(path, "rb")), wav, float(max_seconds))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return {"seconds": 0.0, "damaged": 0, "end": "disk_full" if full else "unreadable"}


if __name__ == "__main__":
    print(json.dumps(_main(*sys.argv[1:])))

"""Silk files as WeChat, QQ and the Silk SDK write them, of a tone."""

import io
from typing import Any

import numpy
import pysilk

RATE = 24_000


def tone(seconds: float, frequency: float = 440.0) -> bytes:
    """16-bit samples at `RATE`."""
    times = numpy.arange(int(seconds * RATE)) / RATE
    return bytes((16_000 * numpy.sin(2 * numpy.pi * frequency * times)).astype("<i2").tobytes())


def silk_file(seconds: float, *, wechat: bool = True) -> bytes:
    """Packets of 20 ms behind the header of WeChat, or behind that of the SDK and with its end mark."""
    out = io.BytesIO()
    pysilk.encode(io.BytesIO(tone(seconds)), out, RATE, 24_000, tencent=wechat)
    return out.getvalue() + (b"" if wechat else b"\xff\xff")


def silk_of_long_packets(seconds: float, milliseconds: int) -> bytes:
    """Packets that hold several frames of 20 ms."""
    from pysilk.backends.cffi._silk import ffi, lib

    size = ffi.new("int32_t *")
    lib.SKP_Silk_SDK_Get_Encoder_Size(size)
    state: Any = ffi.new("int64_t[]", size[0] // 8 + 1)
    lib.SKP_Silk_SDK_InitEncoder(state, ffi.new("SKP_SILK_SDK_EncControlStruct *"))
    samples = RATE * milliseconds // 1000
    control = ffi.new("SKP_SILK_SDK_EncControlStruct *", [RATE, RATE, samples, 24_000, 0, 2, 0, 0])
    packet, length = ffi.new("uint8_t[1250]"), ffi.new("int16_t *")
    pcm, found = tone(seconds), b"#!SILK_V3"
    for start in range(0, len(pcm) - 960 + 1, 960):
        length[0] = 1250
        lib.SKP_Silk_SDK_Encode(
            state, control, ffi.from_buffer("int16_t[]", pcm[start : start + 960]), 480, packet, length
        )
        if length[0]:  # the last frame of a packet
            found += int(length[0]).to_bytes(2, "little") + bytes(ffi.buffer(packet, length[0]))
    return found

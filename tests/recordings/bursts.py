"""Recordings whose content is known: short tones at known times, each on a channel of its own."""

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from tests.recordings.conftest import wav_of
from tests.recordings.normalizer import Make, Normalizer, write

SECONDS = 3.0
BURST = 0.3  #: seconds of one tone
LOUDNESS = 0.4


@dataclass(frozen=True, slots=True)
class Burst:
    time: float
    channel: int


def bursts_wav(bursts: Sequence[Burst], *, rate: int, channels: int, inverse: bool = False) -> bytes:
    """A WAV without a layout. If `inverse`, every second channel carries the negative of the one before it."""
    samples = numpy.zeros((int(SECONDS * rate), channels))
    times = numpy.arange(int(BURST * rate)) / rate
    tone = (
        LOUDNESS * numpy.sin(2 * numpy.pi * 700 * times) * numpy.minimum(1, numpy.minimum(times, BURST - times) / 0.01)
    )
    for burst in bursts:
        first = round(burst.time * rate)
        samples[first : first + len(tone), burst.channel] += tone
    if inverse:
        samples[:, 1::2] = -samples[:, : channels // 2 * 2 : 2]
    return wav_of((samples * 32767).astype("<i2").tobytes(), rate=rate, channels=channels)


def onset(normalizer: Normalizer, expected: float) -> float:
    """The seconds between when a tone was expected and when it starts; infinity if it is missing or too quiet."""
    samples = numpy.abs(numpy.array(normalizer.samples(), dtype=numpy.float32)) / 32768
    first = round((expected - 0.08) * 16_000)
    loud = numpy.flatnonzero(samples[first : first + 5000] > LOUDNESS / 3)
    return abs((first + loud[0]) / 16_000 - expected) if len(loud) else float("inf")


#: Container, codec, encoder options, whether it keeps every sample, and the codec of a picture that it can hold.
FORMATS: tuple[tuple[str, str, tuple[str, ...], bool, str | None], ...] = (
    ("wav", "pcm_s16le", (), True, None),
    ("wav", "pcm_f32le", (), True, None),
    ("w64", "pcm_s24le", (), True, None),
    ("aiff", "pcm_s16be", (), True, None),
    ("au", "pcm_s16be", (), True, None),
    ("caf", "pcm_s16le", (), True, None),
    ("flac", "flac", (), True, None),
    ("wv", "wavpack", (), True, None),
    ("tta", "tta", (), True, None),
    ("m4a", "alac", (), True, None),
    ("mka", "pcm_s16le", (), True, None),
    ("mkv", "flac", (), True, "mpeg4"),
    ("mkv", "aac", (), False, "mpeg4"),
    ("mkv", "libmp3lame", (), False, "mpeg4"),
    ("mkv", "ac3", (), False, "mpeg2video"),
    ("mka", "libopus", ("-ar", "48000"), False, None),
    ("webm", "libopus", ("-ar", "48000"), False, None),
    ("mp4", "aac", (), False, "mpeg4"),
    ("mov", "pcm_s16le", (), True, "mpeg4"),
    ("m4a", "aac", (), False, None),
    ("ts", "aac", (), False, "mpeg2video"),
    ("ts", "mp2", ("-ar", "48000"), False, "mpeg2video"),
    ("ts", "ac3", (), False, "mpeg2video"),
    ("mpg", "mp2", ("-ar", "48000"), False, "mpeg2video"),
    ("flv", "aac", (), False, "flv"),
    ("wma", "wmav2", (), False, None),
    ("wmv", "wmav2", (), False, "msmpeg4"),
    ("avi", "pcm_s16le", (), True, "mpeg4"),
    ("avi", "libmp3lame", (), False, "mpeg4"),
    ("ogg", "libvorbis", (), False, None),
    ("oga", "flac", (), True, None),
    ("opus", "libopus", ("-ar", "48000"), False, None),
    ("aac", "aac", (), False, None),
    ("mp3", "libmp3lame", (), False, None),
    ("ac3", "ac3", (), False, None),
)

#: Samples by which an encoder delays the sound, where the container cannot record it.
_ENCODER_DELAYS = {("wma", "wmav2"): 2048, ("wmv", "wmav2"): 2048, ("avi", "libmp3lame"): 1681, ("aac", "aac"): 1024}
_ENCODER_DELAYS |= {("ts", "aac"): 1024}
# Matroska can, but FFmpeg 5.1 does not write it.
_ENCODER_DELAYS |= {("mkv", "aac"): 1024, ("mkv", "libmp3lame"): 1105}

_TWO_TRACKS = ("mkv", "mka", "mp4", "mov", "ts", "m4a")
_MANY_CHANNELS = ("wav", "w64", "caf", "mka")
_STEREO_ONLY = ("libmp3lame", "mp2", "wmav2")


@dataclass(frozen=True, slots=True)
class Case:
    """One combination, and how its file is made."""

    number: int
    suffix: str
    codec: str
    options: tuple[str, ...]
    rate: int
    channels: int
    inverse: bool
    picture: str | None
    delay: float  #: of the sound after the picture, in seconds
    clock: float  #: at which the file starts
    tracks: tuple[tuple[Burst, ...], ...]

    def __str__(self) -> str:
        odd = ("-inverse" if self.inverse else "") + (f"-at-{self.clock:.0f}-s" if self.clock else "")
        late = f"-after-{self.delay}-s" if self.delay else ""
        return f"{self.number}-{self.suffix}-{self.codec}-{self.channels}ch-{len(self.tracks)}-tracks{late}{odd}"

    @property
    def tolerance(self) -> float:
        """The seconds by which a tone may be late."""
        return 0.04 + _ENCODER_DELAYS.get((self.suffix, self.codec), 0) / self.rate

    def make(self, folder: Path, make: Make) -> Path:
        inputs: list[str] = []
        maps: list[str] = []
        if self.picture:
            inputs += ["-f", "lavfi", "-i", f"testsrc=duration={SECONDS}:size=32x32:rate=25"]
            maps += ["-map", "0", "-c:v", self.picture]
        for number, bursts in enumerate(self.tracks):
            content = bursts_wav(bursts, rate=self.rate, channels=self.channels, inverse=self.inverse)
            source = write(folder / f"track{number}.wav", content)
            inputs += [*(("-itsoffset", str(self.delay)) if self.suffix != "avi" else ()), "-i", str(source)]
            maps += ["-map", str(number + bool(self.picture))]
        clock = ("-output_ts_offset", str(self.clock)) if self.clock else ()
        path = make(folder / f"a.{self.suffix}", *inputs, *maps, "-c:a", self.codec, *self.options, *clock)
        if self.suffix == "avi" and self.delay:
            path.write_bytes(_with_start(path.read_bytes(), self.delay))
        return path


def _with_start(avi: bytes, delay: float) -> bytes:
    """FFmpeg writes no offset into AVI, other programs do: dwStart in the header of the audio stream."""
    changed = bytearray(avi)
    header = avi.index(b"strh", avi.index(b"auds") - 16) + 8
    scale, rate = struct.unpack_from("<II", avi, header + 20)
    struct.pack_into("<I", changed, header + 28, round(delay * rate / scale))
    return bytes(changed)


def cases(count: int, seed: int = 14) -> list[Case]:
    """So many combinations; each is the same for the same seed, however many there are."""
    return [_case(number, random.Random(f"{seed}.{number}")) for number in range(count)]


def _case(number: int, chance: random.Random) -> Case:
    suffix, codec, options, exact, picture = FORMATS[number % len(FORMATS)]
    channels = chance.choice((1, 2, 2, 6))
    if suffix in _MANY_CHANNELS and exact:
        channels = chance.choice((1, 2, 3, 5, 6, 7, 8, 11, 16, 33, 64))
    elif codec in _STEREO_ONLY or suffix == "flv":
        channels = min(channels, 2)
    # the sixth part of a lossy layout is for low frequencies only
    heard = [channel for channel in range(channels) if exact or channels < 6 or channel != 3]
    count = chance.choice((1, 2)) if suffix in _TWO_TRACKS else 1
    tracks = tuple(
        tuple(
            Burst(0.3 + 0.9 * burst + 0.45 * track + chance.uniform(0, 0.05), chance.choice(heard))
            for burst in range(3)
        )
        for track in range(count)
    )
    inverse = channels == 2 and exact and chance.random() < 0.3
    if inverse:
        tracks = tuple(tuple(Burst(burst.time, 0) for burst in track) for track in tracks)
    with_picture = picture if chance.random() < 0.7 else None
    return Case(
        number=number,
        suffix=suffix,
        codec=codec,
        options=options,
        rate=chance.choice((16_000, 44_100, 48_000)) if suffix != "flv" else 44_100,
        channels=channels,
        inverse=inverse,
        picture=with_picture,
        delay=chance.choice((0.0, 0.7, 1.3)) if with_picture else 0.0,
        clock=chance.choice((0.0, 0.0, 5000.0)) if suffix in ("mkv", "mka", "ts") else 0.0,
        tracks=tracks,
    )

"""Understands what FFmpeg writes about its input and its progress, line by line."""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from backend.recordings.media_errors import TooLong
from backend.recordings.whitelists import CODECS
from backend.speech.languages import language_code

#: Other rates and channel counts occur only in forged headers.
_RATES = range(1000, 768_001)
_MAX_CHANNELS = 64

_INPUT = re.compile(r"Input #0, (\S+), from ")
_DURATION = re.compile(r"  Duration: (?:N/A|(\d+):(\d\d):(\d\d(?:\.\d+)?))(?:, start: (-?[\d.]+))?")
_STREAM = re.compile(r"  Stream #0:(\d+)(?:\[\w+\])?(?:\((.*?)\))?(?:\[\w+\])?: (Audio|Video): (\w+)(.*)")
_SOUND = re.compile(r", (\d+) Hz, ([^,]+)")
_CHANNEL_COUNT = re.compile(r"(\d+) channels")
_CHANNELS = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "hexagonal": 6, "octagonal": 8, "cube": 8}
_CHANNELS |= {"hexadecagonal": 16, "binaural": 2}
_POSITIONS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")

#: The containers whose header tells when the recording ends on its own clock, which need not start at 0.
_HEADERS_WITH_END = ("matroska", "flv")


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio track as the headers describe it."""

    index: int  #: of all streams in the file
    codec: str
    rate: int
    channels: int
    language: str | None = None  #: a code of `backend.speech.languages`; of other languages, what the file says
    default: bool = False

    @property
    def readable(self) -> bool:
        return self.codec in CODECS and self.rate in _RATES and 1 <= self.channels <= _MAX_CHANNELS


def ignore_progress(_seconds: float) -> None:
    pass


class FfmpegReport:
    """What FFmpeg has reported about its input so far. Raises TooLong at the first line that proves it."""

    def __init__(self, max_seconds: float, on_progress: Callable[[float], None] = ignore_progress) -> None:
        self.format = ""
        self.tracks: list[AudioTrack] = []
        self.video: int | None = None  #: the first stream of pictures that is not just a cover
        self.header_duration: float | None = None
        self.start = 0.0
        self.seconds = 0.0
        self._max_seconds = max_seconds
        self._on_progress = on_progress
        self._guessed = False
        self._in_output = False

    def header(self, line: str) -> None:
        if line.startswith("Output #0") or self._in_output:
            self._in_output = True
        elif "Estimating duration from bitrate" in line:
            self._guessed = True
            self.header_duration = None
        elif found := _INPUT.match(line):
            self.format = found[1].rstrip(",")
        elif found := _DURATION.match(line):
            self.start = float(found[4] or 0)
            if found[1] and not self._guessed:
                self._set_duration(int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]))
        elif found := _STREAM.match(line):
            if found[3] == "Audio":
                self.tracks.append(_audio_track(found))
            elif self.video is None and "(attached pic)" not in line:
                self.video = int(found[1])

    def progress(self, line: str) -> None:
        if line.startswith("out_time_us="):
            with contextlib.suppress(ValueError):  # N/A, before the first packet
                self.report_seconds(int(line.partition("=")[2]) / 1e6)

    def report_seconds(self, seconds: float) -> None:
        if seconds > self._max_seconds + 1:
            raise TooLong
        if seconds > self.seconds:
            self.seconds = seconds
            self._on_progress(seconds)

    def _set_duration(self, seconds: float) -> None:
        if self.format.startswith(_HEADERS_WITH_END):
            seconds -= max(self.start, 0.0)
        self.header_duration = seconds
        if seconds > self._max_seconds + 1:
            raise TooLong


class FirstTimestamp:
    """The time of the first packet in FFmpeg's framecrc format: a time base, then dts and pts in it."""

    def __init__(self) -> None:
        self.seconds = float("inf")
        self._time_base = 0.0

    def line(self, line: str) -> None:
        if found := re.match(r"#tb 0: (\d+)/(\d+)", line):
            self._time_base = int(found[1]) / int(found[2])
        elif self._time_base and (found := re.match(r"0, +-?\d+, +(-?\d+),", line)):
            self.seconds = min(self.seconds, int(found[1]) * self._time_base)


def _audio_track(found: "re.Match[str]") -> AudioTrack:
    sound = _SOUND.search(found[5])
    return AudioTrack(
        index=int(found[1]),
        codec=found[4],
        rate=int(sound[1]) if sound else 0,
        channels=_channel_count(sound[2]) if sound else 0,
        language=None if found[2] in (None, "", "und") else language_code(found[2]),
        default="(default)" in found[5],
    )


def _channel_count(layout: str) -> int:
    """The number of channels of a layout as FFmpeg names it: 5.1(side), stereo, 6 channels."""
    if counted := _CHANNEL_COUNT.match(layout):
        return int(counted[1])
    if positions := _POSITIONS.match(layout):
        return sum(int(number) for number in positions.groups() if number)
    return _CHANNELS.get(re.split(r"[ (]", layout)[0], 16)

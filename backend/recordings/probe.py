"""Probes uploaded files: what they contain, how long it is, and when it starts."""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from backend.ffmpeg import ffmpeg_path
from backend.recordings import child
from backend.recordings.avi_pauses import Pause, avi_pauses
from backend.recordings.container_length import WHOLE, ContainerLength, container_length
from backend.recordings.decode_silk import RATE as SILK_RATE
from backend.recordings.decoder_check import blames_ffmpeg_first
from backend.recordings.decoding_errors import (
    check_readable,
    error_for,
    has_too_many_streams,
    killed_from_outside,
    size_of,
)
from backend.recordings.ffmpeg_report import AudioTrack, FfmpegReport, FirstTimestamp
from backend.recordings.media_errors import (
    DecoderKilled,
    InputMissing,
    InputUnreadable,
    MediaDamaged,
    NoAudio,
    NotMedia,
    TooLong,
    TooShort,
    UnsupportedAudio,
)
from backend.recordings.sandbox import Sandbox, sandboxed
from backend.recordings.silk import is_silk, read_silk
from backend.recordings.unsupported_formats import names_the_format, protected_audio
from backend.recordings.whitelists import input_address, input_options

#: Shorter recordings contain no word.
MIN_SECONDS = 0.3

_MEMORY_BYTES = 2 * 1024**3
_NOTHING_COPIED = re.compile(r"\baudio:0 ?[kK]|Output file is empty")

#: Bytes by which writers of containers miscount.
_MISCOUNT = 16

#: Seconds before 0 that are none of the recording.
_PRIMING = 1.0


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file contains. `duration` is that of its packets; only decoding gives the exact one."""

    duration: float
    header_duration: float | None  #: as in the header, unless FFmpeg had to estimate it
    format: str  #: FFmpeg's name of the container format
    tracks: tuple[AudioTrack, ...]  #: all audio tracks, readable or not
    zero: float = 0.0  #: the time on the clock of the file at which it starts, in seconds
    has_video: bool = False
    length: ContainerLength = WHOLE
    pauses: Mapping[int, tuple[Pause, ...]] = field(default_factory=dict)  #: that FFmpeg does not see, by stream

    @property
    def damaged(self) -> bool:
        """Whether bytes are missing that the container promises."""
        return self.length.missing > _MISCOUNT


@names_the_format
@blames_ffmpeg_first
async def probe(source: Path, *, max_seconds: float = float("inf"), ffmpeg: str | None = None) -> Probe:
    """Read the headers, then all packets of the audio tracks without decoding them: a header may be wrong.

    Raises NotMedia, UnsupportedAudio or one of its kinds that names the format, NoAudio, TooShort, TooLong,
    MediaDamaged, InputMissing, InputUnreadable, DecoderKilled or DecoderBroken.
    """
    source = source.absolute()
    if await asyncio.to_thread(is_silk, source):
        return await _probe_silk(source, max_seconds)
    if protection := await asyncio.to_thread(protected_audio, source):
        raise protection
    length, pauses = await asyncio.to_thread(_walk, source)
    probed = replace(await _probe_from(source, length, 0, max_seconds, ffmpeg), pauses=pauses)
    for start in length.next_starts:
        seconds = 0.0
        # what cannot be read behind a readable beginning costs a warning
        with contextlib.suppress(TooShort, NoAudio, UnsupportedAudio, MediaDamaged, NotMedia):
            seconds = (await _probe_from(source, length, start, max_seconds, ffmpeg)).duration
        probed = replace(probed, duration=probed.duration + seconds, header_duration=None)
    if probed.duration > max_seconds + 1:
        raise TooLong
    return probed


def _walk(source: Path) -> tuple[ContainerLength, dict[int, tuple[Pause, ...]]]:
    """What the bytes of the container tell and FFmpeg does not."""
    try:
        return container_length(source), avi_pauses(source)
    except FileNotFoundError:
        raise InputMissing from None
    except OSError as error:
        raise InputUnreadable from error


async def _probe_from(
    source: Path, length: ContainerLength, start: int, max_seconds: float, ffmpeg: str | None
) -> Probe:
    report = FfmpegReport(max_seconds)
    command = [
        *(ffmpeg or ffmpeg_path(), "-nostdin", "-hide_banner", "-nostats", *input_options(length, start)),
        *("-i", input_address(source, length, start), "-map", "0:a", "-c", "copy", "-f", "null"),
        *("-progress", "pipe:1", "-stats_period", "0.2", "-"),
    ]
    seconds = 30 + size_of(source) / 20e6
    sandbox = Sandbox(cpu_seconds=int(seconds), file_bytes=0, memory_bytes=_MEMORY_BYTES, read=(str(source),))
    try:
        outcome = await child.run(
            sandboxed(sandbox, command),
            seconds=seconds,
            quiet_seconds=seconds,
            on_output=report.progress,
            on_error=report.header,
            folder="/",
        )
        await check_readable(outcome, [source])
    except child.ChildTimeout:
        raise MediaDamaged("Reading this file took too long; it is probably damaged.") from None
    if killed_from_outside(outcome):
        raise DecoderKilled
    if not report.format or has_too_many_streams(outcome):
        raise error_for(outcome)
    if not report.tracks:
        raise NoAudio
    if not any(track.readable for track in report.tracks):
        raise UnsupportedAudio
    duration = report.seconds
    if duration == 0 and not _NOTHING_COPIED.search(outcome.errors):  # a single packet: FFmpeg reports only its start
        duration = report.header_duration or MIN_SECONDS
    if duration == 0 and outcome.code != 0:
        raise error_for(outcome, opened=True)
    if duration == 0 and (report.header_duration or 0) >= MIN_SECONDS:
        raise MediaDamaged
    if duration < MIN_SECONDS / 2:  # packets are coarse: close to the limit, decode first
        raise TooShort
    zero = report.start if report.video is None else min(report.start, await _first_picture(source, report, ffmpeg))
    return Probe(
        duration,
        report.header_duration,
        report.format,
        tuple(report.tracks),
        # A little before 0 there is only what the decoder needs to start.
        zero=0.0 if -_PRIMING < zero < 0 else zero,
        has_video=report.video is not None,
        length=length,
    )


async def _first_picture(source: Path, report: FfmpegReport, ffmpeg: str | None) -> float:
    """The time of the first picture, on the clock of the file; infinity if it is not known.

    FFmpeg does not count it for the start of the file, as it may not decode pictures.
    """
    times = FirstTimestamp()
    command = [
        *(ffmpeg or ffmpeg_path(), "-nostdin", "-hide_banner", "-nostats", "-copyts", *input_options()),
        *(
            "-i",
            f"file:{source}",
            "-map",
            f"0:{report.video}",
            "-c",
            "copy",
            "-frames:v",
            "1",
            "-f",
            "framecrc",
            "pipe:1",
        ),
    ]
    seconds = 30 + size_of(source) / 20e6
    sandbox = Sandbox(cpu_seconds=int(seconds), file_bytes=0, memory_bytes=_MEMORY_BYTES, read=(str(source),))
    with contextlib.suppress(child.ChildTimeout):  # the sound alone tells when the file starts
        await child.run(
            sandboxed(sandbox, command), seconds=seconds, quiet_seconds=seconds, on_output=times.line, folder="/"
        )
    return times.seconds


async def _probe_silk(source: Path, max_seconds: float) -> Probe:
    audio = await read_silk(source, max_seconds=max_seconds)
    if audio.seconds < MIN_SECONDS:
        raise TooShort
    return Probe(audio.seconds, None, "silk", (AudioTrack(0, "silk", SILK_RATE, 1),))

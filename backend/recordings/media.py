"""Probes uploaded files with FFmpeg and converts them into the audio that the rest of the server works with."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import tempfile
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backend.crash_points import durable_step
from backend.durable import sync_folder
from backend.errors import AppError
from backend.ffmpeg import ffmpeg_path
from backend.recordings import child
from backend.recordings.decode_silk import RATE as SILK_RATE
from backend.recordings.decoder_check import blames_ffmpeg_first
from backend.recordings.files import DiskFull
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
from backend.recordings.silk import is_silk, read_silk, silk_decoded
from backend.recordings.unsupported_formats import names_the_format, protected_audio
from backend.recordings.whitelists import CODECS, input_options

#: Shorter recordings contain no word.
MIN_SECONDS = 0.3

#: Other rates and channel counts occur only in forged headers.
_RATES = range(1000, 768_001)
_MAX_CHANNELS = 64

_TEMPORARY_PREFIX = ".normalize-"
_MEMORY_BYTES = 2 * 1024**3
_WAV_RATE = 16_000
_COPY_RATE = 32_000  #: enough for voices: up to 16 kHz
_QUIET_SECONDS = 120.0  #: FFmpeg reports twice a second; after this much silence it hangs
#: What FFmpeg reports about video streams, which it is not allowed to decode.
_HARMLESS_ERRORS = ("not on whitelist", "Failed to open codec in avformat_find_stream_info")
#: FFmpeg's exit status after a signal that it handles, and its message if it had not started yet.
_EXIT_AFTER_SIGNAL, _EXIT_REQUESTED = 255, "Immediate exit requested"
_MAX_GAP_SECONDS = 3600  #: a larger jump is caused by wrong timestamps


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file contains. `duration` is that of its packets; only decoding gives the exact one."""

    duration: float
    header_duration: float | None  #: as in the header, unless FFmpeg had to estimate it
    audio_streams: int
    format: str  #: FFmpeg's name of the container format
    codec: str  #: of the first audio stream, which is the one that is used
    rate: int
    channels_without_layout: int  #: number of channels if FFmpeg does not know their layout, else 0


@dataclass(frozen=True, slots=True)
class Normalized:
    duration: float  #: seconds of the wav
    warnings: tuple[str, ...]  #: codes: `media_damaged` if parts could not be decoded


def _ignore_progress(_seconds: float) -> None:
    pass


@names_the_format
@blames_ffmpeg_first
async def probe(source: Path, *, max_seconds: float = float("inf"), ffmpeg: str | None = None) -> Probe:
    """Read the headers, then all packets of the first audio stream without decoding them: a header may be wrong.

    Raises NotMedia, UnsupportedAudio or one of its kinds that names the format, NoAudio, TooShort, TooLong,
    MediaDamaged, InputMissing, InputUnreadable, DecoderKilled or DecoderBroken.
    """
    source = source.absolute()
    size = _size(source)
    if await asyncio.to_thread(is_silk, source):
        return await _probe_silk(source, max_seconds)
    if protection := await asyncio.to_thread(protected_audio, source):
        raise protection
    report = _FfmpegReport(max_seconds)
    command = [
        *(ffmpeg or ffmpeg_path(), "-nostdin", "-hide_banner", "-nostats", *input_options(), "-i", _url(source)),
        *("-map", "0:a:0", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-stats_period", "0.2", "-"),
    ]
    seconds = 30 + size / 20e6
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
        await _check_readable(outcome, [source])
    except child.ChildTimeout:
        raise MediaDamaged("Reading this file took too long; it is probably damaged.") from None
    if _killed_from_outside(outcome):
        raise DecoderKilled
    if not report.format or _TOO_MANY_STREAMS.search(outcome.errors):
        raise _error_for(outcome)
    if not report.audio:
        raise NoAudio
    codec, rate, channels_without_layout = report.audio[0]
    if codec not in CODECS or rate not in _RATES or channels_without_layout > _MAX_CHANNELS:
        raise UnsupportedAudio
    duration = report.seconds
    if duration == 0 and not _NOTHING_COPIED.search(outcome.errors):  # a single packet: FFmpeg reports only its start
        duration = report.header_duration or MIN_SECONDS
    if duration == 0 and outcome.code != 0:
        raise _error_for(outcome, opened=True)
    if duration == 0 and (report.header_duration or 0) >= MIN_SECONDS:
        raise MediaDamaged
    if duration < MIN_SECONDS / 2:  # packets are coarse: close to the limit, decode first
        raise TooShort
    return Probe(
        duration, report.header_duration, len(report.audio), report.format, codec, rate, channels_without_layout
    )


@blames_ffmpeg_first
async def normalize(
    source: Path,
    *,
    more_sources: Sequence[Path] = (),
    wav: Path,
    listening_copy: Path,
    max_seconds: float,
    on_progress: Callable[[float], None] = _ignore_progress,
    probes: Sequence[Probe] = (),
    ffmpeg: str | None = None,
) -> Normalized:
    """Decode once, into 16 kHz mono for the engines and an M4A for the browser, both with the same timeline.

    `more_sources` are appended to the source; `probes` are the probes of all files if they are known already.
    `on_progress` receives the seconds of decoded audio, which never decrease. Either both files are complete under
    their names or neither was touched. Raises what `probe` raises, and DiskFull.
    """
    sources = [path.absolute() for path in (source, *more_sources)]
    async with silk_decoded(sources, folder=wav.parent, max_seconds=max_seconds) as (readable, undamaged):
        normalized = await _normalize(
            readable,
            wav=wav,
            listening_copy=listening_copy,
            max_seconds=max_seconds,
            on_progress=on_progress,
            probes=probes if readable == sources else (),
            ffmpeg=ffmpeg,
        )
    return normalized if undamaged else replace(normalized, warnings=("media_damaged",))


async def _normalize(
    sources: Sequence[Path],
    *,
    wav: Path,
    listening_copy: Path,
    max_seconds: float,
    on_progress: Callable[[float], None],
    probes: Sequence[Probe],
    ffmpeg: str | None,
) -> Normalized:
    probes = list(probes) or [await probe(path, max_seconds=max_seconds, ffmpeg=ffmpeg) for path in sources]
    size = sum(_size(path) for path in sources)
    probed_seconds = sum(one.duration for one in probes)
    for leftover in wav.parent.glob(f"{_TEMPORARY_PREFIX}*"):  # of an attempt that was killed with its child
        await asyncio.to_thread(shutil.rmtree, leftover, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX, dir=wav.parent.absolute()))
    report = _FfmpegReport(max_seconds, on_progress)
    seconds = 120 + size / 1e6 + min(max_seconds, 4 * probed_seconds)
    sandbox = Sandbox(
        cpu_seconds=int(seconds),
        file_bytes=int(max_seconds * _WAV_RATE * 2) + 1024**2,
        memory_bytes=_MEMORY_BYTES,
        read=tuple(str(path) for path in sources),
        write=(str(temporary),),
    )
    wav_part, copy_part = temporary / "speech.wav", temporary / "listen.m4a"
    command = [
        *(ffmpeg or ffmpeg_path(), "-nostdin", "-hide_banner", "-nostats", "-v", "repeat+error"),
        *(option for path in sources for option in (*input_options(), "-i", _url(path))),
        *("-filter_complex", _filter_graph(probes), "-max_error_rate", "1"),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-map", "[wav]", "-c:a", "pcm_s16le", "-fflags", "+bitexact", "-f", "wav", _url(wav_part)),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-map", "[copy]", "-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-movflags", "+faststart"),
        *("-f", "mp4", _url(copy_part), "-progress", "pipe:1", "-stats_period", "0.5"),
    ]
    try:
        outcome = await child.run(
            sandboxed(sandbox, command),
            seconds=seconds,
            quiet_seconds=_QUIET_SECONDS,
            on_output=report.progress,
            folder=str(temporary),
        )
        await _check_readable(outcome, sources)
        duration = _decoded_seconds(outcome, wav_part, copy_part, max_seconds)
        await asyncio.to_thread(_name_durably, {copy_part: listening_copy, wav_part: wav})
    except child.ChildTimeout:
        raise MediaDamaged("Decoding this file took too long; it is probably damaged.") from None
    finally:
        await asyncio.to_thread(shutil.rmtree, temporary, ignore_errors=True)
    report.report_seconds(duration)
    lines = outcome.errors.splitlines()
    errors = [line for line in lines if not any(harmless in line for harmless in _HARMLESS_ERRORS)]
    expected = sum(max(one.duration, one.header_duration or 0) for one in probes)
    undamaged = not errors and outcome.code == 0 and duration >= 0.98 * expected - 1
    return Normalized(duration, () if undamaged else ("media_damaged",))


async def _probe_silk(source: Path, max_seconds: float) -> Probe:
    audio = await read_silk(source, max_seconds=max_seconds)
    if audio.seconds < MIN_SECONDS:
        raise TooShort
    return Probe(audio.seconds, None, 1, "silk", "silk", SILK_RATE, 0)


def _filter_graph(probes: Sequence[Probe]) -> str:
    """The filters of all files at both rates; several files are concatenated."""
    if len(probes) == 1:
        return _audio_filters(0, probes[0], "wav", "copy")
    numbers = range(len(probes))
    single = ";".join(_audio_filters(number, probes[number], f"wav{number}", f"copy{number}") for number in numbers)
    joined = (
        "".join(f"[{name}{number}]" for number in numbers) + f"concat=n={len(probes)}:v=0:a=1[{name}]"
        for name in ("wav", "copy")
    )
    return ";".join((single, *joined))


def _audio_filters(number: int, probe: Probe, wav: str, copy: str) -> str:
    """The same timeline for both outputs: a gap becomes silence, and no audio is lost where timestamps jump back."""
    timeline = (
        # 0: expected time of the next frame, 1: its output time, 2: the gap before it, 3: its output time after the gap
        "asetpts='st(2,PTS-ld(0));"
        f"st(3,ld(1)+if(between(ld(2)*TB,0.1,{_MAX_GAP_SECONDS}),ld(2),0));"
        "st(0,PTS+NB_SAMPLES/SR/TB);st(1,ld(3)+NB_SAMPLES/SR/TB);ld(3)',aresample=async=1:min_hard_comp=0.05:first_pts=0"
    )
    mono = "aformat=channel_layouts=mono"
    if probe.channels_without_layout:  # microphones in a room: all have the same weight
        share = 1 / probe.channels_without_layout
        mono = "pan=mono|c0=" + "+".join(f"{share:.6f}*c{number}" for number in range(probe.channels_without_layout))
    return (
        f"[{number}:a:0]{timeline},{mono},asplit[to_{wav}][to_{copy}];"
        f"[to_{wav}]aresample={_WAV_RATE}[{wav}];[to_{copy}]aresample={_COPY_RATE}[{copy}]"
    )


async def _check_readable(outcome: child.Outcome, sources: Sequence[Path]) -> None:
    """FFmpeg reports a truncated file and a failing disk alike; only with a failing disk do our own reads fail too."""
    if _FAILED_READ in outcome.errors:
        await asyncio.to_thread(_read_all, sources)


def _read_all(sources: Sequence[Path]) -> None:
    for source in sources:
        try:
            with source.open("rb", buffering=0) as file:
                while file.read(64 * 1024):
                    pass
        except FileNotFoundError:
            raise InputMissing from None
        except OSError as error:
            raise InputUnreadable from error


def _decoded_seconds(outcome: child.Outcome, wav: Path, copy: Path, max_seconds: float) -> float:
    """The duration of the decoded audio. Raises the reason if it cannot be used."""
    if "No space left on device" in outcome.errors:
        raise DiskFull
    if "File too large" in outcome.errors or outcome.code == -signal.SIGXFSZ:  # the wav exceeds `max_seconds`
        raise TooLong
    if _killed_from_outside(outcome):
        raise DecoderKilled
    if outcome.code < 0:
        raise MediaDamaged
    duration = _wav_seconds(wav)
    if duration == 0 or not copy.exists() or copy.stat().st_size == 0:
        raise _error_for(outcome, opened=True)
    if duration < MIN_SECONDS:
        raise TooShort
    if duration > max_seconds:
        raise TooLong
    return duration


def _killed_from_outside(outcome: child.Outcome) -> bool:
    """SIGKILL kills FFmpeg; after SIGTERM and the like it stops early, as if the recording ended there."""
    return (
        outcome.killed
        or outcome.code == _EXIT_AFTER_SIGNAL
        or (outcome.code != 0 and _EXIT_REQUESTED in outcome.errors)
    )


def _wav_seconds(path: Path) -> float:
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() / file.getframerate()
    except (OSError, EOFError, wave.Error):
        return 0.0


def _name_durably(names: dict[Path, Path]) -> None:
    with durable_step("prepare.files"):
        for part in names:
            with part.open("rb") as file:
                os.fsync(file.fileno())
        for part, path in names.items():
            part.replace(path)
            sync_folder(path.parent)


def _error_for(outcome: child.Outcome, *, opened: bool = False) -> AppError:
    """The error for a file that FFmpeg could not use. Once it is `opened`, parts of the messages come from the file."""
    errors = outcome.errors
    if "No space left on device" in errors:
        return DiskFull()
    if _TOO_MANY_STREAMS.search(errors):
        return UnsupportedAudio("This file has too many tracks.")
    if "Format not on whitelist" in errors:
        return NotMedia()
    if not opened and "Permission denied" in errors:
        raise PermissionError("FFmpeg may not read the file of a recording")
    misread = "detected only with low score" in errors
    if opened or _FAILED_READ in errors or outcome.code < 0 or ("moov atom not found" in errors and not misread):
        return MediaDamaged()
    return NotMedia()


def _url(path: Path) -> str:
    """An absolute path with `file:`, so that a name is never taken for an option or a protocol."""
    return f"file:{path}"


def _size(source: Path) -> int:
    try:
        return source.stat().st_size
    except FileNotFoundError:
        raise InputMissing from None


_FAILED_READ = "Input/output error"
_TOO_MANY_STREAMS = re.compile(r"Number of (streams|tracks) exceeds max_streams")
_NOTHING_COPIED = re.compile(r"\baudio:0 ?[kK]|Output file is empty")
_INPUT = re.compile(r"Input #0, (\S+), from ")
_DURATION = re.compile(r"  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_STREAM = re.compile(r"  Stream #0:\d+.*?: Audio: (\w+).*?, (\d+) Hz, ([^,]+)")
_AUDIO = re.compile(r"  Stream #0:\d+.*?: Audio: (\w+)")
_CHANNEL_COUNT = re.compile(r"(\d+) channels")


class _FfmpegReport:
    """What FFmpeg has reported about its input so far. Raises TooLong at the first line that proves it."""

    def __init__(self, max_seconds: float, on_progress: Callable[[float], None] = _ignore_progress) -> None:
        self.format = ""
        self.audio: list[tuple[str, int, int]] = []
        self.header_duration: float | None = None
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
            if not self._guessed:
                self.header_duration = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
                if self.header_duration > self._max_seconds + 1:
                    raise TooLong
        elif found := _STREAM.match(line):
            counted = _CHANNEL_COUNT.match(found[3])
            self.audio.append((found[1], int(found[2]), int(counted[1]) if counted else 0))
        elif found := _AUDIO.match(line):
            self.audio.append((found[1], 0, 0))

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

"""What FFmpeg knows of an uploaded file, and what the rest of the house works with instead of it."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import tempfile
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.crash import durable_step
from backend.durable import sync_folder
from backend.errors import AppError
from backend.ffmpeg import ffmpeg_path
from backend.recordings import child
from backend.recordings.cage import Cage, caged
from backend.recordings.files import DiskFull
from backend.recordings.refusals import (
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
from backend.recordings.whitelists import CODECS, input_options

#: Shorter recordings hold no word.
SHORTEST_SECONDS = 0.3

#: Rates and channels outside of these stand in forged headers only.
_RATES = range(1000, 768_001)
_MOST_CHANNELS = 64

_PRIVATE = ".normalize-"
_MEMORY = 2 * 1024**3
_WAV_RATE = 16_000
_COPY_RATE = 32_000  #: a listening copy is for voices: nothing above 16 kHz
_QUIET_SECONDS = 120.0  #: FFmpeg reports twice a second; after such a silence it hangs
#: What FFmpeg says of the picture it is not allowed to look at.
_HARMLESS = ("not on whitelist", "Failed to open codec in avformat_find_stream_info")
#: FFmpeg's exit status after a signal that it heeds, and what it says where it had not even begun.
_TOLD_TO_END, _NO_MORE = 255, "Immediate exit requested"
_LONGEST_GAP = 3600  #: seconds; a jump beyond is a broken clock


@dataclass(frozen=True, slots=True)
class Probe:
    """What the file says of itself. The duration is that of the packets; only decoding tells the true one."""

    duration: float
    promised: float | None  #: the duration in the header, where it is one and no guess
    audio_streams: int
    format: str  #: FFmpeg's name of the container
    codec: str  #: of the first audio stream, the one that is used
    rate: int
    loose_channels: int  #: how many, where FFmpeg does not know the place of each; else 0


@dataclass(frozen=True, slots=True)
class Normalized:
    duration: float  #: seconds of the wav
    warnings: tuple[str, ...]  #: codes: `media_damaged` where parts could not be decoded


def _forget(_seconds: float) -> None:
    pass


async def probe(source: Path, *, max_seconds: float = float("inf"), ffmpeg: str | None = None) -> Probe:
    """Read the headers, then every packet of the first audio stream without decoding it: a header may lie.

    Raises NotMedia, UnsupportedAudio, NoAudio, TooShort, TooLong, MediaDamaged, InputMissing, InputUnreadable or
    DecoderKilled.
    """
    source = source.absolute()
    size = _size(source)
    seen = _Seen(max_seconds)
    command = [
        *(ffmpeg or ffmpeg_path(), "-nostdin", "-hide_banner", "-nostats", *input_options(), "-i", _url(source)),
        *("-map", "0:a:0", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-stats_period", "0.2", "-"),
    ]
    seconds = 30 + size / 20e6
    cage = Cage(cpu_seconds=int(seconds), file_bytes=0, memory_bytes=_MEMORY, read=(str(source),))
    try:
        outcome = await child.run(
            caged(cage, command),
            seconds=seconds,
            quiet_seconds=seconds,
            on_output=seen.progress,
            on_error=seen.header,
            folder="/",
        )
        await _must_be_readable(outcome, [source])
    except child.OutOfTime:
        raise MediaDamaged("Reading this file took too long; it is probably damaged.") from None
    if _ended_from_outside(outcome):
        raise DecoderKilled
    if not seen.format or _TOO_MANY_STREAMS.search(outcome.errors):
        raise _refusal(outcome)
    if not seen.audio:
        raise NoAudio
    codec, rate, loose_channels = seen.audio[0]
    if codec not in CODECS or rate not in _RATES or loose_channels > _MOST_CHANNELS:
        raise UnsupportedAudio
    duration = seen.seconds
    if duration == 0 and not _NOTHING_COPIED.search(outcome.errors):  # one packet: its start is all FFmpeg tells
        duration = seen.promised or SHORTEST_SECONDS
    if duration == 0 and outcome.code != 0:
        raise _refusal(outcome, opened=True)
    if duration == 0 and (seen.promised or 0) >= SHORTEST_SECONDS:
        raise MediaDamaged
    if duration < SHORTEST_SECONDS / 2:  # packets are coarse: whatever is near the limit is decoded first
        raise TooShort
    return Probe(duration, seen.promised, len(seen.audio), seen.format, codec, rate, loose_channels)


async def normalize(
    source: Path,
    *,
    after: Sequence[Path] = (),
    wav: Path,
    listening_copy: Path,
    max_seconds: float,
    on_progress: Callable[[float], None] = _forget,
    probed: Sequence[Probe] = (),
    ffmpeg: str | None = None,
) -> Normalized:
    """Decode once, into 16 kHz mono for the engines and an M4A for the browser, both on one timeline.

    The files of `after` are heard behind the source; `probed` is what is known of all of them. `on_progress` hears
    seconds of audio, never fewer than before. Either both files stand whole under their names or neither was touched.
    Raises what `probe` raises, and DiskFull.
    """
    sources = [path.absolute() for path in (source, *after)]
    probes = list(probed) or [await probe(path, max_seconds=max_seconds, ffmpeg=ffmpeg) for path in sources]
    size = sum(_size(path) for path in sources)
    promised = sum(one.duration for one in probes)
    for left in wav.parent.glob(f"{_PRIVATE}*"):  # by an attempt that was killed, and its child with it
        await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)
    private = Path(tempfile.mkdtemp(prefix=_PRIVATE, dir=wav.parent.absolute()))
    seen = _Seen(max_seconds, on_progress)
    seconds = 120 + size / 1e6 + min(max_seconds, 4 * promised)
    cage = Cage(
        cpu_seconds=int(seconds),
        file_bytes=int(max_seconds * _WAV_RATE * 2) + 1024**2,
        memory_bytes=_MEMORY,
        read=tuple(str(path) for path in sources),
        write=(str(private),),
    )
    heard, copy = private / "speech.wav", private / "listen.m4a"
    command = [
        *(ffmpeg or ffmpeg_path(), "-nostdin", "-hide_banner", "-nostats", "-v", "repeat+error"),
        *(option for path in sources for option in (*input_options(), "-i", _url(path))),
        *("-filter_complex", _graph(probes), "-max_error_rate", "1"),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-map", "[wav]", "-c:a", "pcm_s16le", "-fflags", "+bitexact", "-f", "wav", _url(heard)),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-map", "[copy]", "-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-movflags", "+faststart"),
        *("-f", "mp4", _url(copy), "-progress", "pipe:1", "-stats_period", "0.5"),
    ]
    try:
        outcome = await child.run(
            caged(cage, command),
            seconds=seconds,
            quiet_seconds=_QUIET_SECONDS,
            on_output=seen.progress,
            folder=str(private),
        )
        await _must_be_readable(outcome, sources)
        duration = _checked(outcome, heard, copy, max_seconds)
        await asyncio.to_thread(_name_durably, {copy: listening_copy, heard: wav})
    except child.OutOfTime:
        raise MediaDamaged("Decoding this file took too long; it is probably damaged.") from None
    finally:
        await asyncio.to_thread(shutil.rmtree, private, ignore_errors=True)
    seen.tell(duration)
    complaints = [line for line in outcome.errors.splitlines() if not any(harmless in line for harmless in _HARMLESS)]
    expected = sum(max(one.duration, one.promised or 0) for one in probes)
    whole = not complaints and outcome.code == 0 and duration >= 0.98 * expected - 1
    return Normalized(duration, () if whole else ("media_damaged",))


def _graph(probes: Sequence[Probe]) -> str:
    """Every file at both rates; of several, one behind the other."""
    if len(probes) == 1:
        return _heard(0, probes[0], "wav", "copy")
    numbers = range(len(probes))
    heard = ";".join(_heard(number, probes[number], f"wav{number}", f"copy{number}") for number in numbers)
    joined = (
        "".join(f"[{name}{number}]" for number in numbers) + f"concat=n={len(probes)}:v=0:a=1[{name}]"
        for name in ("wav", "copy")
    )
    return ";".join((heard, *joined))


def _heard(number: int, probed: Probe, wav: str, copy: str) -> str:
    """One timeline for both outputs: a gap in the packets becomes silence, a clock that jumps back loses no sound."""
    timeline = (
        # 0: where the next frame is expected, 1: where it goes, 2: the gap before it, 3: where it goes after the gap
        "asetpts='st(2,PTS-ld(0));"
        f"st(3,ld(1)+if(between(ld(2)*TB,0.1,{_LONGEST_GAP}),ld(2),0));"
        "st(0,PTS+NB_SAMPLES/SR/TB);st(1,ld(3)+NB_SAMPLES/SR/TB);ld(3)',aresample=async=1:min_hard_comp=0.05:first_pts=0"
    )
    mono = "aformat=channel_layouts=mono"
    if probed.loose_channels:  # microphones of a room: each counts the same
        share = 1 / probed.loose_channels
        mono = "pan=mono|c0=" + "+".join(f"{share:.6f}*c{number}" for number in range(probed.loose_channels))
    return (
        f"[{number}:a:0]{timeline},{mono},asplit[to_{wav}][to_{copy}];"
        f"[to_{wav}]aresample={_WAV_RATE}[{wav}];[to_{copy}]aresample={_COPY_RATE}[{copy}]"
    )


async def _must_be_readable(outcome: child.Outcome, sources: Sequence[Path]) -> None:
    """FFmpeg calls a file that ends too soon and a disk that fails by one name; only the disk fails us too."""
    if _FAILED_READ in outcome.errors:
        await asyncio.to_thread(_read_through, sources)


def _read_through(sources: Sequence[Path]) -> None:
    for source in sources:
        try:
            with source.open("rb", buffering=0) as file:
                while file.read(64 * 1024):
                    pass
        except FileNotFoundError:
            raise InputMissing from None
        except OSError as error:
            raise InputUnreadable from error


def _checked(outcome: child.Outcome, wav: Path, copy: Path, max_seconds: float) -> float:
    """The duration of what was decoded, or the reason why it cannot be used."""
    if "No space left on device" in outcome.errors:
        raise DiskFull
    if "File too large" in outcome.errors or outcome.code == -signal.SIGXFSZ:  # the wav of `max_seconds` is full
        raise TooLong
    if _ended_from_outside(outcome):
        raise DecoderKilled
    if outcome.code < 0:
        raise MediaDamaged
    duration = _wav_seconds(wav)
    if duration == 0 or not copy.exists() or copy.stat().st_size == 0:
        raise _refusal(outcome, opened=True)
    if duration < SHORTEST_SECONDS:
        raise TooShort
    if duration > max_seconds:
        raise TooLong
    return duration


def _ended_from_outside(outcome: child.Outcome) -> bool:
    """SIGKILL kills FFmpeg; at SIGTERM and the like it cuts its work short, as if the recording ended there."""
    return outcome.killed or outcome.code == _TOLD_TO_END or (outcome.code != 0 and _NO_MORE in outcome.errors)


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


def _refusal(outcome: child.Outcome, *, opened: bool = False) -> AppError:
    """Why FFmpeg could make nothing of the file. Once it is opened, parts of the text come from inside of it."""
    errors = outcome.errors
    if "No space left on device" in errors:
        return DiskFull()
    if _TOO_MANY_STREAMS.search(errors):
        return UnsupportedAudio("This file has more tracks than any recording has.")
    if "Format not on whitelist" in errors:
        return NotMedia()
    if not opened and "Permission denied" in errors:
        raise PermissionError("FFmpeg may not read the file of a recording")
    misread = "detected only with low score" in errors
    if opened or _FAILED_READ in errors or outcome.code < 0 or ("moov atom not found" in errors and not misread):
        return MediaDamaged()
    return NotMedia()


def _url(path: Path) -> str:
    """`file:` before an absolute path, so that no name is ever read as an option or a protocol."""
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
_COUNTED = re.compile(r"(\d+) channels")


class _Seen:
    """What FFmpeg has said of its input so far. Raises TooLong at the first line that proves it."""

    def __init__(self, max_seconds: float, on_progress: Callable[[float], None] = _forget) -> None:
        self.format = ""
        self.audio: list[tuple[str, int, int]] = []
        self.promised: float | None = None
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
            self.promised = None
        elif found := _INPUT.match(line):
            self.format = found[1].rstrip(",")
        elif found := _DURATION.match(line):
            if not self._guessed:
                self.promised = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
                if self.promised > self._max_seconds + 1:
                    raise TooLong
        elif found := _STREAM.match(line):
            counted = _COUNTED.match(found[3])
            self.audio.append((found[1], int(found[2]), int(counted[1]) if counted else 0))
        elif found := _AUDIO.match(line):
            self.audio.append((found[1], 0, 0))

    def progress(self, line: str) -> None:
        if line.startswith("out_time_us="):
            with contextlib.suppress(ValueError):  # N/A, before the first packet
                self.tell(int(line.partition("=")[2]) / 1e6)

    def tell(self, seconds: float) -> None:
        if seconds > self._max_seconds + 1:
            raise TooLong
        if seconds > self.seconds:
            self.seconds = seconds
            self._on_progress(seconds)

"""Plans the decoding of a recording's tracks for `backend.recordings.mix_tracks`, and judges what came of it."""

import asyncio
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.ffmpeg import ffmpeg_path
from backend.recordings import child
from backend.recordings.avi_pauses import Pause
from backend.recordings.container_length import ContainerLength
from backend.recordings.ffmpeg_report import AudioTrack
from backend.recordings.mix_plan import DecodedTrack, Plan, Report, TrackFormat, TrackPlan
from backend.recordings.sandbox import Sandbox, sandboxed
from backend.recordings.whitelists import input_address, input_options

WAV_RATE = 16_000
_COPY_RATE = 32_000  #: enough for voices: up to 16 kHz
_MAX_CHANNELS = 64
_QUIET_SECONDS = 120.0  #: progress is reported for each second of audio; after this much silence it hangs
_PROJECT = Path(__file__).resolve().parent.parent.parent

#: The containers that store a time for their packets, by FFmpeg's names.
_CLOCKED = ("matroska", "mov", "mpegts", "mpeg", "flv", "asf", "avi")

#: Those whose clock jumps where pieces of a broadcast were joined.
_TRANSPORT = ("mpegts", "mpeg")

#: Seconds without audio; a larger step of the timestamps is caused by wrong ones.
_MAX_GAP, _MAX_TRANSPORT_GAP = 3600.0, 10.0

#: Seconds added to all times while they are in Matroska, which has no negative ones.
_LEAD = 100

#: Where the sample rate changes, FFmpeg 5.1 gives the last frame before it a time in samples of the next rate. So a
#: time that jumps ahead counts from the second such frame on. 0: the end of the frame before, 2: whether that jumped.
_RIGHT_TIMES = (
    "asetpts='st(3,gt(ld(0),0)*gt((PTS-ld(0))*TB,0.1));st(1,if(ld(3)*not(ld(2)),ld(0),PTS));st(2,ld(3));"
    "st(0,ld(1)+NB_SAMPLES/SR/TB);ld(1)'"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the files of a recording, played one after the other."""

    source: Path
    format: str
    zero: float  #: the time on its clock at which the recording starts, in seconds
    longest_delay: float  #: seconds before its first sound that are believed
    tracks: Sequence[AudioTrack]
    length: ContainerLength
    pauses: Mapping[int, Sequence[Pause]]  #: by the index of the track


@dataclass(frozen=True, slots=True)
class Limits:
    seconds: float  #: of CPU and real time
    max_audio_seconds: float
    memory_bytes: int


async def mix(
    parts: Sequence[Part],
    *,
    wav: Path,
    listening_copy: Path,
    limits: Limits,
    on_progress: Callable[[str], None],
    ffmpeg: str | None,
) -> tuple[child.Outcome, Report]:
    """Decode and mix all tracks into both files, which are in a folder of their own. The report is not
    complete if the child was killed. Raises ChildTimeout, and OSError if the plan cannot be written."""
    folder = wav.parent
    program = ffmpeg or ffmpeg_path()
    rate = WAV_RATE if all(track.rate <= WAV_RATE for part in parts for track in part.tracks) else _COPY_RATE
    plan = Plan(
        parts=[
            [_track_plan(program, part, track, rate, start, limits) for track in part.tracks]
            for part in parts
            for start in part.length.starts
        ],
        encoder=_encoder(program, wav, listening_copy, rate, limits),
        rate=rate,
        max_seconds=limits.max_audio_seconds,
    )
    await asyncio.to_thread(plan.write, folder)
    report = Report()

    def on_output(line: str) -> None:
        on_progress(line)
        report.read(line)

    outcome = await child.run(
        [sys.executable, "-m", "backend.recordings.mix_tracks", str(folder)],
        seconds=limits.seconds,
        quiet_seconds=_QUIET_SECONDS,
        on_output=on_output,
        folder=str(_PROJECT),
    )
    return outcome, report


def _track_plan(program: str, part: Part, track: AudioTrack, rate: int, start: int, limits: Limits) -> TrackPlan:
    columns = max(track.channels, 2)
    sandbox = Sandbox(int(limits.seconds), 0, limits.memory_bytes, read=(str(part.source),))
    command = [
        *(program, "-nostdin", "-hide_banner", "-nostats", "-v", "repeat+error"),
        *input_options(part.length, start),
        *("-copyts", "-itsoffset", str(_LEAD), "-i", input_address(part.source, part.length, start)),
        *("-map", f"0:{track.index}"),
        *("-af", f"{_RIGHT_TIMES},aresample={rate},{_separate_channels(columns)}", "-max_error_rate", "1"),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-c:a", "pcm_s16le", "-f", "matroska", "pipe:1"),
    ]
    return TrackPlan(
        sandboxed(sandbox, command),
        TrackFormat(
            rate=rate,
            channels=columns,
            clocked=part.format.startswith(_CLOCKED),
            zero=part.zero + _LEAD,
            longest_gap=_MAX_TRANSPORT_GAP if part.format.startswith(_TRANSPORT) else _MAX_GAP,
            longest_delay=max(part.longest_delay, _MAX_GAP),
            pauses=[(pause.time + _LEAD, pause.seconds) for pause in part.pauses.get(track.index, ())],
        ),
    )


def _separate_channels(columns: int) -> str:
    """Every channel of its own, whatever its place in a layout; those that appear later go into the last column."""
    single = [f"c{number}=c{number}" for number in range(columns - 1)]
    last = "+".join(f"c{number}" for number in range(columns - 1, _MAX_CHANNELS))
    return f"pan={columns}C|" + "|".join([*single, f"c{columns - 1}={last}"])


def _encoder(program: str, wav: Path, listening_copy: Path, rate: int, limits: Limits) -> list[str]:
    sandbox = Sandbox(
        cpu_seconds=int(limits.seconds),
        file_bytes=int(limits.max_audio_seconds * WAV_RATE * 2) + 1024**2,
        memory_bytes=limits.memory_bytes,
        write=(str(wav.parent),),
    )
    split = f"[0:a]asplit[w][c];[w]aresample={WAV_RATE}[wav];[c]aresample={_COPY_RATE}[copy]"
    command = [
        *(program, "-hide_banner", "-nostats", "-v", "repeat+error"),
        *("-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "pipe:0", "-filter_complex", split),
        *("-map", "[wav]", "-c:a", "pcm_s16le", "-fflags", "+bitexact", "-f", "wav", f"file:{wav}"),
        *("-map", "[copy]", "-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-movflags", "+faststart"),
        *("-f", "mp4", f"file:{listening_copy}"),
    ]
    return sandboxed(sandbox, command)


def chosen_tracks(tracks: Sequence[AudioTrack], languages: Collection[str] = ()) -> list[AudioTrack]:
    """The readable tracks that are heard together.

    Of a film in several languages they are those of one: the default track's, unless it is none of `languages` and
    another track's is."""
    readable = [track for track in tracks if track.readable]
    if len({track.language for track in readable}) < 2 or any(track.language is None for track in readable):
        return readable
    default = next((track for track in readable if track.default), readable[0])
    heard = next((track for track in (default, *readable) if track.language in languages), default)
    return [track for track in readable if track.language == heard.language]


def unheard(tracks: Sequence[DecodedTrack]) -> list[DecodedTrack]:
    """The tracks from which nothing could be decoded, if others of their part could."""
    heard = {track.part for track in tracks if track.decoded > 0}
    return [track for track in tracks if track.decoded == 0 and track.part in heard]

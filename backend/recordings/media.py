"""Converts uploaded files with FFmpeg into the audio that the rest of the server works with."""

import asyncio
import errno
import os
import shutil
import signal
import tempfile
import wave
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backend.crash_points import durable_step
from backend.durable import sync_folder
from backend.recordings import child
from backend.recordings.decoder_check import blames_ffmpeg_first
from backend.recordings.decoding_errors import check_readable, decoding_errors, error_for, killed_from_outside, size_of
from backend.recordings.ffmpeg_report import AudioTrack, FfmpegReport, ignore_progress
from backend.recordings.files import DiskFull
from backend.recordings.media_errors import DecoderKilled, MediaDamaged, TooLong, TooShort
from backend.recordings.mix import Limits, Part, chosen_tracks, mix, unheard
from backend.recordings.mix_plan import Report, track_name
from backend.recordings.probe import MIN_SECONDS, Probe, probe
from backend.recordings.silk import silk_decoded

_TEMPORARY_PREFIX = ".normalize-"
_MEMORY_BYTES = 2 * 1024**3
#: Seconds between the length of the wav and that of the audio it was made from.
_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Normalized:
    """The result: the seconds of the wav, and warnings.

    Codes: `media_damaged` if parts could not be decoded, `track_unreadable` if a track could not be decoded at all (see
    `unreadable`), `tracks_left_out` if the file has tracks in several languages (see `languages`), and
    `times_uncertain` if the decoded audio is longer than it can be.
    """

    duration: float
    warnings: tuple[str, ...]
    languages: tuple[str, ...] = ()  #: if tracks were left out: the language that is heard, then the others
    unreadable: tuple[str, ...] = ()  #: the tracks that could not be decoded: their number and codec, such as "2 (dts)"
    channel_turns: Sequence[tuple[str, float, float]] = ()  #: channel, start and end, if each carries its own speech


@blames_ffmpeg_first
async def normalize(
    source: Path,
    *,
    more_sources: Sequence[Path] = (),
    wav: Path,
    listening_copy: Path,
    max_seconds: float,
    languages: Collection[str] = (),
    on_progress: Callable[[float], None] = ignore_progress,
    probes: Sequence[Probe] = (),
    ffmpeg: str | None = None,
) -> Normalized:
    """Decode once, into 16 kHz mono for the engines and an M4A for the browser, both with the same timeline.

    `more_sources` are appended to the source; `languages` are those that should be heard of a file with tracks in
    several, by the codes of `backend.speech.languages`; `probes` are the probes of all files if they are known already.
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
            languages=languages,
            on_progress=on_progress,
            probes=probes if readable == sources else (),
            ffmpeg=ffmpeg,
        )
    if undamaged:
        return normalized
    return replace(normalized, warnings=tuple(dict.fromkeys(("media_damaged", *normalized.warnings))))


async def _normalize(
    sources: Sequence[Path],
    *,
    wav: Path,
    listening_copy: Path,
    max_seconds: float,
    languages: Collection[str],
    on_progress: Callable[[float], None],
    probes: Sequence[Probe],
    ffmpeg: str | None,
) -> Normalized:
    probes = list(probes) or [await probe(path, max_seconds=max_seconds, ffmpeg=ffmpeg) for path in sources]
    size = sum(size_of(path) for path in sources)
    probed_seconds = sum(one.duration for one in probes)
    for leftover in wav.parent.glob(f"{_TEMPORARY_PREFIX}*"):  # of an attempt that was killed with its child
        await asyncio.to_thread(shutil.rmtree, leftover, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX, dir=wav.parent.absolute()))
    wav_part, copy_part = temporary / "speech.wav", temporary / "listen.m4a"
    progress = FfmpegReport(max_seconds, on_progress)
    seconds = 120 + size / 1e6 + min(max_seconds, 4 * probed_seconds)
    try:
        outcome, report = await mix(
            [_part(path, one, languages) for path, one in zip(sources, probes, strict=True)],
            wav=wav_part,
            listening_copy=copy_part,
            limits=Limits(seconds, max_seconds, _MEMORY_BYTES),
            on_progress=progress.progress,
            ffmpeg=ffmpeg,
        )
        await check_readable(outcome, sources)
        _check_ends(outcome, report)
        duration = _decoded_seconds(outcome, wav_part, copy_part, max_seconds)
        await asyncio.to_thread(_name_durably, {copy_part: listening_copy, wav_part: wav})
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull from error
        raise
    except child.ChildTimeout:
        raise MediaDamaged("Decoding this file took too long; it is probably damaged.") from None
    finally:
        await asyncio.to_thread(shutil.rmtree, temporary, ignore_errors=True)
    progress.report_seconds(duration)
    heard = [chosen_tracks(one.tracks, languages) for one in probes]
    left_out = _languages(probes, heard)
    unreadable = tuple(_unreadable(probes, heard, report))
    warnings = _warnings(probes, outcome, report, duration, unreadable=bool(unreadable), left_out=bool(left_out))
    return Normalized(duration, tuple(warnings), left_out, unreadable, tuple(report.channel_turns))


def _part(source: Path, probed: Probe, languages: Collection[str]) -> Part:
    delay = max(probed.duration, probed.header_duration or 0.0)
    tracks = chosen_tracks(probed.tracks, languages)
    return Part(source, probed.format, probed.zero, delay, tracks, probed.length, probed.pauses)


def _languages(probes: Sequence[Probe], heard: Sequence[Sequence[AudioTrack]]) -> tuple[str, ...]:
    """The languages of the tracks that are heard, then of the others; none if all readable tracks are heard."""
    others = [
        track.language
        for probed, chosen in zip(probes, heard, strict=True)
        for track in probed.tracks
        if track.readable and track not in chosen
    ]
    if not others:
        return ()
    found = [track.language for chosen in heard for track in chosen] + others
    return tuple(dict.fromkeys(language for language in found if language is not None))


def _unreadable(probes: Sequence[Probe], heard: Sequence[Sequence[AudioTrack]], report: Report) -> Iterator[str]:
    """Number and codec of the tracks of which nothing is heard, because they cannot be decoded."""
    files = [file for file, probed in enumerate(probes) for _ in probed.length.starts]
    silent = {(files[one.part], heard[files[one.part]][one.track].index) for one in unheard(report.tracks)}
    for file, probed in enumerate(probes):
        for number, track in enumerate(probed.tracks, 1):
            if not track.readable or (file, track.index) in silent:
                yield f"{number} ({track.codec})"


def _warnings(
    probes: Sequence[Probe],
    outcome: child.Outcome,
    report: Report,
    duration: float,
    *,
    unreadable: bool,
    left_out: bool,
) -> Iterator[str]:
    silent = unheard(report.tracks)
    names = tuple(f"{track_name(track.part, track.track)} " for track in silent)
    errors = decoding_errors(line for line in outcome.errors.splitlines() if not line.startswith(names))
    expected = sum(_expected_seconds(one) for one in probes)
    failed = report.encoder != 0 or any(track.code != 0 for track in report.tracks if track not in silent)
    if errors or failed or duration < 0.98 * expected - 1 or any(one.damaged for one in probes):
        yield "media_damaged"
    if unreadable:
        yield "track_unreadable"
    if left_out:
        yield "tracks_left_out"
    if not _consistent(probes, report, duration):
        yield "times_uncertain"


def _expected_seconds(probed: Probe) -> float:
    """A picture may go on after the sound; otherwise the header tells when the sound ends."""
    return probed.duration if probed.has_video else max(probed.duration, probed.header_duration or 0)


def _consistent(probes: Sequence[Probe], report: Report, duration: float) -> bool:
    """Whether the audio is as long as what was decoded, and that is not more than the packets and their gaps."""
    if abs(duration - report.seconds) > _TOLERANCE:
        return False
    if any(track.jumps for track in report.tracks):
        return True  # the packets' own times cannot be believed
    longest: dict[int, float] = {}
    for track in report.tracks:
        longest[track.part] = max(longest.get(track.part, 0.0), track.decoded)
    silence = sum(track.silence for track in report.tracks)
    return sum(longest.values()) <= 1.02 * sum(one.duration for one in probes) + silence + 1


def _check_ends(outcome: child.Outcome, report: Report) -> None:
    """Raise the reason if one of the programs did not end as it should."""
    if "No space left on device" in outcome.errors:
        raise DiskFull
    if report.encoder is None:
        if killed_from_outside(outcome):
            raise DecoderKilled
        raise RuntimeError(f"The tracks could not be mixed: {outcome.errors[-2000:]}")
    beside = unheard(report.tracks)
    codes = [report.encoder, *(track.code for track in report.tracks)]
    # the wav exceeds `max_seconds`
    if "File too large" in outcome.errors or -signal.SIGXFSZ in codes:
        raise TooLong
    if any(killed_from_outside(child.Outcome(code, outcome.errors)) for code in codes):
        raise DecoderKilled
    if report.encoder < 0 or any(track.code < 0 for track in report.tracks if track not in beside):
        raise MediaDamaged


def _decoded_seconds(outcome: child.Outcome, wav: Path, copy: Path, max_seconds: float) -> float:
    """The duration of the decoded audio. Raises the reason if it cannot be used."""
    duration = _wav_seconds(wav)
    if duration == 0 or not copy.exists() or copy.stat().st_size == 0:
        raise error_for(outcome, opened=True)
    if duration < MIN_SECONDS:
        raise TooShort
    if duration > max_seconds:
        raise TooLong
    return duration


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

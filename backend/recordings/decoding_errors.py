"""What FFmpeg's end and its messages say about a recording that could not be read."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from backend.errors import AppError
from backend.recordings import child
from backend.recordings.files import DiskFull
from backend.recordings.media_errors import InputMissing, InputUnreadable, MediaDamaged, NotMedia, UnsupportedAudio

#: FFmpeg's exit status after a signal that it handles, and its message if it had not started yet.
_EXIT_AFTER_SIGNAL, _EXIT_REQUESTED = 255, "Immediate exit requested"
#: What FFmpeg reports about video streams, which it is not allowed to decode.
_HARMLESS = ("not on whitelist", "Failed to open codec in avformat_find_stream_info")
#: What FFmpeg 5.1 answers to an empty packet. A decoder that fails says why in a message of its own.
_EMPTY_PACKET = re.compile(r"Error while decoding stream \S+ Invalid argument$")
_LESS_THAN_A_SAMPLE = "Invalid PCM packet, data has size"
_INVALID_DATA = "Invalid data found when processing input"
_FAILED_READ = "Input/output error"
_TOO_MANY_STREAMS = re.compile(r"Number of (streams|tracks) exceeds max_streams")


def has_too_many_streams(outcome: child.Outcome) -> bool:
    return bool(_TOO_MANY_STREAMS.search(outcome.errors))


async def check_readable(outcome: child.Outcome, sources: Sequence[Path]) -> None:
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


def killed_from_outside(outcome: child.Outcome) -> bool:
    """SIGKILL kills FFmpeg; after SIGTERM and the like it stops early, as if the recording ended there."""
    return (
        outcome.killed
        or outcome.code == _EXIT_AFTER_SIGNAL
        or (outcome.code != 0 and _EXIT_REQUESTED in outcome.errors)
    )


def error_for(outcome: child.Outcome, *, opened: bool = False) -> AppError:
    """The error for a file that FFmpeg could not use. Once it is `opened`, parts of the messages come from the file."""
    errors = outcome.errors
    if "No space left on device" in errors:
        return DiskFull()
    if has_too_many_streams(outcome):
        return UnsupportedAudio("This file has too many tracks.")
    if "Format not on whitelist" in errors:
        return NotMedia()
    if not opened and "Permission denied" in errors:
        raise PermissionError("FFmpeg may not read the file of a recording")
    misread = "detected only with low score" in errors
    if opened or _FAILED_READ in errors or outcome.code < 0 or ("moov atom not found" in errors and not misread):
        return MediaDamaged()
    return NotMedia()


def decoding_errors(messages: Iterable[str]) -> list[str]:
    """The messages that tell of lost audio.

    FFmpeg also complains of pictures, which it may not decode, of empty packets, and of less than a sample behind the
    last one of a PCM track, which is padding: Wave64 pads its audio to eight bytes."""
    lines = [
        line
        for line in messages
        if not any(harmless in line for harmless in _HARMLESS) and not _EMPTY_PACKET.search(line.rstrip())
    ]
    padded = [_track_of(line) for line in lines if _LESS_THAN_A_SAMPLE in line]
    followed = set()  # tracks with the second message, which only says that the first one was an error
    lost = []
    for line in lines:
        track = _track_of(line)
        if padded.count(track) == 1 and _LESS_THAN_A_SAMPLE in line:
            continue
        if padded.count(track) == 1 and _INVALID_DATA in line and track not in followed:
            followed.add(track)
            continue
        lost.append(line)
    return lost


def _track_of(message: str) -> str:
    return " ".join(message.split(" ", 2)[:2])


def size_of(source: Path) -> int:
    try:
        return source.stat().st_size
    except FileNotFoundError:
        raise InputMissing from None

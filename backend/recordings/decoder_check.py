"""Finds out whether FFmpeg works at all, before a recording is blamed for what FFmpeg could not do.

An FFmpeg whose library is missing, that may not be executed, or that was built without what is needed here ends like
one that was given a broken file: with an error status and a line of text."""

import logging
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from backend.ffmpeg import NoFfmpeg, ffmpeg_path
from backend.recordings import child
from backend.recordings.media_errors import (
    DecoderBroken,
    DecoderKilled,
    MediaDamaged,
    NoAudio,
    NotMedia,
    UnsupportedAudio,
)
from backend.recordings.sandbox import Sandbox, sandboxed

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_SECONDS = 60.0
_MEMORY_BYTES = 2 * 1024**3

#: What every recording needs: the resampler, and the encoder of the listening copy. No file is read or written.
_SELF_TEST = (
    *("-nostdin", "-hide_banner", "-v", "error", "-filter_complex", "anullsrc=r=16000:cl=mono,aresample=32000"),
    *("-t", "0.1", "-c:a", "aac", "-f", "null", "-"),
)

#: The errors that say that the file is to blame, or that FFmpeg may not read it.
_BLAMES_THE_FILE = (NotMedia, UnsupportedAudio, NoAudio, MediaDamaged, PermissionError)


async def ffmpeg_problem(ffmpeg: str | None = None) -> str | None:
    """Why FFmpeg does not work, as one line in its own words or those of the system; None if it works.

    Raises DecoderKilled if it was killed from outside."""
    try:
        command = [ffmpeg or ffmpeg_path(), *_SELF_TEST]
    except NoFfmpeg as error:
        return str(error)
    sandbox = Sandbox(cpu_seconds=int(_SECONDS), file_bytes=0, memory_bytes=_MEMORY_BYTES)
    try:
        outcome = await child.run(sandboxed(sandbox, command), seconds=_SECONDS, quiet_seconds=_SECONDS, folder="/")
    except child.ChildTimeout:
        return f"it did not end within {_SECONDS:.0f} seconds"
    if outcome.killed:
        raise DecoderKilled
    if outcome.code == 0:
        return None
    lines = [line.strip() for line in outcome.errors.splitlines() if line.strip()]
    status = f"signal {-outcome.code}" if outcome.code < 0 else f"exit status {outcome.code}"
    return f"{lines[-1]} ({status})" if lines else status


def blames_ffmpeg_first(read: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """For functions that run the FFmpeg named by their argument `ffmpeg`, or else the one that is installed: where they
    would blame the file, raise DecoderBroken if FFmpeg does not work."""

    @wraps(read)
    async def checked(*arguments: P.args, **options: P.kwargs) -> T:
        try:
            return await read(*arguments, **options)
        except NoFfmpeg as error:
            logger.error("FFmpeg does not work", extra={"problem": str(error)})
            raise DecoderBroken from error
        except _BLAMES_THE_FILE as error:
            ffmpeg = options.get("ffmpeg")
            await _require_ffmpeg(str(ffmpeg) if ffmpeg else None, error)
            raise

    return checked


async def _require_ffmpeg(ffmpeg: str | None, error: Exception) -> None:
    if problem := await ffmpeg_problem(ffmpeg):
        logger.error("FFmpeg does not work", extra={"problem": problem})
        raise DecoderBroken from error

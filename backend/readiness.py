"""Whether this server can do its work, beside the database and the runner: its storage, its engines and FFmpeg."""

import asyncio
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from backend.engines.protocols import EngineError
from backend.engines.registry import choose
from backend.errors import AppError
from backend.recordings.decoder_check import ffmpeg_problem
from backend.recordings.media_errors import DecoderBroken
from backend.settings import Settings

#: FFmpeg is tried at most this often: a monitor asks every few seconds, and anybody may.
_FFMPEG_SECONDS = 60.0

OK = "ok"


class Readiness:
    """`ok`, or a word for what is wrong, for each part."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._ffmpeg_lock = asyncio.Lock()
        self._ffmpeg: tuple[float, str] | None = None

    async def states(self) -> dict[str, str]:
        storage, engines, ffmpeg = await asyncio.gather(
            asyncio.to_thread(_storage, self._settings.uploads_dir, self._settings.disk_reserve_bytes),
            asyncio.to_thread(_engines, self._settings),
            self._ffmpeg_state(),
        )
        return {"storage": storage, "engines": engines, "ffmpeg": ffmpeg}

    async def _ffmpeg_state(self) -> str:
        async with self._ffmpeg_lock:
            now = self._clock()
            # One that works is not tried again for a while; one that does not is, so that mending it shows at once.
            if self._ffmpeg is None or self._ffmpeg[1] != OK or now - self._ffmpeg[0] >= _FFMPEG_SECONDS:
                self._ffmpeg = (now, await _try_ffmpeg())
            return self._ffmpeg[1]


async def _try_ffmpeg() -> str:
    try:
        return DecoderBroken.code if await ffmpeg_problem() else OK
    except AppError as error:
        return error.code


def _storage(folder: Path, reserve: int) -> str:
    """A file is really written: a disk may be mounted read-only, or have failed, with every right in place."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.write(file.fileno(), b"\0")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "unwritable"
    return OK if free > reserve else "disk_full"


def _engines(settings: Settings) -> str:
    """Whether a recording without wishes of its own can be transcribed. A diarizer that is missing is a warning."""
    try:
        choose("transcribe", settings.transcriber, settings.models_dir, settings.demo)
    except EngineError as error:
        return error.code
    return OK

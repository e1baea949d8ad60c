"""Reads Silk, the codec of WeChat and QQ voice messages, which FFmpeg does not know.

The decoder is that of the Silk SDK (silk-python), and it runs as FFmpeg does: as a child, in a sandbox."""

import asyncio
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.recordings import child, decode_silk
from backend.recordings.files import DiskFull
from backend.recordings.media_errors import (
    DecoderBroken,
    DecoderKilled,
    InputMissing,
    InputUnreadable,
    MediaDamaged,
    TooLong,
)
from backend.recordings.sandbox import Sandbox, sandboxed

_TEMPORARY_PREFIX = ".silk-"
_MEMORY_BYTES = 512 * 1024**2


@dataclass(frozen=True, slots=True)
class SilkAudio:
    """What was decoded: its length, and whether every packet of it could be."""

    seconds: float
    undamaged: bool


def is_silk(source: Path) -> bool:
    """Whether the content is Silk, whatever the file is called: WeChat also names it .amr and .aud."""
    try:
        with source.open("rb") as file:
            return decode_silk.header_size(file.read(16)) > 0
    except FileNotFoundError:
        raise InputMissing from None
    except OSError as error:
        raise InputUnreadable from error


@asynccontextmanager
async def silk_decoded(
    sources: Sequence[Path], *, folder: Path, max_seconds: float
) -> AsyncIterator[tuple[list[Path], bool]]:
    """The sources with a WAV in `folder` in place of each Silk file, and whether those were undamaged. The WAVs exist
    until the context ends. Raises what `read_silk` raises."""
    for leftover in folder.glob(f"{_TEMPORARY_PREFIX}*"):  # of an attempt that was killed
        await asyncio.to_thread(shutil.rmtree, leftover, ignore_errors=True)
    readable, undamaged = [], True
    temporary = None
    try:
        for number, source in enumerate(sources):
            if not await asyncio.to_thread(is_silk, source):
                readable.append(source)
                continue
            temporary = temporary or Path(tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX, dir=folder.absolute()))
            wav = temporary / f"{number}.wav"
            audio = await read_silk(source, max_seconds=max_seconds, wav=wav)
            undamaged = undamaged and audio.undamaged
            readable.append(wav)
        yield readable, undamaged
    finally:
        if temporary is not None:
            await asyncio.to_thread(shutil.rmtree, temporary, ignore_errors=True)


async def read_silk(source: Path, *, max_seconds: float, wav: Path | None = None) -> SilkAudio:
    """Decode a file for which `is_silk` holds, into a mono `wav` of 24 kHz if one is named.

    Raises TooLong, MediaDamaged if nothing could be decoded or the decoder crashed, DecoderKilled, DecoderBroken,
    DiskFull, InputMissing or InputUnreadable."""
    package = importlib.util.find_spec("pysilk")
    if package is None or package.origin is None:
        raise DecoderBroken
    packages = Path(package.origin).resolve().parent.parent
    limit = min(max_seconds, 1e6) + 1
    seconds = 60 + limit / 20
    sandbox = Sandbox(
        cpu_seconds=int(seconds),
        file_bytes=int((limit + 1) * decode_silk.RATE * 2) if wav else 0,
        memory_bytes=_MEMORY_BYTES,
        read=(str(source.absolute()), str(packages), str(Path(decode_silk.__file__).resolve())),
        write=(str(wav.parent.absolute()),) if wav else (),
    )
    # The real path, so that Python does not read the settings of a virtual environment, which the sandbox hides.
    command = [os.path.realpath(sys.executable), "-I", "-S", "-B", os.path.realpath(decode_silk.__file__)]
    command += [str(packages), str(limit), str(source.absolute()), *([str(wav.absolute())] if wav else [])]
    answers: list[str] = []
    try:
        outcome = await child.run(
            sandboxed(sandbox, command), seconds=seconds, quiet_seconds=seconds, on_output=answers.append, folder="/"
        )
    except child.ChildTimeout:
        raise MediaDamaged("Decoding this file took too long; it is probably damaged.") from None
    if outcome.killed:
        raise DecoderKilled
    if outcome.code < 0:
        raise MediaDamaged
    if outcome.code != 0 or not answers:
        raise DecoderBroken
    answer = json.loads(answers[-1])
    match answer["end"]:
        case "too_long":
            raise TooLong
        case "disk_full":
            raise DiskFull
        case "unreadable":
            raise InputUnreadable
        case "no_decoder":
            raise DecoderBroken
    audio = SilkAudio(float(answer["seconds"]), answer["damaged"] == 0)
    if audio.seconds == 0 and not audio.undamaged:
        raise MediaDamaged
    return audio

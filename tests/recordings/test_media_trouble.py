"""FFmpeg dies, hangs, lies, floods or finds no room: each is told by its name, and nothing half made stays."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from backend.errors import AppError
from backend.recordings import child, media
from backend.recordings.cage import Cage, caged
from backend.recordings.media import normalize, probe
from backend.recordings.refusals import DecoderKilled
from tests.recordings.conftest import wav
from tests.recordings.prepared import Make, Prepared, refused, written


async def test_cancelling_kills_ffmpeg_within_two_seconds_and_leaves_nothing(
    prepared: Prepared, tmp_path: Path, make: Make
) -> None:
    source = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "sine=sample_rate=16000:duration=3000")
    running = asyncio.create_task(prepared.of(source))
    while not prepared.heard:
        await asyncio.sleep(0.01)

    running.cancel()
    began = asyncio.get_running_loop().time()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert asyncio.get_running_loop().time() - began < 2
    assert [] == prepared.left()
    assert "" == subprocess.run(["pgrep", "-f", str(source)], capture_output=True, text=True, check=False).stdout


async def test_what_a_killed_attempt_left_is_removed_by_the_next(prepared: Prepared, tmp_path: Path) -> None:
    (prepared.folder / ".normalize-dead").mkdir()
    (prepared.folder / ".normalize-dead" / "speech.wav").write_bytes(b"half")

    await prepared.of(written(tmp_path / "a.wav", wav(1)))

    assert ["listen.m4a", "speech.wav"] == prepared.left()


@pytest.mark.parametrize("signal_name", ["KILL", "TERM"])
async def test_an_ffmpeg_that_somebody_kills_says_nothing_of_the_recording(
    prepared: Prepared, tmp_path: Path, make: Make, signal_name: str
) -> None:
    source = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "sine=sample_rate=16000:duration=3000")
    running = asyncio.create_task(prepared.of(source))
    while not prepared.heard:
        await asyncio.sleep(0.01)

    [ffmpeg] = [child for child in psutil.Process().children() if f"file:{source}" in child.cmdline()]
    ffmpeg.send_signal(signal.Signals[f"SIG{signal_name}"])

    with pytest.raises(DecoderKilled):
        await running
    assert [] == prepared.left()


@pytest.mark.parametrize(
    ("end", "code"),
    [
        *((f"kill -{name} $$", "decoder_killed") for name in ("KILL", "TERM", "HUP", "INT", "USR1")),
        ("echo 'a.wav: Immediate exit requested' >&2; exit 1", "decoder_killed"),
        ("exit 255", "decoder_killed"),
        *((f"kill -{name} $$", "media_damaged") for name in ("SEGV", "ABRT", "BUS", "PROF")),
        ("kill -XFSZ $$", "too_long"),
    ],
)
async def test_who_ended_ffmpeg_is_told_by_how_it_ended(tmp_path: Path, end: str, code: str) -> None:
    half = f"head -c 30000 {tmp_path}/a.wav > speech.wav; cp speech.wav listen.m4a"

    assert code == await scripted(tmp_path, f"{half}; {end}")


@pytest.mark.parametrize(("end", "code"), [("KILL", "decoder_killed"), ("SEGV", "media_damaged")])
async def test_a_probe_that_is_killed_is_told_from_one_that_crashes(tmp_path: Path, end: str, code: str) -> None:
    with pytest.raises(AppError) as refusal:
        await probe(written(tmp_path / "a.wav", wav(2)), ffmpeg=script(tmp_path / "ffmpeg", f"kill -{end} $$"))

    assert code == refusal.value.code


async def test_who_has_used_up_its_time_was_not_killed_by_somebody_else(ffmpeg: str) -> None:
    endless = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "sine=duration=1000000", "-f", "null", "-"]

    outcome = await child.run(caged(Cage(1, 0, 2 * 1024**3), endless), seconds=120, quiet_seconds=120)

    assert (-signal.SIGPROF, False) == (outcome.code, outcome.killed)


def script(path: Path, body: str) -> str:
    """A program in the place of FFmpeg, for what the real one does once in a thousand days."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


AS_WAV = media.Probe(2.0, 2.0, 1, "wav", "pcm_s16le", 16_000, 0)


async def scripted(tmp_path: Path, body: str) -> str:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(AppError) as refusal:
        await normalize(
            written(tmp_path / "a.wav", wav(2)),
            wav=out / "speech.wav",
            listening_copy=out / "listen.m4a",
            max_seconds=10,
            probed=[AS_WAV],
            ffmpeg=script(tmp_path / "ffmpeg", body),
        )
    assert [] == os.listdir(out)
    return refusal.value.code


async def test_success_with_nothing_written_is_no_success(tmp_path: Path) -> None:
    assert "media_damaged" == await scripted(tmp_path, ": > speech.wav; : > listen.m4a; exit 0")


async def test_a_flood_of_complaints_blocks_nothing(tmp_path: Path) -> None:
    assert "media_damaged" == await scripted(tmp_path, "yes | head -c 30000000 | tr -d '\\n' >&2; exit 1")


async def test_a_full_disk_is_called_so(tmp_path: Path) -> None:
    said = "echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1"

    assert "disk_full" == await scripted(tmp_path, said)


async def test_endless_output_is_stopped_at_its_limit(tmp_path: Path) -> None:
    assert "too_long" == await scripted(tmp_path, "exec yes > speech.wav")


async def test_a_hanging_ffmpeg_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "_QUIET_SECONDS", 0.2)

    assert "media_damaged" == await scripted(tmp_path, "exec sleep 600")


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
async def test_a_really_full_disk_is_called_so_and_left_clean(prepared: Prepared, tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(prepared.folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        assert "disk_full" == await refused(prepared, written(tmp_path / "a.wav", wav(20)))
    finally:
        subprocess.run(["umount", str(prepared.folder)], check=True)

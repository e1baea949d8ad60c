"""FFmpeg crashes, hangs, floods its output or fills the disk: each has its own error, and no partial file is left."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from backend.errors import AppError
from backend.recordings import child, mix
from backend.recordings.ffmpeg_report import AudioTrack
from backend.recordings.media import normalize
from backend.recordings.media_errors import DecoderKilled
from backend.recordings.probe import Probe, probe
from backend.recordings.sandbox import Sandbox, sandboxed
from tests.recordings.conftest import wav
from tests.recordings.normalizer import Make, Normalizer, error_code, write


async def test_cancelling_kills_ffmpeg_within_two_seconds_and_leaves_no_files(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    source = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "sine=sample_rate=16000:duration=3000")
    running = asyncio.create_task(normalizer.normalize(source))
    while not normalizer.progress:
        await asyncio.sleep(0.01)

    running.cancel()
    started = asyncio.get_running_loop().time()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert asyncio.get_running_loop().time() - started < 2
    assert [] == normalizer.files()
    assert "" == subprocess.run(["pgrep", "-f", str(source)], capture_output=True, text=True, check=False).stdout


async def test_leftovers_of_a_killed_attempt_are_removed_by_the_next(normalizer: Normalizer, tmp_path: Path) -> None:
    (normalizer.folder / ".normalize-dead").mkdir()
    (normalizer.folder / ".normalize-dead" / "speech.wav").write_bytes(b"half")

    await normalizer.normalize(write(tmp_path / "a.wav", wav(1)))

    assert ["listen.m4a", "speech.wav"] == normalizer.files()


@pytest.mark.parametrize("signal_name", ["KILL", "TERM"])
async def test_killing_ffmpeg_does_not_mark_the_recording_as_damaged(
    normalizer: Normalizer, tmp_path: Path, make: Make, signal_name: str
) -> None:
    source = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "sine=sample_rate=16000:duration=3000")
    running = asyncio.create_task(normalizer.normalize(source))
    while not normalizer.progress:
        await asyncio.sleep(0.01)

    [ffmpeg] = [child for child in psutil.Process().children(recursive=True) if f"file:{source}" in child.cmdline()]
    ffmpeg.send_signal(signal.Signals[f"SIG{signal_name}"])

    with pytest.raises(DecoderKilled):
        await running
    assert [] == normalizer.files()


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
async def test_the_error_depends_on_how_ffmpeg_ended(tmp_path: Path, end: str, code: str) -> None:
    half = f"head -c 30000 {tmp_path}/a.wav > speech.wav; cp speech.wav listen.m4a"

    assert code == await scripted(tmp_path, f"{half}; {end}")


@pytest.mark.parametrize(("end", "code"), [("KILL", "decoder_killed"), ("SEGV", "media_damaged")])
async def test_a_killed_probe_is_distinguished_from_a_crashed_one(tmp_path: Path, end: str, code: str) -> None:
    with pytest.raises(AppError) as raised:
        await probe(write(tmp_path / "a.wav", wav(2)), ffmpeg=script(tmp_path / "ffmpeg", f"kill -{end} $$"))

    assert code == raised.value.code


async def test_exceeding_the_cpu_time_does_not_count_as_killed_from_outside(ffmpeg: str) -> None:
    endless = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "sine=duration=1000000", "-f", "null", "-"]

    outcome = await child.run(sandboxed(Sandbox(1, 0, 2 * 1024**3), endless), seconds=120, quiet_seconds=120)

    assert (-signal.SIGPROF, False) == (outcome.code, outcome.killed)


def script(path: Path, body: str) -> str:
    """A script in place of FFmpeg, for failures that are too rare with the real one. It passes the test of FFmpeg."""
    path.write_text(f'#!/bin/sh\ncase "$*" in *anullsrc*) exit 0;; esac\n{body}\n')
    path.chmod(0o755)
    return str(path)


AS_WAV = Probe(2.0, 2.0, "wav", (AudioTrack(0, "pcm_s16le", 16_000, 1),))


async def scripted(tmp_path: Path, body: str) -> str:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(AppError) as raised:
        await normalize(
            write(tmp_path / "a.wav", wav(2)),
            wav=out / "speech.wav",
            listening_copy=out / "listen.m4a",
            max_seconds=10,
            probes=[AS_WAV],
            ffmpeg=script(tmp_path / "ffmpeg", body),
        )
    assert [] == os.listdir(out)
    return raised.value.code


async def test_success_without_output_is_reported_as_damaged(tmp_path: Path) -> None:
    assert "media_damaged" == await scripted(tmp_path, ": > speech.wav; : > listen.m4a; exit 0")


async def test_a_flood_of_error_output_does_not_block(tmp_path: Path) -> None:
    assert "media_damaged" == await scripted(tmp_path, "yes | head -c 30000000 | tr -d '\\n' >&2; exit 1")


async def test_a_full_disk_is_reported_as_disk_full(tmp_path: Path) -> None:
    body = "echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1"

    assert "disk_full" == await scripted(tmp_path, body)


async def test_endless_output_is_stopped_at_the_size_limit(tmp_path: Path) -> None:
    assert "too_long" == await scripted(tmp_path, "exec yes > speech.wav")


async def test_a_hanging_ffmpeg_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mix, "_QUIET_SECONDS", 0.2)

    assert "media_damaged" == await scripted(tmp_path, "exec sleep 600")


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
async def test_a_really_full_disk_is_reported_and_left_clean(normalizer: Normalizer, tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(normalizer.folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("cannot mount a file system here")
    try:
        assert "disk_full" == await error_code(normalizer, write(tmp_path / "a.wav", wav(20)))
    finally:
        subprocess.run(["umount", str(normalizer.folder)], check=True)

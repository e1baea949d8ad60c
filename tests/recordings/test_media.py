import array
import asyncio
import os
import random
import subprocess
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from backend.errors import AppError
from backend.recordings import media
from backend.recordings.media import Normalized, normalize, probe
from tests.recordings.conftest import wav, wav_of

Make = Callable[..., Path]

TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=2")
PICTURE = ("-f", "lavfi", "-i", "testsrc=duration=2:size=160x120")


class Prepared:
    """`normalize` into a folder of its own."""

    def __init__(self, folder: Path, ffmpeg: str) -> None:
        self.folder = folder / "out"
        self.folder.mkdir(exist_ok=True)
        self.wav = self.folder / "speech.wav"
        self.copy = self.folder / "listen.m4a"
        self.ffmpeg = ffmpeg
        self.heard: list[float] = []

    async def of(self, source: Path, max_seconds: float = 3600, after: Sequence[Path] = ()) -> Normalized:
        return await normalize(
            source,
            after=after,
            wav=self.wav,
            listening_copy=self.copy,
            max_seconds=max_seconds,
            on_progress=self.heard.append,
            ffmpeg=self.ffmpeg,
        )

    def samples(self) -> "array.array[int]":
        with wave.open(str(self.wav)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
            return array.array("h", file.readframes(file.getnframes()))

    def left(self) -> list[str]:
        return sorted(os.listdir(self.folder))


@pytest.fixture
def prepared(tmp_path: Path, ffmpeg: str) -> Prepared:
    return Prepared(tmp_path, ffmpeg)


async def refused(prepared: Prepared, source: Path, max_seconds: float = 3600, after: Sequence[Path] = ()) -> str:
    with pytest.raises(AppError) as refusal:
        await prepared.of(source, max_seconds, after)
    assert [] == prepared.left()
    return refusal.value.code


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


FORMATS = {
    "wav": (),
    "w64": (),
    "mp3": (),
    "flac": (),
    "m4a": (),
    "aac": (),
    "ogg": ("-c:a", "libvorbis"),
    "opus": ("-c:a", "libopus"),
    "webm": ("-c:a", "libopus"),
    "mka": ("-c:a", "pcm_s24le"),
    "amr": ("-c:a", "libopencore_amrnb", "-ar", "8000", "-b:a", "12.2k"),
    "3gp": ("-c:a", "libopencore_amrnb", "-ar", "8000", "-b:a", "12.2k"),
    "wma": (),
    "aiff": (),
    "caf": (),
    "au": (),
    "ac3": (),
    "flv": ("-ar", "44100"),
    "ts": (),
    "wv": ("-c:a", "wavpack"),
    "tta": (),
}


@pytest.mark.parametrize("suffix", FORMATS)
async def test_what_people_record_with_is_read(prepared: Prepared, tmp_path: Path, make: Make, suffix: str) -> None:
    source = make(tmp_path / f"a.{suffix}", *TONE, *FORMATS[suffix])

    normalized = await prepared.of(source)

    assert normalized.duration == pytest.approx(2, abs=0.2)
    assert () == normalized.warnings
    assert max(prepared.samples()) > 1000
    assert ["listen.m4a", "speech.wav"] == prepared.left()


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "wmv", "flv", "mpg"])
async def test_the_sound_of_a_video_is_read_and_its_picture_is_never_decoded(
    prepared: Prepared, tmp_path: Path, make: Make, suffix: str
) -> None:
    source = make(tmp_path / f"a.{suffix}", *PICTURE, *TONE, "-ar", "44100")

    normalized = await prepared.of(source)

    assert normalized.duration == pytest.approx(2, abs=0.2)
    assert () == normalized.warnings


async def test_a_hostile_picture_stream_does_not_keep_the_sound_from_being_heard(
    prepared: Prepared, tmp_path: Path, make: Make
) -> None:
    source = make(tmp_path / "a.mkv", *PICTURE, *TONE, "-c:v", "magicyuv", "-c:a", "pcm_s16le")

    assert (await prepared.of(source)).duration == pytest.approx(2, abs=0.05)


async def test_the_browser_gets_a_copy_of_the_same_length(prepared: Prepared, tmp_path: Path) -> None:
    normalized = await prepared.of(written(tmp_path / "a.wav", wav(3)))

    copy = await probe(prepared.copy, ffmpeg=prepared.ffmpeg)

    assert "aac" == copy.codec
    assert copy.duration == pytest.approx(normalized.duration, abs=0.1)
    assert b"moov" in prepared.copy.read_bytes()[:1024]  # a player need not fetch the end first


async def test_eight_channels_at_8_khz_become_one_at_16(prepared: Prepared, tmp_path: Path) -> None:
    normalized = await prepared.of(written(tmp_path / "a.wav", wav(1, rate=8000, channels=8)))

    assert 1.0 == normalized.duration
    assert 10_000 < max(prepared.samples()) < 20_000


@pytest.mark.parametrize("channels", [2, 3, 6, 11, 16, 33])
async def test_a_voice_on_every_channel_stays_as_loud(prepared: Prepared, tmp_path: Path, channels: int) -> None:
    await prepared.of(written(tmp_path / "a.wav", wav(1, channels=channels)))

    assert 14_000 < max(prepared.samples()) < 18_000


async def test_silence_is_a_recording_too(prepared: Prepared, tmp_path: Path) -> None:
    normalized = await prepared.of(written(tmp_path / "a.wav", wav(2, loud=0)))

    assert Normalized(2.0, ()) == normalized
    assert {0} == set(prepared.samples())


async def test_a_gap_in_the_packets_is_heard_as_silence(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    cut = "aselect='not(between(t,0.5,1.4))'"
    source = make(tmp_path / "a.mkv", *TONE, "-af", cut, "-c:a", "pcm_s16le")

    normalized = await prepared.of(source)

    samples = prepared.samples()
    assert normalized.duration == pytest.approx(2, abs=0.1)
    assert max(samples[16_000 * 7 // 10 : 16_000 * 13 // 10]) < 100
    assert max(samples[16_000 * 16 // 10 :]) > 1000


async def test_several_files_are_heard_one_behind_the_other(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    quiet = written(tmp_path / "a.wav", wav(2, rate=8000, channels=2, loud=0.0))
    loud = make(tmp_path / "b.flac", *TONE, "-ar", "44100")
    last = written(tmp_path / "c.wav", wav(1, loud=0.0))

    normalized = await prepared.of(quiet, after=[loud, last])

    assert normalized.duration == pytest.approx(5, abs=0.01)
    assert () == normalized.warnings
    samples = prepared.samples()
    heard = [max(samples[second * 16_000 + 800 : second * 16_000 + 15_200]) > 1000 for second in range(5)]
    assert [False, False, True, True, False] == heard
    assert (await probe(prepared.copy, ffmpeg=prepared.ffmpeg)).duration == pytest.approx(5, abs=0.1)
    assert sorted(prepared.heard) == prepared.heard
    assert prepared.heard[-1] == pytest.approx(5, abs=0.1)


async def test_parts_that_are_too_long_together_are_refused(prepared: Prepared, tmp_path: Path) -> None:
    part = written(tmp_path / "a.wav", wav(3))

    assert "too_long" == await refused(prepared, part, max_seconds=5, after=[part])


async def test_a_clock_that_jumps_back_loses_no_sound(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    back = "asetnsamples=1600,asetpts='if(gte(N,16000),PTS-0.8/TB,PTS)'"
    source = make(tmp_path / "a.nut.mkv", *TONE, "-af", back, "-c:a", "pcm_s16le", "-fflags", "+bitexact")

    assert (await prepared.of(source)).duration == pytest.approx(2, abs=0.15)


@pytest.mark.parametrize("suffix", ["wav", "mp3", "mp4", "m4a", "ogg", "mkv"])
@pytest.mark.parametrize(
    "text",
    [
        b"Dear all, please find the minutes below.\n" * 50,
        b"<html><body>no</body></html>",
        b"\x89PNG\r\n\x1a\n" + bytes(99),
    ],
)
async def test_a_file_with_the_wrong_name_is_not_media(
    prepared: Prepared, tmp_path: Path, suffix: str, text: bytes
) -> None:
    assert "not_media" == await refused(prepared, written(tmp_path / f"a.{suffix}", text))


async def test_an_empty_file_is_not_media(prepared: Prepared, tmp_path: Path) -> None:
    assert "not_media" == await refused(prepared, written(tmp_path / "a.wav", b""))


async def test_a_video_without_sound_has_no_audio(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    assert "no_audio" == await refused(prepared, make(tmp_path / "a.mp4", *PICTURE))


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.2, 0.29])
async def test_less_than_a_word_is_too_short(prepared: Prepared, tmp_path: Path, seconds: float) -> None:
    assert "too_short" == await refused(prepared, written(tmp_path / "a.wav", wav(seconds)))


async def test_a_recording_longer_than_allowed_is_refused_and_never_cut(prepared: Prepared, tmp_path: Path) -> None:
    source = written(tmp_path / "a.wav", wav(8))

    assert "too_long" == await refused(prepared, source, max_seconds=6)
    assert 8.0 == (await prepared.of(source, max_seconds=8)).duration


async def test_a_header_that_promises_less_than_there_is_does_not_help(
    prepared: Prepared, tmp_path: Path, make: Make
) -> None:
    honest = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=4000")
    lying = bytearray(honest.read_bytes())
    lying[21] &= 0xF0
    lying[22:26] = (16_000).to_bytes(4, "big")

    assert "too_long" == await refused(prepared, written(tmp_path / "b.flac", bytes(lying)), max_seconds=2000)


async def test_a_hundred_hours_of_silence_are_refused_at_the_header(
    prepared: Prepared, tmp_path: Path, make: Make
) -> None:
    short = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=60")
    bomb = bytearray(short.read_bytes())
    total = 100 * 3600 * 16_000
    bomb[21] = (bomb[21] & 0xF0) | total >> 32
    bomb[22:26] = (total & 0xFFFFFFFF).to_bytes(4, "big")

    assert "too_long" == await refused(prepared, written(tmp_path / "b.flac", bytes(bomb)))


async def test_a_thousand_streams_are_refused(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    source = make(tmp_path / "a.mkv", *TONE, *["-map", "0:a"] * 1000, "-c:a", "copy")

    assert "unsupported_audio" == await refused(prepared, source)


@pytest.mark.parametrize(("channels", "rate"), [(255, 16_000), (1, 10**9), (1, 4_000_000_000), (1, 1)])
async def test_absurd_headers_are_refused(prepared: Prepared, tmp_path: Path, channels: int, rate: int) -> None:
    source = written(tmp_path / "a.wav", wav_of(b"\1\2" * 160_000, rate=rate, channels=channels))

    assert await refused(prepared, source) in ("unsupported_audio", "not_media", "too_long")


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg", "wma"])
async def test_what_can_be_decoded_of_a_damaged_file_is_kept_and_said_so(
    prepared: Prepared, tmp_path: Path, make: Make, suffix: str
) -> None:
    length = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=30")
    whole = bytearray(make(tmp_path / f"a.{suffix}", *length).read_bytes())
    middle, width = len(whole) // 2, len(whole) // 10
    whole[middle : middle + width] = random.Random(1).randbytes(width)

    normalized = await prepared.of(written(tmp_path / f"b.{suffix}", bytes(whole)))

    assert ("media_damaged",) == normalized.warnings
    assert normalized.duration > 20
    assert normalized.duration == len(prepared.samples()) / 16_000


async def test_a_file_cut_short_is_kept_and_said_so(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    whole = make(tmp_path / "a.mp3", "-f", "lavfi", "-i", "sine=sample_rate=16000:duration=30").read_bytes()

    normalized = await prepared.of(written(tmp_path / "b.mp3", whole[: len(whole) // 2]))

    assert ("media_damaged",) == normalized.warnings
    assert normalized.duration == pytest.approx(15, abs=1)


async def test_a_video_whose_index_never_arrived_is_damaged(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    whole = make(tmp_path / "a.mp4", *PICTURE, *TONE).read_bytes()

    assert "media_damaged" == await refused(prepared, written(tmp_path / "b.mp4", whole[: len(whole) // 2]))


async def test_a_file_that_is_gone_is_missing(prepared: Prepared, tmp_path: Path) -> None:
    assert "input_missing" == await refused(prepared, tmp_path / "never.wav")


async def test_names_are_never_options_or_protocols(prepared: Prepared, tmp_path: Path) -> None:
    for name in ("-i", "concat:a.wav|b.wav", "subfile,,start,0,end,9,,:a.wav", "录音 第一次.wav", "pipe:0", "%03d.wav"):
        assert 1.0 == (await prepared.of(written(tmp_path / name, wav(1)))).duration


async def test_progress_only_grows_and_ends_at_the_end(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    source = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=600")

    normalized = await prepared.of(source)

    assert sorted(prepared.heard) == prepared.heard
    assert len(prepared.heard) >= 2
    assert normalized.duration == pytest.approx(prepared.heard[-1], abs=0.2)


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


async def test_real_recordings_keep_their_length(prepared: Prepared, shared: Path) -> None:
    normalized = await prepared.of(shared / "audio" / "clips" / "four-speakers-zh.wav")

    assert normalized.duration == pytest.approx(56.86, abs=0.01)
    assert normalized.warnings == ()

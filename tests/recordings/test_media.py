"""What people record with becomes one wav for the engines and one copy for the browser, on one timeline."""

from pathlib import Path

import pytest

from backend.recordings.media import Normalized, probe
from tests.recordings.conftest import wav
from tests.recordings.prepared import PICTURE, TONE, Make, Prepared, written

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


async def test_a_clock_that_jumps_back_loses_no_sound(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    back = "asetnsamples=1600,asetpts='if(gte(N,16000),PTS-0.8/TB,PTS)'"
    source = make(tmp_path / "a.nut.mkv", *TONE, "-af", back, "-c:a", "pcm_s16le", "-fflags", "+bitexact")

    assert (await prepared.of(source)).duration == pytest.approx(2, abs=0.15)


async def test_names_are_never_options_or_protocols(prepared: Prepared, tmp_path: Path) -> None:
    for name in ("-i", "concat:a.wav|b.wav", "subfile,,start,0,end,9,,:a.wav", "录音 第一次.wav", "pipe:0", "%03d.wav"):
        assert 1.0 == (await prepared.of(written(tmp_path / name, wav(1)))).duration


async def test_progress_only_grows_and_ends_at_the_end(prepared: Prepared, tmp_path: Path, make: Make) -> None:
    source = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=600")

    normalized = await prepared.of(source)

    assert sorted(prepared.heard) == prepared.heard
    assert len(prepared.heard) >= 2
    assert normalized.duration == pytest.approx(prepared.heard[-1], abs=0.2)


async def test_real_recordings_keep_their_length(prepared: Prepared, shared: Path) -> None:
    normalized = await prepared.of(shared / "audio" / "clips" / "four-speakers-zh.wav")

    assert normalized.duration == pytest.approx(56.86, abs=0.01)
    assert normalized.warnings == ()

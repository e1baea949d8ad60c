"""Common formats become one wav for the engines and one copy for the browser, with the same timeline."""

from pathlib import Path

import pytest

from backend.recordings.media import Normalized
from backend.recordings.probe import probe
from tests.recordings.conftest import wav
from tests.recordings.normalizer import PICTURE, TONE, Make, Normalizer, write

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
async def test_common_audio_formats_are_read(normalizer: Normalizer, tmp_path: Path, make: Make, suffix: str) -> None:
    source = make(tmp_path / f"a.{suffix}", *TONE, *FORMATS[suffix])

    normalized = await normalizer.normalize(source)

    assert normalized.duration == pytest.approx(2, abs=0.2)
    assert () == normalized.warnings
    assert max(normalizer.samples()) > 1000
    assert ["listen.m4a", "speech.wav"] == normalizer.files()


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "wmv", "flv", "mpg"])
async def test_the_audio_of_a_video_is_read_and_its_picture_is_never_decoded(
    normalizer: Normalizer, tmp_path: Path, make: Make, suffix: str
) -> None:
    source = make(tmp_path / f"a.{suffix}", *PICTURE, *TONE, "-ar", "44100")

    normalized = await normalizer.normalize(source)

    assert normalized.duration == pytest.approx(2, abs=0.2)
    assert () == normalized.warnings


async def test_a_hostile_video_stream_does_not_prevent_reading_the_audio(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    source = make(tmp_path / "a.mkv", *PICTURE, *TONE, "-c:v", "magicyuv", "-c:a", "pcm_s16le")

    assert (await normalizer.normalize(source)).duration == pytest.approx(2, abs=0.05)


async def test_the_listening_copy_has_the_same_duration(normalizer: Normalizer, tmp_path: Path) -> None:
    normalized = await normalizer.normalize(write(tmp_path / "a.wav", wav(3)))

    copy = await probe(normalizer.copy, ffmpeg=normalizer.ffmpeg)

    assert ["aac"] == [track.codec for track in copy.tracks]
    assert copy.duration == pytest.approx(normalized.duration, abs=0.1)
    assert b"moov" in normalizer.copy.read_bytes()[:1024]  # a player need not load the end first


async def test_eight_channels_at_8_khz_become_one_at_16(normalizer: Normalizer, tmp_path: Path) -> None:
    normalized = await normalizer.normalize(write(tmp_path / "a.wav", wav(1, rate=8000, channels=8)))

    assert 1.0 == normalized.duration
    assert 10_000 < max(normalizer.samples()) < 20_000


@pytest.mark.parametrize("channels", [2, 3, 6, 11, 16, 33])
async def test_a_voice_on_every_channel_keeps_its_loudness(
    normalizer: Normalizer, tmp_path: Path, channels: int
) -> None:
    await normalizer.normalize(write(tmp_path / "a.wav", wav(1, channels=channels)))

    assert 14_000 < max(normalizer.samples()) < 18_000


async def test_silence_is_a_valid_recording(normalizer: Normalizer, tmp_path: Path) -> None:
    normalized = await normalizer.normalize(write(tmp_path / "a.wav", wav(2, loud=0)))

    assert Normalized(2.0, ()) == normalized
    assert {0} == set(normalizer.samples())


async def test_a_gap_in_the_packets_becomes_silence(normalizer: Normalizer, tmp_path: Path, make: Make) -> None:
    cut = "aselect='not(between(t,0.5,1.4))'"
    source = make(tmp_path / "a.mkv", *TONE, "-af", cut, "-c:a", "pcm_s16le")

    normalized = await normalizer.normalize(source)

    samples = normalizer.samples()
    assert normalized.duration == pytest.approx(2, abs=0.1)
    assert max(samples[16_000 * 7 // 10 : 16_000 * 13 // 10]) < 100
    assert max(samples[16_000 * 16 // 10 :]) > 1000


async def test_several_files_are_concatenated(normalizer: Normalizer, tmp_path: Path, make: Make) -> None:
    quiet = write(tmp_path / "a.wav", wav(2, rate=8000, channels=2, loud=0.0))
    loud = make(tmp_path / "b.flac", *TONE, "-ar", "44100")
    last = write(tmp_path / "c.wav", wav(1, loud=0.0))

    normalized = await normalizer.normalize(quiet, more_sources=[loud, last])

    assert normalized.duration == pytest.approx(5, abs=0.01)
    assert () == normalized.warnings
    samples = normalizer.samples()
    audible = [max(samples[second * 16_000 + 800 : second * 16_000 + 15_200]) > 1000 for second in range(5)]
    assert [False, False, True, True, False] == audible
    assert (await probe(normalizer.copy, ffmpeg=normalizer.ffmpeg)).duration == pytest.approx(5, abs=0.1)
    assert sorted(normalizer.progress) == normalizer.progress
    assert normalizer.progress[-1] == pytest.approx(5, abs=0.1)


async def test_no_audio_is_lost_where_timestamps_jump_back(normalizer: Normalizer, tmp_path: Path, make: Make) -> None:
    back = "asetnsamples=1600,asetpts='if(gte(N,16000),PTS-0.8/TB,PTS)'"
    source = make(tmp_path / "a.nut.mkv", *TONE, "-af", back, "-c:a", "pcm_s16le", "-fflags", "+bitexact")

    assert (await normalizer.normalize(source)).duration == pytest.approx(2, abs=0.15)


async def test_file_names_are_never_taken_for_options_or_protocols(normalizer: Normalizer, tmp_path: Path) -> None:
    for name in ("-i", "concat:a.wav|b.wav", "subfile,,start,0,end,9,,:a.wav", "录音 第一次.wav", "pipe:0", "%03d.wav"):
        assert 1.0 == (await normalizer.normalize(write(tmp_path / name, wav(1)))).duration


async def test_progress_only_increases_and_ends_with_the_duration(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    source = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=600")

    normalized = await normalizer.normalize(source)

    assert sorted(normalizer.progress) == normalizer.progress
    assert len(normalizer.progress) >= 2
    assert normalized.duration == pytest.approx(normalizer.progress[-1], abs=0.2)


async def test_real_recordings_keep_their_length(normalizer: Normalizer, shared: Path) -> None:
    normalized = await normalizer.normalize(shared / "audio" / "clips" / "four-speakers-zh.wav")

    assert normalized.duration == pytest.approx(56.86, abs=0.01)
    assert normalized.warnings == ()

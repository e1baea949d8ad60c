"""Unreadable files are refused with the reason; damaged files are decoded as far as possible."""

import random
from pathlib import Path

import pytest

from tests.recordings.conftest import wav, wav_of
from tests.recordings.normalizer import PICTURE, TONE, Make, Normalizer, error_code, write


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
    normalizer: Normalizer, tmp_path: Path, suffix: str, text: bytes
) -> None:
    assert "not_media" == await error_code(normalizer, write(tmp_path / f"a.{suffix}", text))


async def test_an_empty_file_is_not_media(normalizer: Normalizer, tmp_path: Path) -> None:
    assert "not_media" == await error_code(normalizer, write(tmp_path / "a.wav", b""))


async def test_a_video_without_audio_is_refused(normalizer: Normalizer, tmp_path: Path, make: Make) -> None:
    assert "no_audio" == await error_code(normalizer, make(tmp_path / "a.mp4", *PICTURE))


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.2, 0.29])
async def test_a_recording_shorter_than_a_word_is_refused(
    normalizer: Normalizer, tmp_path: Path, seconds: float
) -> None:
    assert "too_short" == await error_code(normalizer, write(tmp_path / "a.wav", wav(seconds)))


async def test_a_recording_that_is_too_long_is_refused_and_not_truncated(
    normalizer: Normalizer, tmp_path: Path
) -> None:
    source = write(tmp_path / "a.wav", wav(8))

    assert "too_long" == await error_code(normalizer, source, max_seconds=6)
    assert 8.0 == (await normalizer.normalize(source, max_seconds=8)).duration


async def test_parts_that_are_too_long_together_are_refused(normalizer: Normalizer, tmp_path: Path) -> None:
    part = write(tmp_path / "a.wav", wav(3))

    assert "too_long" == await error_code(normalizer, part, max_seconds=5, more_sources=[part])


async def test_a_header_with_a_too_short_duration_does_not_bypass_the_limit(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    correct = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=4000")
    forged = bytearray(correct.read_bytes())
    forged[21] &= 0xF0
    forged[22:26] = (16_000).to_bytes(4, "big")

    assert "too_long" == await error_code(normalizer, write(tmp_path / "b.flac", bytes(forged)), max_seconds=2000)


async def test_a_hundred_hours_of_silence_are_refused_by_their_header(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    short = make(tmp_path / "a.flac", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=60")
    bomb = bytearray(short.read_bytes())
    total = 100 * 3600 * 16_000
    bomb[21] = (bomb[21] & 0xF0) | total >> 32
    bomb[22:26] = (total & 0xFFFFFFFF).to_bytes(4, "big")

    assert "too_long" == await error_code(normalizer, write(tmp_path / "b.flac", bytes(bomb)))


async def test_a_thousand_streams_are_refused(normalizer: Normalizer, tmp_path: Path, make: Make) -> None:
    source = make(tmp_path / "a.mkv", *TONE, *["-map", "0:a"] * 1000, "-c:a", "copy")

    assert "unsupported_audio" == await error_code(normalizer, source)


@pytest.mark.parametrize(("channels", "rate"), [(255, 16_000), (1, 10**9), (1, 4_000_000_000), (1, 1)])
async def test_absurd_headers_are_refused(normalizer: Normalizer, tmp_path: Path, channels: int, rate: int) -> None:
    source = write(tmp_path / "a.wav", wav_of(b"\1\2" * 160_000, rate=rate, channels=channels))

    assert await error_code(normalizer, source) in ("unsupported_audio", "not_media", "too_long")


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg", "wma"])
async def test_the_readable_part_of_a_damaged_file_is_decoded_with_a_warning(
    normalizer: Normalizer, tmp_path: Path, make: Make, suffix: str
) -> None:
    length = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=30")
    whole = bytearray(make(tmp_path / f"a.{suffix}", *length).read_bytes())
    middle, width = len(whole) // 2, len(whole) // 10
    whole[middle : middle + width] = random.Random(1).randbytes(width)

    normalized = await normalizer.normalize(write(tmp_path / f"b.{suffix}", bytes(whole)))

    assert ("media_damaged",) == normalized.warnings
    assert normalized.duration > 20
    assert normalized.duration == len(normalizer.samples()) / 16_000


async def test_a_truncated_file_is_decoded_with_a_warning(normalizer: Normalizer, tmp_path: Path, make: Make) -> None:
    whole = make(tmp_path / "a.mp3", "-f", "lavfi", "-i", "sine=sample_rate=16000:duration=30").read_bytes()

    normalized = await normalizer.normalize(write(tmp_path / "b.mp3", whole[: len(whole) // 2]))

    assert ("media_damaged",) == normalized.warnings
    assert normalized.duration == pytest.approx(15, abs=1)


async def test_a_video_without_its_index_is_reported_as_damaged(
    normalizer: Normalizer, tmp_path: Path, make: Make
) -> None:
    whole = make(tmp_path / "a.mp4", *PICTURE, *TONE).read_bytes()

    assert "media_damaged" == await error_code(normalizer, write(tmp_path / "b.mp4", whole[: len(whole) // 2]))


async def test_a_deleted_file_is_reported_as_missing(normalizer: Normalizer, tmp_path: Path) -> None:
    assert "input_missing" == await error_code(normalizer, tmp_path / "never.wav")

"""What is audio but cannot be read is named, with the way to something that can be."""

import subprocess
from pathlib import Path

import pytest

from backend.errors import AppError
from backend.ffmpeg import ffmpeg_path
from backend.recordings.probe import probe
from tests.recordings.conftest import wav
from tests.recordings.normalizer import Make, write

TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=2")

HEADS = {
    "QCELP": (b"RIFF\x00\x00\x00\x00QLCMfmt ", "convertible_format"),
    "RealAudio": (b".RMF\x00\x00\x00\x12", "convertible_format"),
    "DSD": (b"DSD \x1c\x00\x00\x00", "convertible_format"),
    "Musepack": (b"MPCKSH", "convertible_format"),
    "Shorten": (b"ajkg\x02", "convertible_format"),
    "ATRAC": (b"ea3\x03\x00", "convertible_format"),
    "TwinVQ": (b"TWIN97012000", "convertible_format"),
    "NIST SPHERE": (b"NIST_1A\n   1024\n", "convertible_format"),
    "Olympus DSS Pro": (b"\x03ds2" + bytes(500), "proprietary_format"),
    "multichannel AMR": (b"#!AMR_MC1.0\n\x00\x00\x00\x02", "proprietary_format"),
    "OptimFROG": (b"OFR \x0c\x00\x00\x00", "proprietary_format"),
    "Audible": (b"\x00\x10\x00\x00\x57\x90\x75\x36", "proprietary_format"),
    "Dolby TrueHD": (b"\xf0\x18\x00\x00\xf8\x72\x6f\xba", "convertible_format"),
    "MIDI": (b"MThd\x00\x00\x00\x06\x00\x01", "notes_only"),
    "tracker module": (b"Extended Module: song", "notes_only"),
}


async def error_of(source: Path) -> AppError:
    with pytest.raises(AppError) as raised:
        await probe(source)
    return raised.value


@pytest.mark.parametrize("name", HEADS)
async def test_a_format_is_named(tmp_path: Path, name: str) -> None:
    head, code = HEADS[name]

    error = await error_of(write(tmp_path / "original.bin", head + bytes(range(256)) * 8))

    assert (error.code, error.status) == (code, 415)
    assert name in error.detail
    assert name in error.facts["format"]


@pytest.mark.parametrize("suffix", ["voc", "rm", "dts"])
async def test_a_real_file_of_another_container_is_named_and_the_command_converts_it(
    tmp_path: Path, make: Make, suffix: str
) -> None:
    unfinished = ["-ar", "48000", "-strict", "-2"]  # so FFmpeg calls its encoder of DTS
    encoder = {"voc": ["-c:a", "pcm_u8"], "dts": unfinished}.get(suffix, [])
    source = make(tmp_path / f"a.{suffix}", *TONE, *encoder)

    error = await error_of(source)

    assert error.code == "convertible_format"
    command = [ffmpeg_path(), *error.facts["command"].replace("FILE", str(source)).split()[1:-1]]
    subprocess.run([*command, str(tmp_path / "recording.m4a")], check=True, capture_output=True)
    assert (await probe(tmp_path / "recording.m4a")).duration == pytest.approx(2, abs=0.2)


async def test_encrypted_audio_in_an_mp4_is_protected_and_not_damaged(tmp_path: Path, make: Make) -> None:
    key = "0123456789abcdef0123456789abcdef"
    encryption = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key)
    source = make(tmp_path / "a.mp4", *TONE, "-c:a", "aac", *encryption)

    error = await error_of(source)
    assert (error.code, error.facts["format"]) == ("protected_audio", "Common Encryption (CENC)")

    source.write_bytes(source.read_bytes().replace(b"enca", b"drms"))
    error = await error_of(source)
    assert (error.code, error.facts["format"]) == ("protected_audio", "FairPlay (.m4p)")


@pytest.mark.parametrize("brand", [b"aax ", b"aaxc"])
async def test_an_audible_book_is_protected(tmp_path: Path, make: Make, brand: bytes) -> None:
    plain = make(tmp_path / "a.m4a", *TONE).read_bytes()

    error = await error_of(write(tmp_path / "b.m4a", plain[:8] + brand + plain[12:]))

    assert error.code == "protected_audio"


async def test_windows_media_with_drm_is_protected(tmp_path: Path, make: Make) -> None:
    plain = make(tmp_path / "a.wma", *TONE).read_bytes()
    protection = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e") + (40).to_bytes(8, "little") + bytes(16)

    error = await error_of(write(tmp_path / "b.wma", plain[:30] + protection + plain[30:]))

    assert error.code == "protected_audio"


@pytest.mark.parametrize("suffix", ["m4a", "mp4", "mov", "wma", "amr", "wav", "ogg", "mp3"])
async def test_what_can_be_read_is_not_refused(tmp_path: Path, make: Make, suffix: str) -> None:
    rate = ["-ar", "8000", "-b:a", "12200"] if suffix == "amr" else []

    assert (await probe(make(tmp_path / f"a.{suffix}", *TONE, *rate))).duration == pytest.approx(2, abs=0.2)


async def test_what_is_no_audio_stays_without_a_name(tmp_path: Path) -> None:
    assert (await error_of(write(tmp_path / "a.txt", b"notes of a meeting\n" * 50))).code == "not_media"
    assert (await error_of(write(tmp_path / "a.wav", wav(1)[:20]))).code in ("not_media", "media_damaged", "no_audio")

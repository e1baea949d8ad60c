"""An FFmpeg that does not work is found out before a recording is blamed for it."""

from pathlib import Path

import pytest

from backend.errors import AppError
from backend.recordings.decoder_check import ffmpeg_problem
from backend.recordings.media import normalize
from backend.recordings.probe import probe
from tests.recordings.conftest import wav
from tests.recordings.normalizer import write

#: How programs end that cannot run: the words of the loader, of the shell and of FFmpeg itself.
BROKEN = {
    "a library is missing": "echo 'ffmpeg: error while loading shared libraries: libavdevice.so.59' >&2; exit 127",
    "a symbol is missing": "echo 'ffmpeg: symbol lookup error: undefined symbol: av_x' >&2; exit 127",
    "the program behind it is missing": "exec /no/such/ffmpeg",
    "the program behind it may not be executed": "exec /etc/hostname",
    "it was built without an encoder": "echo \"Unknown encoder 'aac'\" >&2; exit 1",
    "it was built for another processor": "kill -ILL $$",
    "it says nothing": "exit 1",
}


def program(folder: Path, body: str, mode: int = 0o755) -> str:
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(mode)
    return str(path)


async def test_a_working_ffmpeg_has_no_problem(ffmpeg: str) -> None:
    assert await ffmpeg_problem(ffmpeg) is None


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
async def test_a_broken_ffmpeg_is_blamed_and_not_the_recording(tmp_path: Path, body: str) -> None:
    source = write(tmp_path / "a.wav", wav(1))

    with pytest.raises(AppError) as probing:
        await probe(source, ffmpeg=program(tmp_path, body))
    assert ("decoder_broken", 503) == (probing.value.code, probing.value.status)


async def test_a_broken_ffmpeg_is_blamed_while_decoding_too(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", wav(1))
    (tmp_path / "out").mkdir()

    with pytest.raises(AppError) as decoding:
        await normalize(
            source,
            wav=tmp_path / "out" / "speech.wav",
            listening_copy=tmp_path / "out" / "listen.m4a",
            max_seconds=60,
            probes=[await probe(source)],
            ffmpeg=program(tmp_path, BROKEN["a library is missing"]),
        )
    assert "decoder_broken" == decoding.value.code
    assert [] == list((tmp_path / "out").iterdir())


async def test_an_ffmpeg_that_is_gone_or_no_program_is_blamed(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", wav(1))
    (tmp_path / "text").write_text("no program")
    for ffmpeg in (str(tmp_path / "gone"), program(tmp_path, "exit 0", 0o644), str(tmp_path / "text")):
        with pytest.raises(AppError) as raised:
            await probe(source, ffmpeg=ffmpeg)
        assert "decoder_broken" == raised.value.code


async def test_no_ffmpeg_at_all_is_a_broken_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", _raises)

    with pytest.raises(AppError) as raised:
        await probe(write(tmp_path / "a.wav", wav(1)))

    assert "decoder_broken" == raised.value.code


def _raises() -> str:
    raise RuntimeError("No ffmpeg exe could be found")


async def test_a_file_is_blamed_where_ffmpeg_works(tmp_path: Path, ffmpeg: str) -> None:
    with pytest.raises(AppError) as raised:
        await probe(write(tmp_path / "a.txt", b"this is no recording\n" * 100), ffmpeg=ffmpeg)

    assert "not_media" == raised.value.code


async def test_the_problem_is_the_last_line_and_how_it_ended(tmp_path: Path) -> None:
    problem = await ffmpeg_problem(program(tmp_path, BROKEN["a library is missing"]))

    assert problem == "ffmpeg: error while loading shared libraries: libavdevice.so.59 (exit status 127)"

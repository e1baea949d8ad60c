"""`transcribe` with the scripted engine: every recording gets its files, and none of them costs another."""

import json
import os
from pathlib import Path

import pytest

from backend import shell
from backend.settings import Settings
from tests.recordings.conftest import wav

#: Bytes that are no UTF-8, a line break and what FFmpeg writes about its input.
ODD_NAME = os.fsdecode("周会".encode("gb18030") + b"\n  Duration: 99:00:00.00, [bold]%d.wav")


def transcribe(
    settings: Settings, *inputs: Path, output: Path, formats: str = "txt,json", overwrite: bool = False
) -> int:
    return shell.transcribe_command(
        settings,
        inputs,
        output,
        formats=formats,
        speakers=None,
        hotwords=[],
        transcriber=None,
        diarizer=None,
        overwrite=overwrite,
    )


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_files_and_folders_of_any_name_are_transcribed_in_one_run(
    settings: Settings, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    out, folder = tmp_path / "out", tmp_path / "meetings"
    (folder / "monday").mkdir(parents=True)
    (folder / "monday" / "a.wav").write_bytes(wav(4))
    (folder / ODD_NAME).write_bytes(wav(4, tone=300))
    (tmp_path / "broken.mp3").write_bytes(b"no sound at all" * 100)

    assert transcribe(settings, tmp_path / "broken.mp3", folder, output=out) == 1

    stem = ODD_NAME.removesuffix(".wav")
    assert sorted([f"{stem}.json", f"{stem}.txt", "monday/a.json", "monday/a.txt"]) == written(out)
    assert "周会" in json.loads((out / f"{stem}.json").read_bytes())["title"]
    printed = capfdbinary.readouterr()
    assert os.fsencode(out / "monday" / "a.txt") in printed.out
    assert b"not_media" in printed.err
    assert [] == list((settings.uploads_dir / "shell" / "jobs").glob("*/document.json"))


def test_files_that_exist_are_overwritten_only_when_asked(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, out = tmp_path / "a.wav", tmp_path / "out"
    recording.write_bytes(wav(4))
    out.mkdir()
    (out / "a.txt").write_text("mine")

    assert transcribe(settings, recording, output=out) == 1
    assert "output_exists" in capsys.readouterr().err
    assert (written(out), (out / "a.txt").read_text()) == (["a.txt"], "mine")

    assert transcribe(settings, recording, output=out, formats="txt") == 0
    assert "--overwrite" in capsys.readouterr().err
    assert (out / "a.txt").read_text() == "mine"

    assert transcribe(settings, recording, output=out, overwrite=True) == 0
    assert written(out) == ["a.json", "a.txt"]
    assert (out / "a.txt").read_text() != "mine"


def test_a_format_that_cannot_be_written_does_not_cost_the_others(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, out = tmp_path / "a.wav", tmp_path / "out"
    recording.write_bytes(wav(4))
    (out / "a.txt").mkdir(parents=True)

    assert transcribe(settings, recording, output=out, overwrite=True) == 1

    assert written(out) == ["a.json"]
    errors = capsys.readouterr().err
    assert "not_written" in errors
    [kept] = (settings.uploads_dir / "shell" / "jobs").iterdir()
    assert str(kept) in errors
    assert (kept / "document.json").is_file()
    assert transcribe(settings, recording, output=tmp_path / "other") == 0
    assert not kept.exists()


def test_a_folder_that_cannot_be_made_is_said_before_the_work(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.wav").write_bytes(wav(4))
    (tmp_path / "out").write_text("a file")

    assert transcribe(settings, tmp_path / "a.wav", output=tmp_path / "out") == 1

    assert "output_closed" in capsys.readouterr().err
    assert not settings.uploads_dir.exists()

"""The FFmpeg on the PATH comes first, then the one in imageio-ffmpeg."""

import subprocess
from pathlib import Path

import pytest

from backend.ffmpeg import ffmpeg_path


def test_the_ffmpeg_on_the_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert ffmpeg_path() == str(program)


def test_without_one_on_the_path_the_packaged_ffmpeg_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("IMAGEIO_FFMPEG_EXE", raising=False)

    path = ffmpeg_path()

    answer = subprocess.run([path, "-version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("ffmpeg version")

"""`/ready` says which part of the server cannot do its work."""

import os
from pathlib import Path

import pytest

from backend.readiness import Readiness
from backend.settings import Settings

ALL_OK = {"storage": "ok", "engines": "ok", "ffmpeg": "ok"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.uploads_dir.mkdir(parents=True)
    return settings


async def test_everything_is_ok_in_a_whole_installation(settings: Settings) -> None:
    assert await Readiness(settings).states() == ALL_OK
    assert list(settings.uploads_dir.iterdir()) == []


async def test_a_storage_that_is_gone_or_full_is_said(settings: Settings) -> None:
    full = settings.model_copy(update={"disk_reserve_bytes": 10**18})
    gone = settings.model_copy(update={"uploads_dir": settings.uploads_dir / "gone"})

    assert (await Readiness(full).states())["storage"] == "disk_full"
    assert (await Readiness(gone).states())["storage"] == "unwritable"


async def test_missing_models_are_said(settings: Settings) -> None:
    real = settings.model_copy(update={"demo": False})

    assert (await Readiness(real).states())["engines"] == "model_missing"


async def test_a_broken_ffmpeg_is_said_and_mending_it_shows_at_once(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, now = tmp_path / "ffmpeg", 0.0
    program.write_text("#!/bin/sh\nexit 127\n")
    program.chmod(0o755)
    path = os.environ["PATH"]
    readiness = Readiness(settings, lambda: now)

    monkeypatch.setenv("PATH", f"{tmp_path}:{path}")
    assert (await readiness.states())["ffmpeg"] == "decoder_broken"
    monkeypatch.setenv("PATH", path)
    assert (await readiness.states())["ffmpeg"] == "ok"

    monkeypatch.setenv("PATH", f"{tmp_path}:{path}")
    assert (await readiness.states())["ffmpeg"] == "ok"  # as it was found within the last minute
    now = 61.0
    assert (await readiness.states())["ffmpeg"] == "decoder_broken"

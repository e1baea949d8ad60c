"""Transcription of a real recording with the real models of the small set."""

import json
import subprocess
import sys
from pathlib import Path

import jiwer
import pytest

from backend.speech.text import spoken_characters
from backend.weights.store import adopt, installed
from tests.serving import ROOT


@pytest.fixture(scope="module")
def models(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own models if they are installed, otherwise the shared ones."""
    names = ("fsmn-vad", "vosk-model-small-cn", "pyannote-3.1")
    if all(installed(ROOT / "models", name) for name in names):
        return ROOT / "models"
    folder = tmp_path_factory.mktemp("models")
    for name in names:
        adopt(shared / "models", folder, name)
    return folder


@pytest.mark.shared
def test_a_meeting_of_two_becomes_a_transcript_with_two_speakers(shared: Path, models: Path, tmp_path: Path) -> None:
    meeting = shared / "audio" / "meetings" / "two-minutes"
    command = [sys.executable, "-m", "backend", "transcribe", str(meeting.with_suffix(".flac")), "-o", str(tmp_path)]
    settings = {"MODELS_DIR": str(models), "UPLOADS_DIR": str(tmp_path / "uploads")}
    engines = ["--transcriber", "vosk", "--diarizer", "pyannote-3.1", "--speakers", "1-4", "--format", "json,txt,srt"]

    done = subprocess.run(
        [*command, *engines], cwd=ROOT, env={**_environment(), **settings}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "two-minutes.json").read_text(encoding="utf-8"))
    rows = [line.split(" ", 5) for line in meeting.with_suffix(".stm").read_text(encoding="utf-8").splitlines()]
    spoken = spoken_characters("".join(row[5] for row in rows))
    assert jiwer.cer(spoken, spoken_characters("".join(segment["text"] for segment in document["segments"]))) < 0.055
    assert len(document["speakers"]) == 2
    assert _share_with_right_speaker(document, rows) > 0.97
    assert "发言人 2" in (tmp_path / "two-minutes.txt").read_text(encoding="utf-8")
    assert (tmp_path / "two-minutes.srt").read_text(encoding="utf-8").startswith("1\n00:00:0")


def _share_with_right_speaker(document: dict[str, list[dict[str, object]]], rows: list[list[str]]) -> float:
    """The share of the words within an utterance that were given to its speaker."""
    pairs: dict[tuple[str, object], int] = {}
    for segment in document["segments"]:
        for _text, start, end in segment["words"]:  # type: ignore[attr-defined]
            middle = (start + end) / 2
            speaking = next((row[2] for row in rows if float(row[3]) <= middle <= float(row[4])), None)
            if speaking is not None:
                pairs[speaking, segment["speaker"]] = pairs.get((speaking, segment["speaker"]), 0) + 1
    best = {name: max(count for (who, _), count in pairs.items() if who == name) for name, _ in pairs}
    return sum(best.values()) / sum(pairs.values())


def _environment() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if name not in ("DEMO", "SCRIPT", "CRASH_AT")}

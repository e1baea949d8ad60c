"""Real weights on real recordings: people are found again in another recording, and strangers are nobody."""

import subprocess
from pathlib import Path

import pytest

from backend.engines.protocols import EngineContext, SpeakerHints
from backend.engines.pyannote import Pyannote, legacy_3_1
from backend.people.matching import MatchRules, match
from backend.people.speakers import voices_of_speakers
from backend.people.vectors import Heard, unit
from backend.speech.types import Segment
from backend.speech.voices import voices_of
from tests.engines.tiny_diarizers import NOISE

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def reference(rttm: Path, start: float, end: float) -> list[Segment]:
    """Who speaks in this part of a recording, with times from its start."""
    rows = [line.split() for line in rttm.read_text(encoding="utf-8").splitlines()]
    turns = [(float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in rows]
    inside = [(first - start, last - start, who) for first, last, who in turns if start <= first and last <= end]
    return [Segment(f"p{number}", *turn[:2], "", speaker=turn[2]) for number, turn in enumerate(inside)]


def heard(diarizer: Pyannote, source: Path, start: float, end: float, wav: Path) -> dict[str, Heard]:
    """How people sound in this part of a recording: by name where there is a reference, else by label."""
    cut = ["-ss", str(start), "-t", str(end - start), "-ac", "1", "-ar", "16000", "-c:a", "pcm_s16le", str(wav)]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(source), *cut], check=True, stdin=subprocess.DEVNULL)
    voices = voices_of(diarizer.diarize(wav, SpeakerHints(), lambda _done, _total: None))
    rttm = source.with_suffix(".rttm")
    if not rttm.exists():
        directions = {voice.label: (unit(voice.vector), voice.seconds) for voice in voices}
        return {label: Heard(vector, seconds) for label, (vector, seconds) in directions.items() if vector is not None}
    return {who: one.heard for who, one in voices_of_speakers(reference(rttm, start, end), voices).items()}


@NOISE
def test_two_people_are_found_again_and_strangers_are_nobody(shared: Path, tmp_path: Path) -> None:
    diarizer = legacy_3_1(EngineContext(shared / "models", threads=1))
    meeting, others = shared / "audio/meetings/two-minutes.flac", shared / "audio/clips/four-speakers-zh.wav"

    monday = heard(diarizer, meeting, 0.0, 32.0, tmp_path / "monday.wav")
    friday = heard(diarizer, meeting, 32.0, 60.0, tmp_path / "friday.wav")
    strangers = heard(diarizer, others, 0.0, 28.0, tmp_path / "strangers.wav")

    found = match(friday, monday, MatchRules())
    assert {(one.speaker, one.person) for one in found} == {("S0150", "S0150"), ("S0252", "S0252")}
    assert all(one.strong for one in found)
    assert len(strangers) >= 2
    assert match(strangers, monday, MatchRules()) == []

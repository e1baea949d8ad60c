"""Known tones are found at their times, on whichever channel and track, in all containers and codecs.

A seeded sample is tested, one combination of every format in half a minute of CPU. All of them take some minutes:

    MEETING_ASR_MEDIA_CASES=315 .venv/bin/python -m pytest -n 2 tests/recordings/test_known_bursts.py
"""

import os
from pathlib import Path

import pytest

from tests.recordings.bursts import SECONDS, Case, cases, onset
from tests.recordings.conftest import programs
from tests.recordings.normalizer import Make, Normalizer

_COUNT = int(os.environ.get("MEETING_ASR_MEDIA_CASES", "35"))


@pytest.mark.parametrize("case", cases(_COUNT), ids=str)
async def test_every_tone_is_heard_at_its_time_without_a_warning(tmp_path: Path, make: Make, case: Case) -> None:
    # each combination with one FFmpeg, in turn: those of a format meet both
    ffmpegs = sorted(programs().values())
    normalizer = Normalizer(tmp_path, ffmpegs[(case.number + case.number // 35) % len(ffmpegs)])

    normalized = await normalizer.normalize(case.make(tmp_path, make))

    times = [case.delay + burst.time for track in case.tracks for burst in track]
    late = [round(onset(normalizer, time), 3) for time in times]
    assert (max(late) <= case.tolerance, normalized.warnings) == (True, ()), late
    assert normalized.duration == pytest.approx(case.delay + SECONDS, abs=0.2)

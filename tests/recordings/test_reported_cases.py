"""Files like those that people have reported: nine seconds of two voices, each in another odd container."""

from pathlib import Path

import numpy
import pytest

from tests.recordings.normalizer import Normalizer

#: The seconds of audio, the second in which the first word is said, and the warnings.
CASES: dict[str, tuple[float, int, tuple[str, ...]]] = {
    "mono-then-stereo.aac": (9.0, 0, ()),
    "rate-44100-then-48000.mp3": (9.0, 0, ()),
    "six-tracks-second-person-on-track-4.flac": (9.0, 0, ()),
    "antiphase.flac": (9.0, 0, ()),
    "wav-length-wrapped.wav": (9.0, 0, ()),
    "wav-cut-off.wav": (9.0, 0, ("media_damaged",)),
    "audio-starts-4.087s-after-video.mkv": (13.1, 4, ()),
    "starts-at-50000s.mkv": (9.0, 0, ()),
    "two-tracks-desktop-and-mic.mkv": (23.1, 0, ()),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_reported_file_is_heard_whole(normalizer: Normalizer, shared: Path, name: str) -> None:
    source = shared / "cases" / name
    if not source.exists():
        pytest.skip("these shared recordings are without cases/")
    seconds, first_word, warnings = CASES[name]

    normalized = await normalizer.normalize(source)

    samples = numpy.array(normalizer.samples(), dtype=numpy.float32)
    loudness = [
        float(numpy.sqrt((second**2).mean())) for second in numpy.split(samples, range(16_000, len(samples), 16_000))
    ]
    assert normalized.duration == pytest.approx(seconds, abs=0.1)
    assert warnings == normalized.warnings
    assert all(one < 50 for one in loudness[:first_word])
    assert all(one > 200 for one in loudness[first_word : int(seconds)])

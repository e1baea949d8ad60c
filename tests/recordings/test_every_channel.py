"""A voice on any channel is heard at a sensible loudness, whatever the number of channels makes FFmpeg guess."""

from pathlib import Path

import numpy
import pytest

from tests.recordings.bursts import BURST, LOUDNESS
from tests.recordings.conftest import wav_of
from tests.recordings.normalizer import Normalizer, write

pytestmark = pytest.mark.slow

RATE, STEP = 8000, 0.4


@pytest.mark.parametrize("channels", [3, 6, 7, 8, 64])
async def test_a_tone_on_each_channel_in_turn_is_heard(normalizer: Normalizer, tmp_path: Path, channels: int) -> None:
    times = numpy.arange(int(BURST * RATE)) / RATE
    tone = LOUDNESS * 32767 * numpy.sin(2 * numpy.pi * 700 * times)
    samples = numpy.zeros((int((STEP * channels + 1) * RATE), channels), "<i2")
    for channel in range(channels):
        first = round(STEP * channel * RATE)
        samples[first : first + len(tone), channel] = tone

    normalized = await normalizer.normalize(
        write(tmp_path / "a.wav", wav_of(samples.tobytes(), rate=RATE, channels=channels))
    )

    heard = numpy.abs(numpy.array(normalizer.samples(), dtype=numpy.float32)) / 32768
    steps = heard[: round(STEP * channels * 16_000)].reshape(channels, -1).max(axis=1)
    assert [channel for channel in range(channels) if not LOUDNESS / 2 < steps[channel] < 1] == []
    assert normalized.warnings == ()

"""Every voice is heard at its loudness, whichever channels carry it."""

import numpy
import pytest

from backend.recordings.automatic_mixer import AutomaticMixer
from backend.recordings.track_timeline import Samples

RATE = 16_000


def syllables(seconds: float = 2.0, loud: float = 0.3, tone: float = 500.0) -> Samples:
    """A tone with pauses, as speech has them."""
    times = numpy.arange(int(seconds * RATE)) / RATE
    return (32767 * loud * numpy.sin(2 * numpy.pi * tone * times) * (times % 0.5 < 0.3)).astype(numpy.int16)


def mixed(channels: Samples) -> Samples:
    mixer = AutomaticMixer(RATE, channels.shape[1])
    blocks = [mixer.mix(channels[first : first + RATE]) for first in range(0, len(channels), RATE)]
    return numpy.concatenate([*blocks, mixer.flush()])


def level(samples: Samples) -> float:
    return float(numpy.sqrt((samples.astype(numpy.float64) ** 2).mean()))


def test_a_single_channel_keeps_every_sample() -> None:
    voice = syllables(2.0137)

    assert numpy.array_equal(voice, mixed(numpy.stack([numpy.zeros_like(voice), voice], axis=1)))


@pytest.mark.parametrize("channels", [2, 3, 16, 64])
def test_a_voice_on_one_channel_is_as_loud_among_quiet_ones(channels: int) -> None:
    voice = syllables()
    noise = numpy.random.default_rng(1).normal(0, 30, (len(voice), channels)).astype(numpy.int16)
    noise[:, channels // 2] += voice

    assert level(voice) == pytest.approx(level(mixed(noise)), rel=0.1)


@pytest.mark.parametrize("channels", [2, 5, 64])
def test_a_voice_on_all_channels_is_not_louder(channels: int) -> None:
    voice = syllables()

    assert level(voice) == pytest.approx(level(mixed(numpy.repeat(voice[:, None], channels, axis=1))), rel=0.02)


@pytest.mark.parametrize("signs", [(1, -1), (1, -1, 1, -1), (1, 1, -1), (0.5, -1)])
def test_inverse_channels_do_not_cancel_each_other(signs: tuple[float, ...]) -> None:
    voice = syllables()
    channels = (voice[:, None] * numpy.array(signs)).astype(numpy.int16)

    assert level(mixed(channels)) > 0.4 * level(voice)


def test_a_hissing_microphone_does_not_hide_a_voice() -> None:
    voice = syllables(6.0, loud=0.05)
    hiss = numpy.random.default_rng(1).normal(0, 1000, len(voice)).astype(numpy.int16)

    loud = mixed(numpy.stack([voice, hiss], axis=1))[4 * RATE :]

    share = float(numpy.corrcoef(loud, voice[4 * RATE :])[0, 1])
    assert share > 0.8


def test_two_voices_are_both_heard() -> None:
    low, high = syllables(tone=400.0), syllables(tone=900.0)

    spectrum = numpy.abs(numpy.fft.rfft(mixed(numpy.stack([low, high], axis=1))))

    assert min(spectrum[800], spectrum[1800]) > 0.15 * max(spectrum[800], spectrum[1800])

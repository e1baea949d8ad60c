"""The sounds of the benchmarks are the same for the same seed, as loud as they should be, and without speech."""

from pathlib import Path

import numpy as np
import pytest

from backend.engines.vad import Vad
from backend.engines.wav_reader import RATE, WavReader
from benchmarks import sounds

_SECONDS = 30.0
_MUSIC_THAT_PASSES = 2.0  #: seconds of it; what a recogniser makes of them is in benchmarks/RESULTS.md


def dice() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def speech() -> sounds.Sound:
    time = np.arange(2 * RATE) / RATE
    return sounds.as_speech(np.sin(2 * np.pi * 180 * time) * (1 + np.sin(2 * np.pi * 4 * time)))


@pytest.mark.parametrize("name", sounds.NOTHING)
def test_the_same_seed_makes_the_same_sound(name: str) -> None:
    made = sounds.NOTHING[name](2.0, dice())

    assert len(made) == 2 * RATE
    assert np.array_equal(made, sounds.NOTHING[name](2.0, dice()))
    assert np.abs(made).max() <= 1


@pytest.mark.parametrize("decibels", [0.0, 5.0, 20.0])
def test_noise_is_so_many_decibels_weaker_than_speech(speech: sounds.Sound, decibels: float) -> None:
    added = sounds.with_noise(speech, sounds.white_noise(1.0, dice()), decibels) - speech

    assert 10 * np.log10(np.mean(np.square(speech)) / np.mean(np.square(added))) == pytest.approx(decibels)


def test_a_room_adds_a_tail_and_keeps_length_and_loudness(speech: sounds.Sound) -> None:
    click = np.zeros(RATE)
    click[0] = 1.0

    tail = np.square(sounds.in_a_room(click, dice()))
    heard = sounds.in_a_room(speech, dice())

    assert tail[: RATE // 10].sum() > 10 * tail[RATE // 2 : 6 * RATE // 10].sum() > 0
    assert len(heard) == len(speech)
    assert np.mean(np.square(heard)) == pytest.approx(np.mean(np.square(speech)))


def test_a_telephone_keeps_the_length_and_loses_what_is_high(speech: sounds.Sound) -> None:
    heard = sounds.coded(speech + sounds.white_noise(2.0, dice()), ["-ar", "8000", "-c:a", "pcm_mulaw"], ".wav")

    spectrum = np.abs(np.fft.rfft(heard))
    assert len(heard) == len(speech)
    assert spectrum[: len(spectrum) // 2].sum() > 20 * spectrum[5 * len(spectrum) // 8 :].sum()


@pytest.mark.shared
def test_voice_activity_detection_finds_no_speech_where_nothing_is_said(shared: Path, tmp_path: Path) -> None:
    vad = Vad(shared / "models" / "fsmn-vad", 1)

    for name, make in sounds.NOTHING.items():
        with WavReader(sounds.write_wav(tmp_path / "nothing.wav", make(_SECONDS, dice()))) as reader:
            passed = sum(end - start for start, end in vad.detect(reader))
        assert passed <= (_MUSIC_THAT_PASSES if name == "music" else 0), name

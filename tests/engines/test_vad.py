"""The real FSMN-VAD, fed block by block, hears what it hears in the whole file."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from backend.engines.ports import EngineError
from backend.engines.sound import RATE, Sound, as_floats
from backend.engines.vad import Vad
from tests.engines.test_sound import write

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def vad(shared: Path) -> Vad:
    return Vad(shared / "models" / "fsmn-vad", threads=1)


@pytest.fixture(scope="module")
def lecture(shared: Path) -> np.ndarray:
    with Sound(shared / "audio" / "clips" / "vad_example.wav") as sound:
        return sound.read(0, sound.duration)


@pytest.mark.parametrize("seconds", [60.0, 70.4, 120.0, 120.02])
def test_blocks_hear_what_the_whole_file_hears(vad: Vad, lecture: np.ndarray, tmp_path: Path, seconds: float) -> None:
    samples = np.resize(lecture, round(seconds * RATE))

    with Sound(write(tmp_path / "a.wav", samples)) as sound:
        blocks = vad.speech(sound)
    whole = vad._model.generate(input=as_floats(samples), max_end_silence_time=800)[0]["value"]

    assert len(blocks) > 8
    assert blocks == [(start / 1000, min(end / 1000, sound.duration)) for start, end in whole]


def test_one_recording_leaves_nothing_behind_for_the_next(vad: Vad, lecture: np.ndarray, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", lecture[: RATE * 20])

    def speech() -> list[tuple[float, float]]:
        with Sound(path) as sound:
            return vad.speech(sound)

    first = speech()
    with Sound(write(tmp_path / "b.wav", lecture[RATE * 30 :])) as other:
        vad.speech(other)

    assert speech() == first


@pytest.mark.parametrize("samples", [0, 100, 800, 3200, RATE * 5, RATE * 61])
def test_silence_of_any_length_is_no_speech(vad: Vad, tmp_path: Path, samples: int) -> None:
    with Sound(write(tmp_path / "a.wav", np.zeros(samples))) as sound:
        assert vad.speech(sound) == []


def test_speech_up_to_the_end_ends_with_the_file(vad: Vad, lecture: np.ndarray, tmp_path: Path) -> None:
    with Sound(write(tmp_path / "a.wav", lecture[: RATE * 12])) as sound:
        assert vad.speech(sound)[-1][1] == pytest.approx(12.0, abs=0.05)


def test_a_model_that_is_not_there_says_how_to_get_it(shared: Path, tmp_path: Path) -> None:
    shutil.copytree(shared / "models" / "fsmn-vad", tmp_path / "fsmn-vad", ignore=shutil.ignore_patterns("model.pt"))

    with pytest.raises(EngineError) as caught:
        Vad(tmp_path / "fsmn-vad", threads=1)

    assert caught.value.code == "model_missing"
    assert "python -m backend models fetch" in caught.value.detail

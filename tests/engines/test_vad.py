"""The real FSMN-VAD gives the same result block by block as for the whole file."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from backend.engines.protocols import EngineError
from backend.engines.vad import Vad
from backend.engines.wav_reader import RATE, WavReader, as_floats
from tests.engines.test_wav_reader import write

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def vad(shared: Path) -> Vad:
    return Vad(shared / "models" / "fsmn-vad", threads=1)


@pytest.fixture(scope="module")
def lecture(shared: Path) -> np.ndarray:
    with WavReader(shared / "audio" / "clips" / "vad_example.wav") as reader:
        return reader.read(0, reader.duration)


@pytest.mark.parametrize("seconds", [60.0, 70.4, 120.0, 120.02])
def test_blocks_give_the_same_speech_as_the_whole_file(
    vad: Vad, lecture: np.ndarray, tmp_path: Path, seconds: float
) -> None:
    samples = np.resize(lecture, round(seconds * RATE))

    with WavReader(write(tmp_path / "a.wav", samples)) as reader:
        blocks = vad.detect(reader)
    whole = vad._model.generate(input=as_floats(samples), max_end_silence_time=800)[0]["value"]

    assert len(blocks) > 8
    assert blocks == [(start / 1000, min(end / 1000, reader.duration)) for start, end in whole]


def test_one_recording_does_not_affect_the_next(vad: Vad, lecture: np.ndarray, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", lecture[: RATE * 20])

    def speech() -> list[tuple[float, float]]:
        with WavReader(path) as reader:
            return vad.detect(reader)

    first = speech()
    with WavReader(write(tmp_path / "b.wav", lecture[RATE * 30 :])) as other:
        vad.detect(other)

    assert speech() == first


@pytest.mark.parametrize("samples", [0, 100, 800, 3200, RATE * 5, RATE * 61])
def test_silence_of_any_length_has_no_speech(vad: Vad, tmp_path: Path, samples: int) -> None:
    with WavReader(write(tmp_path / "a.wav", np.zeros(samples))) as reader:
        assert vad.detect(reader) == []


def test_speech_up_to_the_end_ends_with_the_file(vad: Vad, lecture: np.ndarray, tmp_path: Path) -> None:
    with WavReader(write(tmp_path / "a.wav", lecture[: RATE * 12])) as reader:
        assert vad.detect(reader)[-1][1] == pytest.approx(12.0, abs=0.05)


def test_a_missing_model_names_the_fetch_command(shared: Path, tmp_path: Path) -> None:
    shutil.copytree(shared / "models" / "fsmn-vad", tmp_path / "fsmn-vad", ignore=shutil.ignore_patterns("model.pt"))

    with pytest.raises(EngineError) as caught:
        Vad(tmp_path / "fsmn-vad", threads=1)

    assert caught.value.code == "model_missing"
    assert "python -m backend models fetch" in caught.value.detail

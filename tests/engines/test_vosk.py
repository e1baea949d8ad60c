"""The real small Mandarin recogniser on the shared recordings; a restart does not change its result."""

import ctypes
import json
import subprocess
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest
import vosk

from backend.engines.protocols import EngineContext, EngineError, TranscribeOptions
from backend.engines.vosk import Vosk
from backend.engines.wav_reader import RATE, WavReader
from backend.speech.text import join, spoken_characters
from backend.speech.types import Sentence
from tests.engines.test_wav_reader import write

pytestmark = pytest.mark.shared

LENGTH = 65.4  #: seconds of the meeting, up to a pause


@pytest.fixture(scope="module")
def engine(shared: Path) -> Vosk:
    return Vosk(EngineContext(shared / "models"))


@pytest.fixture(scope="module")
def meeting(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first minute of a talk between two people, as a wav file."""
    import imageio_ffmpeg

    wav = tmp_path_factory.mktemp("meeting") / "meeting.wav"
    source = shared / "audio" / "meetings" / "two-minutes.flac"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(source), "-t", str(LENGTH), str(wav)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return wav


@pytest.fixture(scope="module")
def transcribed(
    engine: Vosk, meeting: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Sentence], list[float], Path]:
    """The result of one run, its progress, and its checkpoint file."""
    checkpoint = tmp_path_factory.mktemp("checkpoint") / "finished.jsonl"
    reports: list[float] = []
    sentences = engine.transcribe(
        meeting, TranscribeOptions(checkpoint_file=checkpoint), lambda done, total: reports.append(done / total)
    )
    return sentences, reports, checkpoint


def _ignore(done: float, total: float, /) -> None:
    pass


def _text(sentences: list[Sentence]) -> str:
    return "".join(spoken_characters(sentence.text) for sentence in sentences)


def test_a_meeting_is_recognised_as_well_as_by_vosk_alone(
    engine: Vosk, transcribed: tuple[list[Sentence], list[float], Path], meeting: Path, shared: Path
) -> None:
    lines = (shared / "audio" / "meetings" / "two-minutes.stm").read_text().splitlines()
    spoken = sorted((line.split(maxsplit=5) for line in lines if line), key=lambda fields: float(fields[3]))
    reference = "".join(spoken_characters(fields[5]) for fields in spoken if float(fields[4]) < LENGTH)
    recogniser = vosk.KaldiRecognizer(engine._model, RATE)
    alone = ""
    with WavReader(meeting) as reader:
        for block in reader.blocks(0.25):
            if recogniser.AcceptWaveform(block.tobytes()):
                alone += spoken_characters(json.loads(recogniser.Result())["text"])
    alone += spoken_characters(json.loads(recogniser.FinalResult())["text"])

    assert jiwer.cer(reference, _text(transcribed[0])) <= jiwer.cer(reference, alone)
    assert jiwer.cer(reference, _text(transcribed[0])) < 0.06


def test_sentences_are_readable_and_their_words_follow_each_other(
    transcribed: tuple[list[Sentence], list[float], Path], meeting: Path
) -> None:
    with WavReader(meeting) as reader:
        duration = reader.duration

    words = [word for sentence in transcribed[0] for word in sentence.words]
    for sentence in transcribed[0]:
        assert spoken_characters(sentence.text) == spoken_characters(join(sentence.words))
        assert sentence.text.endswith("。")
        assert len(sentence.words) <= 60
    assert all(len(word.text) == 1 for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert words[0].start >= 0
    assert words[-1].end <= duration


def test_characters_have_the_times_when_they_are_spoken(transcribed: tuple[list[Sentence], list[float], Path]) -> None:
    by_first = {sentence.text[:4]: sentence for sentence in transcribed[0]}

    # in the reference this utterance is from 9.505 to 14.493, including silence at its edges
    assert by_first["清明小长"].start == pytest.approx(9.6, abs=0.4)
    assert by_first["清明小长"].end == pytest.approx(14.2, abs=0.4)


def test_progress_grows_to_the_full_duration(transcribed: tuple[list[Sentence], list[float], Path]) -> None:
    reports = transcribed[1]

    assert len(reports) > 10
    assert sorted(reports) == reports
    assert 0.95 < reports[-1] <= 1.0


def test_a_killed_run_resumes_with_the_same_result(
    engine: Vosk, meeting: Path, transcribed: tuple[list[Sentence], list[float], Path], tmp_path: Path
) -> None:
    lines = transcribed[2].read_bytes().split(b"\n")
    checkpoint = tmp_path / "finished.jsonl"
    assert len(lines) == 3  # a fingerprint and two blocks

    for damaged, first_kept in ([lines[0], lines[1], lines[2][:-9]], True), ([lines[0], b"?", lines[2]], False):
        checkpoint.write_bytes(b"\n".join(damaged))
        reports: list[float] = []

        again = engine.transcribe(
            meeting,
            TranscribeOptions(checkpoint_file=checkpoint),
            lambda done, _, reports=reports: reports.append(done),
        )  # type: ignore[misc]

        assert again == transcribed[0]
        assert (reports[0] > 30) == first_kept  # a block in the checkpoint is not recognised again


def test_kaldis_noise_is_the_same_every_time(engine: Vosk, shared: Path, tmp_path: Path) -> None:
    import imageio_ffmpeg

    wav = tmp_path / "sensitive.wav"  # in this audio a little noise moves a word by a hundredth of a second
    source = shared / "audio" / "meetings" / "two-minutes.flac"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-ss", "80", "-i", str(source), "-t", "12", str(wav)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    transcribed = []
    for seed in range(1, 5):
        ctypes.CDLL(None).srand(seed)  # as if another number of blocks had been recognised before
        transcribed.append(engine.transcribe(wav, TranscribeOptions(), _ignore))

    assert transcribed[1:] == transcribed[:-1]


def test_hotwords_are_ignored(engine: Vosk, meeting: Path, tmp_path: Path) -> None:
    with WavReader(meeting) as reader:
        start = write(tmp_path / "a.wav", reader.read(0, 4.4))

    assert engine.transcribe(start, TranscribeOptions(hotwords=("http://x/y.txt",)), _ignore) == engine.transcribe(
        start, TranscribeOptions(), _ignore
    )


@pytest.mark.parametrize("samples", [0, 3200, RATE * 10])
def test_silence_gives_no_sentences(engine: Vosk, tmp_path: Path, samples: int) -> None:
    assert engine.transcribe(write(tmp_path / "a.wav", np.zeros(samples)), TranscribeOptions(), _ignore) == []


def test_a_fifth_of_a_second_of_speech_is_not_an_error(engine: Vosk, meeting: Path, tmp_path: Path) -> None:
    with WavReader(meeting) as reader:
        blip = reader.read(10.0, 10.2)

    assert isinstance(engine.transcribe(write(tmp_path / "a.wav", blip), TranscribeOptions(), _ignore), list)


def test_a_missing_model_names_the_fetch_command(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        Vosk(EngineContext(tmp_path))

    assert caught.value.code == "model_missing"
    assert "python -m backend models fetch" in caught.value.detail

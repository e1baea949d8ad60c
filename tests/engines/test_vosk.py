"""The real small Mandarin recogniser: what it hears in the shared recordings, and what a restart changes: nothing."""

import ctypes
import json
import subprocess
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest
import vosk

from backend.engines.ports import EngineError, Home, Listening
from backend.engines.sound import RATE, Sound
from backend.engines.vosk import Vosk
from backend.speech.text import bare, join
from backend.speech.types import Sentence
from tests.engines.test_sound import write

pytestmark = pytest.mark.shared

LENGTH = 65.4  #: seconds of the meeting, up to a pause


@pytest.fixture(scope="module")
def engine(shared: Path) -> Vosk:
    return Vosk(Home(shared / "models"))


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
def heard(
    engine: Vosk, meeting: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Sentence], list[float], Path]:
    """What it says in one go, the progress it told, and what it kept."""
    kept = tmp_path_factory.mktemp("kept") / "finished.jsonl"
    told: list[float] = []
    sentences = engine.transcribe(meeting, Listening(finished=kept), lambda done, total: told.append(done / total))
    return sentences, told, kept


def _ignore(done: float, total: float, /) -> None:
    pass


def _said(sentences: list[Sentence]) -> str:
    return "".join(bare(sentence.text) for sentence in sentences)


def test_a_meeting_is_recognised_no_worse_than_by_the_bare_recogniser(
    engine: Vosk, heard: tuple[list[Sentence], list[float], Path], meeting: Path, shared: Path
) -> None:
    lines = (shared / "audio" / "meetings" / "two-minutes.stm").read_text().splitlines()
    spoken = sorted((line.split(maxsplit=5) for line in lines if line), key=lambda fields: float(fields[3]))
    reference = "".join(bare(fields[5]) for fields in spoken if float(fields[4]) < LENGTH)
    recogniser = vosk.KaldiRecognizer(engine._model, RATE)
    said = ""
    with Sound(meeting) as sound:
        for block in sound.blocks(0.25):
            if recogniser.AcceptWaveform(block.tobytes()):
                said += bare(json.loads(recogniser.Result())["text"])
    said += bare(json.loads(recogniser.FinalResult())["text"])

    assert jiwer.cer(reference, _said(heard[0])) <= jiwer.cer(reference, said)
    assert jiwer.cer(reference, _said(heard[0])) < 0.06


def test_sentences_are_readable_and_their_words_follow_each_other(
    heard: tuple[list[Sentence], list[float], Path], meeting: Path
) -> None:
    with Sound(meeting) as sound:
        duration = sound.duration

    words = [word for sentence in heard[0] for word in sentence.words]
    for sentence in heard[0]:
        assert bare(sentence.text) == bare(join(sentence.words))
        assert sentence.text.endswith("。")
        assert len(sentence.words) <= 60
    assert all(len(word.text) == 1 for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert words[0].start >= 0
    assert words[-1].end <= duration


def test_characters_are_heard_when_they_are_said(heard: tuple[list[Sentence], list[float], Path]) -> None:
    by_first = {sentence.text[:4]: sentence for sentence in heard[0]}

    # the reference has this utterance, silence at its edges included, from 9.505 to 14.493
    assert by_first["清明小长"].start == pytest.approx(9.6, abs=0.4)
    assert by_first["清明小长"].end == pytest.approx(14.2, abs=0.4)


def test_progress_grows_to_the_whole_recording(heard: tuple[list[Sentence], list[float], Path]) -> None:
    told = heard[1]

    assert len(told) > 10
    assert sorted(told) == told
    assert 0.95 < told[-1] <= 1.0


def test_a_killed_run_goes_on_where_it_was_with_the_same_result(
    engine: Vosk, meeting: Path, heard: tuple[list[Sentence], list[float], Path], tmp_path: Path
) -> None:
    lines = heard[2].read_bytes().split(b"\n")
    kept = tmp_path / "finished.jsonl"
    assert len(lines) == 3  # a fingerprint and two blocks

    for damaged, first_kept in ([lines[0], lines[1], lines[2][:-9]], True), ([lines[0], b"?", lines[2]], False):
        kept.write_bytes(b"\n".join(damaged))
        told: list[float] = []

        again = engine.transcribe(meeting, Listening(finished=kept), lambda done, _, told=told: told.append(done))  # type: ignore[misc]

        assert again == heard[0]
        assert (told[0] > 30) == first_kept  # a block that was kept is not heard again, piece by piece


def test_the_noise_that_kaldi_adds_is_the_same_every_time(engine: Vosk, shared: Path, tmp_path: Path) -> None:
    import imageio_ffmpeg

    wav = tmp_path / "sensitive.wav"  # here a little noise moves a word by a hundredth of a second
    source = shared / "audio" / "meetings" / "two-minutes.flac"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-ss", "80", "-i", str(source), "-t", "12", str(wav)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    heard = []
    for seed in range(1, 5):
        ctypes.CDLL(None).srand(seed)  # as after more or fewer blocks than before a restart
        heard.append(engine.transcribe(wav, Listening(), _ignore))

    assert heard[1:] == heard[:-1]


def test_hotwords_change_nothing_and_harm_nothing(engine: Vosk, meeting: Path, tmp_path: Path) -> None:
    with Sound(meeting) as sound:
        start = write(tmp_path / "a.wav", sound.read(0, 4.4))

    assert engine.transcribe(start, Listening(hotwords=("http://x/y.txt",)), _ignore) == engine.transcribe(
        start, Listening(), _ignore
    )


@pytest.mark.parametrize("samples", [0, 3200, RATE * 10])
def test_silence_is_empty(engine: Vosk, tmp_path: Path, samples: int) -> None:
    assert engine.transcribe(write(tmp_path / "a.wav", np.zeros(samples)), Listening(), _ignore) == []


def test_a_fifth_of_a_second_of_speech_is_no_error(engine: Vosk, meeting: Path, tmp_path: Path) -> None:
    with Sound(meeting) as sound:
        blip = sound.read(10.0, 10.2)

    assert isinstance(engine.transcribe(write(tmp_path / "a.wav", blip), Listening(), _ignore), list)


def test_a_model_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        Vosk(Home(tmp_path))

    assert caught.value.code == "model_missing"
    assert "python -m backend models fetch" in caught.value.detail

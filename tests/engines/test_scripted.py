"""The scripted engine plays its script, or the demo if it has none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.engines.protocols import EngineContext, EngineError, SpeakerHints, TranscribeOptions
from backend.engines.result_checks import check_diarization, check_sentences
from backend.engines.scripted import Scripted, ScriptedDiarizer
from backend.speech.text import join, spoken_characters
from backend.speech.types import Diarization, Sentence, Turn, Word
from tests.engines.conftest import ProgressRecorder, tone

Script = Callable[..., Path]


def hear(
    script: Path | None, audio: Path, recorder: ProgressRecorder, checkpoint_file: Path | None = None
) -> list[Sentence]:
    engine = Scripted(EngineContext(audio.parent, script=script))
    return engine.transcribe(audio, TranscribeOptions(checkpoint_file=checkpoint_file), recorder)


def diarize(script: Path | None, audio: Path, recorder: ProgressRecorder) -> Diarization:
    return ScriptedDiarizer(EngineContext(audio.parent, script=script)).diarize(audio, SpeakerHints(), recorder)


def test_the_characters_of_a_text_share_its_time(script: Script, audio: Path, recorder: ProgressRecorder) -> None:
    sentences = hear(script(sentences=[{"start": 1.0, "end": 2.0, "text": "你好，GPT 4。"}]), audio, recorder)

    words = (Word("你", 1.0, 1.25), Word("好", 1.25, 1.5), Word("GPT", 1.5, 1.75), Word("4", 1.75, 2.0))
    assert sentences == [Sentence(1.0, 2.0, "你好，GPT 4。", words)]


def test_words_and_errors_of_the_script_are_returned(script: Script, audio: Path, recorder: ProgressRecorder) -> None:
    rows = [
        {"start": 0.0, "end": 1.0, "text": "好。", "words": [["好", 0.2, 0.4]]},
        {"start": 1.0, "end": 2.0, "error": "asr_error"},
    ]

    sentences = hear(script(sentences=rows), audio, recorder)

    assert sentences == [Sentence(0.0, 1.0, "好。", (Word("好", 0.2, 0.4),)), Sentence(1.0, 2.0, "", (), "asr_error")]


def test_an_empty_script_gives_no_sentences(script: Script, audio: Path, recorder: ProgressRecorder) -> None:
    assert hear(script(sentences=[]), audio, recorder) == []
    assert diarize(script(sentences=[]), audio, recorder) == Diarization()


def test_turns_come_from_the_voices_and_exclusive_ones_do_not_overlap(
    script: Script, audio: Path, recorder: ProgressRecorder
) -> None:
    rows = [
        {"start": 0.0, "end": 1.0, "text": "一", "voice": "A"},
        {"start": 1.5, "end": 3.0, "text": "二", "voice": "A"},
        {"start": 2.5, "end": 4.0, "text": "三", "voice": "B"},
    ]

    diarization = diarize(script(sentences=rows), audio, recorder)

    assert diarization.turns == (Turn("A", 0.0, 3.0), Turn("B", 2.5, 4.0))
    assert diarization.exclusive == (Turn("A", 0.0, 3.0), Turn("B", 3.0, 4.0))


@pytest.mark.parametrize("seconds", [0.0, 0.4, 3.0, 59.0, 60.0, 150.0])
def test_the_demo_fits_any_recording(
    script: Script, tmp_path: Path, recorder: ProgressRecorder, seconds: float
) -> None:
    audio, quick = tone(tmp_path / "speech.wav", seconds), script()

    sentences = check_sentences(hear(quick, audio, recorder))
    diarization = check_diarization(diarize(quick, audio, recorder))

    assert bool(sentences) == (seconds > 0)
    assert all(sentence.end <= seconds for sentence in sentences)
    assert all(spoken_characters(sentence.text) == spoken_characters(join(sentence.words)) for sentence in sentences)
    if seconds >= 59:
        assert seconds - sentences[-1].end < 10
        assert {turn.voice for turn in diarization.turns} == {"A", "B", "C"}


def test_without_a_script_the_demo_is_played(tmp_path: Path, recorder: ProgressRecorder) -> None:
    audio = tone(tmp_path / "speech.wav", 8.0)

    assert [sentence.text for sentence in hear(None, audio, recorder)] == [
        "大家早上好，我们开始今天的项目例会。",
        "先请李工说一下新版本的进度。",
    ]


def test_steps_in_the_checkpoint_are_not_played_again(
    script: Script, audio: Path, recorder: ProgressRecorder, tmp_path: Path
) -> None:
    rows = [{"start": float(k), "end": k + 1.0, "text": "好"} for k in range(3)]
    marked: dict[str, Any] = {str(k): {"delay": 0, "once": str(tmp_path / f"played {k}")} for k in range(3)}
    broken = script(sentences=rows, transcribe={"steps": {**marked, "2": {"raise": "broken"}}})
    with pytest.raises(RuntimeError, match="broken"):
        hear(broken, audio, recorder, tmp_path / "finished")
    for marker in tmp_path.glob("played *"):
        marker.unlink()

    sentences = hear(script(sentences=rows, transcribe={"steps": marked}), audio, recorder, tmp_path / "finished")

    assert [sentence.start for sentence in sentences] == [0.0, 1.0, 2.0]
    assert [path.name for path in tmp_path.glob("played *")] == ["played 2"]


def test_a_fault_that_happens_once_does_not_happen_again(
    script: Script, audio: Path, recorder: ProgressRecorder, tmp_path: Path
) -> None:
    fault = {"raise": "broken", "once": str(tmp_path / "happened")}
    once = script(turns=[["A", 0, 1]], diarize={"steps": {"0": fault}})

    with pytest.raises(RuntimeError, match="broken"):
        diarize(once, audio, recorder)

    assert diarize(once, audio, recorder).turns == (Turn("A", 0, 1),)


def test_invalid_audio_is_refused(script: Script, tmp_path: Path, recorder: ProgressRecorder) -> None:
    (tmp_path / "not.wav").write_bytes(b"RIFF")

    with pytest.raises(EngineError, match="audio_unreadable"):
        hear(script(), tmp_path / "not.wav", recorder)

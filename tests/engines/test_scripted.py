"""The scripted engine plays what it is given, and the demo where it is given nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.engines.checks import check_diarization, check_sentences
from backend.engines.ports import EngineError, Home, Listening, SpeakerHints
from backend.engines.scripted import Scripted, ScriptedDiarizer
from backend.speech.text import bare, join
from backend.speech.types import Diarization, Sentence, Turn, Word
from tests.engines.conftest import Told, tone

Script = Callable[..., Path]


def hear(script: Path | None, audio: Path, told: Told, finished: Path | None = None) -> list[Sentence]:
    engine = Scripted(Home(audio.parent, script=script))
    return engine.transcribe(audio, Listening(finished=finished), told)


def diarize(script: Path | None, audio: Path, told: Told) -> Diarization:
    return ScriptedDiarizer(Home(audio.parent, script=script)).diarize(audio, SpeakerHints(), told)


def test_the_characters_of_a_text_share_its_time(script: Script, audio: Path, told: Told) -> None:
    sentences = hear(script(sentences=[{"start": 1.0, "end": 2.0, "text": "你好，GPT 4。"}]), audio, told)

    words = (Word("你", 1.0, 1.25), Word("好", 1.25, 1.5), Word("GPT", 1.5, 1.75), Word("4", 1.75, 2.0))
    assert sentences == [Sentence(1.0, 2.0, "你好，GPT 4。", words)]


def test_given_words_and_errors_are_kept(script: Script, audio: Path, told: Told) -> None:
    rows = [
        {"start": 0.0, "end": 1.0, "text": "好。", "words": [["好", 0.2, 0.4]]},
        {"start": 1.0, "end": 2.0, "error": "asr_error"},
    ]

    sentences = hear(script(sentences=rows), audio, told)

    assert sentences == [Sentence(0.0, 1.0, "好。", (Word("好", 0.2, 0.4),)), Sentence(1.0, 2.0, "", (), "asr_error")]


def test_no_sentences_are_silence(script: Script, audio: Path, told: Told) -> None:
    assert hear(script(sentences=[]), audio, told) == []
    assert diarize(script(sentences=[]), audio, told) == Diarization()


def test_turns_come_from_the_voices_and_who_began_first_stays_alone(script: Script, audio: Path, told: Told) -> None:
    rows = [
        {"start": 0.0, "end": 1.0, "text": "一", "voice": "A"},
        {"start": 1.5, "end": 3.0, "text": "二", "voice": "A"},
        {"start": 2.5, "end": 4.0, "text": "三", "voice": "B"},
    ]

    diarization = diarize(script(sentences=rows), audio, told)

    assert diarization.turns == (Turn("A", 0.0, 3.0), Turn("B", 2.5, 4.0))
    assert diarization.exclusive == (Turn("A", 0.0, 3.0), Turn("B", 3.0, 4.0))


@pytest.mark.parametrize("seconds", [0.0, 0.4, 3.0, 59.0, 60.0, 150.0])
def test_the_demo_fits_any_recording(script: Script, tmp_path: Path, told: Told, seconds: float) -> None:
    audio, quick = tone(tmp_path / "speech.wav", seconds), script()

    sentences = check_sentences(hear(quick, audio, told))
    diarization = check_diarization(diarize(quick, audio, told))

    assert bool(sentences) == (seconds > 0)
    assert all(sentence.end <= seconds for sentence in sentences)
    assert all(bare(sentence.text) == bare(join(sentence.words)) for sentence in sentences)
    if seconds >= 59:
        assert seconds - sentences[-1].end < 10
        assert {turn.voice for turn in diarization.turns} == {"A", "B", "C"}


def test_without_a_script_the_demo_is_played(tmp_path: Path, told: Told) -> None:
    audio = tone(tmp_path / "speech.wav", 8.0)

    assert [sentence.text for sentence in hear(None, audio, told)] == [
        "大家早上好，我们开始今天的项目例会。",
        "先请李工说一下新版本的进度。",
    ]


def test_kept_steps_are_not_played_again(script: Script, audio: Path, told: Told, tmp_path: Path) -> None:
    rows = [{"start": float(k), "end": k + 1.0, "text": "好"} for k in range(3)]
    marked: dict[str, Any] = {str(k): {"delay": 0, "once": str(tmp_path / f"played {k}")} for k in range(3)}
    broken = script(sentences=rows, transcribe={"steps": {**marked, "2": {"raise": "broken"}}})
    with pytest.raises(RuntimeError, match="broken"):
        hear(broken, audio, told, tmp_path / "finished")
    for marker in tmp_path.glob("played *"):
        marker.unlink()

    sentences = hear(script(sentences=rows, transcribe={"steps": marked}), audio, told, tmp_path / "finished")

    assert [sentence.start for sentence in sentences] == [0.0, 1.0, 2.0]
    assert [path.name for path in tmp_path.glob("played *")] == ["played 2"]


def test_a_fault_that_happens_once_does_not_happen_again(
    script: Script, audio: Path, told: Told, tmp_path: Path
) -> None:
    fault = {"raise": "broken", "once": str(tmp_path / "happened")}
    once = script(turns=[["A", 0, 1]], diarize={"steps": {"0": fault}})

    with pytest.raises(RuntimeError, match="broken"):
        diarize(once, audio, told)

    assert diarize(once, audio, told).turns == (Turn("A", 0, 1),)


def test_audio_that_is_none_is_refused(script: Script, tmp_path: Path, told: Told) -> None:
    (tmp_path / "not.wav").write_bytes(b"RIFF")

    with pytest.raises(EngineError, match="audio_unreadable"):
        hear(script(), tmp_path / "not.wav", told)

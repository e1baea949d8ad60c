"""The engines of a server: each starts on request, in a child process of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from backend.engines.hosts import Engines
from backend.engines.protocols import EngineError, SpeakerHints, TranscribeOptions
from backend.speech.types import diarization_from_json, sentence_from_json
from tests.engines.conftest import ProgressRecorder

Script = Callable[..., Path]

SENTENCES = [
    {"start": 0.0, "end": 1.0, "text": "你好。", "voice": "A"},
    {"start": 1.0, "end": 2.0, "text": "再见。", "voice": "B"},
]


@pytest.fixture
async def engines(tmp_path: Path, script: Script) -> AsyncIterator[Engines]:
    engines = Engines(tmp_path / "models", script=script(sentences=SENTENCES), demo=True)
    yield engines
    await engines.close()


async def test_no_engine_starts_before_its_first_request(engines: Engines) -> None:
    assert engines.state() == []


async def test_transcriber_and_diarizer_run_at_the_same_time(engines: Engines, audio: Path, tmp_path: Path) -> None:
    sentences_file, turns_file = tmp_path / "sentences.json", tmp_path / "turns.json"

    await asyncio.gather(
        engines.transcribe("scripted", audio, TranscribeOptions(), sentences_file, ProgressRecorder()),
        engines.diarize("scripted-diarizer", audio, SpeakerHints(), turns_file, ProgressRecorder()),
    )

    sentences = [sentence_from_json(row) for row in json.loads(sentences_file.read_text())]
    diarization = diarization_from_json(json.loads(turns_file.read_text()))
    assert [sentence.text for sentence in sentences] == ["你好。", "再见。"]
    assert [turn.voice for turn in diarization.turns] == ["A", "B"]
    states = engines.state()
    assert [(state["name"], state["alive"], state["served"]) for state in states] == [
        ("scripted", True, 1),
        ("scripted-diarizer", True, 1),
    ]
    assert len({state["pid"] for state in states}) == 2


async def test_chunks_in_the_checkpoint_file_are_not_recognised_again(
    tmp_path: Path, script: Script, audio: Path
) -> None:
    fault = {"exit": 1, "once": str(tmp_path / "happened")}
    script_file = script(
        sentences=SENTENCES, transcribe={"steps": {"0": {"delay": 0, "once": str(tmp_path / "delayed")}, "1": fault}}
    )
    engines = Engines(tmp_path, script=script_file, demo=True)
    options, result = TranscribeOptions(checkpoint_file=tmp_path / "finished"), tmp_path / "sentences.json"

    with pytest.raises(EngineError, match="engine_died"):
        await engines.transcribe("scripted", audio, options, result, ProgressRecorder())
    checkpoint = (tmp_path / "finished").read_text()
    await engines.transcribe("scripted", audio, options, result, ProgressRecorder())
    await engines.close()

    assert "你好。" in checkpoint
    assert "再见。" not in checkpoint
    assert [row["text"] for row in json.loads(result.read_text())] == ["你好。", "再见。"]


async def test_missing_models_are_an_error_with_the_fetch_command(tmp_path: Path, audio: Path) -> None:
    engines = Engines(tmp_path / "models")

    with pytest.raises(EngineError) as raised:
        await engines.transcribe("vosk", audio, TranscribeOptions(), tmp_path / "result", ProgressRecorder())
    await engines.close()

    assert raised.value.code == "model_missing"
    assert "python -m backend models fetch" in raised.value.detail


@pytest.mark.parametrize("name", ["nobody", "scripted-diarizer"])
async def test_an_engine_that_cannot_do_the_task_is_refused(
    engines: Engines, audio: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(EngineError, match="model_missing"):
        await engines.transcribe(name, audio, TranscribeOptions(), tmp_path / "result", ProgressRecorder())


async def test_the_scripted_engine_works_only_in_the_demo(tmp_path: Path, audio: Path) -> None:
    with pytest.raises(EngineError, match="model_missing"):
        await Engines(tmp_path).transcribe(
            "scripted", audio, TranscribeOptions(), tmp_path / "result", ProgressRecorder()
        )


async def test_closed_engines_accept_no_requests(engines: Engines, audio: Path, tmp_path: Path) -> None:
    await engines.close()

    with pytest.raises(EngineError, match="stopping"):
        await engines.transcribe("scripted", audio, TranscribeOptions(), tmp_path / "result", ProgressRecorder())

"""What the pipeline passes to its engines, and reuses of their results."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.engines.protocols import SpeakerHints, TranscribeOptions
from backend.jobs import pipeline, voices
from backend.jobs.options import Options
from backend.jobs.pipeline import Outcome, Pipeline, Source
from backend.jobs.tables import Stage
from backend.jobs.workspace import DOCUMENT, PASSES, VOICES, Workspace
from backend.recordings.peaks import make_peaks
from backend.speech.types import Sentence, Word, sentence_to_json
from backend.speech.voices import Voice, voices_to_json
from tests.engines.conftest import tone
from tests.engines.installed_models import plant
from tests.recordings.bursts import Burst, bursts_wav
from tests.recordings.conftest import wav_of

Progress = Callable[[float, float], None]


class Engines:
    """Recognises nothing. Its diarizer writes passes to the cache file, and records what it found there."""

    def __init__(self) -> None:
        self.found: list[bytes | None] = []
        self.hints: list[SpeakerHints] = []

    async def transcribe(
        self, name: str, audio: Path, options: TranscribeOptions, result: Path, progress: Progress
    ) -> None:
        result.write_text("[]")

    async def diarize(self, name: str, audio: Path, options: SpeakerHints, result: Path, progress: Progress) -> None:
        assert options.cache_file is not None
        self.hints.append(options)
        self.found.append(options.cache_file.read_bytes() if options.cache_file.exists() else None)
        options.cache_file.write_bytes(b"passes")
        result.write_text(json.dumps({"turns": [], "exclusive": []}))


@pytest.fixture
def engines() -> Engines:
    return Engines()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    folder = tmp_path / "recording"
    folder.mkdir()
    return Source(tone(folder / "original.wav", 2.0), folder / "listen.m4a", folder / "peaks.json", 60.0)


async def run(engines: Engines, source: Source, job: str, options: Options) -> Workspace:
    workspace = Workspace(source.original.parent / "jobs" / job)
    await Pipeline(engines, source.original.parent, demo=True).run(source, workspace, options, _ignore)
    return workspace


async def test_a_job_with_another_number_of_speakers_reuses_earlier_passes(engines: Engines, source: Source) -> None:
    first = await run(engines, source, "first", Options())
    second = await run(engines, source, "second", Options(min_speakers=3, max_speakers=3))

    assert engines.found == [None, b"passes"]
    assert (engines.hints[1].min_speakers, engines.hints[1].max_speakers) == (3, 3)
    assert second.path(PASSES).samefile(first.path(PASSES))


class SoundingEngines(Engines):
    """Its diarizer leaves how the voices sound, where it is asked to."""

    async def diarize(self, name: str, audio: Path, options: SpeakerHints, result: Path, progress: Progress) -> None:
        if options.voices_file is not None:
            options.voices_file.write_text(json.dumps(voices_to_json(name, [VOICE])))
        await super().diarize(name, audio, options, result, progress)


VOICE = Voice("A", (0.25, -0.5), ((0.0, 2.0),))


async def test_how_voices_sound_is_kept_encrypted_and_reused(source: Source) -> None:
    engines = SoundingEngines()
    pipeline = Pipeline(engines, source.original.parent, demo=True, voices_key="a key")
    workspaces = [Workspace(source.original.parent / "jobs" / job) for job in ("first", "second")]

    for workspace in workspaces:
        await pipeline.run(source, workspace, Options(), _ignore)

    assert voices.read([workspaces[1].folder], "a key") == ("scripted-diarizer", [VOICE])
    assert voices.read([workspaces[1].folder], "another key") is None
    assert workspaces[1].path(VOICES).samefile(workspaces[0].path(VOICES))
    assert not [file for file in workspaces[0].folder.iterdir() if b"0.25" in file.read_bytes()]
    assert 1 == len(engines.hints)
    assert "a key" not in repr(pipeline)


async def test_a_recording_from_before_gets_its_voices_from_its_passes(source: Source) -> None:
    engines = SoundingEngines()
    before = await run(engines, source, "before", Options())
    assert not before.path(VOICES).exists()
    workspace = Workspace(source.original.parent / "jobs" / "after")

    await Pipeline(engines, source.original.parent, demo=True, voices_key="a key").run(
        source, workspace, Options(), _ignore
    )

    assert voices.read([workspace.folder], "a key") == ("scripted-diarizer", [VOICE])
    assert engines.found == [None, b"passes"]


async def test_a_recording_without_speech_has_an_empty_transcript_and_says_so(engines: Engines, source: Source) -> None:
    workspace = Workspace(source.original.parent / "jobs" / "silent")

    outcome = await Pipeline(engines, source.original.parent, demo=True).run(source, workspace, Options(), _ignore)

    assert () == outcome.document.segments
    assert ["nothing_said"] == [warning["code"] for warning in outcome.warnings]


async def test_a_fresh_job_reuses_no_passes(engines: Engines, source: Source) -> None:
    await run(engines, source, "first", Options())
    await run(engines, source, "second", Options(fresh=True))

    assert engines.found == [None, None]


async def test_unfinished_passes_are_not_reused(engines: Engines, source: Source) -> None:
    first = await run(engines, source, "first", Options())
    first.path(f"{PASSES}.seal").unlink()

    await run(engines, source, "second", Options(min_speakers=3, max_speakers=3))

    assert engines.found == [None, None]


class SpeakingEngines(Engines):
    """Recognises the sentences it was made with, and records the options it was given."""

    def __init__(self, *sentences: Sentence) -> None:
        super().__init__()
        self.sentences = sentences
        self.options: list[TranscribeOptions] = []

    async def transcribe(
        self, name: str, audio: Path, options: TranscribeOptions, result: Path, progress: Progress
    ) -> None:
        self.options.append(options)
        result.write_text(json.dumps([sentence_to_json(sentence) for sentence in self.sentences]))


def said(start: float, end: float, text: str, language: str | None) -> Sentence:
    return Sentence(start, end, text, (Word(text, start, end),), language=language)


async def outcome_of(engines: Engines, source: Source, options: Options) -> Outcome:
    """With a Vosk that counts as installed."""
    models = source.original.parent / "models"
    if not models.exists():
        plant(models, "vosk-model-small-cn", {"final.mdl": b"planted"})
        plant(models, "fsmn-vad", {"model.onnx": b"planted"})
    workspace = Workspace(source.original.parent / "jobs" / "first")
    return await Pipeline(engines, models, demo=True).run(source, workspace, options, _ignore)


async def test_the_document_is_in_the_language_that_was_heard_most(source: Source) -> None:
    engines = SpeakingEngines(said(0.0, 0.4, "好", "zh"), said(0.5, 1.9, "hello", "en"))

    outcome = await outcome_of(engines, source, Options())

    assert outcome.document.language == "en"
    stored = json.loads((source.original.parent / "jobs" / "first" / DOCUMENT).read_text())
    assert stored["language"] == "en"


async def test_the_channels_of_a_telephone_call_tell_who_speaks(source: Source) -> None:
    """Its diarizer hears nobody."""
    turns = [bursts_wav([Burst(time, n % 2) for time in (0.2, 0.9, 1.6, 2.3)], rate=8000, channels=2) for n in range(4)]
    source.original.write_bytes(wav_of(b"".join(turn[44:] for turn in turns), rate=8000, channels=2))
    sentences = [
        said(3.0 * n + 0.3, 3.0 * n + 2.5, text, "zh") for n, text in enumerate(("你好", "喂", "在吗", "在的"))
    ]

    document = (await outcome_of(SpeakingEngines(*sentences), source, Options())).document

    spoken = [(segment.speaker, segment.text) for segment in document.segments]
    first, second = document.speakers[0].id, document.speakers[1].id
    assert spoken == [(first, "你好"), (second, "喂"), (first, "在吗"), (second, "在的")]


async def test_an_engine_without_hotwords_says_so_and_is_given_none(source: Source) -> None:
    engines = SpeakingEngines()

    outcome = await outcome_of(engines, source, Options(transcriber="vosk", hotwords=("火山引擎", "王芳")))

    (warning,) = [one for one in outcome.warnings if one["code"] == "hotwords_unsupported"]
    assert warning["names"] == "火山引擎, 王芳"
    assert "so these had no effect: 火山引擎, 王芳." in warning["detail"]
    assert engines.options[0].hotwords == ()


async def test_an_engine_that_does_not_know_the_chosen_language_says_so(source: Source) -> None:
    outcome = await outcome_of(SpeakingEngines(), source, Options(transcriber="vosk", language="ja"))

    assert [one["names"] for one in outcome.warnings if one["code"] == "language_unsupported"] == ["ja"]
    assert outcome.document.language == "zh"


async def test_options_that_an_engine_follows_cause_no_warning(source: Source) -> None:
    outcome = await outcome_of(SpeakingEngines(), source, Options(hotwords=("火山引擎",), language="zh"))

    assert ["nothing_said"] == [warning["code"] for warning in outcome.warnings]


async def test_no_engine_waits_for_the_peaks(engines: Engines, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    transcribed = asyncio.Event()

    class SignallingEngines(Engines):
        async def transcribe(
            self, name: str, audio: Path, options: TranscribeOptions, result: Path, progress: Progress
        ) -> None:
            await super().transcribe(name, audio, options, result, progress)
            transcribed.set()

    async def draw_late(wav: Path, out: Path) -> None:
        await transcribed.wait()
        await make_peaks(wav, out)

    monkeypatch.setattr(pipeline, "make_peaks", draw_late)

    await asyncio.wait_for(run(SignallingEngines(), source, "first", Options()), 60)

    assert source.peaks.exists()


def _ignore(_stage: Stage, _done: float, _total: float) -> None:
    pass

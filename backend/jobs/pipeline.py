"""The transcription pipeline: prepare, transcribe and diarize at once, merge. Each stage leaves a checked artifact."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from backend.engines.hotwords import HotwordChoice, choose_hotwords
from backend.engines.protocols import EngineError, SpeakerHints, TranscribeOptions
from backend.engines.registry import ENGINES, Engine, choose, with_whisper_models
from backend.engines.turns import Priority
from backend.jobs.options import Options
from backend.jobs.tables import Stage
from backend.jobs.voices import UNSEALED_VOICES, seal
from backend.jobs.workspace import DOCUMENT, FINISHED, PASSES, SENTENCES, SPEECH, TURNS, VOICES, Workspace
from backend.recordings.media import normalize
from backend.recordings.peaks import make_peaks
from backend.recordings.probe import probe
from backend.settings import Settings
from backend.speech.channels import use_channels
from backend.speech.languages import AUTO, spoken_language
from backend.speech.merge import merge
from backend.speech.types import Diarization, Sentence, Turn, diarization_from_json, sentence_from_json
from backend.transcripts.document import Document, document_to_json, from_merged
from backend.voice_settings import Voices

logger = logging.getLogger(__name__)

#: What the warnings of `backend.recordings.media` say.
_MEDIA_WARNINGS = {
    "media_damaged": "Parts of this file are damaged; what could be read was transcribed.",
    "track_unreadable": "Some audio tracks of this file could not be read; the others were transcribed.",
    "tracks_left_out": "This file has audio in several languages; one of them was transcribed. For another one, "
    "transcribe it again with that language chosen.",
    "times_uncertain": "The audio of this file is longer than it says: times may be wrong. Report it as a fault.",
}

_NOTHING_SAID = "No speech was found in this recording, so its transcript is empty."

#: Called with a stage, the seconds of audio it has done, and the seconds there are in all.
ProgressCallback = Callable[[Stage, float, float], None]
#: Called with a stage, the seconds of audio there are in all, and how many others have the engine before it: None when
#: it has its turn.
StageWaitCallback = Callable[[Stage, float, int | None], None]


def ignore_stage_wait(_stage: Stage, _seconds: float, _ahead: int | None) -> None:
    """Used where nobody is told."""


class EngineClient(Protocol):
    """What the pipeline needs of the engines; `backend.engines.hosts.Engines` implements it."""

    async def transcribe(
        self, name: str, audio: Path, options: TranscribeOptions, result: Path, progress: Callable[[float, float], None]
    ) -> None: ...

    async def diarize(
        self, name: str, audio: Path, options: SpeakerHints, result: Path, progress: Callable[[float, float], None]
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Source:
    """The recording to transcribe: its original files, and where the files for the browser go."""

    original: Path  #: its first file
    listening_copy: Path
    peaks: Path
    max_seconds: float
    following: tuple[Path, ...] = ()  #: its other files, in the order of the audio
    owner_id: str = ""  #: engines are shared fairly between owners


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a finished pipeline; warnings are {"code", "detail"}."""

    document: Document
    warnings: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Run it again after a crash: it continues at the first stage whose artifact is missing or damaged."""

    engines: EngineClient
    models_dir: Path
    demo: bool = False
    transcriber: str | None = None  #: used when the options name none
    diarizer: str | None = None
    registry: Mapping[str, Engine] = field(default_factory=lambda: ENGINES)
    voices_key: str | None = field(default=None, repr=False)  #: encrypts how the voices sound; None: it is not kept

    async def run(
        self,
        source: Source,
        workspace: Workspace,
        options: Options,
        report_progress: ProgressCallback,
        report_wait: StageWaitCallback = ignore_stage_wait,
    ) -> Outcome:
        """Make the document. Raises AppError for a recording that cannot be used and EngineError for an engine that
        failed; a diarizer that fails is a warning. Cancelling stops the children within two seconds."""
        transcriber = choose(
            "transcribe", options.transcriber or self.transcriber, self.models_dir, self.demo, self.registry
        )
        await asyncio.to_thread(workspace.open)
        engine = self.registry[transcriber]
        hotwords = await asyncio.to_thread(choose_hotwords, engine, self.models_dir, options.hotwords)
        warnings = _option_warnings(engine, hotwords, options.language)
        wanted = engine.languages if options.language == AUTO else (options.language,)
        seconds, audio_facts = await self._prepare(
            source, workspace, wanted, report_progress, warnings, fresh=options.fresh
        )
        speech = workspace.path(SPEECH)

        def sharing(stage: Stage) -> dict[str, Any]:
            """The options for sharing an engine with other jobs."""
            priority = Priority(source.owner_id, seconds)
            return {"priority": priority, "on_wait": lambda ahead: report_wait(stage, seconds, ahead)}

        async def recognize() -> list[Sentence]:
            async def make_artifact(result: Path) -> None:
                transcribe_options = replace(
                    options.transcribe_options,
                    hotwords=hotwords.usable,
                    checkpoint_file=workspace.path(FINISHED),
                    **sharing(Stage.TRANSCRIBE),
                )
                await self.engines.transcribe(
                    transcriber,
                    speech,
                    transcribe_options,
                    result,
                    lambda done, total: report_progress(Stage.TRANSCRIBE, done, total),
                )

            facts = {"engine": transcriber, "hotwords": list(hotwords.usable), **audio_facts}
            if options.language != AUTO:  # so that the artifacts of jobs before there was a choice still count
                facts["language"] = options.language
            rows = await _make_artifact(workspace, SENTENCES, facts, make_artifact, fresh=options.fresh)
            report_progress(Stage.TRANSCRIBE, seconds, seconds)
            return [sentence_from_json(row) for row in rows]

        diarize_task = asyncio.create_task(
            self._diarize(workspace, options, sharing(Stage.DIARIZE), report_progress, seconds, warnings, audio_facts)
        )
        peaks_task = asyncio.create_task(_make_peaks(speech, source.peaks))  # no engine waits for it
        try:
            sentences = await recognize()
            diarizer, diarization = await diarize_task
            await peaks_task
        except BaseException:
            diarize_task.cancel()
            peaks_task.cancel()
            await asyncio.wait([diarize_task, peaks_task])
            raise
        engines = {"transcribe": transcriber} | ({"diarize": diarizer} if diarizer else {})
        report_progress(Stage.MERGE, 0.0, seconds)
        language = spoken_language(sentences, engine.languages, options.language)
        document = await asyncio.to_thread(_merge, sentences, diarization, seconds, engines, language)
        await asyncio.to_thread(workspace.write, DOCUMENT, document_to_json(document))
        report_progress(Stage.MERGE, seconds, seconds)
        warnings += _failed_segment_warnings(document)
        if not document.segments:
            warnings.append({"code": "nothing_said", "detail": _NOTHING_SAID})
        return Outcome(document, warnings)

    async def _prepare(
        self,
        source: Source,
        workspace: Workspace,
        languages: Sequence[str],
        report_progress: ProgressCallback,
        warnings: list[dict[str, str]],
        *,
        fresh: bool,
    ) -> tuple[float, dict[str, str]]:
        """Decode the recording; answers its seconds, and what other artifacts depend on beside the recording."""
        wav = workspace.path(SPEECH)
        facts = await asyncio.to_thread(workspace.facts, SPEECH)
        if facts is None and not fresh:
            facts = await asyncio.to_thread(workspace.reuse, SPEECH)
            if facts and facts.get("languages"):  # it may be another language that is wanted, or that the copy holds
                facts = None
        if facts is None or not source.listening_copy.exists():
            probed = [
                await probe(path, max_seconds=source.max_seconds) for path in (source.original, *source.following)
            ]
            expected = sum(one.duration for one in probed)
            normalized = await normalize(
                source.original,
                more_sources=source.following,
                wav=wav,
                listening_copy=source.listening_copy,
                max_seconds=source.max_seconds,
                languages=languages,
                on_progress=lambda done: report_progress(Stage.PREPARE, min(done, expected), expected),
                probes=probed,
            )
            facts = {"seconds": normalized.duration, "warnings": list(normalized.warnings)}
            if normalized.channel_turns:
                facts["channel_turns"] = [list(turn) for turn in normalized.channel_turns]
            if normalized.unreadable:
                facts["unreadable"] = list(normalized.unreadable)
            if normalized.languages:
                facts["languages"] = list(normalized.languages)
                await asyncio.to_thread(source.peaks.unlink, missing_ok=True)  # they may be those of another language
            await asyncio.to_thread(workspace.record_checksum, SPEECH, facts)
        seconds = float(facts["seconds"])
        report_progress(Stage.PREPARE, seconds, seconds)
        warnings += _media_warnings(facts)
        return seconds, {"track_language": facts["languages"][0]} if facts.get("languages") else {}

    async def _diarize(
        self,
        workspace: Workspace,
        options: Options,
        sharing: Mapping[str, Any],
        report_progress: ProgressCallback,
        seconds: float,
        warnings: list[dict[str, str]],
        audio_facts: Mapping[str, str],
    ) -> tuple[str | None, Diarization]:
        try:
            diarizer = choose("diarize", options.diarizer or self.diarizer, self.models_dir, self.demo)
        except EngineError as error:
            warnings.append({"code": "diarizer_missing", "detail": error.detail})
            return None, Diarization()

        async def make_artifact(result: Path) -> None:
            cache_file = workspace.path(PASSES)
            if not cache_file.exists() and not options.fresh:
                await asyncio.to_thread(workspace.reuse, PASSES, passes_facts)
            await self.engines.diarize(
                diarizer,
                workspace.path(SPEECH),
                replace(hints, cache_file=cache_file, voices_file=voices_file, **sharing),
                result,
                lambda done, total: report_progress(Stage.DIARIZE, done, total),
            )
            if self.voices_key is not None:
                await asyncio.to_thread(seal, workspace, self.voices_key, facts)
            if cache_file.exists():  # a later job of this recording may want another number of speakers
                await asyncio.to_thread(workspace.record_checksum, PASSES, passes_facts)

        hints = options.speaker_hints
        passes_facts = {"engine": diarizer, **audio_facts}
        facts = {**passes_facts, "speakers": [hints.min_speakers, hints.max_speakers]}
        voices_file = None if self.voices_key is None else workspace.path(UNSEALED_VOICES)
        beside = () if self.voices_key is None else (VOICES,)
        for is_last_try in (False, True):
            try:
                value = await _make_artifact(workspace, TURNS, facts, make_artifact, fresh=options.fresh, beside=beside)
            except EngineError as error:
                if error.code == "disk_full":
                    raise
                if error.retry and not is_last_try:
                    continue
                logger.warning("Diarization failed", extra={"code": error.code, "engine": diarizer})
                warnings.append({"code": "diarization_failed", "detail": error.detail})
                return None, Diarization()
            report_progress(Stage.DIARIZE, seconds, seconds)
            diarization = diarization_from_json(value)
            speech = await asyncio.to_thread(workspace.facts, SPEECH)
            return diarizer, _with_channels(diarization, speech or {})
        raise AssertionError("unreachable")


def open_pipeline(engines: EngineClient, settings: Settings) -> Pipeline:
    """The pipeline for these settings."""
    return Pipeline(
        engines,
        settings.models_dir,
        settings.demo,
        settings.transcriber,
        settings.diarizer,
        with_whisper_models(settings.whisper_models),
        None if settings.voices is Voices.OFF else settings.secret_key.get_secret_value(),
    )


async def _make_peaks(wav: Path, peaks: Path) -> None:
    if not peaks.exists():
        await make_peaks(wav, peaks)


async def _make_artifact(
    workspace: Workspace,
    name: str,
    facts: dict[str, Any],
    make_artifact: Callable[[Path], Awaitable[None]],
    *,
    fresh: bool,
    beside: tuple[str, ...] = (),
) -> Any:
    """The artifact: this job's own, an earlier job's, or made now. `facts` are what it depends on, beside the audio.
    Those `beside` it are made together with it; if one of them is missing, all are made again."""

    def is_known(one: str) -> bool:
        return workspace.facts(one) == facts or (not fresh and workspace.reuse(one, facts) is not None)

    if not all([await asyncio.to_thread(is_known, one) for one in (name, *beside)]):
        await make_artifact(workspace.path(name))
        await asyncio.to_thread(workspace.record_checksum, name, facts)
    return json.loads(await asyncio.to_thread(workspace.path(name).read_bytes))


def _with_channels(diarization: Diarization, speech: dict[str, Any]) -> Diarization:
    """Who spoke when, by the channels where each carries its own speech."""
    turns = [Turn(str(channel), float(start), float(end)) for channel, start, end in speech.get("channel_turns", [])]
    return use_channels(diarization, turns) if turns else diarization


def _merge(
    sentences: list[Sentence], diarization: Diarization, seconds: float, engines: dict[str, str], language: str
) -> Document:
    return from_merged(merge(sentences, diarization), duration=seconds, engines=engines, language=language)


def _media_warnings(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """The warnings about a decoded recording; `names` are the tracks, or the languages, the one that is heard first."""
    listed = {
        "track_unreadable": ("Not read", facts.get("unreadable", [])),
        "tracks_left_out": ("Its languages, the transcribed one first", facts.get("languages", [])),
    }
    found = []
    for code in facts["warnings"]:
        warning = {"code": code, "detail": _MEDIA_WARNINGS[code]}
        about, names = listed.get(code, ("", []))
        if names:
            warning["names"] = ", ".join(names)
            warning["detail"] += f" {about}: {warning['names']}."
        found.append(warning)
    return found


def _option_warnings(engine: Engine, hotwords: HotwordChoice, language: str) -> list[dict[str, str]]:
    """What was asked for and the engine cannot do: a person would take it for done."""
    found = []
    for left_out in hotwords.left_out:
        names = ", ".join(left_out.hotwords)
        found.append({"code": left_out.code, "detail": f"{left_out.reason}: {names}.", "names": names})
    if language != AUTO and language not in engine.languages:
        detail = f"{engine.label} cannot recognise the language {language}; it took it for {engine.languages[0]}."
        found.append({"code": "language_unsupported", "detail": detail, "names": language})
    return found


def _failed_segment_warnings(document: Document) -> list[dict[str, str]]:
    failed = [segment for segment in document.segments if segment.error]
    if not failed:
        return []
    places = ", ".join(f"{segment.start:.0f}–{segment.end:.0f} s" for segment in failed[:5])
    return [{"code": "segments_failed", "detail": f"{len(failed)} stretches could not be recognised ({places})."}]

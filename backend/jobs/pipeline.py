"""The straight line: prepare, transcribe alongside diarize, merge. Each stage leaves a sealed artifact."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from backend.engines.ports import EngineError, Listening, SpeakerHints
from backend.engines.table import choose
from backend.jobs.options import Options
from backend.jobs.tables import Stage
from backend.jobs.workspace import DOCUMENT, FINISHED, PASSES, SENTENCES, SPEECH, TURNS, Workspace
from backend.recordings.media import normalize, probe
from backend.recordings.peaks import make_peaks
from backend.speech.merge import merge
from backend.speech.types import Diarization, Sentence, diarization_from_json, sentence_from_json
from backend.transcripts.document import Document, document_to_json, from_merged

logger = logging.getLogger(__name__)

_DAMAGED = "Parts of this file are damaged; what could be read was transcribed."

#: Told a stage and how many seconds of the audio it has done, of how many.
Report = Callable[[Stage, float, float], None]


class Hearing(Protocol):
    """The engines, as far as the pipeline needs them; `backend.engines.hosts.Engines` is one."""

    async def transcribe(
        self, name: str, audio: Path, options: Listening, result: Path, progress: Callable[[float, float], None]
    ) -> None: ...

    async def diarize(
        self, name: str, audio: Path, options: SpeakerHints, result: Path, progress: Callable[[float, float], None]
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Source:
    """The recording at hand: the original, and where what a browser needs of it goes."""

    original: Path  #: the first of its files
    listening_copy: Path
    peaks: Path
    max_seconds: float
    after: tuple[Path, ...] = ()  #: the others, in the order they are heard


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished pipeline gives; warnings are {"code", "detail"}."""

    document: Document
    warnings: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Run it again after a crash: it goes on at the first stage whose artifact is missing or damaged."""

    engines: Hearing
    models_dir: Path
    demo: bool = False
    transcriber: str | None = None  #: used where the options name none
    diarizer: str | None = None

    async def run(self, source: Source, workspace: Workspace, options: Options, report: Report) -> Outcome:
        """Make the document. Raises AppError for a recording that cannot be used and EngineError for an engine that
        failed; a diarizer that fails is a warning. Cancelling stops the children within two seconds."""
        transcriber = choose("transcribe", options.transcriber or self.transcriber, self.models_dir, self.demo)
        await asyncio.to_thread(workspace.open)
        warnings: list[dict[str, str]] = []
        seconds = await self._prepare(source, workspace, report, warnings, fresh=options.fresh)
        speech = workspace.path(SPEECH)

        async def hear() -> list[Sentence]:
            async def make(result: Path) -> None:
                listening = Listening(hotwords=options.hotwords, finished=workspace.path(FINISHED))
                await self.engines.transcribe(
                    transcriber, speech, listening, result, lambda done, total: report(Stage.TRANSCRIBE, done, total)
                )

            facts = {"engine": transcriber, "hotwords": list(options.hotwords)}
            rows = await _made_once(workspace, SENTENCES, facts, make, fresh=options.fresh)
            report(Stage.TRANSCRIBE, seconds, seconds)
            return [sentence_from_json(row) for row in rows]

        diarizing = asyncio.create_task(self._diarize(workspace, options, report, seconds, warnings))
        drawing = asyncio.create_task(_draw(speech, source.peaks))  # no engine waits for that
        try:
            sentences = await hear()
            diarizer, diarization = await diarizing
            await drawing
        except BaseException:
            diarizing.cancel()
            drawing.cancel()
            await asyncio.wait([diarizing, drawing])
            raise
        engines = {"transcribe": transcriber} | ({"diarize": diarizer} if diarizer else {})
        report(Stage.MERGE, 0.0, seconds)
        document = await asyncio.to_thread(_merged, sentences, diarization, seconds, engines)
        await asyncio.to_thread(workspace.write, DOCUMENT, document_to_json(document))
        report(Stage.MERGE, seconds, seconds)
        warnings += _gaps(document)
        return Outcome(document, warnings)

    async def _prepare(
        self, source: Source, workspace: Workspace, report: Report, warnings: list[dict[str, str]], *, fresh: bool
    ) -> float:
        wav = workspace.path(SPEECH)
        facts = await asyncio.to_thread(workspace.facts, SPEECH)
        if facts is None and not fresh:
            facts = await asyncio.to_thread(workspace.take_over, SPEECH)
        if facts is None or not source.listening_copy.exists():
            probed = [await probe(path, max_seconds=source.max_seconds) for path in (source.original, *source.after)]
            promised = sum(one.duration for one in probed)
            normalized = await normalize(
                source.original,
                after=source.after,
                wav=wav,
                listening_copy=source.listening_copy,
                max_seconds=source.max_seconds,
                on_progress=lambda done: report(Stage.PREPARE, min(done, promised), promised),
                probed=probed,
            )
            facts = {"seconds": normalized.duration, "warnings": list(normalized.warnings)}
            await asyncio.to_thread(workspace.seal, SPEECH, facts)
        seconds = float(facts["seconds"])
        report(Stage.PREPARE, seconds, seconds)
        warnings += [{"code": code, "detail": _DAMAGED} for code in facts["warnings"]]
        return seconds

    async def _diarize(
        self, workspace: Workspace, options: Options, report: Report, seconds: float, warnings: list[dict[str, str]]
    ) -> tuple[str | None, Diarization]:
        try:
            diarizer = choose("diarize", options.diarizer or self.diarizer, self.models_dir, self.demo)
        except EngineError as error:
            warnings.append({"code": "diarizer_missing", "detail": error.detail})
            return None, Diarization()

        async def make(result: Path) -> None:
            passes = workspace.path(PASSES)
            if not passes.exists() and not options.fresh:
                await asyncio.to_thread(workspace.take_over, PASSES, {"engine": diarizer})
            await self.engines.diarize(
                diarizer,
                workspace.path(SPEECH),
                replace(hints, passes=passes),
                result,
                lambda done, total: report(Stage.DIARIZE, done, total),
            )
            if passes.exists():  # a later job of this recording may want another number of speakers
                await asyncio.to_thread(workspace.seal, PASSES, {"engine": diarizer})

        hints = options.speaker_hints
        facts = {"engine": diarizer, "speakers": [hints.min_speakers, hints.max_speakers]}
        for last in (False, True):
            try:
                value = await _made_once(workspace, TURNS, facts, make, fresh=options.fresh)
            except EngineError as error:
                if error.code == "disk_full":
                    raise
                if error.retry and not last:
                    continue
                logger.warning("Diarization failed", extra={"code": error.code, "engine": diarizer})
                warnings.append({"code": "diarization_failed", "detail": error.detail})
                return None, Diarization()
            report(Stage.DIARIZE, seconds, seconds)
            return diarizer, diarization_from_json(value)
        raise AssertionError("unreachable")


async def _draw(wav: Path, peaks: Path) -> None:
    if not peaks.exists():
        await make_peaks(wav, peaks)


async def _made_once(
    workspace: Workspace, name: str, facts: dict[str, Any], make: Callable[[Path], Awaitable[None]], *, fresh: bool
) -> Any:
    """The artifact, from wherever it can be had cheapest. `facts` are what it depends on, beside the audio."""
    known = await asyncio.to_thread(workspace.facts, name)
    if known != facts and not fresh:
        known = await asyncio.to_thread(workspace.take_over, name, facts)
    if known != facts:
        await make(workspace.path(name))
        await asyncio.to_thread(workspace.seal, name, facts)
    return json.loads(await asyncio.to_thread(workspace.path(name).read_bytes))


def _merged(sentences: list[Sentence], diarization: Diarization, seconds: float, engines: dict[str, str]) -> Document:
    return from_merged(merge(sentences, diarization), duration=seconds, engines=engines)


def _gaps(document: Document) -> list[dict[str, str]]:
    failed = [segment for segment in document.segments if segment.error]
    if not failed:
        return []
    places = ", ".join(f"{segment.start:.0f}–{segment.end:.0f} s" for segment in failed[:5])
    return [{"code": "segments_failed", "detail": f"{len(failed)} stretches could not be recognised ({places})."}]

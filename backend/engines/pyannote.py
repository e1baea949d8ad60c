"""The diarizers: pyannote.audio 4 with either of two pipelines from a local folder, offline and with progress."""

import os
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from backend.checksums import sha256
from backend.engines.diarizer_cache import DiarizerCache
from backend.engines.protocols import Approximation, EngineContext, EngineError, ProgressCallback, SpeakerHints
from backend.engines.registry import ENGINES, fetch_command
from backend.engines.torchaudio_compat import ensure_torchaudio
from backend.engines.transcription_checkpoint import fingerprint, model_fingerprint
from backend.engines.wav_reader import RATE, WavReader
from backend.speech.types import Diarization, Turn

#: Shorter audio is not diarized.
_SHORTEST_SECONDS = 0.5
#: The share of the work that is done after each step of the pipeline.
_AFTER_SEGMENTATION, _AFTER_EMBEDDINGS = 0.4, 0.98


class Pyannote:
    """A Diarizer."""

    def __init__(self, folder: Path, threads: int, approximation: Approximation) -> None:
        os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # turns off telemetry; read when pyannote is imported
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torchcodec cannot be loaded, and is not needed: audio comes from memory
            ensure_torchaudio()
            from backend.engines.pyannote_pipeline import load

            self._pipeline = load(folder, threads, approximation)
        self._folder = folder

    def diarize(self, audio: Path, options: SpeakerHints, progress: ProgressCallback) -> Diarization:
        import torch

        with WavReader(audio) as reader:
            duration = reader.duration
            silent = duration < _SHORTEST_SECONDS or not any(block.any() for block in reader.blocks(60.0))
            mapped = None if silent else reader.map_samples()
        cache_fingerprint = self._cache_fingerprint(audio) if options.cache_file else ""
        cache = self._pipeline.cache = DiarizerCache(options.cache_file, cache_fingerprint)

        def yield_turn() -> None:
            options.yield_turn()
            self._pipeline.cache = cache  # another request has set its own

        progress(0.0, duration)
        diarization = Diarization()
        if mapped is not None:
            with warnings.catch_warnings():
                # fewer speakers than requested, a mean of an empty array, read-only samples: all are handled
                warnings.simplefilter("ignore")
                result = self._pipeline(
                    {"waveform": torch.from_numpy(mapped.samples)[None], "sample_rate": RATE, "uri": "recording"},
                    hook=_ProgressHook(progress, duration, mapped.release, yield_turn),
                    **_speaker_bounds(options),
                )
            turns = partial(turns_of, duration=duration)
            vectors = dict(zip(result.speaker_diarization.labels(), result.speaker_embeddings.tolist(), strict=False))
            diarization = Diarization(
                turns(result.speaker_diarization), turns(result.exclusive_speaker_diarization), vectors
            )
        progress(duration, duration)
        return diarization

    def _cache_fingerprint(self, audio: Path) -> str:
        """Everything the cached arrays depend on. The number of speakers is not part of it."""
        weights = model_fingerprint(self._folder)
        return fingerprint(version("pyannote.audio"), weights, sha256(audio), self._pipeline.numeric_settings)


def community_1(context: EngineContext) -> Pyannote:
    """speaker-diarization-community-1."""
    return _installed(context, "pyannote-community-1")


def legacy_3_1(context: EngineContext) -> Pyannote:
    """speaker-diarization-3.1."""
    return _installed(context, "pyannote-3.1")


def _installed(context: EngineContext, name: str) -> Pyannote:
    folder = context.models / name
    if not (folder / "config.yaml").is_file():
        command = fetch_command(ENGINES[name].fetch_set)
        raise EngineError("model_missing", f"{name} is not installed. Fetch it with: {command}")
    return Pyannote(folder, context.threads, context.approximation)


class _ProgressHook:
    """Converts the pipeline's steps into seconds of audio: segmentation and embeddings take about the same time. Also
    releases the memory of the audio that was read."""

    def __init__(
        self, progress: ProgressCallback, duration: float, release: Callable[[], None], yield_turn: Callable[[], None]
    ) -> None:
        self._progress = progress
        self._duration = duration
        self._release = release
        self._yield_turn = yield_turn

    def __call__(
        self, step: str, _artifact: object, *, total: int | None = None, completed: int | None = None, **_file: object
    ) -> None:
        self._release()
        spans = {
            "segmentation": (0.0, _AFTER_SEGMENTATION),
            "embeddings": (_AFTER_SEGMENTATION, _AFTER_EMBEDDINGS),
        }
        if step in spans and total and completed is not None:
            start, end = spans[step]
            share = min(completed / total, 1.0)  # the pipeline counts the last batch as full
            self._progress((start + (end - start) * share) * self._duration, self._duration)
            self._yield_turn()


def _speaker_bounds(hints: SpeakerHints) -> dict[str, int]:
    """The bounds as pipeline arguments: at least one speaker, the minimum not above the maximum, and `num_speakers` for
    an exact number."""
    least = None if hints.min_speakers is None else max(1, hints.min_speakers)
    most = None if hints.max_speakers is None else max(1, hints.max_speakers, least or 1)
    if least is not None and least == most:
        return {"num_speakers": least}
    bounds = {"min_speakers": least, "max_speakers": most}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def turns_of(annotation: Any, duration: float) -> tuple[Turn, ...]:
    """The turns of a pyannote Annotation (untyped) by start; its last frame may reach beyond the end of the audio."""
    turns = (
        Turn(str(voice), max(0.0, float(segment.start)), min(float(segment.end), duration))
        for segment, _track, voice in annotation.itertracks(yield_label=True)
    )
    return tuple(sorted((turn for turn in turns if turn.start < turn.end), key=lambda turn: (turn.start, turn.end)))

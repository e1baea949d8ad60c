"""Who spoke when, by pyannote.audio 4 from a local folder: either pipeline, offline, with real progress."""

import os
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from backend.checksums import sha256
from backend.engines.finished import fingerprint, mark_of_model
from backend.engines.passes import Passes
from backend.engines.ports import EngineError, Home, Progress, SpeakerHints, Thrift
from backend.engines.sound import RATE, Sound
from backend.engines.table import ENGINES, mending
from backend.engines.torchaudio_compat import ensure_torchaudio
from backend.speech.types import Diarization, Turn

#: Less than this holds no turn worth a name.
_SHORTEST_SECONDS = 0.5
#: Share of the whole work done after each step of the pipeline.
_SEGMENTED, _EMBEDDED = 0.4, 0.98


class Pyannote:
    """A Diarizer."""

    def __init__(self, folder: Path, threads: int, thrift: Thrift) -> None:
        os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # read when pyannote is imported; it would tell its makers
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torchcodec does not load, and is not needed: audio comes in memory
            ensure_torchaudio()
            from backend.engines.pyannote_pipeline import load

            self._pipeline = load(folder, threads, thrift)
        self._folder = folder

    def diarize(self, audio: Path, options: SpeakerHints, progress: Progress) -> Diarization:
        import torch

        with Sound(audio) as sound:
            duration = sound.duration
            heard_anything = duration >= _SHORTEST_SECONDS and any(block.any() for block in sound.blocks(60.0))
            mapped = sound.mapped() if heard_anything else None
        self._pipeline.passes = Passes(options.passes, self._mark(audio) if options.passes else "")
        progress(0.0, duration)
        found = Diarization()
        if mapped is not None:
            with warnings.catch_warnings():
                # fewer speakers than asked for, a mean of nothing, samples nobody may write to: all are handled
                warnings.simplefilter("ignore")
                heard = self._pipeline(
                    {"waveform": torch.from_numpy(mapped.samples)[None], "sample_rate": RATE, "uri": "recording"},
                    hook=_Hook(progress, duration, mapped.forget),
                    **_speakers(options),
                )
            turns = partial(turns_of, duration=duration)
            found = Diarization(turns(heard.speaker_diarization), turns(heard.exclusive_speaker_diarization))
        progress(duration, duration)
        return found

    def _mark(self, audio: Path) -> str:
        """What the passes over this audio depend on; the number of speakers does not touch them."""
        weights = mark_of_model(self._folder)
        return fingerprint(version("pyannote.audio"), weights, sha256(audio), self._pipeline.manner)


def community_1(home: Home) -> Pyannote:
    """speaker-diarization-community-1."""
    return _installed(home, "pyannote-community-1")


def legacy_3_1(home: Home) -> Pyannote:
    """speaker-diarization-3.1."""
    return _installed(home, "pyannote-3.1")


def _installed(home: Home, name: str) -> Pyannote:
    folder = home.models / name
    if not (folder / "config.yaml").is_file():
        command = mending(ENGINES[name].fetch_set)
        raise EngineError("model_missing", f"{name} is not installed. Fetch it with: {command}")
    return Pyannote(folder, home.threads, home.thrift)


class _Hook:
    """Turns the pipeline's steps into seconds of audio: segmentation and embeddings cost about the same. Along the way
    it has the audio forgotten that has been heard."""

    def __init__(self, progress: Progress, duration: float, forget: Callable[[], None]) -> None:
        self._progress = progress
        self._duration = duration
        self._forget = forget

    def __call__(
        self, step: str, _artifact: object, *, total: int | None = None, completed: int | None = None, **_file: object
    ) -> None:
        self._forget()
        spans = {"segmentation": (0.0, _SEGMENTED), "embeddings": (_SEGMENTED, _EMBEDDED)}
        if step in spans and total and completed is not None:
            start, end = spans[step]
            share = min(completed / total, 1.0)  # the last batch is counted as if it were full
            self._progress((start + (end - start) * share) * self._duration, self._duration)


def _speakers(hints: SpeakerHints) -> dict[str, int]:
    """Bounds as the pipeline wants them: at least one, the least not above the most, an exact number named so."""
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

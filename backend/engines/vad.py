"""Voice activity detection with FunASR's FSMN-VAD, one minute at a time, so that memory does not grow with length."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backend.engines.automodel import load, without_logging
from backend.engines.chunking import Interval
from backend.engines.wav_reader import RATE, Samples, WavReader, as_floats

_BLOCK = 60.0  #: seconds given to the model at once; the model's own chunk size for a whole file
_END_SILENCE = 800  #: milliseconds of silence that end speech; without it the model shortens this in long speech
_SHORTEST = 0.1  #: seconds of the last block: the model needs at least one frame


class Vad:
    """Built in the child process. The model keeps state, so only one `detect` may run at a time."""

    def __init__(self, folder: Path, threads: int) -> None:
        # the model decides frame by frame in Python, so a GPU would not make it faster
        self._model = load(folder, threads, device="cpu", fetch_set="small")

    def detect(self, audio: WavReader) -> list[Interval]:
        """The intervals of speech, in seconds: the same as for the whole file at once. [] for silence."""
        if audio.duration < _SHORTEST:
            return []
        cache: dict[str, Any] = {}
        events: list[tuple[int, int]] = []
        for block, last in _blocks(audio):
            with without_logging():
                results = self._model.generate(
                    input=as_floats(block),
                    cache=cache,
                    is_streaming_input=True,
                    is_final=last,
                    # a last block of exactly one chunk would be followed by an empty chunk, on which the model fails
                    chunk_size=round((3 if last else 1) * _BLOCK * 1000),
                    max_end_silence_time=_END_SILENCE,
                )
            events += [(int(start), int(end)) for start, end in results[0]["value"]]
        return _intervals(events, audio.duration)


def _blocks(audio: WavReader) -> Iterator[tuple[Samples, bool]]:
    """The blocks, each with whether it is the last. A last block that is too short is joined to the one before it."""
    previous: Samples | None = None
    for block in audio.blocks(_BLOCK):
        if previous is not None:
            if len(block) < _SHORTEST * RATE:
                block = np.concatenate([previous, block])
            else:
                yield previous, False
        previous = block
    if previous is not None:
        yield previous, True


def _intervals(events: list[tuple[int, int]], duration: float) -> list[Interval]:
    """The model reports starts and ends as it finds them: (start, -1), then (-1, end), or both at once."""
    intervals: list[Interval] = []
    open_start: int | None = None
    for start, end in events:
        open_start = start if start >= 0 else open_start
        if end >= 0 and open_start is not None:
            intervals.append((open_start / 1000, min(end / 1000, duration)))
            open_start = None
    if open_start is not None:
        intervals.append((open_start / 1000, duration))
    return intervals

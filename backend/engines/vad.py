"""Where somebody speaks: FunASR's FSMN-VAD, fed a minute at a time, so that hours cost no more memory than minutes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backend.engines.automodel import load, quietly
from backend.engines.cuts import Interval
from backend.engines.sound import RATE, Samples, Sound, as_floats

_BLOCK = 60.0  #: seconds the model is given at once; its own chunk when it is given a whole file
_END_SILENCE = 800  #: milliseconds; unless named, the model shortens it by itself while somebody speaks on
_SHORTEST = 0.1  #: of a last block, in seconds: the model cannot take less than a frame


class Vad:
    """Built inside a child. The model keeps its own state, so one `speech` is done before the next begins."""

    def __init__(self, folder: Path, threads: int) -> None:
        # the decision is made frame by frame in Python: a GPU would only be waited for
        self._model = load(folder, threads, device="cpu", fetch_set="small")

    def speech(self, sound: Sound) -> list[Interval]:
        """Where somebody speaks, in seconds. The same as when the model is given the whole file, and [] for silence."""
        if sound.duration < _SHORTEST:
            return []
        cache: dict[str, Any] = {}
        events: list[tuple[int, int]] = []
        for block, last in _blocks(sound):
            with quietly():
                found = self._model.generate(
                    input=as_floats(block),
                    cache=cache,
                    is_streaming_input=True,
                    is_final=last,
                    # a last block that fills a chunk would be followed by an empty one, which the model cannot take
                    chunk_size=round((3 if last else 1) * _BLOCK * 1000),
                    max_end_silence_time=_END_SILENCE,
                )
            events += [(int(start), int(end)) for start, end in found[0]["value"]]
        return _intervals(events, sound.duration)


def _blocks(sound: Sound) -> Iterator[tuple[Samples, bool]]:
    held: Samples | None = None
    for block in sound.blocks(_BLOCK):
        if held is not None:
            if len(block) < _SHORTEST * RATE:
                block = np.concatenate([held, block])
            else:
                yield held, False
        held = block
    if held is not None:
        yield held, True


def _intervals(events: list[tuple[int, int]], duration: float) -> list[Interval]:
    """The model tells a start and an end as they come: (start, -1), then (-1, end), or both at once."""
    intervals: list[Interval] = []
    began: int | None = None
    for start, end in events:
        began = start if start >= 0 else began
        if end >= 0 and began is not None:
            intervals.append((began / 1000, min(end / 1000, duration)))
            began = None
    if began is not None:
        intervals.append((began / 1000, duration))
    return intervals

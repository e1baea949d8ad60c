"""Finds out who speaks on which channel: for recordings with one person, or one end of a call, on each channel.

Whether a recording is one is decided from the levels alone. In a room every microphone hears everybody, so that no
channel is much louder than the others for long.
"""

from collections.abc import Iterator

import numpy
import numpy.typing

from backend.speech.types import Turn

Levels = numpy.typing.NDArray[numpy.float32]

MAX_CHANNELS = 8

_DOMINANCE = 10.0  #: ratio of energies (10 dB) from which a channel alone carries the speech
_ABOVE_NOISE = 10.0  #: ratio of energies from which a channel is not just noise
_QUIETEST = 100.0  #: energy of 16-bit samples below which nothing is speech
_SEPARATE_SHARE = 0.85  #: of the speech must be on one channel alone
_SHORTEST_SHARE = 0.03  #: of the speech must be on a channel for it to count
_SHORTEST_SPEECH = 2.0  #: seconds, likewise
_PAUSE = 0.6  #: seconds; a longer one ends a turn
_SHORTEST_TURN = 0.2  #: seconds


def channel_turns(energies: Levels, frames_per_second: int) -> list[Turn]:
    """The turns on each channel, named "channel 1" and so on; none unless the channels carry different speech.

    `energies` are those of the channels, as (frames, channels). Turns of several channels may overlap.
    """
    if energies.shape[1] < 2 or len(energies) < frames_per_second:
        return []
    noise = numpy.percentile(energies, 10, axis=0)
    speech = (energies > _ABOVE_NOISE * noise) & (energies > _QUIETEST)
    ordered = numpy.sort(energies, axis=1)
    alone = speech.any(axis=1) & (ordered[:, -1] > _DOMINANCE * ordered[:, -2])
    loudest = energies.argmax(axis=1)
    heard = numpy.array([(alone & (loudest == channel)).sum() for channel in range(energies.shape[1])])
    total = speech.any(axis=1).sum()
    enough = max(_SHORTEST_SPEECH * frames_per_second, _SHORTEST_SHARE * total)
    if heard.sum() < _SEPARATE_SHARE * total or (heard >= enough).sum() < 2:
        return []
    near_loudest = energies * _DOMINANCE > ordered[:, -1:]
    turns = [
        Turn(f"channel {channel + 1}", first / frames_per_second, end / frames_per_second)
        for channel in range(energies.shape[1])
        if heard[channel] >= enough
        for first, end in _stretches(speech[:, channel] & near_loudest[:, channel], frames_per_second)
    ]
    return sorted(turns, key=lambda turn: (turn.start, turn.voice))


def _stretches(active: "numpy.typing.NDArray[numpy.bool_]", frames_per_second: int) -> Iterator[tuple[int, int]]:
    """The first frame and the end of each stretch, without short pauses in it."""
    edges = numpy.flatnonzero(numpy.diff(numpy.concatenate([[False], active, [False]])))
    first = end = -1
    for begin, finish in edges.reshape(-1, 2).tolist():
        if first >= 0 and begin - end <= _PAUSE * frames_per_second:
            end = finish
            continue
        if end - first >= _SHORTEST_TURN * frames_per_second:
            yield first, end
        first, end = begin, finish
    if end - first >= _SHORTEST_TURN * frames_per_second:
        yield first, end

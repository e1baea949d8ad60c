"""Puts the decoded blocks of one audio track on a timeline: gaps become silence, and no audio is dropped."""

from collections import deque
from collections.abc import Iterable, Iterator

import numpy
import numpy.typing

from backend.recordings.mix_plan import TrackFormat

Samples = numpy.typing.NDArray[numpy.int16]

_TOLERANCE = 0.1  #: seconds; smaller differences are rounding of timestamps

_PRIMING = 1.0  #: seconds; what an encoder adds before the start, which some decoders do not remove


class TrackTimeline:
    """The samples of one track from the start of the recording, read piece by piece.

    In a clocked container a block starts at its timestamp, so that many small gaps do not add up to a shift. In others
    only a gap between two blocks counts: there, the timestamps are wrong after a change of the sample rate.
    """

    def __init__(self, blocks: Iterable[tuple[float, bytes]], track: TrackFormat) -> None:
        self.decoded = 0  #: samples a channel that came from the decoder
        self.silence = 0  #: samples a channel that were inserted for gaps and a late start
        self.jumps = 0  #: timestamps that could not be believed
        self._track = track
        self._blocks: Iterator[tuple[float, bytes]] = iter(blocks)
        self._ended = False
        self._buffered = 0
        self._pieces: deque[Samples | int] = deque()  # a number: so many samples of silence
        self._offset = -track.zero
        self._pauses = deque(track.pauses)
        self._paused = 0.0
        self._expected: float | None = None  # the time at which the next block should start

    def fill(self, count: int) -> int:
        """Read on until `count` samples are there, or the track ends; answers how many of these there are."""
        while self._buffered < count and not self._ended:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
            else:
                self._add(*block)
        return min(self._buffered, count)

    def take(self, count: int) -> Samples:
        """The next `count` samples of all channels, as (count, channels). A track that has ended is silent."""
        taken = numpy.zeros((count, self._track.channels), numpy.int16)
        done = 0
        while done < count and self._pieces:
            piece = self._pieces.popleft()
            length = piece if isinstance(piece, int) else len(piece)
            used = min(length, count - done)
            if not isinstance(piece, int):
                taken[done : done + used] = piece[:used]
            if used < length:
                self._pieces.appendleft(piece - used if isinstance(piece, int) else piece[used:])
            done += used
        self._buffered -= done
        return taken

    def _add(self, time: float, content: bytes) -> None:
        width = 2 * self._track.channels
        samples = numpy.frombuffer(content[: len(content) // width * width], "<i2").reshape(-1, self._track.channels)
        if len(samples) == 0:
            return
        while self._pauses and time >= self._pauses[0][0]:
            self._paused += self._pauses.popleft()[1]
        time += self._paused
        if self._expected is None and -_PRIMING < time + self._offset < 0:
            early = round(-(time + self._offset) * self._track.rate)
            samples = samples[early:]
            time += early / self._track.rate
        self._add_silence(self._gap(time))
        self._expected = time + len(samples) / self._track.rate
        self.decoded += len(samples)
        self._append(samples, len(samples))

    def _gap(self, time: float) -> float:
        """The seconds of silence before a block with this timestamp."""
        if self._expected is None:
            delay = time + self._offset
            if delay <= self._track.longest_delay:
                return max(delay, 0.0)
            self.jumps += 1
            self._offset -= delay
            return 0.0
        step = time - self._expected
        if not -_TOLERANCE <= step <= self._track.longest_gap:
            self.jumps += 1
            self._offset -= step
        elif not self._track.clocked and step < _TOLERANCE:
            self._offset -= step
        late = time + self._offset - (self.decoded + self.silence) / self._track.rate
        if late < -_TOLERANCE:  # FFmpeg lets no time jump back, but makes it stand still
            self._offset -= late + _TOLERANCE
        return late if late >= _TOLERANCE else 0.0

    def _add_silence(self, seconds: float) -> None:
        count = round(seconds * self._track.rate)
        if count > 0:
            self.silence += count
            self._append(count, count)

    def _append(self, piece: "Samples | int", length: int) -> None:
        self._pieces.append(piece)
        self._buffered += length

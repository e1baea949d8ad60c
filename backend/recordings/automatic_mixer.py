"""Mixes the channels of a recording into one as an automatic microphone mixer does: gain sharing after Dugan (1975).

Each channel's gain is its share of the energy of all, less its steady noise: the voice on one of 64 channels is as loud
as alone, and one that is on all of them is not louder. A channel that is the inverse of another is left out: they would
cancel each other. Energies are those of the differences of neighbouring samples, so that rumble, hum and the
low-frequency channel of a film count little.
"""

from collections import deque

import numpy
import numpy.typing

from backend.recordings.track_timeline import Samples

Array = numpy.typing.NDArray[numpy.float32]

FRAMES_PER_SECOND = 50

_SMOOTHING = 5  #: frames over which energies are averaged
_NOISE_BLOCKS = 10  #: calls over whose quietest frame the steady noise is estimated
_NOISE_SHARE = 0.01  #: the share of its energy that a channel keeps at least, for sounds without a pause
_INVERSE = -0.6  #: correlation below which two channels cancel each other
_MUCH_LOUDER = 4.0  #: ratio of energies: of two inverse channels the first is used unless the other is so much louder
_MAX_BOOST = 16.0  #: of energy, where channels partly cancel each other


class AutomaticMixer:
    """Call `mix` with one block after the other, then `flush`. Its output is one frame late."""

    def __init__(self, rate: int, channels: int) -> None:
        self.levels: list[Array] = []  #: energies of the channels, (frames, channels) of each block
        self._hop = rate // FRAMES_PER_SECOND
        self._channels = channels
        self._waiting: Samples = numpy.zeros((0, channels), numpy.int16)
        self._before = numpy.zeros(channels, numpy.float32)  # the last sample
        self._covariances: Array | None = None  # of the last frames
        self._minima: deque[Array] = deque(maxlen=_NOISE_BLOCKS)

    def mix(self, samples: Samples) -> Samples:
        """The mono samples that are ready. All but the last block must hold whole frames of 20 ms."""
        samples = numpy.concatenate([self._waiting, samples])
        frames = len(samples) // self._hop - 1  # the gains at the end of a frame are those of the next one
        if frames < 1:
            self._waiting = samples
            return samples[:0, 0]
        self._waiting = samples[frames * self._hop :]
        return self._mixed(samples, frames)

    def flush(self) -> Samples:
        """The last mono samples."""
        rest = len(self._waiting)
        frames = -(-rest // self._hop)
        padded = numpy.pad(self._waiting, ((0, (frames + 1) * self._hop - rest), (0, 0)))
        padded[rest:] = self._waiting[-1:] if rest else 0
        return self._mixed(padded, frames)[:rest] if rest else self._waiting[:, 0]

    def _mixed(self, samples: Samples, frames: int) -> Samples:
        used = numpy.flatnonzero(samples.any(axis=0))
        length = frames * self._hop
        whole = samples[: length + self._hop].astype(numpy.float32)
        covariances = self._smoothed(whole, frames + 1)
        gains = self._gains(covariances)
        if len(used) <= 1:
            # exactly what it was, in the most common case
            return samples[:length, used[0] if len(used) else 0]
        framed = whole[:length].reshape(frames, self._hop, self._channels)
        ramp = (numpy.arange(self._hop, dtype=numpy.float32) / self._hop)[None, :]
        mono = (framed @ gains[:-1, :, None])[..., 0] * (1 - ramp) + (framed @ gains[1:, :, None])[..., 0] * ramp
        return numpy.clip(numpy.rint(mono), -32768, 32767).astype(numpy.int16).reshape(-1)

    def _smoothed(self, whole: Array, frames: int) -> Array:
        """The covariances of the channels, (frames, channels, channels), each averaged with those before it."""
        differences = numpy.diff(whole, axis=0, prepend=self._before[None]).reshape(frames, self._hop, self._channels)
        self._before = whole[-self._hop - 1]
        covariances = differences.transpose(0, 2, 1) @ differences / self._hop
        self.levels.append(numpy.einsum("fcc->fc", covariances[:-1]).copy())
        if self._covariances is None:
            self._covariances = numpy.repeat(covariances[:1], _SMOOTHING - 1, axis=0)
        history = numpy.concatenate([self._covariances, covariances])
        self._covariances = history[-_SMOOTHING:-1]
        windows = [history[first : first + frames] for first in range(_SMOOTHING)]
        smoothed: Array = numpy.mean(windows, axis=0, dtype=numpy.float32)
        return smoothed

    def _gains(self, covariances: Array) -> Array:
        energies = numpy.einsum("fcc->fc", covariances)
        self._minima.append(energies[:-1].min(axis=0))
        noise = numpy.minimum(numpy.minimum.accumulate(energies, axis=0), numpy.min(self._minima, axis=0))
        shares = numpy.maximum(energies - 1.5 * noise, _NOISE_SHARE * energies) * ~_inverses(covariances, energies)
        total = shares.sum(axis=1, keepdims=True)
        shares = numpy.where(total > 0, shares / numpy.maximum(total, 1e-9), 1 / self._channels)
        wanted = (shares * energies).sum(axis=1)
        mixed = numpy.einsum("fc,fcd,fd->f", shares, covariances, shares)
        boost = numpy.sqrt(wanted / numpy.maximum(mixed, wanted / _MAX_BOOST + 1e-9))
        gains: Array = shares * numpy.where(wanted > 0, boost, 1.0)[:, None]
        return gains.astype(numpy.float32)


def _inverses(covariances: Array, energies: Array) -> numpy.typing.NDArray[numpy.bool_]:
    """Which channels are the inverse of a channel that is used instead, (frames, channels)."""
    scale = numpy.sqrt(energies[:, :, None] * energies[:, None, :])
    inverse = covariances < _INVERSE * scale
    ratio = energies[:, :, None] > _MUCH_LOUDER * energies[:, None, :]  # [f, c, d]: c is much louder than d
    number = numpy.arange(energies.shape[1])
    earlier = number[None, :] < number[:, None]  # [c, d]: d comes before c
    loses = numpy.where(earlier[None], ~ratio, ratio.transpose(0, 2, 1))
    found: numpy.typing.NDArray[numpy.bool_] = (inverse & loses).any(axis=2)
    return found

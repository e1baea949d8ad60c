"""The input of Whisper: the log-mel spectrogram of half a minute, as OpenAI's `whisper/audio.py` computes it."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from backend.engines.wav_reader import RATE

_WINDOW_SECONDS = 30.0
FRAME_SECONDS = 0.01
_FFT = 400
_HOP = 160

Floats = npt.NDArray[np.float32]


def log_mel(samples: Floats, bands: int = 80) -> Floats:
    """`bands` x 3000 features of at most 30 s of 16 kHz samples between -1 and 1; what is missing is silence."""
    wanted = int(_WINDOW_SECONDS * RATE)
    padded = np.zeros(wanted + _FFT, np.float32)
    padded[_FFT // 2 : _FFT // 2 + min(len(samples), wanted)] = samples[:wanted]
    # a reflected edge, as torch.stft pads it
    padded[: _FFT // 2] = padded[_FFT // 2 + 1 : _FFT + 1][::-1]
    padded[-_FFT // 2 :] = padded[-_FFT - 1 : -_FFT // 2 - 1][::-1]
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP][: wanted // _HOP]
    window = np.hanning(_FFT + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    mel = np.log10(np.maximum(_filters(bands) @ power.T.astype(np.float32), 1e-10))
    features: Floats = ((np.maximum(mel, mel.max() - 8.0) + 4.0) / 4.0).astype(np.float32)
    return features


@lru_cache(maxsize=2)
def _filters(bands: int) -> Floats:
    """Triangles of unit area on the Slaney mel scale, as `librosa.filters.mel(sr=16000, n_fft=400)` has them."""
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), bands + 2))
    bins = np.linspace(0.0, RATE / 2, _FFT // 2 + 1)
    widths = np.diff(edges)
    ramps = edges[:, None] - bins[None, :]
    triangles = np.maximum(0.0, np.minimum(-ramps[:-2] / widths[:-1, None], ramps[2:] / widths[1:, None]))
    area = 2.0 / (edges[2:] - edges[:-2])
    filters: Floats = (triangles * area[:, None]).astype(np.float32)
    return filters


_LINEAR = 200.0 / 3  #: hertz a mel below 1 kHz
_KNEE = 1000.0 / _LINEAR
_STEP = np.log(6.4) / 27.0  #: above it, logarithmic


def _mel(hertz: float) -> float:
    return hertz / _LINEAR if hertz < 1000.0 else _KNEE + float(np.log(hertz / 1000.0)) / _STEP


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mels < _KNEE, mels * _LINEAR, 1000.0 * np.exp(_STEP * (mels - _KNEE)))

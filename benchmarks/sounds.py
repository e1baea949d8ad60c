"""Sounds made from a seed: rooms, noise and telephones for speech, and recordings in which nothing is said."""

import math
import subprocess
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, fftconvolve, sosfilt

from backend.engines.wav_reader import RATE
from backend.ffmpeg import ffmpeg_path

Sound = npt.NDArray[np.float64]  #: samples between -1 and 1 at `RATE`

_LOUDNESS = 0.08  #: root mean square of speech


def in_a_room(speech: Sound, dice: np.random.Generator, *, decay: float = 0.6, direct: float = 0.25) -> Sound:
    """Speech from across a room: noise that decays by 60 dB in `decay` seconds is the room's impulse response, and
    `direct` the share of the sound that arrives directly."""
    length = round(decay * RATE)
    tail = dice.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    tail[: RATE // 200] = 0  # the first reflection comes after 5 ms
    impulse = tail * np.sqrt((1 - direct) / np.sum(np.square(tail)))
    impulse[0] = np.sqrt(direct)
    return as_loud_as(fftconvolve(speech, impulse)[: len(speech)], speech)


def with_noise(speech: Sound, noise: Sound, decibels: float) -> Sound:
    """Speech that is so many decibels louder than the noise, which is repeated as often as needed."""
    fitted = np.resize(noise, len(speech))
    return speech + as_loud_as(fitted, speech) * 10 ** (-decibels / 20)


def babble(voices: list[Sound], seconds: float, dice: np.random.Generator) -> Sound:
    """Several voices at once, each from another place of its recording."""
    length = round(seconds * RATE)
    return np.asarray(sum(np.resize(np.roll(one, dice.integers(len(one))), length) for one in voices))


def coded(speech: Sound, codec: list[str], suffix: str) -> Sound:
    """What is left of it after a lossy codec: FFmpeg's options for the encoder, and the file's suffix."""
    with tempfile.TemporaryDirectory() as folder:
        clean, packed, back = (Path(folder) / name for name in ("clean.wav", f"packed{suffix}", "back.wav"))
        write_wav(clean, speech)
        for options in ([str(clean), *codec, str(packed)], [str(packed), "-ar", str(RATE), "-ac", "1", str(back)]):
            subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-i", *options], check=True)
        decoded = read_wav(back)
    return np.pad(decoded, (0, max(0, len(speech) - len(decoded))))[: len(speech)]


def silence(seconds: float, _dice: np.random.Generator) -> Sound:
    return np.zeros(round(seconds * RATE))


def white_noise(seconds: float, dice: np.random.Generator) -> Sound:
    return 0.03 * dice.standard_normal(round(seconds * RATE))


def fan(seconds: float, dice: np.random.Generator) -> Sound:
    """Air and the hum of a motor: low-passed noise, and 100 Hz with its harmonics."""
    time = np.arange(round(seconds * RATE)) / RATE
    air = sosfilt(butter(2, 500, fs=RATE, output="sos"), dice.standard_normal(len(time)))
    hum = sum(np.sin(2 * np.pi * 100 * n * time + dice.uniform(0, 6)) / n for n in range(1, 6))
    sway = 1 + 0.2 * np.sin(2 * np.pi * 0.4 * time)
    return np.asarray(0.08 * air * sway + 0.01 * hum)


def typing(seconds: float, dice: np.random.Generator) -> Sound:
    """Bursts of key strokes with pauses between them."""
    sound = 0.001 * dice.standard_normal(round(seconds * RATE))
    click = dice.standard_normal(RATE // 40) * np.exp(-np.arange(RATE // 40) / (RATE / 400))
    position = 0.5
    while position < seconds - 0.1:
        first = round(position * RATE)
        sound[first : first + len(click)] += dice.uniform(0.05, 0.25) * click
        position += dice.exponential(0.12) + 0.04 + (2.0 if dice.random() < 0.03 else 0.0)
    return sound


def music(seconds: float, dice: np.random.Generator) -> Sound:
    """Chords, a melody with vibrato, and a drum, in bars of two seconds."""
    time = np.arange(2 * RATE) / RATE
    scale = 220 * 2 ** (np.array([0, 2, 4, 7, 9, 12, 14, 16]) / 12)
    bars = []
    for bar in range(int(np.ceil(seconds / 2))):
        root = scale[(0, 4, 3, 2)[bar % 4]] / 2
        sound = sum(_tone(root * ratio, time) for ratio in (1, 5 / 4, 3 / 2)) * 0.05 * np.exp(-time / 1.5)
        for beat in range(4):
            note = time[: RATE // 2]
            melody = _tone(dice.choice(scale), note + 0.0008 * np.sin(2 * np.pi * 5.5 * note)) * np.exp(-note / 0.4)
            drum = dice.standard_normal(len(note)) * np.exp(-note / 0.03)
            sound[beat * RATE // 2 : (beat + 1) * RATE // 2] += 0.08 * melody + (0.1 if beat % 2 else 0.05) * drum
        bars.append(sound)
    return np.concatenate(bars)[: round(seconds * RATE)]


#: Recordings in which nothing is said.
NOTHING: dict[str, Callable[[float, np.random.Generator], Sound]] = {
    "silence": silence,
    "fan": fan,
    "white noise": white_noise,
    "typing": typing,
    "music": music,
}


def as_loud_as(sound: Sound, other: Sound) -> Sound:
    return sound * (_level(other) / _level(sound))


def as_speech(samples: Sound) -> Sound:
    """Speech at the loudness of a close microphone."""
    return samples * (_LOUDNESS / _level(samples))


def read_wav(path: Path) -> Sound:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64) / 32768


def write_wav(path: Path, sound: Sound) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def _level(sound: Sound) -> float:
    """Its root mean square, and a little more than zero for silence."""
    return math.sqrt(max(float(np.mean(np.square(sound))), 1e-12))


def _tone(frequency: float, time: Sound) -> Sound:
    return np.asarray(sum(np.sin(2 * np.pi * frequency * n * time) / n**1.5 for n in range(1, 6)))

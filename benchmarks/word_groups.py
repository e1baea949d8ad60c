"""The recordings of `python -m benchmarks words` in groups: read, far away, noisy, coded, meetings, nothing said."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backend.engines.wav_reader import RATE
from benchmarks.accuracy import Utterance, read_stm
from benchmarks.comparison import as_wav
from benchmarks.sounds import (
    NOTHING,
    Sound,
    as_speech,
    babble,
    coded,
    in_a_room,
    read_wav,
    white_noise,
    with_noise,
    write_wav,
)

_PAUSE_SECONDS = 0.6  #: between two utterances
_NOISE_DECIBELS = 5.0
_VOICES = 4  #: of the babble


@dataclass(frozen=True, slots=True)
class Recording:
    """A 16 kHz mono WAV file and what is said in it. `speakers`: whether it is known who says what."""

    group: str
    wav: Path
    reference: list[Utterance]
    speakers: bool = False


def read_speech(shared: Path, seconds: float, seed: int, folder: Path) -> list[Recording]:
    """The same read utterances (AISHELL-1) in every group: as they are, in a room, in noise, and coded."""
    dice = np.random.default_rng(seed)
    speech, others, reference = _utterances(shared / "audio" / "aishell", seconds, seed, folder)
    heard = {
        "clean read": speech,
        "far away": in_a_room(speech, dice),
        "babble 5 dB": with_noise(speech, babble(others, len(speech) / RATE, dice), _NOISE_DECIBELS),
        "white noise 5 dB": with_noise(speech, white_noise(len(speech) / RATE, dice), _NOISE_DECIBELS),
        "opus 12k": coded(speech, ["-c:a", "libopus", "-b:a", "12k"], ".ogg"),
        "telephone 8 kHz": coded(speech, ["-ar", "8000", "-c:a", "pcm_mulaw"], ".wav"),
    }
    return [
        Recording(group, write_wav(folder / f"{group}.wav", 0.5 * sound), reference) for group, sound in heard.items()
    ]


def meetings(shared: Path, names: Iterable[str], folder: Path) -> list[Recording]:
    """Meetings of several people with exact references (`audio/meetings`)."""
    sources = [shared / "audio" / "meetings" / name for name in names]
    return [
        Recording(
            source.name,
            as_wav(source.with_suffix(".flac"), folder / f"{source.name}.wav"),
            read_stm(source.with_suffix(".stm")),
            speakers=True,
        )
        for source in sources
    ]


def own(audio: Path, folder: Path) -> list[Recording]:
    """Every recording in `audio` that has its text beside it: NAME.txt, or NAME.stm where the speakers are known.

    Those of a subfolder are a group with its name."""
    found: list[Recording] = []
    for source in sorted(path for path in audio.rglob("*") if path.is_file()):
        stm, txt = source.with_suffix(".stm"), source.with_suffix(".txt")
        if source.suffix.lower() in (".txt", ".stm", ".rttm", ".md") or not (stm.is_file() or txt.is_file()):
            continue
        reference = (
            read_stm(stm)
            if stm.is_file()
            else [Utterance("unknown", 0.0, 0.0, "".join(txt.read_text(encoding="utf-8").split()))]
        )
        group = audio.name if source.parent == audio else source.parent.name
        wav = as_wav(source, folder / f"own-{len(found)}.wav")
        found.append(Recording(group, wav, reference, speakers=stm.is_file()))
    return found


def nothing(minutes: float, seed: int, folder: Path) -> list[Recording]:
    """`minutes` of each sound in which nothing is said."""
    dice = np.random.default_rng(seed)
    return [
        Recording(name, write_wav(folder / f"{name}.wav", make(minutes * 60, dice)), [])
        for name, make in NOTHING.items()
    ]


def _utterances(aishell: Path, seconds: float, seed: int, folder: Path) -> tuple[Sound, list[Sound], list[Utterance]]:
    """Utterances one behind the other, other voices for the babble, and the reference."""
    lines = (aishell / "text").read_text(encoding="utf-8").splitlines()
    chosen = random.Random(seed).sample(lines, len(lines))
    parts: list[Sound] = []
    reference: list[Utterance] = []
    at = 0.0
    while chosen and at < seconds:
        name, text = chosen.pop().split(" ", 1)
        speech = as_speech(read_wav(as_wav(aishell / f"{name}.flac", folder / "utterance.wav")))
        reference.append(Utterance(name[6:11], at, at + len(speech) / RATE, text))
        parts += [speech, np.zeros(round(_PAUSE_SECONDS * RATE))]
        at += len(speech) / RATE + _PAUSE_SECONDS
    others = [
        as_speech(read_wav(as_wav(aishell / f"{line.split(' ', 1)[0]}.flac", folder / "utterance.wav")))
        for line in chosen[:_VOICES]
    ]
    return np.concatenate(parts), others, reference

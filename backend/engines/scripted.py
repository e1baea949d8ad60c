"""Plays a JSON script instead of listening: a real engine in every other respect, for tests and for the demo.

A script is one object; every part may be left out:

    {"sentences": [{"start": 0.5, "end": 2.0, "text": "大家好。", "voice": "A", "words": [["大", 0.5, 0.7], …]}, …],
     "turns": [["A", 0.5, 2.0], …], "exclusive": [["A", 0.5, 2.0], …],
     "transcribe": {"delay": 0.2, "steps": {"3": FAULT}},
     "diarize": {"delay": 0.2, "steps": {"0": FAULT}}}

- Without `sentences`, demo.json is heard, round after round, to the end of the audio. Given ones are played as is.
- Without `words`, the characters of the text share its time evenly. An `error` instead of a text is kept as it is.
- Without `turns`, the sentences' `voice`s make them (no voice: "A"); without `exclusive`, who began first stays alone.
- A step is a sentence to the transcriber, a turn to the diarizer. `delay` is waited, in seconds, before each.
- A FAULT happens before its step. All of these may be in one:
  `delay` (seconds, once more), `stderr` (so many bytes on stderr), `stdout` (likewise), `memory` (so many bytes more
  are held), `error` ({"code", "detail", "retry"}: an EngineError), `raise` (a message: an error nobody expects),
  `errno` (a number: the OSError of that number), `spawn` (a process that sleeps so many seconds), `hang` (true: for
  ever), `exit` (the process ends with this status), `signal` (the process sends itself this one).
  With `once` (a path) it happens only while there is no such file, and makes it.
- Steps that `Listening.finished` has kept are not played again, nor waited for, and their faults do not happen.
"""

import hashlib
import json
import os
import subprocess
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from backend.engines.finished import Finished
from backend.engines.ports import EngineError, Home, Listening, Progress, SpeakerHints
from backend.speech.text import characters
from backend.speech.types import Diarization, Sentence, Turn, Word

_DEMO = Path(__file__).with_name("demo.json")


class Scripted:
    """A Transcriber."""

    def __init__(self, home: Home) -> None:
        self._script = _read(home.script)
        self._player = _Player(self._script.get("transcribe", {}))

    def transcribe(self, audio: Path, options: Listening, progress: Progress) -> list[Sentence]:
        duration = _duration(audio)
        sentences = [_sentence(row) for row in _rows(self._script, duration)]
        kept = Finished(options.finished, _fingerprint(sentences))
        heard = kept.kept()
        progress(0.0, duration)
        for step, sentence in enumerate(sentences):
            if step not in heard:
                self._player.play(step)
                heard[step] = kept.keep(step, sentence)
            progress(min(sentence.end, duration), duration)
        progress(duration, duration)
        return [heard[step] for step in range(len(sentences))]


class ScriptedDiarizer:
    """A Diarizer. It knows how many speak, and takes no hints."""

    def __init__(self, home: Home) -> None:
        self._script = _read(home.script)
        self._player = _Player(self._script.get("diarize", {}))

    def diarize(self, audio: Path, options: SpeakerHints, progress: Progress) -> Diarization:
        duration = _duration(audio)
        turns = _turns(self._script, duration)
        progress(0.0, duration)
        for step, turn in enumerate(turns):
            self._player.play(step)
            progress(min(turn.end, duration), duration)
        progress(duration, duration)
        exclusive = self._script.get("exclusive")
        return Diarization(tuple(turns), _alone(turns) if exclusive is None else tuple(Turn(*row) for row in exclusive))


class _Player:
    """Lets happen what a part of the script says."""

    def __init__(self, part: dict[str, Any]) -> None:
        self._delay = float(part.get("delay", 0.0))
        self._faults: dict[str, dict[str, Any]] = part.get("steps", {})
        self._held: list[bytearray] = []

    def play(self, step: int) -> None:
        time.sleep(self._delay)
        fault = self._faults.get(str(step))
        if fault is None or not _first_time(fault.get("once")):
            return
        happenings: dict[str, Callable[[Any], object]] = {
            "delay": time.sleep,
            "stderr": lambda size: _flood(2, size),
            "stdout": lambda size: _flood(1, size),
            "memory": lambda size: self._held.append(bytearray(b"x" * size)),
            "spawn": lambda seconds: subprocess.Popen(["sleep", str(seconds)]),
            "error": _raise_engine_error,
            "raise": _raise,
            "errno": _raise_os_error,
            "hang": _hang,
            "exit": os._exit,
            "signal": lambda number: os.kill(os.getpid(), number),
        }
        for name, happen in happenings.items():
            if name in fault:
                happen(fault[name])


def _read(script: Path | None) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((script or _DEMO).read_text(encoding="utf-8"))
    return value if script is not None else {**value, "sentences": None}


def _rows(script: dict[str, Any], duration: float) -> list[dict[str, Any]]:
    """The sentences of the script; those of the demo, as many as fit, where it has none."""
    given: list[dict[str, Any]] | None = script.get("sentences")
    return _demo(duration) if given is None else given


def _demo(duration: float) -> list[dict[str, Any]]:
    """Round after round of the demo, while whole sentences fit; the first squeezed in where not even that does."""
    demo = json.loads(_DEMO.read_text(encoding="utf-8"))
    first = demo["sentences"][0]
    if duration < first["end"]:
        return [{**first, "start": 0.0, "end": duration}] if duration > 0 else []
    rounds = range(int(duration // demo["length"]) + 1)
    rows = [
        {**row, "start": row["start"] + number * demo["length"], "end": row["end"] + number * demo["length"]}
        for number in rounds
        for row in demo["sentences"]
    ]
    return [row for row in rows if row["end"] <= duration]


def _sentence(row: dict[str, Any]) -> Sentence:
    start, end, text = row["start"], row["end"], row.get("text", "")
    if "words" in row:
        words = tuple(Word(*word) for word in row["words"])
    else:
        parts = characters(text)
        each = (end - start) / max(1, len(parts))
        words = tuple(Word(part, start + k * each, start + (k + 1) * each) for k, part in enumerate(parts))
    return Sentence(start, end, text, words, row.get("error"))


def _turns(script: dict[str, Any], duration: float) -> list[Turn]:
    if script.get("turns") is not None:
        return [Turn(*row) for row in script["turns"]]
    turns: list[Turn] = []
    for row in _rows(script, duration):
        turn = Turn(row.get("voice", "A"), row["start"], row["end"])
        if turns and turns[-1].voice == turn.voice:
            turn = Turn(turn.voice, turns.pop().start, turn.end)
        turns.append(turn)
    return turns


def _alone(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns without overlap: whoever begins while another speaks is heard when that one has ended."""
    alone: list[Turn] = []
    end = 0.0
    for turn in turns:
        if turn.end > max(end, turn.start):
            alone.append(Turn(turn.voice, max(end, turn.start), turn.end))
            end = turn.end
    return tuple(alone)


def _duration(audio: Path) -> float:
    try:
        with wave.open(str(audio), "rb") as file:
            return file.getnframes() / file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise EngineError("audio_unreadable", f"The prepared audio cannot be read: {error}") from error


def _fingerprint(sentences: Sequence[Sentence]) -> str:
    return hashlib.sha256(repr(sentences).encode()).hexdigest()


def _first_time(marker: str | None) -> bool:
    if marker is None:
        return True
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _flood(descriptor: int, size: int) -> None:
    block = b"a flood of letters\n" * 1000
    while size > 0:
        size -= os.write(descriptor, block[:size])


def _raise_engine_error(error: dict[str, Any]) -> None:
    raise EngineError(error["code"], error["detail"], error.get("retry", False))


def _raise(message: str) -> None:
    raise RuntimeError(message)


def _raise_os_error(number: int) -> None:
    raise OSError(number, os.strerror(number))


def _hang(_for_ever: object) -> None:
    while True:
        time.sleep(3600)
